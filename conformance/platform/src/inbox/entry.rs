//! Entries as they are put and handed out.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Map, Value};
use tongqiao_protocol::case::{DataClass, OpenValue};
use tongqiao_protocol::inbox::{InboxEntry, InboxKind};
use tongqiao_protocol::{Digest, InboxEntryId, Suite, Timestamp};

use crate::database::DatabaseError;

/// What somebody is to hear.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) addressee: String,
    pub(crate) kind: InboxKind,
    /// What it is about.
    pub(crate) subject: String,
    /// Bytes by which the cause is known for ever, such as the id of an event: they make the entry's id.
    pub(crate) cause: Vec<u8>,
    /// When what it tells happened.
    pub(crate) time: Timestamp,
    /// A time that the cause itself says, so that the same cause gives the same id after a restore.
    pub(crate) cause_time: Timestamp,
    pub(crate) data_class: DataClass,
    pub(crate) data: Value,
}

impl News {
    /// Words of the operator.
    pub(crate) fn notice(addressee: &str, cause: &[u8], time: Timestamp, data: Value) -> Self {
        Self {
            addressee: addressee.to_owned(),
            kind: InboxKind::OperatorNotice,
            subject: "-".to_owned(),
            cause: cause.to_vec(),
            time,
            cause_time: time,
            data_class: DataClass::Public,
            data,
        }
    }

    fn id(&self) -> InboxEntryId {
        let parts = [self.kind.as_str().as_bytes(), b"\n", self.addressee.as_bytes(), b"\n", &self.cause];
        let digest = Digest::of_parts(Suite::International, &parts);
        let mut random = [0; 10];
        random.copy_from_slice(&digest.as_bytes()[..10]);
        InboxEntryId::from_time_and_random(self.cause_time, random)
    }
}

/// Puts an entry, inside the transaction of its cause. The same cause again puts nothing; an addressee that is no party
/// gets nothing.
pub(crate) fn put(connection: &Connection, news: &News) -> Result<(), DatabaseError> {
    let Ok(addressee) = news.addressee.parse() else { return Ok(()) };
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(position), 0) FROM inbox_entry WHERE addressee = ?1")?
        .query_row([&news.addressee], |row| row.get(0))?;
    let entry = InboxEntry {
        id: news.id(),
        addressee,
        position: last.cast_unsigned() + 1,
        kind: OpenValue::Known(news.kind),
        subject: news.subject.clone(),
        time: news.time,
        data_class: news.data_class,
        data: match &news.data {
            Value::Object(data) => data.clone(),
            _ => Map::new(),
        },
    };
    connection
        .prepare_cached("INSERT OR IGNORE INTO inbox_entry (id, addressee, position, record) VALUES (?1, ?2, ?3, ?4)")?
        .execute((entry.id.as_bytes(), &news.addressee, last + 1, entry.to_bytes()))?;
    Ok(())
}

/// An entry that nobody acknowledged.
pub(super) struct Open {
    pub(super) position: i64,
    pub(super) record: Vec<u8>,
}

/// Open entries behind a position.
pub(super) fn open(
    connection: &Connection,
    addressee: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<Open>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT position, record FROM inbox_entry WHERE addressee = ?1 AND position > ?2 AND acknowledged IS NULL
         ORDER BY position LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement
        .query_map((addressee, after, limit), |row| Ok(Open { position: row.get(0)?, record: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Marks an entry as taken over; whether the addressee has such an entry.
pub(super) fn acknowledge(
    connection: &Connection,
    addressee: &str,
    id: InboxEntryId,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let known = connection
        .prepare_cached(
            "UPDATE inbox_entry SET acknowledged = coalesce(acknowledged, ?3) WHERE addressee = ?1 AND id = ?2 RETURNING 1",
        )?
        .query_row((addressee, id.as_bytes(), now.as_millis()), |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(known.is_some())
}
