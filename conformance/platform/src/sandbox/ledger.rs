//! `GET /sandbox/ledger`: everything that took effect, for an audit from outside.

mod money;

use axum::Json;
use axum::extract::State;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{CaseId, EventId, IncarnationId, ProducerId};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::refusal::Refusal;
use crate::{crypto, epoch};

pub(super) async fn show(State(app): State<AppState>) -> Result<Json<Value>, Refusal> {
    Ok(Json(app.database.read(ledger).await?))
}

fn ledger(connection: &Connection) -> Result<Value, DatabaseError> {
    let events = events(connection)?;
    let cases = cases(connection)?;
    let effects = json!({
        "cases": cases,
        "events": events,
        "bills": money::bills(connection)?,
        "payments": money::payments(connection)?,
        "refunds": money::refunds(connection)?,
        "leases": leases(connection)?,
    });
    let hex = |text: String| {
        let digest = crypto::hash(tongqiao_protocol::Suite::International, &[text.as_bytes()]);
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let digest = hex(effects.to_string());
    // Whatever can be observed later: a refusal that takes a position or holds a stream is seen here and not above.
    let state = json!({
        "effects": effects, "log_size": epoch::log_size(connection)?, "streams": streams(connection)?,
        "parties": names(connection, "SELECT keyid || ' ' || coalesce(revoked_at, '') FROM party_key ORDER BY keyid")?,
        "quarantine": names(connection, "SELECT hex(record_id) || digest FROM quarantine ORDER BY 1")?,
    });
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(json!({
        "epoch": epoch::current(connection)?.map(|epoch| epoch.epoch),
        "epochs": epoch::previous(connection)?.len() + 1,
        "log_size": epoch::log_size(connection)?,
        "counts": {
            "cases": count("SELECT count(*) FROM case_file")?,
            "events_settled": count("SELECT count(*) FROM event WHERE outcome = 'settled'")?,
            "events_effective": count("SELECT count(*) FROM event WHERE effect = 1")?,
            "events_refused": count("SELECT count(*) FROM event WHERE outcome = 'refused'")?,
            "bills": count("SELECT count(*) FROM bill WHERE state != 'fenced'")?,
            "bills_open": count("SELECT count(*) FROM bill WHERE state = 'open'")?,
            "bills_paid": count("SELECT count(*) FROM bill WHERE state = 'paid'")?,
            "bills_void": count("SELECT count(*) FROM bill WHERE state = 'void'")?,
            "bills_fenced": count("SELECT count(*) FROM bill WHERE state = 'fenced'")?,
            "payments": count("SELECT count(*) FROM payment")?,
            "refunds": count("SELECT count(*) FROM refund WHERE state != 'refused'")?,
            "leases": count("SELECT count(*) FROM number_lease")?,
            "alarms": count("SELECT count(*) FROM alarm")?,
            "quarantined": count("SELECT count(*) FROM quarantine")?,
        },
        "fen": {
            "billed": count("SELECT coalesce(sum(amount + late_fee), 0) FROM bill WHERE state != 'fenced'")?,
            "received": count("SELECT coalesce(sum(amount), 0) FROM payment")?,
            "paid": count("SELECT coalesce(sum(paid_amount), 0) FROM bill")?,
            "refunded": count("SELECT coalesce(sum(refunded), 0) FROM bill")?,
            "refund_owed": count("SELECT coalesce(sum(refund_owed), 0) FROM bill")?,
        },
        "effects_digest": digest,
        "state_digest": hex(state.to_string()),
        "effects": effects,
    }))
}

/// Every settled event in the order of each stream.
fn events(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection.prepare(
        "SELECT id, producer, incarnation, case_id, sequence, kind, effect, revision, position, digest, party FROM event
         WHERE outcome = 'settled' AND in_place = 1 ORDER BY party, producer, incarnation, case_id, sequence",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "id": EventId::from_bytes(row.get(0)?),
            "producer": ProducerId::from_bytes(row.get(1)?),
            "incarnation": IncarnationId::from_bytes(row.get(2)?),
            "case": CaseId::from_bytes(row.get(3)?),
            "sequence": row.get::<_, i64>(4)?,
            "kind": row.get::<_, String>(5)?,
            "effective": row.get::<_, bool>(6)?,
            "revision": row.get::<_, Option<i64>>(7)?,
            "position": row.get::<_, i64>(8)?,
            "digest": row.get::<_, String>(9)?,
            "party": row.get::<_, String>(10)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Where every stream stands.
fn streams(connection: &Connection) -> Result<Vec<String>, DatabaseError> {
    names(
        connection,
        "SELECT party || ' ' || hex(producer) || ' ' || hex(incarnation) || ' ' || hex(case_id) || ' ' || last_sequence
            || ' ' || coalesce(hex(blocked_by), '') FROM stream ORDER BY party, producer, incarnation, case_id",
    )
}

fn names(connection: &Connection, sql: &str) -> Result<Vec<String>, DatabaseError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn cases(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection
        .prepare("SELECT case_id, number, state, revision, party, division FROM case_file ORDER BY case_id")?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "case": CaseId::from_bytes(row.get(0)?),
            "number": row.get::<_, Option<String>>(1)?,
            "state": row.get::<_, String>(2)?,
            "revision": row.get::<_, i64>(3)?,
            "party": row.get::<_, String>(4)?,
            "division": row.get::<_, String>(5)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn leases(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection
        .prepare("SELECT division, year, first, last, party FROM number_lease ORDER BY division, year, first")?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "division": row.get::<_, String>(0)?,
            "year": row.get::<_, i64>(1)?,
            "first": row.get::<_, i64>(2)?,
            "last": row.get::<_, i64>(3)?,
            "party": row.get::<_, String>(4)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
