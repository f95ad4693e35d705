//! Bringing an older file up to date: forward only, one transaction each.

use rusqlite::{Connection, TransactionBehavior};

use super::failure::failure;
use crate::{Reason, StoreError};

/// `TQIA`: tells our files from other databases.
const APPLICATION_ID: i32 = 0x5451_4941;

/// Plain SQL, never edited after release; the place in the list is the version.
const MIGRATIONS: [&str; 6] = [
    include_str!("../../migrations/0001_initial.sql"),
    include_str!("../../migrations/0002_retention.sql"),
    include_str!("../../migrations/0003_payments_do_not_block.sql"),
    include_str!("../../migrations/0004_what_has_ended_stands_apart.sql"),
    include_str!("../../migrations/0005_problems_beside_receipts.sql"),
    include_str!("../../migrations/0006_turns_of_documents.sql"),
];

/// The newest schema this program knows.
pub(super) const NEWEST: u32 = MIGRATIONS.len() as u32;

/// Refuses files that are not ours or too new. Writes nothing.
pub(super) fn recognise(connection: &Connection) -> Result<u32, StoreError> {
    // In one statement, which is one look: another process may be making the file this very moment.
    let look = "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), \
         (SELECT count(*) FROM sqlite_schema)";
    let seen: (i32, u32, i64) = connection
        .query_row(look, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(|error| failure(&error))?;
    let (application, found, objects) = seen;
    if application != APPLICATION_ID && (application != 0 || found != 0 || objects != 0) {
        return Err(StoreError::new(Reason::NotAStore));
    }
    if found > NEWEST {
        return Err(StoreError::new(Reason::NewerSchema { found, supported: NEWEST }));
    }
    Ok(found)
}

/// Applies what is missing. Several processes may try at once; each step is looked at again under the write lock.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_to(connection, NEWEST)
}

pub(super) fn migrate_to(connection: &mut Connection, target: u32) -> Result<(), StoreError> {
    while recognise(connection)? < target {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| failure(&error))?;
        let version = recognise(&transaction)?;
        if let Some(step) = MIGRATIONS.get(version as usize).filter(|_| version < target) {
            let marks = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {};", version + 1);
            transaction.execute_batch(step).map_err(|error| failure(&error))?;
            transaction.execute_batch(&marks).map_err(|error| failure(&error))?;
        }
        transaction.commit().map_err(|error| failure(&error))?;
    }
    Ok(())
}
