//! Items of the mirrored catalogue, and the guide of each; readable without a link.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use tongqiao::{Item, ItemQuery};

use crate::console::Console;
use crate::console::page::{self, Place};
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};

/// More are narrowed down by another word.
const ITEMS_MOST: usize = 50;

/// What is looked for.
#[derive(Deserialize)]
pub(in crate::console) struct Wanted {
    #[serde(default)]
    text: String,
}

/// `GET /console/items?text=`.
pub(in crate::console) async fn search(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Response {
    let (items, words) = (console.0.client.items(), visitor.words);
    let found = match items.find(&ItemQuery::text(&wanted.text)).await {
        Ok(found) => found,
        Err(error) => return page::failure(&visitor, &error),
    };
    let as_of = items.edition().await.ok().map(|edition| wall(edition.published));
    let title = words.say("选择事项", "Choose an item");
    let body = html! {
        h1 { (title) }
        form.inline method="get" action="/console/items" role="search" {
            label for="text" { (words.say("名称、编码或部门", "Name, code or agency")) }
            input #text name="text" type="search" value=(wanted.text) autofocus size="32";
            button type="submit" { (words.say("查找", "Find")) }
        }
        p.hint {
            (words.say("共", "Found")) " " (found.len())
            @if let Some(as_of) = as_of { " · " (words.say("目录版本发布于", "catalogue published")) " " (as_of) }
        }
        table {
            thead { tr { th { (words.say("事项", "Item")) } th { (words.say("部门", "Agency")) } th { (words.say("承诺时限", "Promised")) } th { (words.say("收费", "Fees")) } th {} } }
            tbody { @for item in found.iter().take(ITEMS_MOST) { (row(words, item)) } }
        }
        @if found.len() > ITEMS_MOST { p.hint { (words.say("只列出前 50 项，请再输入一个词。", "Only the first 50 are shown; add another word.")) } }
    };
    page::page(&visitor, Place::Items, title, &body)
}

fn row(words: Words, item: &Item) -> Markup {
    html! {
        tr {
            td { a href=(path("items", item)) { (words.text(&item.name)) } br; span.mono.hint { (item.code) " v" (item.version) } }
            td { (words.text(&item.agency.name)) }
            td { (days(words, item.promised_days)) }
            td { (if item.fees.is_empty() { words.say("免费", "free") } else { words.say("收费", "yes") }) }
            td { a.button href=(path("new", item)) { (words.say("受理", "Take")) } }
        }
    }
}

fn path(what: &str, item: &Item) -> String {
    format!("/console/{what}/{}/{}", item.code, item.version)
}

fn days(words: Words, days: u16) -> String {
    if days == 0 {
        words.say("当场", "at once").to_owned()
    } else {
        format!("{days} {}", words.say("个工作日", "working days"))
    }
}

/// `GET /console/items/{code}/{version}`.
pub(in crate::console) async fn guide(
    State(console): State<Console>,
    Path((code, version)): Path<(String, u32)>,
    visitor: Visitor,
) -> Response {
    let words = visitor.words;
    let item = match console.0.client.items().get(&code, version).await {
        Ok(Some(item)) => item,
        Ok(None) => return unknown(&visitor),
        Err(error) => return page::failure(&visitor, &error),
    };
    let body = html! {
        h1 { (words.text(&item.name)) }
        p.mono.hint { (item.code) " v" (item.version) }
        p { (words.text(&item.guide)) }
        dl {
            dt { (words.say("办理部门", "Agency")) } dd { (words.text(&item.agency.name)) }
            dt { (words.say("法定时限", "By law")) } dd { (days(words, item.statutory_days)) }
            dt { (words.say("承诺时限", "Promised")) } dd { (days(words, item.promised_days)) }
        }
        h2 { (words.say("受理条件", "Conditions")) }
        @if item.conditions.is_empty() { p.hint { (words.say("无", "none")) } }
        ul { @for condition in &item.conditions { li { (words.text(&condition.text)) } } }
        h2 { (words.say("申请材料", "Materials")) }
        ul { @for material in &item.materials { li {
            (words.text(&material.name)) " "
            span.tag { (if material.required { words.say("必要", "required") } else { words.say("按需", "if it applies") }) }
            @if material.form == "electronic" { " " span.tag { (words.say("可引用电子证照", "an e-licence will do")) } }
        } } }
        @if !item.fees.is_empty() {
            h2 { (words.say("收费", "Fees")) }
            ul { @for fee in &item.fees { li { (words.text(&fee.name)) "：" (fee.unit_price) " " (words.say("元", "yuan")) " / " (words.text(&fee.unit)) " · " (words.text(&fee.basis)) } } }
        }
        p { a.button href=(path("new", &item)) autofocus { (words.say("受理这一事项", "Take an application")) } }
    };
    page::page(&visitor, Place::Items, words.text(&item.name), &body)
}

/// No such item in the mirror.
pub(super) fn unknown(visitor: &Visitor) -> Response {
    let text = visitor.words.say("目录中没有这一事项或这一版本。", "The catalogue has no such item or version.");
    page::refusal(visitor, http::StatusCode::NOT_FOUND, text)
}
