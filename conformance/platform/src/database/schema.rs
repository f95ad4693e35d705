//! The schema, its version, and putting a backup back.

use std::path::Path;

use rusqlite::Connection;

use super::DatabaseError;

/// What `PRAGMA user_version` says of a file this program understands.
const VERSION: i64 = 16;

/// The tables of the protocol, and those of each portal beside it.
const FIRST: &str = concat!(
    include_str!("schema.sql"),
    include_str!("../catalogue/schema.sql"),
    include_str!("../oidc/schema.sql"),
    include_str!("../transparency/schema.sql"),
    include_str!("../publication/schema.sql"),
    include_str!("../inbox/schema.sql"),
    include_str!("../material/schema.sql"),
    include_str!("../joint/schema.sql"),
);

/// Creates the tables in an empty file.
pub(super) fn migrate(connection: &Connection) -> Result<(), DatabaseError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => {
            connection.execute_batch(&format!("BEGIN IMMEDIATE; {FIRST}; PRAGMA user_version = {VERSION}; COMMIT"))?;
            Ok(())
        }
        VERSION => Ok(()),
        _ => Err(DatabaseError::Corrupt("schema version")),
    }
}

/// Replaces every table's rows by the backup's.
pub(crate) type CopyBack = fn(&Connection) -> Result<(), DatabaseError>;

/// Runs `work` in one transaction, in which it can make the content that of the backup at `source`.
///
/// The rows are copied rather than the file swapped: the live connections stay valid, and a crash in the middle leaves
/// the state before.
pub(super) fn replace_content<F>(connection: &Connection, source: &Path, work: F) -> Result<(), DatabaseError>
where
    F: FnOnce(&Connection, CopyBack) -> Result<(), DatabaseError>,
{
    connection.execute("ATTACH DATABASE ?1 AS backup", [source.to_string_lossy()])?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    let begun = connection.execute_batch("BEGIN IMMEDIATE").map_err(DatabaseError::from);
    let replaced = begun.and_then(|()| work(connection, copy_tables));
    let ended = match &replaced {
        Ok(()) => connection.execute_batch("COMMIT"),
        Err(_) if connection.is_autocommit() => Ok(()),
        Err(_) => connection.execute_batch("ROLLBACK"),
    };
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.execute_batch("DETACH DATABASE backup")?;
    replaced?;
    Ok(ended?)
}

fn copy_tables(connection: &Connection) -> Result<(), DatabaseError> {
    let mut names = connection.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for name in names {
        connection.execute_batch(&format!(
            "DELETE FROM main.\"{name}\"; INSERT INTO main.\"{name}\" SELECT * FROM backup.\"{name}\";"
        ))?;
    }
    Ok(())
}
