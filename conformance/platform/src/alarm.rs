//! Alarms: what a human must see, because a program cannot put it right.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::Timestamp;

use crate::database::DatabaseError;

/// How many are kept. The first ones show the cause; whatever repeats it thousands of times stands in the process's log,
/// and must not fill the disk.
const KEPT_MOST: i64 = 10_000;

/// Records an alarm, once for each thing that happened, and writes it to the log of the process.
pub(crate) fn raise(connection: &Connection, kind: &str, detail: &Value, now: Timestamp) -> Result<(), DatabaseError> {
    tracing::warn!(kind, %detail, "alarm");
    connection.execute(
        "INSERT OR IGNORE INTO alarm (time, kind, detail)
         SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM alarm) < ?4",
        (now.as_millis(), kind, detail.to_string(), KEPT_MOST),
    )?;
    Ok(())
}

/// All alarms, oldest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection.prepare("SELECT time, kind, detail FROM alarm ORDER BY number")?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))?;
    rows.map(|row| {
        let (time, kind, detail) = row?;
        let detail: Value = serde_json::from_str(&detail).map_err(|_| DatabaseError::Corrupt("alarm"))?;
        Ok(json!({ "time": Timestamp::from_millis(time), "kind": kind, "detail": detail }))
    })
    .collect()
}
