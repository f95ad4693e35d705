//! Correction notices 补正告知: what the department asks for, to print, and the answer to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Map, Value, json};
use tongqiao::{Error, MaterialDraft, MaterialHandle};
use tongqiao_protocol::CaseId;
use tongqiao_protocol::case::CaseEventData;

use super::case::{append, unknown};
use crate::console::Console;
use crate::console::ledger::Taken;
use crate::console::mask;
use crate::console::page::{self, Place};
use crate::console::posted::{Posted, Upload};
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
                    form method="post" enctype="multipart/form-data" action=(format!("/console/cases/{}/corrected", taken.case)) {
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
    let (name, is_material) = (format!("line.{index}"), is_material(line));
    let kind = if is_material { words.say("材料", "material") } else { words.say("条件", "condition") };
    html! {
        label.check {
            input type="checkbox" name=(name) value="yes" checked;
            span { (text("text")) " " span.tag { (kind) " " (text("id")) } }
        }
        @if is_material {
            label.scan {
                (words.say("扫描件（不附即为已核验原件）", "A scan; without one, the original was shown")) " "
                input type="file" name=(format!("{FILE}{index}"));
            }
        }
    }
}

/// How the fields for scans begin; the line's place follows.
const FILE: &str = "file.";

fn is_material(line: &Value) -> bool {
    line.get("cites").and_then(Value::as_str) == Some("material")
}

/// A scan that was handed in, by the line that asks for it.
type Scans = BTreeMap<usize, MaterialHandle>;

/// Keeps the scans in the outbox. The same file added again is the same.
async fn keep_scans(console: &Console, files: Vec<Upload>) -> Result<Scans, Error> {
    let mut scans = Scans::new();
    for file in files {
        let Some(index) = file.field.strip_prefix(FILE).and_then(|index| index.parse().ok()) else { continue };
        let draft = MaterialDraft::reader(&file.name, std::io::Cursor::new(file.bytes)).media_type(&file.media_type);
        scans.insert(index, console.0.client.materials().add(draft).await?);
    }
    Ok(scans)
}

/// What the applicant has handed in for these lines: a scan where there is one, and else what was shown. Several lines may cite one
/// material; it is named once, with the scan if any has one.
fn handed_in(answered: &[(usize, Value)], scans: &Scans) -> Vec<Value> {
    let mut named = Vec::<(Option<&Value>, Value)>::new();
    for (index, line) in answered.iter().filter(|(_, line)| is_material(line)) {
        let text = line.get("text").and_then(Value::as_str).unwrap_or_default();
        let mut material = json!({ "guide": line.get("id"), "name": text.chars().take(100).collect::<String>() });
        let scan = scans.get(index);
        if let Some(scan) = scan {
            material["digest"] = json!(scan.digest().to_string());
        }
        match named.iter_mut().find(|(guide, _)| *guide == line.get("id")) {
            Some(known) if scan.is_some() => known.1 = material,
            Some(_) => {}
            None => named.push((line.get("id"), material)),
        }
    }
    named.into_iter().map(|(_, material)| material).collect()
}

/// `POST /console/cases/{case}/corrected`: the lines that were answered, each material as a scan or as shown in the original.
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
    let answered = answered.map(|(index, line)| (index, line.clone())).collect::<Vec<_>>();
    let mut scans = match keep_scans(&console, posted.files).await {
        Ok(scans) => scans,
        Err(error) => return page::failure(visitor, &error),
    };
    // What belongs to a line that is not answered is no part of the answer.
    scans.retain(|index, _| answered.iter().any(|(answered, _)| answered == index));
    let materials = handed_in(&answered, &scans);
    let data =
        json!({ "lines": answered.into_iter().map(|(_, line)| line).collect::<Vec<_>>(), "materials": materials });
    let data = data.as_object().cloned().unwrap_or_default();
    match CaseEventData::from_json("corrected", &data) {
        Ok(change) => {
            let noted = taken.as_ref().map(|taken| {
                console.0.ledger.change(taken.case, |taken| {
                    let new = scans.values().map(MaterialHandle::id).filter(|id| !taken.materials.contains(id));
                    taken.materials.extend(new.collect::<Vec<_>>());
                })
            });
            if let Some(Err(error)) = noted {
                return page::disk_failure(visitor, &error);
            }
            append(&console, visitor, &case, change).await
        }
        Err(faults) => {
            let text =
                faults.iter().map(|fault| super::draft::said(fault, visitor.words.0)).collect::<Vec<_>>().join(" ");
            page::refusal(visitor, http::StatusCode::UNPROCESSABLE_ENTITY, &text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_lines_cite_is_named_once_and_conditions_name_nothing() {
        let line = |cites: &str, id: &str, text: &str| json!({ "cites": cites, "id": id, "text": text });
        let answered = [
            line("material", "photo", "照片须为白底"),
            line("condition", "age", "须年满十八周岁"),
            line("material", "photo", "照片须为近照"),
        ];
        let answered = answered.into_iter().enumerate().collect::<Vec<_>>();
        let named = handed_in(&answered, &Scans::new());
        assert_eq!(named, [json!({ "guide": "photo", "name": "照片须为白底" })]);
    }
}
