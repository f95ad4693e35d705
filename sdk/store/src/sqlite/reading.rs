//! Questions, asked on connections of their own so that they never wait for a commit.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Params, params};
use tongqiao_engine::{Collection, Document, Entry, StreamKey};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};

use super::append::sequence_column;
use super::failure::{damaged, failure};
use super::open;
use super::row::{COLUMNS, Stored, TABLES, lane_number, seal_of_bytes, seal_of_document};
use super::writer::used_bytes;
use crate::{PendingQuery, Statistics, StoreError};

/// How many idle connections are kept.
const IDLE_MAX: usize = 4;

/// Connections that only read.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::default() }
    }

    /// Runs `ask` on one consistent state of the store.
    pub(super) fn read<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        let transaction = connection.transaction().map_err(|error| failure(&error))?;
        let answer = ask(&transaction)?;
        transaction.finish().map_err(|error| failure(&error))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        Ok(answer)
    }
}

/// The query behind [`pending`]; its plan is tested.
pub(super) fn pending_query() -> String {
    format!(
        "SELECT {COLUMNS} FROM entry e INDEXED BY entry_pending LEFT JOIN incarnation i ON i.number = e.incarnation \
         WHERE e.blocked = 0 AND e.lane = ?1 AND e.ordinal > ?2 AND (e.next_attempt_at <= ?3 OR e.next_attempt_at > ?4 OR e.attempts = 0) \
         AND e.state = 0 ORDER BY e.ordinal"
    )
}

/// The query that looks at a candidate's stream; its plan is tested.
pub(super) const STREAM_QUERY: &str = "SELECT sequence, ordinal, \
     next_attempt_at <= ?3 OR next_attempt_at > ?4 OR attempts = 0 FROM entry INDEXED BY entry_stream WHERE subject = ?1 AND incarnation = ?2 AND state <> 3 AND state = 0 ORDER BY sequence";

/// What follows the columns in a question for records that have ended; the plans of these are tested.
macro_rules! ended {
    ($of:literal, $rest:literal) => {
        concat!(
            "FROM ended x INDEXED BY ",
            $of,
            " CROSS JOIN entry e ON e.ordinal = x.ordinal LEFT JOIN incarnation i ON i.number = e.incarnation WHERE ",
            $rest
        )
    };
}

/// All that stand behind an ordinal.
pub(super) const ALL: &str =
    "FROM entry e LEFT JOIN incarnation i ON i.number = e.incarnation WHERE e.ordinal > ?1 ORDER BY e.ordinal";

/// What a person has to look at: few, so that they may be sorted.
pub(super) const NEEDING_ATTENTION: &str =
    ended!("ended_attention", "x.state IN (2, 4, 5) AND x.ordinal > ?1 ORDER BY x.ordinal");

/// What a new epoch has lost.
pub(super) const SETTLED_SINCE: &str = ended!(
    "ended_position",
    "x.state IN (1, 2) AND x.reference = ?1 AND (x.position, x.ordinal) > (?2, ?3) ORDER BY x.position, x.ordinal"
);

/// What may be forgotten.
pub(super) const DUE_FOR_FORGETTING: &str =
    ended!("ended_terminal", "x.state IN (1, 3) AND x.terminal_at < ?1 ORDER BY x.terminal_at, x.ordinal");

