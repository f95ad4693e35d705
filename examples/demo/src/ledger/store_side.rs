//! One department's store, read as a file.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Id, receipt_body};
use crate::error::DemoError;

/// What kind of record an entry is, by the number in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    CaseEvent,
    Bill,
    Void,
    Refund,
}

impl Kind {
    /// The word in the platform's log.
    pub(crate) const fn as_logged(self) -> &'static str {
        match self {
            Self::CaseEvent => "event",
            Self::Bill => "bill",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

/// One row of the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: Id,
    pub(crate) subject: Id,
    /// Producer and incarnation.
    pub(crate) owner: (Id, Id),
    pub(crate) sequence: i64,
    pub(crate) kind: Kind,
    /// 0 pending, 1 settled, 2 refused, 3 replaced, 4 expired, 5 dead.
    pub(crate) state: i64,
    pub(crate) digest: Vec<u8>,
    /// Epoch and position that the receipt named.
    pub(crate) epoch: Option<Vec<u8>>,
    pub(crate) position: Option<i64>,
    /// The signed body of the receipt.
    pub(crate) receipt: Option<String>,
}

/// All rows of one store.
#[derive(Debug, Default, Clone)]
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
                "SELECT entry.id, subject, producer, incarnation.incarnation, sequence, kind, state, digest, reference,
                        position, receipt.bytes
                 FROM entry JOIN incarnation ON incarnation.number = entry.incarnation
                 LEFT JOIN receipt ON receipt.ordinal = entry.ordinal ORDER BY entry.ordinal",
            )
            .map_err(DemoError::broken)?;
        let rows = statement
            .query_map([], |row| {
                Ok(Row {
                    id: row.get(0)?,
                    subject: row.get(1)?,
                    owner: (row.get(2)?, row.get(3)?),
                    sequence: row.get(4)?,
                    kind: match row.get::<_, i64>(5)? {
                        0 => Kind::CaseEvent,
                        1 => Kind::Bill,
                        2 => Kind::Void,
                        _ => Kind::Refund,
                    },
                    state: row.get(6)?,
                    digest: row.get(7)?,
                    epoch: row.get(8)?,
                    position: row.get(9)?,
                    receipt: row.get::<_, Option<Vec<u8>>>(10)?.map(|bytes| receipt_body(&bytes)),
                })
            })
            .and_then(Iterator::collect)
            .map_err(DemoError::broken)?;
        Ok(Self { rows })
    }
}
