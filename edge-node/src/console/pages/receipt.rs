//! The receipt that the applicant takes home.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, PreEscaped, html};
use qrcode::{EcLevel, QrCode};
use tongqiao_protocol::CaseId;

use super::case::unknown;
use crate::audit::Deed;
use crate::console::page;
use crate::console::posted::Posted;
use crate::console::stage::{Stage, Way, opening};
use crate::console::words::{Words, wall};
use crate::console::{Console, Inside, mask};
use crate::courier::local_now;

/// Nobody at a counter waits longer for a proof.
const PROOF_WITHIN: Duration = Duration::from_secs(4);
/// What a code that a telephone still reads from paper holds.
const CODE_BYTES_MOST: usize = 2_300;

/// `POST /console/cases/{case}/receipt`: counted and noted before it is shown; every one after the first says that it is a copy.
pub(in crate::console) async fn print(
    State(console): State<Console>,
    Path(case): Path<String>,
    posted: Posted,
) -> Response {
    let (inside, visitor) = (&console.0, &posted.visitor);
    let Ok(case) = case.parse::<CaseId>() else { return unknown(visitor) };
    let way = match inside.find(case).await {
        Ok(Some((_, way))) if way.stage != Stage::Unfinished => way,
        Ok(_) => return unknown(visitor),
        Err(error) => return page::failure(visitor, &error),
    };
    let password = match inside.client.cases().query_password(case).await {
        Ok(password) => password.grouped(),
        Err(error) => return page::failure(visitor, &error),
    };
    // Counted first: after a power cut in between the next one is called a copy, and never two are called the first.
    let taken = inside.ledger.change(case, |taken| taken.prints += 1).and_then(|taken| {
        let deed = if taken.as_ref().is_some_and(|taken| taken.prints > 1) { Deed::Reprinted } else { Deed::Printed };
        let noted = taken.is_some().then(|| inside.audit.note(&visitor.session.name, deed, &case.to_string()));
        noted.transpose().map(|_| taken)
    });
    let taken = match taken {
        Ok(Some(taken)) => taken,
        Ok(None) => return unknown(visitor),
        Err(error) => return page::disk_failure(visitor, &error),
    };
    let proof = proof(inside, &way).await;
    let words = visitor.words;
    let number = way.view.as_ref().map_or_else(String::new, |view| view.number.to_string());
    let body = html! {
        div.controls { button type="button" data-print="" { (words.say("打印", "Print")) } " " button.plain type="button" data-close="" { (words.say("关闭", "Close")) } }
        h1 { (inside.settings.console.hall) }
        h2 { (words.say("收件回执", "Receipt")) @if taken.prints > 1 { " " span.copy { (words.say("补打 第", "copy no. ")) (taken.prints) (words.say("次", "")) } } }
        div.columns {
            dl {
                dt { (words.say("办件编号", "Case number")) } dd.mono.big { (number) }
                dt { (words.say("查询密码", "Query password")) } dd.mono.big { (password) }
                dt { (words.say("事项", "Item")) } dd { (taken.item_name) br; span.mono.hint { (taken.item) } }
                dt { (words.say("申请人", "Applicant")) } dd { (taken.applicant()) " " span.mono { (mask::number(taken.applicant_number())) } }
                @if let Some((agent, _)) = taken.agent() { dt { (words.say("代办人", "Agent")) } dd { (agent) } }
                dt { (words.say("收件时间", "Taken")) } dd { (wall(taken.taken_at)) }
                @if let Some(paper) = &taken.paper_at { dt { (words.say("纸质实际收件", "Paper handed in")) } dd { (paper.replace('T', " ")) " " (words.say("（补录）", "(entered later)")) } }
                dt { (words.say("经办人", "Clerk")) } dd { (taken.clerk.1) }
                dt { (words.say("收到的材料", "Materials")) } dd { (materials(&taken.data)) }
            }
            div { (verify_code(inside, words, &way)) }
        }
        (standing(words, &way, proof.as_deref()))
        p.hint { (words.say("打印时间", "Printed")) " " (wall(local_now())) " · " (visitor.session.shown) }
    };
    page::sheet(words, &number, &body)
}

