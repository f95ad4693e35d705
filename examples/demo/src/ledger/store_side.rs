//! One department's store, read as a file.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Id;
use crate::error::DemoError;

/// What kind of record an entry is, by the number in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    CaseEvent,
    Bill,
    Void,
    Refund,
}

/// One row of the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: Id,
    pub(crate) subject: Id,
    pub(crate) incarnation: i64,
    pub(crate) sequence: i64,
    pub(crate) kind: Kind,
    /// 0 pending, 1 settled, 2 refused, 3 replaced, 4 expired, 5 dead.
    pub(crate) state: i64,
    pub(crate) digest: Vec<u8>,
    pub(crate) has_receipt: bool,
}

/// All rows of one store.
#[derive(Debug)]
pub(crate) struct StoreSide {
    pub(crate) rows: Vec<Row>,
}

impl StoreSide {
    /// Reads the file; nothing is written to it.
    pub(crate) fn read(path: &Path) -> Result<Self, DemoError> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(DemoError::broken)?;
        let mut statement = connection
            .prepare(
                "SELECT id, subject, incarnation, sequence, kind, state, digest,
                        EXISTS (SELECT 1 FROM receipt WHERE receipt.ordinal = entry.ordinal)
                 FROM entry ORDER BY ordinal",
            )
            .map_err(DemoError::broken)?;
        let rows = statement
            .query_map([], |row| {
                Ok(Row {
                    id: row.get(0)?,
                    subject: row.get(1)?,
                    incarnation: row.get(2)?,
                    sequence: row.get(3)?,
                    kind: match row.get::<_, i64>(4)? {
                        0 => Kind::CaseEvent,
                        1 => Kind::Bill,
                        2 => Kind::Void,
                        _ => Kind::Refund,
                    },
                    state: row.get(5)?,
                    digest: row.get(6)?,
                    has_receipt: row.get(7)?,
                })
            })
            .and_then(Iterator::collect)
            .map_err(DemoError::broken)?;
        Ok(Self { rows })
    }
}
