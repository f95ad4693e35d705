//! Files of earlier versions.
//!
//! `tests/fixtures/store-v1.db` was written once by schema version 1 and is never written again: the day a migration
//! breaks old files, this test says so. It holds three streams: settled, refused and replaced; waiting behind a dead
//! record; a bill that has expired; one forgotten record; two documents.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tongqiao_engine::{Change, Collection, EntryState, Expected, LogPlace};
use tongqiao_protocol::{IncarnationId, ProducerId};

use super::place;
use crate::contract::fixture::{
    NOW, append, bytes, epoch, id, numbers, pending, receipt, refuse, replace, settle, stream,
};
use crate::sqlite::apply::Applying;
use crate::sqlite::prepared::Group;
use crate::sqlite::{migrate, open};
use crate::{SqliteStore, Statistics, Store, StoreIdentity};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store-v1.db");

fn contents() -> Vec<Change> {
    let put = |collection, key: &str, bytes: &[u8]| Change::PutDocument {
        collection,
        key: key.to_owned(),
        expected: Expected::Absent,
        bytes: bytes.to_vec(),
    };
    vec![
        append(1, stream(1), 1),
        append(2, stream(1), 2),
        append(3, stream(1), 3),
        settle(1, 10),
        refuse(2, 11),
        replace(4, stream(1), 2, 2),
        append(5, stream(2), 1),
        append(6, stream(2), 2),
        Change::Bury { id: id(5), at: NOW, problem: b"{}".to_vec() },
        append(7, stream(3), 1),
        Change::Expire { id: id(7), at: NOW },
        append(8, stream(4), 1),
        settle(8, 12),
        Change::Forget { id: id(8) },
        put(Collection::Epoch, "platform", b"epoch"),
        put(Collection::Role, "delivery", b"nobody"),
    ]
}

/// Writes what the fixture holds, with the schema of version 1. This is how the fixture was made.
fn write_version_1(path: &Path) {
    let mut connection = Connection::open(path).unwrap();
    // Small pages, so that the file is small.
    connection.execute_batch("PRAGMA page_size = 512; PRAGMA journal_mode = WAL;").unwrap();
    migrate::migrate_to(&mut connection, 1).unwrap();
    let identity =
        StoreIdentity { producer: ProducerId::from_bytes([1; 16]), incarnation: IncarnationId::from_bytes([2; 16]) };
    open::write_identity(&connection, identity, (1, 1)).unwrap();
    // What the program of today writes beside these tables goes where nobody sees it.
    connection.execute_batch(BESIDE_VERSION_1).unwrap();
    let group = Group::prepare(contents()).unwrap();
    let transaction = connection.transaction().unwrap();
    Applying::new(&transaction).apply(&group).unwrap();
    transaction.commit().unwrap();
}

const BESIDE_VERSION_1: &str = "
    CREATE TEMP TABLE ended (ordinal INTEGER PRIMARY KEY, subject, incarnation, sequence, kind, state);
    CREATE INDEX temp.ended_attention ON ended (subject, incarnation, sequence) WHERE state IN (2, 4, 5);
    CREATE TEMP TRIGGER entry_ends AFTER UPDATE OF state ON main.entry BEGIN
        INSERT OR REPLACE INTO ended SELECT new.ordinal, new.subject, new.incarnation, new.sequence, new.kind, new.state
            WHERE new.state <> 0;
    END;";

/// Every row of every table, and the schema.
fn dump(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut lines = Vec::new();
    for table in ["sqlite_schema", "store", "incarnation", "entry", "receipt", "forgotten_stream", "document"] {
        let mut prepared = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = prepared.column_names().map(str::to_owned).collect();
        let mut rows = prepared.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            // Where SQLite put a table is no part of the schema.
            let values = columns
                .iter()
                .filter(|column| *column != "rootpage")
                .map(|column| (column.clone(), row.get::<_, rusqlite::types::Value>(column.as_str()).unwrap()));
            lines.push(format!("{table} {:?}", values.collect::<Vec<_>>()));
        }
    }
    lines
}

#[test]
fn what_version_1_wrote_is_what_its_migration_still_makes() {
    let (directory, path) = place();
    write_version_1(&path);
    let frozen = directory.path().join("frozen.db");
    fs::copy(FIXTURE, &frozen).unwrap();
    assert_eq!(dump(&path), dump(&frozen), "a migration was edited after its release");
}

#[test]
fn a_file_of_version_1_is_brought_up_to_date_with_everything_in_it() {
    let (_directory, path) = place();
    fs::copy(FIXTURE, &path).unwrap();
    let version = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!(version(&path), 1);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(version(&path), migrate::NEWEST);

    let report = store.check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(numbers(&store.entries(0, 100).unwrap()), [1, 2, 3, 4, 5, 6, 7]);
    for number in 1..=7 {
        assert_eq!(store.bytes(&id(number)).unwrap(), Some(bytes(number)));
    }
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(receipt(1)));
    assert_eq!(store.entry(&id(2)).unwrap().unwrap().state, EntryState::Replaced { by: id(4) });
    assert_eq!(pending(&store), [4]);
    assert_eq!(numbers(&store.needing_attention(0, 10).unwrap()), [5, 7]);
    assert_eq!(numbers(&store.settled_since(&epoch(1), LogPlace::before(0), 10).unwrap()), [1]);
    assert_eq!(numbers(&store.due_for_forgetting(NOW.plus_millis(100), 10).unwrap()), [1, 2]);
    assert_eq!(store.next_sequence(&stream(4)).unwrap().get(), 2);
    assert_eq!(store.document(Collection::Epoch, "platform").unwrap().unwrap().bytes, b"epoch");
    let statistics = store.statistics().unwrap();
    let expected = Statistics {
        pending: 3,
        blocked: 1,
        expired: 1,
        dead: 1,
        retained: 2,
        oldest_pending_at: Some(NOW),
        size_bytes: statistics.size_bytes,
        ..Statistics::default()
    };
    assert_eq!(statistics, expected);
    // It is a copy: the producer stays, the life is a new one.
    assert_eq!(store.identity().unwrap().producer, ProducerId::from_bytes([1; 16]));
    assert_ne!(store.identity().unwrap().incarnation, IncarnationId::from_bytes([2; 16]));
    assert_eq!(store.commit(vec![append(9, stream(4), 2)]).unwrap().ordinals, [9]);
}

#[test]
fn each_migration_is_done_once_when_many_open_at_the_same_time() {
    let (_directory, path) = place();
    fs::copy(FIXTURE, &path).unwrap();
    let identities: Vec<_> = std::thread::scope(|scope| {
        let opening: Vec<_> =
            (0..4).map(|_| scope.spawn(|| SqliteStore::open(&path).unwrap().identity().unwrap())).collect();
        opening.into_iter().map(|opening| opening.join().unwrap()).collect()
    });
    assert!(identities.windows(2).all(|pair| pair[0] == pair[1]), "{identities:?}");
}
