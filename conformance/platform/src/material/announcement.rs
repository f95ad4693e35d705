//! `POST /v1/materials`: what is going to come.

use axum::Json;
use axum::extract::State;
use rusqlite::Connection;
use serde_json::Value;
use tongqiao_protocol::limits::{MATERIALS_RECEIVING_BYTES_MAX, MATERIALS_RECEIVING_MAX};
use tongqiao_protocol::material::MaterialAnnouncement;
use tongqiao_protocol::{ErrorCode, Suite, Timestamp};

use super::row::{self, MaterialRow};
use super::running_hash::RunningHash;
use crate::app::AppState;
use crate::crypto;
use crate::database::DatabaseError;
use crate::directory;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(super) async fn take(State(app): State<AppState>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let announcement = MaterialAnnouncement::parse(&signed.body)?;
    if !signed.caller.party.may_carry(announcement.party.as_str()) {
        return Err(Refusal::new(ErrorCode::ScopeAuthorNotCarried).with("author", &announcement.party));
    }
    let salt = crypto::random::<32>().map_err(|_| Refusal::new(ErrorCode::PlatformUnavailable))?;
    let (state, suite, now) = (app.clone(), signed.caller.suite, app.clock.now());
    let taken = app.database.write(move |connection| {
        row::forget_idle(connection, now)?;
        let row = announce(connection, &state, &announcement, salt, suite, now)?;
        Ok::<_, Refusal>(row.view(connection)?)
    });
    taken.await.map(Json)
}

fn announce(
    connection: &Connection,
    app: &AppState,
    announcement: &MaterialAnnouncement,
    salt: [u8; 32],
    suite: Suite,
    now: Timestamp,
) -> Result<MaterialRow, Refusal> {
    let find = || MaterialRow::find(connection, announcement.material);
    if let Some(known) = find()? {
        let same = known.announcement.as_bytes() == announcement.to_bytes();
        return if same { Ok(known) } else { Err(Refusal::new(ErrorCode::MaterialIdConflict)) };
    }
    let here = already_readable(connection, announcement)?;
    if here.is_none() {
        within_quota(connection, announcement)?;
    }
    let hash = RunningHash::begin(announcement.digest.suite()).state();
    MaterialRow::insert(connection, announcement, &hash, salt, now)?;
    let row = find()?.ok_or(DatabaseError::Corrupt("material"))?;
    let Some(here) = here else { return Ok(row) };
    row.complete(connection, app, here.content, suite, now)?;
    Ok(find()?.ok_or(DatabaseError::Corrupt("material"))?)
}

/// What the owner may read need not be sent again by him; of what others have he learns nothing here.
fn already_readable(
    connection: &Connection,
    announcement: &MaterialAnnouncement,
) -> Result<Option<MaterialRow>, DatabaseError> {
    let Some(owner) = directory::find_party(connection, announcement.party.as_str())? else { return Ok(None) };
    for row in MaterialRow::complete_with(connection, &announcement.digest, announcement.size)? {
        if row.may_be_read_by(connection, &owner)? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn within_quota(connection: &Connection, announcement: &MaterialAnnouncement) -> Result<(), Refusal> {
    let (count, bytes): (i64, i64) = connection
        .prepare_cached(
            "SELECT count(*), coalesce(sum(size), 0) FROM material WHERE party = ?1 AND state = 'receiving'",
        )?
        .query_row([announcement.party.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if count.cast_unsigned() >= MATERIALS_RECEIVING_MAX as u64 {
        return Err(Refusal::new(ErrorCode::MaterialQuota).with("limit", MATERIALS_RECEIVING_MAX));
    }
    if bytes.cast_unsigned().saturating_add(announcement.size) > MATERIALS_RECEIVING_BYTES_MAX {
        return Err(Refusal::new(ErrorCode::MaterialQuota).with("limit", MATERIALS_RECEIVING_BYTES_MAX));
    }
    Ok(())
}
