//! The addressee's signed word that it has taken entries over.

use axum::Json;
use axum::extract::State;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::inbox::InboxAcknowledgement;
use tongqiao_protocol::{ErrorCode, RecordKind};

use super::entry;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::json::{self, Faults, Members};
use crate::record::{self, Authentic};
use crate::refusal::Refusal;

/// Said again, it changes nothing and is answered alike. Entries that the platform does not know are named: a restore has
/// forgotten them, and when their causes come again they are repeated under the same ids.
pub(super) async fn take(State(app): State<AppState>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let document = json::document(&signed.body)?;
    let faults = Faults::default();
    let record = Members::of(&document, &faults).and_then(|members| record::read(&members));
    let (Some(record), true) = (record, faults.is_empty()) else { return Err(faults.into_refusal()) };
    let ids = [record.signature.keyid.clone()];
    let keys = app.database.read(move |connection| record::keys_of(connection, &ids)).await?;
    let now = app.clock.now();
    let desk = Some(&app.explanations);
    let authentic = record::authenticate(RecordKind::InboxAcknowledgement, record, &keys, &signed.caller, now, desk)?;
    let acknowledgement = InboxAcknowledgement::parse(&authentic.signed.record)?;
    if acknowledgement.party.as_str() != authentic.author.id {
        return Err(Refusal::at("/party", ErrorCode::EventWrongParty));
    }
    // A key in doubt: its word may be a thief's, and the entries are simply repeated to whoever comes with a good one.
    if authentic.doubt.is_some() {
        return Err(Refusal::new(ErrorCode::RecordKeyNotValid).with("keyid", &authentic.signed.signature.keyid));
    }
    let done = app.database.write(move |connection| {
        keep(connection, &authentic, now.as_millis())?;
        let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
        for id in acknowledgement.entries {
            let known = entry::acknowledge(connection, &authentic.author.id, id, now)?;
            if known { acknowledged.push(id) } else { unknown.push(id) }
        }
        Ok::<_, DatabaseError>(json!({ "acknowledged": acknowledged, "unknown": unknown }))
    });
    Ok(Json(done.await?))
}

fn keep(connection: &Connection, authentic: &Authentic, now: i64) -> Result<(), DatabaseError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO inbox_acknowledgement (digest, party, keyid, record, signature, arrived)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            authentic.digest.to_string(),
            &authentic.author.id,
            authentic.signed.signature.keyid.as_str(),
            &authentic.signed.record,
            authentic.signed.signature.value.as_bytes(),
            now,
        ))?;
    Ok(())
}
