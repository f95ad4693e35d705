//! What was refused or cannot be delivered: each waits for a person, who mends it or gives it up.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use tongqiao::{Attention, EntryState};
use tongqiao_protocol::{CaseId, ErrorCode, EventId, Language, Problem};

use super::draft;
use crate::audit::Deed;
use crate::console::ledger::Taken;
use crate::console::page::{self, Place};
use crate::console::posted::Posted;
use crate::console::stage::{kind_words, opening};
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};
use crate::console::{Console, mask};

/// Nobody at a counter waits longer for the newest catalogue.
const REFRESHED_WITHIN: Duration = Duration::from_secs(5);

/// `GET /console/attention`.
pub(in crate::console) async fn list(State(console): State<Console>, visitor: Visitor) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let found = match inside.client.outbox().attention().await {
        Ok(found) => found,
        Err(error) => return page::failure(&visitor, &error),
    };
    let mut rows = Vec::new();
    for one in &found {
        let case = CaseId::from_bytes(*one.entry.stream.subject.as_bytes());
        let view = match inside.client.cases().get(case).await {
            Ok(view) => view,
            Err(error) => return page::failure(&visitor, &error),
        };
        let event = view.as_ref().and_then(|view| view.events.iter().find(|event| one.entry.id == event.event.into()));
        let first = view.as_ref().and_then(opening).map(|event| event.event);
        let what = event.map(|event| What {
            event: event.event,
            kind: kind_words(&event.kind, words),
            is_opening: Some(event.event) == first,
        });
        rows.push(row(&visitor, one, inside.ledger.get(case).as_deref(), what.as_ref()));
    }
    let title = words.say("待处理", "To mend");
    let body = html! {
        h1 { (title) }
        @if rows.is_empty() { p.empty { (words.say("没有被退回或无法送达的记录。", "Nothing was refused, and everything can be delivered.")) } }
        @for row in rows { (row) }
    };
    page::page(&visitor, Place::Attention, title, &body)
}

/// The event of a case that it is; a record about money is none.
struct What {
    event: EventId,
    kind: String,
    /// An application is mended by filling in its form again.
    is_opening: bool,
}

fn row(visitor: &Visitor, one: &Attention, taken: Option<&Taken>, what: Option<&What>) -> Markup {
    let words = visitor.words;
    let kind = what.map_or_else(|| words.say("缴款记录", "a record about money"), |what| what.kind.as_str());
    let state = match one.entry.state {
        EntryState::Refused { .. } => words.say("市级平台退回", "refused by the city"),
        EntryState::Expired => words.say("过期未得答复", "not answered in time"),
        _ => words.say("无法送达", "cannot be delivered"),
    };
    html! {
        section.card.wide {
            h2 { (state) " · " (kind)
                @if let Some(taken) = taken { " · " a.mono href=(format!("/console/cases/{}", taken.case)) { (taken.number.map_or_else(String::new, |number| number.to_string())) } }
            }
            @if let Some(taken) = taken { p { (taken.item_name) " · " (mask::name(taken.applicant())) " · " (wall(taken.taken_at)) } }
            (why(words, one.problem.as_ref()))
            @if let Some(What { event, is_opening, .. }) = what {
                div.actions {
                    @if *is_opening && taken.is_some() {
                        a.button href=(format!("/console/events/{event}/mend")) { (words.say("更正并重新提交", "Mend and hand in again")) }
                    }
                    details {
                        summary { (words.say("作罢（不再提交）", "Give it up")) }
                        form.inline method="post" action=(format!("/console/events/{event}/abandon")) {
                            (page::csrf(visitor))
                            input name="reason" required maxlength="400" placeholder=(words.say("原因", "reason")) aria-label=(words.say("原因", "reason"));
                            button.danger type="submit" { (words.say("作罢", "Give up")) }
                        }
                    }
                }
            }
        }
    }
}