fn materials(data: &serde_json::Map<String, serde_json::Value>) -> String {
    let list = data.get("materials").and_then(serde_json::Value::as_array).into_iter().flatten();
    let names = list.filter_map(|one| one.get("name").and_then(serde_json::Value::as_str)).collect::<Vec<_>>();
    if names.is_empty() { "—".to_owned() } else { names.join("、") }
}

/// The bundle that proves the platform's receipt to anybody, where there is one and the link gives it in time.
async fn proof(inside: &Inside, way: &Way) -> Option<String> {
    let event =
        way.view.as_ref().and_then(opening).filter(|_| way.receipt.is_some() && way.stage != Stage::Stuck)?.event;
    let receipts = inside.client.receipts();
    let proving = receipts.prove(event);
    match tokio::time::timeout(PROOF_WITHIN, proving).await {
        Ok(Ok(proof)) => proof.to_json().ok(),
        Ok(Err(error)) => {
            tracing::info!(code = error.code().code(), "a receipt is printed without a proof");
            None
        }
        Err(_) => None,
    }
}

/// The code that leads anybody to the platform's page of verification: the event and its digest, and nothing of the person.
fn verify_code(inside: &Inside, words: Words, way: &Way) -> Markup {
    let verify_at = &inside.settings.console.verify_at;
    let event = way.view.as_ref().and_then(opening);
    let entry = event.and_then(|event| event.entry.as_ref());
    let (Some(event), Some(entry), false) = (event, entry, verify_at.is_empty()) else { return html! {} };
    let digest = url::form_urlencoded::byte_serialize(entry.digest.to_string().as_bytes()).collect::<String>();
    let address = format!("{verify_at}?event={}&digest={digest}", event.event);
    html! {
        (code(&address))
        p.hint { (words.say("扫码核验本回执", "Scan to verify this receipt")) }
    }
}

/// What the receipt is worth by now.
fn standing(words: Words, way: &Way, proof: Option<&str>) -> Markup {
    if way.stage == Stage::Stuck {
        let text = words.say(
            "市级平台已将本申请退回，由窗口更正后在原编号下重新提交；本页不是受理凭据。",
            "The city's platform has sent this application back; the counter mends it and hands it in again under the same number. This is no proof that it was taken.",
        );
        return html! { p.standing { (text) } };
    }
    let Some(receipt) = &way.receipt else {
        let text = words.say(
            "本回执由大厅节点签收：申请已安全保存，编号即为最终编号。因链路中断尚未送达市级平台，恢复后自动补传，收件时间以本回执为准。",
            "Taken by this hall: the application is safe and the number is final. It has not reached the city yet and follows by itself when the link is back.",
        );
        return html! { p.standing { (text) } };
    };
    html! {
        p.standing {
            (words.say("市级平台已签收：", "The city's platform has signed for it: "))
            (wall(receipt.time)) " · " (words.say("日志第", "log position ")) (receipt.position) (words.say("条", "")) br;
            span.mono.small { (words.say("纪元", "epoch")) " " (receipt.epoch) br; (words.say("摘要", "digest")) " " (receipt.digest) }
        }
        @if let Some(proof) = proof {
            div.proof {
                @if proof.len() <= CODE_BYTES_MOST { (code(proof)) }
                p.hint {
                    (words.say("存证：扫码得到的文本可用平台公开密钥离线验证（verify_receipt.py），不含个人信息。", "Proof: the text in this code is verified offline with the platform's public keys (verify_receipt.py). It holds nothing of a person."))
                    @if proof.len() > CODE_BYTES_MOST { " " (words.say("存证过长，未印成码。", "It is too long for a code.")) }
                }
            }
        }
    }
}

/// A QR code as a drawing; nothing where the text is too long for one.
pub(super) fn code(text: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L) else { return html! {} };
    let drawn = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(160, 160).build();
    // Within a page it needs no declaration of its own.
    let drawing = drawn.find("<svg").map_or("", |start| &drawn[start..]);
    html! { div.code { (PreEscaped(drawing)) } }
}
