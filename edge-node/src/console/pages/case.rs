//! One case: what was taken, what happened since, and what a counter may do about it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use tongqiao::{CaseState, EntryState, Error, EventView, Item};
use tongqiao_protocol::CaseId;
use tongqiao_protocol::case::{CaseEventData, Evaluation, EvaluationChannel, OpenValue, Withdrawal};

use super::today;
use crate::audit::Deed;
use crate::console::ledger::Taken;
use crate::console::page::{self, Place};
use crate::console::posted::Posted;
use crate::console::stage::{Stage, Way, is_stuck, kind_words};
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};
use crate::console::{Console, mask};

/// Whether personal data is shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Masked,
    Whole,
}

/// `GET /console/cases/{case}`.
pub(in crate::console) async fn show(
    State(console): State<Console>,
    Path(case): Path<String>,
    visitor: Visitor,
) -> Response {
    shown(&console, &visitor, &case, Sight::Masked).await
}

/// `POST /console/cases/{case}/revealed`: once, with a line in the audit file that is on disk before.
pub(in crate::console) async fn reveal(
    State(console): State<Console>,
    Path(case): Path<String>,
    posted: Posted,
) -> Response {
    match case.parse::<CaseId>() {
        Ok(id) if console.0.ledger.get(id).is_some() => {
            let name = &posted.visitor.session.name;
            if let Err(error) = console.0.audit.note(name, Deed::Revealed, &id.to_string()) {
                return page::disk_failure(&posted.visitor, &error);
            }
            shown(&console, &posted.visitor, &case, Sight::Whole).await
        }
        _ => unknown(&posted.visitor),
    }
}

/// A case that was not taken at this counter.
pub(super) fn unknown(visitor: &Visitor) -> Response {
    let text = visitor.words.say("本窗口没有这一办件。", "This counter has no such case.");
    page::refusal(visitor, http::StatusCode::NOT_FOUND, text)
}

async fn shown(console: &Console, visitor: &Visitor, case: &str, sight: Sight) -> Response {
    let Ok(case) = case.parse::<CaseId>() else { return unknown(visitor) };
    let (taken, way) = match console.0.find(case).await {
        Ok(Some(found)) => found,
        Ok(None) => return unknown(visitor),
        Err(error) => return page::failure(visitor, &error),
    };
    let words = visitor.words;
    // What an item no longer says is shown by its key.
    let item = console.0.client.items().get(&taken.item, taken.item_version).await.ok().flatten();
    let number = way.view.as_ref().map(|view| view.number).or(taken.number);
    let number = number.map_or_else(|| words.say("未编号", "no number").to_owned(), |number| number.to_string());
    let body = html! {
        h1 { span.mono { (number) } " " span.hint { (taken.item_name) } }
        (today::stations(words, &way))
        @if way.stage == Stage::Unfinished {
            p.notice.bad { (words.say("这份申请填写后没有提交成功，没有编号，也没有发出。请重新受理。", "This application was filled in and not accepted: it has no number and was not sent. Take it anew.")) }
        }
        @if way.needs_hand { p.notice.bad { a href="/console/attention" { (words.say("有记录被退回，请到“待处理”更正。", "A record was refused: mend it under “To mend”.")) } } }
        div.columns {
            section { (facts(visitor, &taken, item.as_deref(), sight)) }
            section { (actions(visitor, &taken, item.as_deref(), &way)) }
        }
        (history(words, &taken, &way))
    };
    page::page(visitor, Place::Today, &number, &body)
}

