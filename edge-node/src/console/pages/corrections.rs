//! Correction notices 补正告知: what the department asks for, to print, and the answer to it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Map, Value, json};
use tongqiao_protocol::CaseId;
use tongqiao_protocol::case::CaseEventData;

use super::case::{append, unknown};
use crate::console::Console;
use crate::console::ledger::Taken;
use crate::console::mask;
use crate::console::page::{self, Place};
use crate::console::posted::Posted;
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};

/// `GET /console/corrections`.
pub(in crate::console) async fn list(State(console): State<Console>, visitor: Visitor) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let mut rows = Vec::new();
    for taken in inside.ledger.all().into_iter().filter(|taken| asked_at(taken).is_some()) {
        match inside.client.cases().get(taken.case).await {
            Ok(Some(view))
                if !view.events.iter().any(|event| event.kind == "corrected" && event.replaced_by.is_none()) =>
            {
                rows.push((Arc::clone(&taken), view.number.to_string()));
            }
            Ok(_) => {}
            Err(error) => return page::failure(&visitor, &error),
        }
    }
    let title = words.say("补正", "Corrections");
    let body = html! {
        h1 { (title) }
        @if rows.is_empty() { p.empty { (words.say("没有等待补正的办件。", "Nobody was asked to correct anything.")) } }
        @for (taken, number) in &rows { (notice(&visitor, taken, number)) }
    };
    page::page(&visitor, Place::Corrections, title, &body)
}

fn asked_at(taken: &Taken) -> Option<tongqiao_protocol::Timestamp> {
    taken.news.iter().rev().find(|news| news.kind == "correction-requested").map(|news| news.at)
}

fn notice(visitor: &Visitor, taken: &Taken, number: &str) -> Markup {
    let words = visitor.words;
    html! {
        section.card.wide {
            h2 { a.mono href=(format!("/console/cases/{}", taken.case)) { (number) } " · " (taken.item_name) }
            p { (mask::name(taken.applicant())) " · " (words.say("告知时间", "asked")) " " (asked_at(taken).map_or_else(String::new, wall)) }
            @match &taken.notice {
                None => { p.hint { (words.say("告知内容尚未取到，链路恢复后显示。", "What is asked for is not here yet; it comes with the link.")) } }
                Some(notice) => {
                    @if let Some(due) = notice.get("due").and_then(Value::as_str) { p { (words.say("请于", "Until")) " " (due.chars().take(10).collect::<String>()) " " (words.say("前补正", "")) } }
                    form method="post" action=(format!("/console/cases/{}/corrected", taken.case)) {
                        (page::csrf(visitor))
                        @for (index, line) in lines(notice).enumerate() { (asked(words, index, line)) }
                        div.actions {
                            button type="submit" { (words.say("提交补正", "Hand in the correction")) }
                            button.plain type="button" data-print="" { (words.say("打印告知", "Print")) }
                        }
                    }
                }
            }
        }
    }
}

fn lines(notice: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    notice.get("lines").and_then(Value::as_array).into_iter().flatten()
}

fn asked(words: Words, index: usize, line: &Value) -> Markup {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = format!("line.{index}");
    html! {
        label.check {
            input type="checkbox" name=(name) value="yes" checked;
            span { (text("text")) " " span.tag { (if text("cites") == "material" { words.say("材料", "material") } else { words.say("条件", "condition") }) " " (text("id")) } }
        }
    }
}

/// `POST /console/cases/{case}/corrected`: the lines that were answered, each material as shown in the original.
pub(in crate::console) async fn corrected(
    State(console): State<Console>,
    Path(case): Path<String>,
    posted: Posted,
) -> Response {
    let visitor = &posted.visitor;
    let taken = case.parse::<CaseId>().ok().and_then(|case| console.0.ledger.get(case));
    let Some(notice) = taken.as_ref().and_then(|taken| taken.notice.as_ref()) else { return unknown(visitor) };
    let answered = lines(notice).enumerate();
    let answered = answered.filter(|(index, _)| posted.fields.get(&format!("line.{index}")) == "yes");
    let answered = answered.map(|(_, line)| line.clone()).collect::<Vec<_>>();
    let materials = answered.iter().filter(|line| line.get("cites").and_then(Value::as_str) == Some("material"));
    let materials = materials.map(|line| {
        let text = line.get("text").and_then(Value::as_str).unwrap_or_default();
        json!({ "guide": line.get("id"), "name": text.chars().take(100).collect::<String>() })
    });
    let materials = materials.collect::<Vec<_>>();
    let data = json!({ "lines": answered, "materials": materials });
    let data = data.as_object().cloned().unwrap_or_default();
    match CaseEventData::from_json("corrected", &data) {
        Ok(change) => append(&console, visitor, &case, change).await,
        Err(faults) => {
            let text =
                faults.iter().map(|fault| super::draft::said(fault, visitor.words.0)).collect::<Vec<_>>().join(" ");
            page::refusal(visitor, http::StatusCode::UNPROCESSABLE_ENTITY, &text)
        }
    }
}
