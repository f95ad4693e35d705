//! Alarms: what a human must see, because a program cannot put it right.

use rusqlite::Connection;
use serde_json::Value;
use tongqiao_protocol::Timestamp;

use crate::database::DatabaseError;

/// Records an alarm and writes it to the log of the process.
pub(crate) fn raise(connection: &Connection, kind: &str, detail: &Value, now: Timestamp) -> Result<(), DatabaseError> {
    tracing::warn!(kind, %detail, "alarm");
    connection.execute(
        "INSERT INTO alarm (time, kind, detail) VALUES (?1, ?2, ?3)",
        (now.as_millis(), kind, detail.to_string()),
    )?;
    Ok(())
}
