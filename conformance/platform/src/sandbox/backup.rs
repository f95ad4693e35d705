//! Going back to a backup: what a city's platform has to do after a bad night.

use std::path::PathBuf;

use axum::Json;
use axum::extract::State;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{EpochId, ErrorCode, RequestId};

use crate::app::AppState;
use crate::cashier::Till;
use crate::database::{CopyBack, DatabaseError};
use crate::epoch;
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
/// bills, payments, parties enrolled since), and a new epoch begins. Only the registers of epochs and leases stay.
pub(super) async fn restore(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let backup = wish(&body)?;
    let source = file(&app, backup);
    if !source.is_file() {
        return Err(Refusal::at("/backup", ErrorCode::RequestInvalidValue));
    }
    let (now, suite) = (app.clock.now(), app.settings.suite);
    let books = app.database.read(others_books).await?;
    let go_back = move |connection: &Connection, copy_back: CopyBack| {
        put_registers_aside(connection)?;
        copy_back(connection)?;
        keep_registers(connection)?;
        epoch::begin(connection, now)?;
        let keys = PlatformKeys::load(connection)?;
        keep_others_books(connection, &books)?;
        let till = Till { keys: &keys, suite, now };
        till.remember(connection, None).map_err(|_| DatabaseError::Corrupt("payments"))?;
        catalogue::ensure(connection, &keys, suite, now).map_err(|_| DatabaseError::Corrupt("catalogue edition"))
    };
    // On the writer's own thread: nobody's record is decided between the new epoch and our knowing of it.
    let state = app.clone();
    let committed = move |connection: &Connection| {
        let current = epoch::current(connection)?.ok_or(DatabaseError::Corrupt("epoch"))?;
        state.reload(PlatformKeys::load(connection)?, current);
        Ok(())
    };
    app.database.restore(source, go_back, committed).await?;
    let (current, log_size) = app.database.read(reached).await?;
    Ok(Json(json!({ "epoch": current, "log_size": log_size })))
}

fn reached(connection: &Connection) -> Result<(EpochId, i64), DatabaseError> {
    let current = epoch::current(connection)?.ok_or(DatabaseError::Corrupt("epoch"))?;
    Ok((current.epoch, epoch::log_size(connection)?))
}

fn put_registers_aside(connection: &Connection) -> Result<(), DatabaseError> {
    Ok(connection.execute_batch(
        "CREATE TEMP TABLE register_of_epochs AS SELECT number, epoch, started FROM main.epoch;
         CREATE TEMP TABLE register_of_leases AS SELECT * FROM main.number_lease;
         CREATE TEMP TABLE register_of_parts AS SELECT * FROM main.number_part;",
    )?)
}

/// The registers of epochs and of leases are kept apart from the backups, as an operator's books would be.
///
/// So an epoch's number is never used twice, though the same backup be restored twice. An epoch that the backup does not
/// know began after it was taken, and whatever positions the backup has are not that epoch's: nothing of it is kept.
/// And a number stays its holder's, printed on a paper in an applicant's hand: no other party can take it.
fn keep_registers(connection: &Connection) -> Result<(), DatabaseError> {
    Ok(connection.execute_batch(
        "INSERT OR IGNORE INTO main.epoch (number, epoch, started, kept)
            SELECT number, epoch, started, 0 FROM temp.register_of_epochs;
         INSERT OR IGNORE INTO main.number_lease SELECT * FROM temp.register_of_leases;
         INSERT OR IGNORE INTO main.number_part SELECT * FROM temp.register_of_parts;
         DROP TABLE temp.register_of_epochs;
         DROP TABLE temp.register_of_leases;
         DROP TABLE temp.register_of_parts;",
    )?)
}

/// What the bank moved, in and back, and the finance platform's e-receipts.
struct OthersBooks {
    taken_in: Vec<TakenIn>,
    paid_back: Vec<PaidBack>,
    receipts: Vec<Drawn>,
}

/// Cause, code, number, receipt.
type Drawn = (String, String, i64, String);
/// Transaction, bill, party, fen, channel, time.
type TakenIn = (String, [u8; 16], String, i64, String, i64);
/// Refund, bill, party, fen, time.
type PaidBack = ([u8; 16], [u8; 16], String, i64, i64);

fn others_books(connection: &Connection) -> Result<OthersBooks, DatabaseError> {
    let mut statement = connection
        .prepare("SELECT transaction_id, bill, party, amount, channel, paid_at FROM bank_statement ORDER BY rowid")?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))?;
    let taken_in = rows.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT refund, bill, party, amount, paid_at FROM bank_payout")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let paid_back = rows.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("SELECT cause, code, number, receipt FROM finance_book")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(OthersBooks { taken_in, paid_back, receipts: rows.collect::<Result<_, _>>()? })
}

/// Bank and finance platform are not restored with ours: what was moved has moved, what was issued is issued.
fn keep_others_books(connection: &Connection, known: &OthersBooks) -> Result<(), DatabaseError> {
    for row in &known.taken_in {
        connection.execute(
            "INSERT OR IGNORE INTO bank_statement (transaction_id, bill, party, amount, channel, paid_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (&row.0, row.1, &row.2, row.3, &row.4, row.5),
        )?;
    }
    for row in &known.paid_back {
        connection.execute(
            "INSERT OR IGNORE INTO bank_payout (refund, bill, party, amount, paid_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            (row.0, row.1, &row.2, row.3, row.4),
        )?;
    }
    for row in &known.receipts {
        connection.execute(
            "INSERT OR REPLACE INTO finance_book (cause, code, number, receipt) VALUES (?1, ?2, ?3, ?4)",
            (&row.0, &row.1, row.2, &row.3),
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
