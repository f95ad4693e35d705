//! SQLite by hand: one thread, one table, 64 rows a transaction, the same settings as ours.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::{RAW_ROWS, RECORD_BYTES};

pub(crate) struct Raw {
    connection: Connection,
    rows: u64,
}

impl Raw {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;
             PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE outbox (ordinal INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT",
        )?;
        Ok(Self { connection, rows: 0 })
    }

    pub(crate) fn rows_per_second(&mut self, time: Duration) -> rusqlite::Result<f64> {
        let (began, first) = (Instant::now(), self.rows);
        while began.elapsed() < time {
            self.insert(RAW_ROWS)?;
        }
        Ok((self.rows - first) as f64 / began.elapsed().as_secs_f64())
    }

    /// So many rows in one transaction.
    pub(crate) fn insert(&mut self, rows: usize) -> rusqlite::Result<()> {
        let bytes = [b'x'; RECORD_BYTES];
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO outbox (id, bytes) VALUES (?1, ?2)")?;
            for _ in 0..rows {
                self.rows += 1;
                insert.execute(params![u128::from(self.rows).to_be_bytes(), bytes])?;
            }
        }
        transaction.commit()
    }

    /// From here on a commit returns before anything is on disk: what a proof must notice.
    pub(crate) fn synchronise_nothing(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("PRAGMA synchronous = OFF")
    }
}
