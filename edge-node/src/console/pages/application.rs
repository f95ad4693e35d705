//! A new application: filled in, judged as a whole, looked at once more, and accepted.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde_json::{Map, Value};
use tongqiao::{CaseHandle, Error, Item, MaterialDraft};
use tongqiao_protocol::{CaseId, EventId, MaterialId};

use super::draft::{self, FieldFault};
use super::form_rows::Sheet;
use super::items;
use crate::audit::Deed;
use crate::console::fields::Fields;
use crate::console::ledger::Taken;
use crate::console::page::{self, Place};
use crate::console::posted::{CSRF, Posted, Upload};
use crate::console::stage::{Stage, opening};
use crate::console::visitor::Visitor;
use crate::console::words::wall;
use crate::console::{Console, entropy, mask};
use crate::courier::local_now;

/// The first step, and every later one that finds faults.
const CHECK: &str = "check";
const SEND: &str = "send";

/// `GET /console/new/{code}/{version}`.
pub(in crate::console) async fn blank(
    State(console): State<Console>,
    Path((code, version)): Path<(String, u32)>,
    visitor: Visitor,
) -> Response {
    let item = match console.0.client.items().get(&code, version).await {
        Ok(Some(item)) => item,
        Ok(None) => return items::unknown(&visitor),
        Err(error) => return page::failure(&visitor, &error),
    };
    let mut fields = Fields::default();
    match entropy::bytes() {
        // Whoever sends this form twice opens one case.
        Ok(random) => fields.set("case", CaseId::from_time_and_random(local_now(), random).to_string()),
        Err(error) => return page::disk_failure(&visitor, &error),
    }
    filled_in(&visitor, &item, &fields, &[])
}

/// The form, with what is wrong beside the fields.
pub(super) fn filled_in(visitor: &Visitor, item: &Item, fields: &Fields, faults: &[FieldFault]) -> Response {
    let words = visitor.words;
    let sheet = Sheet { words, fields, faults };
    let mends = fields.get("mends");
    let body = html! {
        h1 { (words.text(&item.name)) }
        p.hint { (words.text(&item.agency.name)) " · " a href=(format!("/console/items/{}/{}", item.code, item.version)) { (words.say("办事指南", "guide")) } }
        (sheet.above())
        form.card.wide method="post" enctype="multipart/form-data" action=(format!("/console/new/{}/{}", item.code, item.version)) {
            (page::csrf(visitor))
            input type="hidden" name="case" value=(fields.get("case"));
            @if !mends.is_empty() { input type="hidden" name="mends" value=(mends); }
            (sheet.applicant()) (sheet.form(item)) (sheet.materials(item)) (sheet.paper())
            div.actions { button type="submit" name="step" value=(CHECK) { (words.say("检查并核对", "Check and look over")) } }
        }
    };
    let status = if faults.is_empty() { http::StatusCode::OK } else { http::StatusCode::UNPROCESSABLE_ENTITY };
    page::page_with(visitor, status, Place::Items, words.text(&item.name), &body)
}

/// `POST /console/new/{code}/{version}`.
pub(in crate::console) async fn sent(
    State(console): State<Console>,
    Path((code, version)): Path<(String, u32)>,
    posted: Posted,
) -> Response {
    let Posted { visitor, mut fields, files } = posted;
    let inside = &console.0;
    let item = match inside.client.items().get(&code, version).await {
        Ok(Some(item)) => item,
        Ok(None) => return items::unknown(&visitor),
        Err(error) => return page::failure(&visitor, &error),
    };
    let Ok(case) = fields.get("case").parse::<CaseId>() else {
        let text = visitor.words.say("表单不完整，没有提交任何内容。", "The form is not whole; nothing was handed in.");
        return page::refusal(&visitor, http::StatusCode::BAD_REQUEST, text);
    };
    if let Err(error) = keep_files(&console, &item, files, &mut fields).await {
        return page::failure(&visitor, &error);
    }
    let step = fields.get("step").to_owned();
    if step == "edit" {
        return filled_in(&visitor, &item, &fields, &[]);
    }
    let data = draft::data(&item, &fields);
    let mut faults = match inside.client.cases().check(&draft::draft(&data, case)).await {
        Ok(()) => Vec::new(),
        Err(error) if !error.faults().is_empty() => draft::beside_fields(&data, error.faults(), visitor.words.0),
        Err(error) => return page::failure(&visitor, &error),
    };
    faults.extend(paper_fault(&visitor, &fields));
    if !faults.is_empty() {
        return filled_in(&visitor, &item, &fields, &faults);
    }
    let like = match inside.like(fields.get("number"), &item.code, case).await {
        Ok(like) => like,
        Err(error) => return page::failure(&visitor, &error),
    };
    if step != SEND || (!like.is_empty() && fields.get("again") != "yes") {
        return looked_over(&visitor, &item, &fields, &like);
    }
    match fields.get("mends").parse::<EventId>() {
        Ok(refused) => mended(&console, &visitor, case, refused, data, &fields).await,
        Err(_) => opened(&console, &visitor, &item, case, data, &fields).await,
    }
}

