//! Who hears that a case of a joint procedure has moved: the leading agency of its partners, and they of its end.

use rusqlite::Connection;
use serde_json::json;
use tongqiao_protocol::case::{CaseEvent, CaseEventKind, DataClass};
use tongqiao_protocol::inbox::InboxKind;

use super::member;
use crate::case::{self, CaseFile};
use crate::database::DatabaseError;
use crate::inbox::{News, put};

/// Tells of an effective event, inside its transaction.
pub(crate) fn tell(
    connection: &Connection,
    file: &CaseFile,
    author: &str,
    event: &CaseEvent,
    revision: i64,
) -> Result<(), DatabaseError> {
    use CaseEventKind::{Accepted, Decided, Rejected, Withdrawn};
    let Some(kind @ (Accepted | Decided | Rejected | Withdrawn)) = event.data.kind() else { return Ok(()) };
    let Some(lead) = member::lead_of(connection, event.case)? else { return Ok(()) };
    let leads = lead == event.case;
    if leads && kind == Accepted {
        return Ok(());
    }
    let mut addressees = Vec::new();
    for one in member::all(connection, lead)? {
        let is_meant = if leads { !one.is_lead() } else { one.is_lead() };
        if !is_meant {
            continue;
        }
        if let Some(other) = case::find(connection, one.case)? {
            addressees.push((one.case, other.responsible.unwrap_or(other.party)));
        }
    }
    for (own, addressee) in addressees {
        if addressee == author {
            continue;
        }
        put(
            connection,
            &News {
                addressee,
                kind: InboxKind::JointChanged,
                subject: own.to_string(),
                cause: [own.as_bytes().as_slice(), author.as_bytes(), b"\n", event.id.as_bytes()].concat(),
                time: event.time,
                cause_time: event.time,
                data_class: DataClass::Personal,
                data: json!({
                    "case": event.case, "number": file.number, "event": event.id, "kind": kind.as_str(),
                    "party": author, "revision": revision, "lead": lead,
                }),
            },
        )?;
    }
    Ok(())
}
