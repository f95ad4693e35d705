//! Fees: a bill for a case, its code to pay, and what became of it. Money is asked about and never guessed.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use tongqiao::{BillDraft, EntryState, Error, ErrorCode, Outcome};
use tongqiao_protocol::bill::{BillState, BillView, PaymentOutcome};
use tongqiao_protocol::{BillId, CaseId};

use super::case::unknown;
use super::receipt::code;
use crate::audit::Deed;
use crate::console::ledger::Taken;
use crate::console::page::{self, Place};
use crate::console::posted::Posted;
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};
use crate::console::{Console, Inside, entropy};
use crate::courier::local_now;

/// The applicant stands at the counter: a bill that does not reach the platform by then is none.
const TAKEN_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Nobody at a counter looks at an empty page for longer.
const ASKED_WITHIN: Duration = Duration::from_secs(8);

/// `POST /console/cases/{case}/bill`: the lines of the item's guide, as often as is usual. Sent twice it is one bill.
pub(in crate::console) async fn make(
    State(console): State<Console>,
    Path(case): Path<String>,
    posted: Posted,
) -> Response {
    let (inside, visitor) = (&console.0, &posted.visitor);
    let Some(taken) = case.parse::<CaseId>().ok().and_then(|case| inside.ledger.get(case)) else {
        return unknown(visitor);
    };
    let _turn = inside.sending.lock().await;
    match billed(inside, &taken).await {
        Ok(bill) => {
            if let Err(error) = inside.audit.note(&visitor.session.name, Deed::Billed, &bill.to_string()) {
                tracing::error!(%error, %bill, "the bill is on its way; the audit file did not take note");
            }
            Redirect::to(&format!("/console/cases/{}/payment", taken.case)).into_response()
        }
        Err(Trouble::Said(error)) => page::failure(visitor, &error),
        Err(Trouble::Disk(error)) => page::disk_failure(visitor, &error),
        Err(Trouble::Free) => {
            let text = visitor.words.say("此事项不收费。", "This item is free.");
            page::refusal(visitor, http::StatusCode::CONFLICT, text)
        }
    }
}

enum Trouble {
    Said(Error),
    Disk(std::io::Error),
    Free,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

async fn billed(inside: &Inside, taken: &Taken) -> Result<BillId, Trouble> {
    // Read again within the turn: a colleague may have made it.
    let mut known = inside.ledger.get(taken.case).and_then(|taken| taken.bill);
    if let Some(bill) = known {
        if inside.client.outbox().entry(bill).await?.is_some() {
            return Ok(bill);
        }
        match inside.client.payments().status(bill).await {
            // It was proved never to come: only then may the same be charged by another bill.
            Ok(view) if view.state == BillState::Fenced => known = None,
            Ok(_) => return Ok(bill),
            // The machine was stopped before it was made.
            Err(error) if error.code() == ErrorCode::BillUnknown => {}
            Err(error) => return Err(error.into()),
        }
    }
    let item = inside.client.items().get(&taken.item, taken.item_version).await?;
    let item = item.filter(|item| !item.fees.is_empty()).ok_or(Trouble::Free)?;
    // The id is on disk before the bill is made: cut off in between, the same bill is made the next time.
    let bill = match known {
        Some(bill) => bill,
        None => {
            let random = entropy::bytes().map_err(Trouble::Disk)?;
            let bill = BillId::from_time_and_random(local_now(), random);
            inside.ledger.change(taken.case, |taken| taken.bill = Some(bill)).map_err(Trouble::Disk)?;
            bill
        }
    };
    let mut draft = BillDraft::new(taken.division(), taken.applicant())
        .case(taken.case)
        .item(&item.code, item.version)
        .bill_id(bill)
        .taken_within(TAKEN_WITHIN);
    for fee in &item.fees {
        draft = draft.line(&fee.code, &fee.name.zh, fee.usual_quantity, &fee.unit_price.to_string());
    }
    Ok(inside.client.payments().create(&draft).await?)
}

/// `GET /console/cases/{case}/payment`.
pub(in crate::console) async fn show(
    State(console): State<Console>,
    Path(case): Path<String>,
    visitor: Visitor,
) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let Some(taken) = case.parse::<CaseId>().ok().and_then(|case| inside.ledger.get(case)) else {
        return unknown(&visitor);
    };
    let Some(bill) = taken.bill else { return unknown(&visitor) };
    let title = words.say("缴款", "Payment");
    let number = taken.number.map_or_else(String::new, |number| number.to_string());
    let body = html! {
        h1 { (title) " " a.mono.hint href=(format!("/console/cases/{}", taken.case)) { (number) } }
        (standing(inside, words, bill).await)
        p { a.button href=(format!("/console/cases/{}/payment", taken.case)) { (words.say("刷新", "Ask again")) } }
    };
    page::page(&visitor, Place::Today, title, &body)
}