/// A paper that was handed in earlier was handed in before now.
fn paper_fault(visitor: &Visitor, fields: &Fields) -> Option<FieldFault> {
    let text = fields.get("paper_at");
    let parsed = format!("{text}:00+08:00").parse::<tongqiao_protocol::Timestamp>();
    let is_past = parsed.is_ok_and(|at| at <= local_now());
    (!text.is_empty() && !is_past).then(|| FieldFault {
        field: "paper_at".to_owned(),
        said: visitor.words.say("实际收件时间须早于现在", "it must be before now").to_owned(),
    })
}

/// Keeps scans in the outbox, and their digests in the form. The same file added again is the same.
async fn keep_files(console: &Console, item: &Item, files: Vec<Upload>, fields: &mut Fields) -> Result<(), Error> {
    for file in files {
        let Some(key) =
            file.field.strip_prefix("file.").filter(|key| item.materials.iter().any(|one| one.key == **key))
        else {
            continue;
        };
        let draft = MaterialDraft::reader(&file.name, std::io::Cursor::new(file.bytes)).media_type(&file.media_type);
        let kept = console.0.client.materials().add(draft).await?;
        fields.set(&format!("digest.{key}"), kept.digest().to_string());
        fields.set(&format!("upload.{key}"), kept.id().to_string());
        fields.set(&format!("material.{key}"), draft::FILE.to_owned());
    }
    Ok(())
}

/// Everything once more, to read to the applicant; it can still be changed.
fn looked_over(visitor: &Visitor, item: &Item, fields: &Fields, like: &[Arc<Taken>]) -> Response {
    let words = visitor.words;
    let body = html! {
        h1 { (words.say("请核对", "Please look it over")) }
        @if !like.is_empty() {
            div.notice.warn role="alert" {
                p { (words.say("同一申请人一个月内已申请过这一事项：", "The same applicant has applied for this within a month:")) }
                ul { @for taken in like { li {
                    a href=(format!("/console/cases/{}", taken.case)) target="_blank" { (taken.number.map_or_else(String::new, |number| number.to_string())) }
                    " " (wall(taken.taken_at)) " " (mask::name(taken.applicant()))
                } } }
            }
        }
        form.card.wide method="post" action=(format!("/console/new/{}/{}", item.code, item.version)) {
            @for (name, value) in fields.iter().filter(|(name, _)| !["step", CSRF, "again"].contains(name)) {
                input type="hidden" name=(name) value=(value);
            }
            (page::csrf(visitor))
            dl {
                dt { (words.say("事项", "Item")) } dd { (words.text(&item.name)) }
                dt { (words.say("申请人", "Applicant")) } dd { (fields.get("name")) }
                dt { (words.say("证件号码", "Number")) } dd.mono { (fields.get("number")) }
                @if !fields.get("agent_name").is_empty() {
                    dt { (words.say("代办人", "Agent")) } dd { (fields.get("agent_name")) " · " (words.say("有效期至", "until")) " " (fields.get("agent_until")) }
                }
                @for field in &item.form { dt { (words.text(&field.label)) } dd { (or_none(fields.get(&format!("form.{}", field.key)))) } }
                @for material in &item.materials { dt { (words.text(&material.name)) } dd { (how(visitor, fields, &material.key)) } }
                @if !fields.get("paper_at").is_empty() { dt { (words.say("实际收件时间", "Handed in")) } dd { (fields.get("paper_at").replace('T', " ")) } }
            }
            @if !like.is_empty() {
                label.check { input type="checkbox" name="again" value="yes"; (words.say("已核实，不是重复申请", "I have made sure that it is another application")) }
            }
            div.actions {
                button type="submit" name="step" value=(SEND) autofocus { (words.say("确认提交", "Hand in")) }
                button.plain type="submit" name="step" value="edit" { (words.say("返回修改", "Change")) }
            }
        }
    };
    page::page(visitor, Place::Items, words.say("请核对", "Please look it over"), &body)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "—" } else { text }
}