pub(super) fn pending(connection: &Connection, query: &PendingQuery) -> Result<Vec<Entry>, StoreError> {
    let sql = pending_query();
    let mut prepared = connection.prepare_cached(&sql).map_err(|error| failure(&error))?;
    let now = query.now.as_millis();
    let too_far = query.now.plus_millis(Entry::PUT_OFF_LIMIT_MS).as_millis();
    let values = params![lane_number(query.lane), query.after_ordinal.cast_signed(), now, too_far];
    let mut rows = prepared.query(values).map_err(|error| failure(&error))?;
    let mut streams: HashMap<StreamKey, Vec<Waiting>> = HashMap::new();
    let mut found = Vec::new();
    while found.len() < query.limit as usize {
        let Some(row) = rows.next().map_err(|error| failure(&error))? else { break };
        let Some(stored) = Stored::read(row).filter(|stored| stored.sound) else {
            tracing::error!(ordinal = row.get::<_, i64>(0).unwrap_or(0), "a damaged record is left out");
            continue;
        };
        let entry = stored.entry;
        let waiting = match streams.entry(entry.stream) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let subject = entry.stream.subject.as_bytes();
                new.insert(waiting_in_stream(connection, params![subject, stored.owner, now, too_far])?)
            }
        };
        let (sequence, ordinal) = (sequence_column(entry.sequence), entry.ordinal.cast_signed());
        let mut earlier = waiting.iter().take_while(|earlier| earlier.sequence < sequence);
        if !earlier.any(|earlier| !earlier.is_due || earlier.ordinal > ordinal) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// A pending row of a stream.
struct Waiting {
    sequence: i64,
    ordinal: i64,
    is_due: bool,
}

fn waiting_in_stream(connection: &Connection, values: impl Params) -> Result<Vec<Waiting>, StoreError> {
    let mut prepared = connection.prepare_cached(STREAM_QUERY).map_err(|error| failure(&error))?;
    let rows = prepared
        .query_map(values, |row| Ok(Waiting { sequence: row.get(0)?, ordinal: row.get(1)?, is_due: row.get(2)? }));
    rows.and_then(Iterator::collect).map_err(|error| failure(&error))
}

/// The first sound entries, at most `limit`, that `rest` (what follows the columns) finds. Damaged rows are passed over here and not
/// cut off by SQL, so that a short page always means that there are no more.
pub(super) fn entries(
    connection: &Connection,
    rest: &str,
    values: impl Params,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let sql = format!("SELECT {COLUMNS} {rest}");
    let mut prepared = connection.prepare_cached(&sql).map_err(|error| failure(&error))?;
    let mut rows = prepared.query(values).map_err(|error| failure(&error))?;
    let mut found = Vec::new();
    while found.len() < limit as usize {
        let Some(row) = rows.next().map_err(|error| failure(&error))? else { break };
        found.extend(Stored::read(row).filter(|stored| stored.sound).map(|stored| stored.entry));
    }
    Ok(found)
}

/// The epochs of all receipts, damaged rows' too: one too many costs an empty page, one too few costs a record.
pub(super) fn epochs(connection: &Connection) -> Result<Vec<EpochId>, StoreError> {
    let query = "SELECT DISTINCT reference FROM ended WHERE state IN (1, 2) ORDER BY reference";
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let mut rows = prepared.query([]).map_err(|error| failure(&error))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| failure(&error))? {
        found.extend(row.get(0).ok().map(EpochId::from_bytes));
    }
    Ok(found)
}

pub(super) fn entry(connection: &Connection, id: &RecordId) -> Result<Option<Entry>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE e.id = ?1");
    let mut prepared = connection.prepare_cached(&sql).map_err(|error| failure(&error))?;
    let found = prepared.query_row([id.as_bytes()], |row| Ok(Stored::read(row))).optional();
    match found.map_err(|error| failure(&error))? {
        None => Ok(None),
        Some(Some(stored)) if stored.sound => Ok(Some(stored.entry)),
        Some(_) => Err(damaged("the checksum of a row does not fit")),
    }
}

/// Bytes and their seal, as `query` finds them.
pub(super) fn sealed(connection: &Connection, query: &str, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let found = prepared.query_row([id.as_bytes()], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)));
    match found.optional().map_err(|error| failure(&error))? {
        None => Ok(None),
        Some((bytes, seal)) if seal == seal_of_bytes(&bytes) => Ok(Some(bytes)),
        Some(_) => Err(damaged("the checksum of stored bytes does not fit")),
    }
}