fn facts(visitor: &Visitor, taken: &Taken, item: Option<&Item>, sight: Sight) -> Markup {
    let words = visitor.words;
    let name = |text: &str| if sight == Sight::Whole { text.to_owned() } else { mask::name(text) };
    let number = |text: &str| if sight == Sight::Whole { text.to_owned() } else { mask::number(text) };
    html! {
        h2 { (words.say("申请", "Application")) }
        dl {
            dt { (words.say("申请人", "Applicant")) } dd { (name(taken.applicant())) }
            dt { (words.say("证件号码", "Number")) } dd.mono { (number(taken.applicant_number())) }
            @if let Some((agent, agent_number)) = taken.agent() {
                dt { (words.say("代办人", "Agent")) } dd { (name(agent)) " " span.mono { (number(agent_number)) } }
            }
            @if sight == Sight::Whole {
                @for (key, value) in taken.data.get("form").and_then(serde_json::Value::as_object).into_iter().flatten() {
                    dt { (label(words, item, key)) } dd { (value.as_str().unwrap_or_default()) }
                }
            }
            dt { (words.say("经办人", "Taken by")) } dd { (taken.clerk.1) " · " (wall(taken.taken_at)) }
            @if let Some(paper) = &taken.paper_at { dt { (words.say("实际收件", "Handed in")) } dd { (paper.replace('T', " ")) } }
            dt { (words.say("打印回执", "Printed")) } dd { (taken.prints) " " (words.say("次", "times")) }
        }
        @if sight == Sight::Masked {
            form method="post" action=(format!("/console/cases/{}/revealed", taken.case)) {
                (page::csrf(visitor))
                button.plain type="submit" { (words.say("显示完整信息（记入审计）", "Show all (it is noted)")) }
            }
        }
    }
}

/// What a field of the form is called.
fn label<'a>(words: Words, item: Option<&'a Item>, key: &'a str) -> &'a str {
    let field = item.and_then(|item| item.form.iter().find(|field| field.key == key));
    field.map_or(key, |field| words.text(&field.label))
}

fn actions(visitor: &Visitor, taken: &Taken, item: Option<&Item>, way: &Way) -> Markup {
    let words = visitor.words;
    let state = way.view.as_ref().and_then(|view| view.state);
    // Others may have moved it on; the platform has the last word.
    let was_accepted = taken.news.iter().any(|news| matches!(news.kind.as_str(), "accepted" | "decided" | "delivered"));
    let path = |what: &str| format!("/console/cases/{}/{what}", taken.case);
    html! {
        h2 { (words.say("办理", "What can be done")) }
        @if way.view.is_some() {
            form.inline method="post" action=(path("receipt")) target="_blank" {
                (page::csrf(visitor))
                button type="submit" { (if taken.prints == 0 { words.say("打印回执", "Print the receipt") } else { words.say("补打回执", "Print it again") }) }
            }
            @if taken.bill.is_some() {
                p { a.button href=(path("payment")) { (words.say("缴款情况", "Payment")) } }
            } @else if item.is_some_and(|item| !item.fees.is_empty()) {
                form.inline method="post" action=(path("bill")) {
                    (page::csrf(visitor))
                    button.plain type="submit" { (words.say("开具缴款单", "Make the bill")) }
                }
            }
            @if was_accepted || state.is_some_and(|state| !matches!(state, CaseState::Applied | CaseState::Correcting)) {
                form.inline method="post" action=(path("evaluate")) {
                    (page::csrf(visitor))
                    label for="score" { (words.say("评价", "Evaluation")) }
                    select #score name="score" {
                        @for (score, chinese, english) in [("1", "非常满意", "very good"), ("2", "满意", "good"), ("3", "基本满意", "fair"), ("4", "不满意", "bad"), ("5", "非常不满意", "very bad")] {
                            option value=(score) { (words.say(chinese, english)) }
                        }
                    }
                    input name="comment" placeholder=(words.say("意见（可不填）", "comment")) aria-label=(words.say("意见", "comment")) maxlength="400";
                    button.plain type="submit" { (words.say("提交评价", "Hand in")) }
                }
            }
            details {
                summary { (words.say("申请人要求撤回", "The applicant withdraws")) }
                form.inline method="post" action=(path("withdraw")) {
                    (page::csrf(visitor))
                    input name="reason" required placeholder=(words.say("撤回原因", "reason")) aria-label=(words.say("撤回原因", "reason")) maxlength="400";
                    button.danger type="submit" { (words.say("撤回申请", "Withdraw")) }
                }
            }
        }
    }
}