async fn standing(inside: &Inside, words: Words, bill: BillId) -> Markup {
    let entry = match inside.client.outbox().entry(bill).await {
        Ok(entry) => entry,
        Err(error) => return said(words, &error),
    };
    match entry.map(|entry| entry.state) {
        Some(EntryState::Pending) => html! { p.notice.warn {
            (words.say("缴款单正在送达市级平台。链路中断时不能收费；15 分钟内未送达即作废，不会重复收费。", "The bill is on its way. Without a link nothing can be paid; what has not arrived in 15 minutes is void, and nobody pays twice."))
        } },
        Some(EntryState::Expired) => resolved(inside, words, bill).await,
        Some(EntryState::Refused { .. } | EntryState::Dead) => html! { p.notice.bad {
            (words.say("市级平台未接受缴款单，请到“待处理”查看原因。", "The platform refused the bill; see “To mend”."))
        } },
        _ => match tokio::time::timeout(ASKED_WITHIN, inside.client.payments().status(bill)).await {
            Ok(Ok(view)) => view_of(words, &view),
            Ok(Err(error)) => said(words, &error),
            Err(_) => {
                html! { p.notice.warn { (words.say("市级平台暂无应答，缴款结果未知，请勿另行收费。", "The platform does not answer: nobody knows whether it is paid. Do not charge again.")) } }
            }
        },
    }
}

async fn resolved(inside: &Inside, words: Words, bill: BillId) -> Markup {
    let asked = tokio::time::timeout(ASKED_WITHIN, inside.client.payments().resolve(bill)).await;
    match asked {
        Ok(Ok(resolution)) if resolution.outcome == PaymentOutcome::Absent => html! { p.notice {
            (words.say("已证实：市级平台没有这张缴款单，也不会再有。可以重新开单。", "It is proved that the platform does not have this bill and never will. Make another one."))
        } },
        Ok(Ok(resolution)) => match resolution.view {
            Some(view) => view_of(words, &view),
            None => {
                html! { p.notice.warn { (words.say("缴款结果未知，请勿另行收费，稍后再查。", "Nobody knows yet. Do not charge again; ask later.")) } }
            }
        },
        Ok(Err(error)) => said(words, &error),
        Err(_) => {
            html! { p.notice.warn { (words.say("缴款结果未知，请勿另行收费，稍后再查。", "Nobody knows yet. Do not charge again; ask later.")) } }
        }
    }
}

fn said(words: Words, error: &Error) -> Markup {
    let certain = error.outcome() == Outcome::NotSent;
    html! { p.notice.bad { (error.message(words.0)) @if !certain { " " (words.say("请勿另行收费。", "Do not charge again.")) } } }
}

fn view_of(words: Words, view: &BillView) -> Markup {
    html! {
        @match view.state {
            BillState::Open => {
                p.notice { (words.say("请申请人扫码缴款。", "Please scan to pay.")) }
                @if let Some(page) = &view.cashier_url { (code(page)) p.mono.hint { (page) } }
                @if let Some(pay_code) = &view.pay_code { p { (words.say("缴款码", "Pay code")) " " span.mono.big { (pay_code.as_str()) } } }
            }
            BillState::Paid => {
                p.notice { (words.say("已缴款。", "Paid.")) }
                @if let Some(paid) = &view.paid { dl {
                    dt { (words.say("金额", "Amount")) } dd.big { (paid.amount) " " (words.say("元", "yuan")) }
                    dt { (words.say("时间", "Time")) } dd { (wall(paid.at)) }
                    dt { (words.say("流水号", "Transaction")) } dd.mono { (paid.transaction) }
                } }
            }
            BillState::Void => { p.notice { (words.say("已作废。", "Void.")) } }
            BillState::Fenced => { p.notice { (words.say("已封禁：这张缴款单永远不会收款。", "Fenced: it will never be paid.")) } }
        }
    }
}