fn read_document(collection: Collection, key: &str, row: &rusqlite::Row<'_>) -> Result<Document, StoreError> {
    let read = || Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, Vec<u8>>(3)?));
    let (version, seal, bytes) = read().map_err(|error: rusqlite::Error| failure(&error))?;
    if seal != seal_of_document(collection.as_str(), key, version, &bytes) {
        return Err(damaged("the checksum of a document does not fit"));
    }
    Ok(Document { version: version.cast_unsigned(), bytes })
}

pub(super) fn document(connection: &Connection, of: Collection, key: &str) -> Result<Option<Document>, StoreError> {
    let query = "SELECT key, version, seal, bytes FROM document WHERE collection = ?1 AND key = ?2";
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let mut rows = prepared.query(params![of.as_str(), key]).map_err(|error| failure(&error))?;
    match rows.next().map_err(|error| failure(&error))? {
        Some(row) => read_document(of, key, row).map(Some),
        None => Ok(None),
    }
}

pub(super) fn documents(
    connection: &Connection,
    of: Collection,
    prefix: &str,
    after_key: &str,
    limit: u32,
) -> Result<Vec<(String, Document)>, StoreError> {
    let query = "SELECT key, version, seal, bytes FROM document \
         WHERE collection = ?1 AND key >= ?2 AND (?3 = '' OR key > ?3) ORDER BY key";
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let mut rows = prepared.query(params![of.as_str(), prefix, after_key]).map_err(|error| failure(&error))?;
    let mut found = Vec::new();
    while found.len() < limit as usize {
        let Some(row) = rows.next().map_err(|error| failure(&error))? else { break };
        let key: String = row.get(0).map_err(|error| failure(&error))?;
        // Keys with the prefix stand together, beginning at the prefix itself.
        if !key.starts_with(prefix) {
            break;
        }
        match read_document(of, &key, row) {
            Ok(document) => found.push((key, document)),
            Err(error) => tracing::error!(%error, collection = of.as_str(), "a damaged document is left out"),
        }
    }
    Ok(found)
}

/// The query behind [`statistics`]: each number comes from an index of just these rows.
pub(super) const STATISTICS: &str = "SELECT \
         (SELECT count(*) FROM entry WHERE state = 0 AND blocked = 0), \
         (SELECT count(*) FROM entry WHERE state = 0 AND blocked = 1), \
         (SELECT count(*) FROM ended WHERE state IN (2, 4, 5) AND state = 2), \
         (SELECT count(*) FROM ended WHERE state IN (2, 4, 5) AND state = 4), \
         (SELECT count(*) FROM ended WHERE state IN (2, 4, 5) AND state = 5), \
         (SELECT count(*) FROM ended WHERE state IN (1, 3)), \
         (WITH places (blocked, lane) AS (VALUES (0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3)), \
              firsts (ordinal) AS (SELECT (SELECT min(e.ordinal) FROM entry e \
                  WHERE e.state = 0 AND e.blocked = p.blocked AND e.lane = p.lane) FROM places p) \
          SELECT accepted_at FROM entry WHERE ordinal = (SELECT min(ordinal) FROM firsts))";

pub(super) fn statistics(connection: &Connection) -> Result<Statistics, StoreError> {
    let mut prepared = connection.prepare_cached(STATISTICS).map_err(|error| failure(&error))?;
    let read = prepared.query_row([], |row| {
        let count = |index| row.get::<_, i64>(index).map(i64::cast_unsigned);
        let blocked = count(1)?;
        Ok(Statistics {
            pending: count(0)? + blocked,
            blocked,
            refused: count(2)?,
            expired: count(3)?,
            dead: count(4)?,
            retained: count(5)?,
            oldest_pending_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
            size_bytes: 0,
        })
    });
    let statistics = read.map_err(|error| failure(&error))?;
    Ok(Statistics { size_bytes: used_bytes(connection)?, ..statistics })
}