fn how(visitor: &Visitor, fields: &Fields, key: &str) -> Markup {
    let words = visitor.words;
    html! {
        @match fields.get(&format!("material.{key}")) {
            draft::SHOWN => { (words.say("原件已核验", "original was shown")) }
            draft::FILE => { (words.say("扫描件", "a scan")) }
            draft::LICENCE => { (words.say("电子证照", "e-licence")) " " span.mono { (fields.get(&format!("licence.{key}"))) } }
            _ => { "—" }
        }
    }
}

/// Opens the case. Its file is on disk first: whatever is cut off in between, the same form sent again opens the same case.
async fn opened(
    console: &Console,
    visitor: &Visitor,
    item: &Item,
    case: CaseId,
    data: Map<String, Value>,
    fields: &Fields,
) -> Response {
    let inside = &console.0;
    // One at a time: two presses of the button see each other.
    let _turn = inside.sending.lock().await;
    match inside.find(case).await {
        Ok(Some((_, way))) if way.stage != Stage::Unfinished => return to_case(case),
        Ok(_) => {}
        Err(error) => return page::failure(visitor, &error),
    }
    let session = &visitor.session;
    let uploads =
        item.materials.iter().filter_map(|one| fields.get(&format!("upload.{}", one.key)).parse::<MaterialId>().ok());
    let taken = Taken {
        case,
        number: None,
        event: None,
        item: item.code.clone(),
        item_version: item.version,
        item_name: item.name.zh.clone(),
        clerk: (session.name.clone(), session.shown.clone()),
        taken_at: local_now(),
        paper_at: Some(fields.get("paper_at").to_owned()).filter(|text| !text.is_empty()),
        materials: uploads.collect(),
        prints: 0,
        bill: None,
        notice: None,
        news: Vec::new(),
        data,
    };
    let draft = draft::draft(&taken.data, case);
    if let Err(error) = inside.ledger.keep(taken) {
        return page::disk_failure(visitor, &error);
    }
    match inside.client.cases().open(&draft).await {
        Ok(handle) => finished(console, visitor, &handle, Deed::Opened),
        Err(error) => page::failure(visitor, &error),
    }
}

/// Puts a corrected application in the place of a refused one, under the same number.
async fn mended(
    console: &Console,
    visitor: &Visitor,
    case: CaseId,
    refused: EventId,
    data: Map<String, Value>,
    fields: &Fields,
) -> Response {
    let inside = &console.0;
    let _turn = inside.sending.lock().await;
    let is_of_case = match inside.client.cases().get(case).await {
        Ok(view) => view.as_ref().and_then(opening).is_some_and(|event| event.event == refused),
        Err(error) => return page::failure(visitor, &error),
    };
    // It was mended by the first of two presses, or by a colleague.
    if !is_of_case {
        return to_case(case);
    }
    let replaced = inside.client.cases().supersede_opening(refused, &draft::draft(&data, case)).await;
    let handle = match replaced {
        Ok(handle) => handle,
        Err(error) => return page::failure(visitor, &error),
    };
    let paper_at = Some(fields.get("paper_at").to_owned()).filter(|text| !text.is_empty());
    let kept = inside.ledger.change(case, |taken| {
        taken.data = data;
        taken.paper_at = paper_at;
    });
    if let Err(error) = kept {
        tracing::error!(%error, "what was mended is in the store, and not in the counter's file");
    }
    finished(console, visitor, &handle, Deed::Replaced)
}

/// It is on disk and on its way. What cannot be noted besides is told to the log and keeps nobody from the receipt.
fn finished(console: &Console, visitor: &Visitor, handle: &CaseHandle, deed: Deed) -> Response {
    let case = handle.id();
    let noted = console.0.ledger.change(case, |taken| {
        taken.number = Some(handle.number());
        taken.event = Some(handle.event());
    });
    let noted = noted.and_then(|_| console.0.audit.note(&visitor.session.name, deed, &case.to_string()));
    if let Err(error) = noted {
        tracing::error!(%error, %case, "the case is accepted; the counter's own files did not take note");
    }
    to_case(case)
}

fn to_case(case: CaseId) -> Response {
    Redirect::to(&format!("/console/cases/{case}")).into_response()
}