fn history(words: Words, taken: &Taken, way: &Way) -> Markup {
    html! {
        h2 { (words.say("经过", "What happened")) }
        table {
            thead { tr { th { (words.say("时间", "Time")) } th { (words.say("事件", "Event")) } th { (words.say("由谁", "By")) } th { (words.say("状态", "State")) } } }
            tbody {
                @for event in way.view.iter().flat_map(|view| &view.events) { (event_row(words, event)) }
                @for news in &taken.news { tr {
                    td { (wall(news.at)) } td { (kind_words(&news.kind, words)) } td { (news.party) } td { (words.say("由市级平台告知", "told by the platform")) }
                } }
            }
        }
    }
}

fn event_row(words: Words, event: &EventView) -> Markup {
    let state = match event.entry.as_ref().map(|entry| entry.state) {
        None | Some(EntryState::Settled { .. }) => words.say("市级平台已收", "at the city"),
        Some(EntryState::Pending) => words.say("待传", "waiting"),
        Some(EntryState::Replaced { .. }) => words.say("已被更正", "mended"),
        Some(EntryState::Refused { .. }) => words.say("被退回", "refused"),
        Some(EntryState::Expired | EntryState::Dead) => words.say("无法送达", "cannot be delivered"),
    };
    let time = event.entry.as_ref().map_or_else(String::new, |entry| wall(entry.accepted_at));
    html! {
        tr class=[event.entry.as_ref().is_some_and(|entry| is_stuck(entry.state)).then_some("faulty")] {
            td { (time) } td { (kind_words(&event.kind, words)) } td { (words.say("本窗口", "this counter")) }
            td {
                (state)
                @if let Some(receipt) = &event.receipt { " · " span.mono { "#" (receipt.position) } " " (wall(receipt.time)) }
                @if let Some(problem) = &event.problem { p.fault { (problem.message()) } }
            }
        }
    }
}

/// `POST /console/cases/{case}/withdraw`.
pub(in crate::console) async fn withdraw(
    State(console): State<Console>,
    Path(case): Path<String>,
    posted: Posted,
) -> Response {
    let reason = posted.fields.get("reason").to_owned();
    append(&console, &posted.visitor, &case, CaseEventData::Withdrawn(Withdrawal { reason })).await
}

/// `POST /console/cases/{case}/evaluate`.
pub(in crate::console) async fn evaluate(
    State(console): State<Console>,
    Path(case): Path<String>,
    posted: Posted,
) -> Response {
    let score = posted.fields.get("score").parse::<u8>().ok().filter(|score| (1..=5).contains(score));
    let Some(score) = score else { return unknown(&posted.visitor) };
    let comment = Some(posted.fields.get("comment").to_owned()).filter(|text| !text.is_empty());
    let channel = OpenValue::Known(EvaluationChannel::Window);
    append(&console, &posted.visitor, &case, CaseEventData::Evaluated(Evaluation { score, channel, comment })).await
}

/// Says what happened next. Others may have written in the case meanwhile: what they did is caught up with where the link allows.
pub(super) async fn append(console: &Console, visitor: &Visitor, case: &str, change: CaseEventData) -> Response {
    let inside = &console.0;
    let Some(case) = case.parse::<CaseId>().ok().filter(|case| inside.ledger.get(*case).is_some()) else {
        return unknown(visitor);
    };
    let _turn = inside.sending.lock().await;
    let appended: Result<_, Error> = async {
        if let Err(error) = inside.client.cases().take_over(case).await {
            tracing::debug!(code = error.code().code(), "the case is written as it is known here");
        }
        inside.client.cases().append(case, change).await
    }
    .await;
    match appended {
        Ok(_) => {
            if let Err(error) = inside.audit.note(&visitor.session.name, Deed::Appended, &case.to_string()) {
                tracing::error!(%error, %case, "it is accepted; the audit file did not take note");
            }
            Redirect::to(&format!("/console/cases/{case}")).into_response()
        }
        Err(error) => page::failure(visitor, &error),
    }
}
