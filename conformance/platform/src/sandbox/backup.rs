//! Going back to a backup: what a city's platform has to do after a bad night.

use std::path::PathBuf;

use axum::Json;
use axum::extract::State;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{ErrorCode, RequestId};

use crate::app::AppState;
use crate::cashier::Till;
use crate::database::DatabaseError;
use crate::epoch::{self, CurrentEpoch};
use crate::json::{self, Faults, Members};
use crate::keys::PlatformKeys;
use crate::refusal::Refusal;
use crate::{catalogue, crypto};

/// `POST /sandbox/backup` → `{"backup", "log_size"}`: a copy of the whole database beside it.
pub(super) async fn back_up(State(app): State<AppState>) -> Result<Json<Value>, Refusal> {
    let random = crypto::random::<10>().map_err(|_| DatabaseError::Corrupt("randomness"))?;
    let backup = RequestId::from_time_and_random(app.clock.now(), random);
    app.database.back_up(file(&app, backup)).await?;
    let log_size = app.database.read(epoch::log_size).await?;
    Ok(Json(json!({ "backup": backup, "log_size": log_size })))
}

/// `POST /sandbox/restore {"backup"}` → `{"epoch", "log_size"}`: everything after the backup is really gone (log, cases,
/// bills, payments, leases, parties enrolled since), and a new epoch begins.
pub(super) async fn restore(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let backup = wish(&body)?;
    let source = file(&app, backup);
    if !source.is_file() {
        return Err(Refusal::at("/backup", ErrorCode::RequestInvalidValue));
    }
    let (now, suite) = (app.clock.now(), app.settings.suite);
    let known = app.database.read(epochs).await?;
    let statement = app.database.read(bank_statement).await?;
    app.database
        .restore(source, move |connection| {
            keep_epochs(connection, &known)?;
            epoch::begin(connection, now)?;
            let keys = PlatformKeys::load(connection)?;
            keep_bank_statement(connection, &statement)?;
            let till = Till { keys: &keys, suite, now };
            till.remember(connection, None).map_err(|_| DatabaseError::Corrupt("payments"))?;
            catalogue::ensure(connection, &keys, suite, now).map_err(|_| DatabaseError::Corrupt("catalogue edition"))
        })
        .await?;
    let (keys, current, log_size) = app.database.write(reloaded).await?;
    app.reload(keys, current);
    Ok(Json(json!({ "epoch": current.epoch, "log_size": log_size })))
}

fn reloaded(connection: &Connection) -> Result<(PlatformKeys, CurrentEpoch, i64), DatabaseError> {
    let current = epoch::current(connection)?.ok_or(DatabaseError::Corrupt("epoch"))?;
    Ok((PlatformKeys::load(connection)?, current, epoch::log_size(connection)?))
}

type EpochRow = (i64, [u8; 16], i64, Option<i64>);

fn epochs(connection: &Connection) -> Result<Vec<EpochRow>, DatabaseError> {
    let mut statement = connection.prepare("SELECT number, epoch, started, kept FROM epoch ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The register of epochs is kept apart from the backups, as an operator's book would be: so a number is never used twice,
/// though the same backup be restored twice.
fn keep_epochs(connection: &Connection, known: &[EpochRow]) -> Result<(), DatabaseError> {
    for (number, epoch, started, kept) in known {
        connection.execute(
            "INSERT OR IGNORE INTO epoch (number, epoch, started, kept) VALUES (?1, ?2, ?3, ?4)",
            (number, epoch, started, kept),
        )?;
    }
    Ok(())
}

type Transaction = (String, [u8; 16], i64, String, i64);

fn bank_statement(connection: &Connection) -> Result<Vec<Transaction>, DatabaseError> {
    let mut statement = connection
        .prepare("SELECT transaction_id, bill, amount, channel, paid_at FROM bank_statement ORDER BY rowid")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The bank is not restored with the platform: what it moved has moved.
fn keep_bank_statement(connection: &Connection, known: &[Transaction]) -> Result<(), DatabaseError> {
    for row in known {
        connection.execute(
            "INSERT OR IGNORE INTO bank_statement (transaction_id, bill, amount, channel, paid_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (&row.0, row.1, row.2, &row.3, row.4),
        )?;
    }
    Ok(())
}

fn file(app: &AppState, backup: RequestId) -> PathBuf {
    app.database.path().with_extension(format!("{backup}.backup"))
}

fn wish(body: &[u8]) -> Result<RequestId, Refusal> {
    let document = json::document(body)?;
    let faults = Faults::default();
    let backup = Members::of(&document, &faults).and_then(|members| members.parsed("backup"));
    backup.ok_or_else(|| faults.into_refusal())
}