fn why(words: Words, problem: Option<&Problem>) -> Markup {
    let Some(problem) = problem else {
        return html! { p { (words.say("平台没有给出原因。", "The platform gave no reason.")) } };
    };
    let said = match words.0 {
        Language::Chinese => problem.message(),
        Language::English => Problem::new(problem.code, Language::English).message(),
    };
    html! {
        p.fault { (said) }
        ul { @for fault in problem.faults.iter() { li { span.mono { (fault.path) } " " (draft::said(fault, words.0)) } } }
    }
}

/// `GET /console/events/{event}/mend`: the form as it was filled in, with the platform's faults beside the fields.
pub(in crate::console) async fn mend(
    State(console): State<Console>,
    Path(event): Path<String>,
    visitor: Visitor,
) -> Response {
    let inside = &console.0;
    let gone = || Redirect::to("/console/attention").into_response();
    let Ok(event) = event.parse::<EventId>() else { return gone() };
    let found = match inside.client.outbox().attention().await {
        Ok(found) => found.into_iter().find(|one| one.entry.id == event.into()),
        Err(error) => return page::failure(&visitor, &error),
    };
    let Some(found) = found else { return gone() };
    let case = CaseId::from_bytes(*found.entry.stream.subject.as_bytes());
    let Some(taken) = inside.ledger.get(case) else { return gone() };
    // An item that was changed meanwhile is taken in its present version; without a link the mirror has to do.
    let refreshing = async {
        // By the node first: its copy is what the hall's own client is given.
        inside.node.items().refresh().await?;
        inside.client.items().refresh().await
    };
    if let Ok(Err(error)) = tokio::time::timeout(REFRESHED_WITHIN, refreshing).await {
        tracing::debug!(code = error.code().code(), "the catalogue is read as it is here");
    }
    let item = match current(&console, &taken).await {
        Ok(Some(item)) => item,
        Ok(None) => return super::items::unknown(&visitor),
        Err(error) => return page::failure(&visitor, &error),
    };
    // The form shows everything that was filled in.
    if let Err(error) = inside.audit.note(&visitor.session.name, Deed::Revealed, &case.to_string()) {
        return page::disk_failure(&visitor, &error);
    }
    let mut fields = draft::fields(&taken);
    fields.set("mends", event.to_string());
    let faults = found.problem.map(|problem| problem.faults).unwrap_or_default();
    let faults = draft::beside_fields(&taken.data, &faults.0, visitor.words.0);
    super::application::filled_in(&visitor, &item, &fields, &faults)
}

async fn current(console: &Console, taken: &Taken) -> Result<Option<std::sync::Arc<tongqiao::Item>>, tongqiao::Error> {
    let items = console.0.client.items();
    let in_force = items.find(&tongqiao::ItemQuery::text(&taken.item)).await?;
    let newest = in_force.into_iter().filter(|item| item.code == taken.item).max_by_key(|item| item.version);
    match newest {
        Some(item) => Ok(Some(item)),
        None => items.get(&taken.item, taken.item_version).await,
    }
}

/// `POST /console/events/{event}/abandon`.
pub(in crate::console) async fn abandon(
    State(console): State<Console>,
    Path(event): Path<String>,
    posted: Posted,
) -> Response {
    let (inside, visitor) = (&console.0, &posted.visitor);
    let Ok(event) = event.parse::<EventId>() else { return Redirect::to("/console/attention").into_response() };
    let _turn = inside.sending.lock().await;
    let abandoned = inside.client.cases().abandon(event, &visitor.session.shown, posted.fields.get("reason")).await;
    match abandoned {
        Ok(_) => {
            if let Err(error) = inside.audit.note(&visitor.session.name, Deed::Abandoned, &event.to_string()) {
                tracing::error!(%error, %event, "it is given up; the audit file did not take note");
            }
            Redirect::to("/console/attention").into_response()
        }
        // The first of two presses did it.
        Err(error) if error.code() == ErrorCode::EventReplacementInvalid => {
            Redirect::to("/console/attention").into_response()
        }
        Err(error) => page::failure(visitor, &error),
    }
}
