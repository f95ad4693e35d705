//! A disk that gives back something else than was written.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tongqiao_engine::{Change, Collection, Expected, LogPlace};

use super::place;
use crate::contract::fixture::{
    NOW, append, bytes, entry, epoch, id, numbers, pending, refuse, replace, settle, stream,
};
use crate::{SqliteStore, Store, StoreError};

fn put(key: &str) -> Change {
    let (collection, key) = (Collection::Case, key.to_owned());
    Change::PutDocument { collection, key, expected: Expected::Any, bytes: b"view".to_vec() }
}

/// Bytes that fill a good part of a page, so that one damaged page costs few records.
fn bulky(number: u32) -> Vec<u8> {
    format!("record {number:08} ").into_bytes().repeat(80)
}

fn append_bulky(number: u32) -> Change {
    Change::Append { entry: entry(number, stream(number), 1), bytes: bulky(number) }
}

fn overwrite(path: &Path, find: &[u8], with: &[u8]) {
    let mut file = fs::read(path).unwrap();
    let at = file.windows(find.len()).position(|window| window == find).unwrap();
    file[at..at + with.len()].copy_from_slice(with);
    fs::write(path, file).unwrap();
}

fn is_corrupt(result: Result<impl std::fmt::Debug, StoreError>) -> bool {
    result.is_err_and(|error| error.code().code() == "store.corrupt")
}

#[test]
fn one_flipped_byte_costs_one_record() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    for number in 1..=3 {
        store.commit(vec![append(number, stream(number), 1)]).unwrap();
    }
    drop(store);
    overwrite(&path, &bytes(2), b"{'record");
    let store = SqliteStore::open(&path).unwrap();
    assert!(is_corrupt(store.bytes(&id(2))));
    assert_eq!(store.bytes(&id(1)).unwrap(), Some(bytes(1)));
    assert_eq!(store.bytes(&id(3)).unwrap(), Some(bytes(3)));
    let report = store.check().unwrap();
    assert_eq!(report.corrupt_rows.iter().map(|row| (row.ordinal, row.id)).collect::<Vec<_>>(), [(2, Some(id(2)))]);
    assert_eq!(report.structure_faults, [""; 0]);
    store.commit(vec![append(4, stream(4), 1)]).unwrap();
}

#[test]
fn a_record_whose_state_was_damaged_is_neither_sent_nor_believed_and_can_be_put_aside() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    store.commit(vec![append(1, stream(1), 1), append(2, stream(2), 1), append(3, stream(1), 2)]).unwrap();
    let disk = Connection::open(&path).unwrap();
    disk.execute_batch("UPDATE entry SET attempts = 9 WHERE ordinal = 1").unwrap();
    assert_eq!(pending(&store), [2, 3]);
    assert!(is_corrupt(store.entry(&id(1))));
    assert!(is_corrupt(store.commit(vec![Change::Reschedule { id: id(1), attempts: 1, next_attempt_at: NOW }])));
    assert_eq!(store.check().unwrap().corrupt_rows.len(), 1);
    // A human (or the deliverer) buries it; its place is then taken by a replacement, like that of any dead record.
    store.commit(vec![Change::Bury { id: id(1), at: NOW, problem: b"{}".to_vec() }]).unwrap();
    assert_eq!(pending(&store), [2]);
    store.commit(vec![replace(5, stream(1), 1, 1), settle(5, 1)]).unwrap();
    assert_eq!(pending(&store), [2, 3]);
    assert!(store.check().unwrap().is_sound());
}

#[test]
fn a_damaged_document_is_not_believed() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    store.commit(vec![put("a"), put("b")]).unwrap();
    let disk = Connection::open(&path).unwrap();
    disk.execute_batch("UPDATE document SET version = 7 WHERE key = 'a'").unwrap();
    assert!(is_corrupt(store.document(Collection::Case, "a")));
    assert!(store.document(Collection::Case, "b").unwrap().is_some());
    let listed = store.documents(Collection::Case, "", "", 10).unwrap();
    assert_eq!(listed.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["b"]);
}

/// What stands twice is compared: a record that has ended is found by a table of its own.
#[test]
fn a_table_of_the_ended_that_does_not_fit_the_records_is_noticed_and_salvage_makes_it_anew() {
    for damage in [
        "DELETE FROM ended WHERE ordinal = 1",
        "UPDATE ended SET position = 9 WHERE ordinal = 1",
        "INSERT INTO ended SELECT 2, subject, incarnation, sequence, kind, state, terminal_at, reference, position FROM ended",
    ] {
        let (directory, path) = place();
        let store = SqliteStore::open(&path).unwrap();
        store.commit(vec![append(1, stream(1), 1), append(2, stream(2), 1), settle(1, 5)]).unwrap();
        assert!(store.check().unwrap().is_sound());
        Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        let report = store.check().unwrap();
        assert_eq!((report.structure_faults.len(), report.corrupt_rows.len()), (1, 0), "{damage}: {report:?}");
        let saved = directory.path().join("saved.db");
        SqliteStore::salvage(&path, &saved).unwrap();
        let saved = SqliteStore::open(&saved).unwrap();
        assert!(saved.check().unwrap().is_sound(), "{damage}");
        let found = saved.settled_since(&epoch(1), LogPlace { position: 4, ordinal: 0 }, 10).unwrap();
        assert_eq!(numbers(&found), [1], "{damage}");
    }
}

#[test]
fn a_damaged_page_stops_new_work_and_what_can_be_read_is_saved() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let identity = store.identity().unwrap();
    for number in 1..=200 {
        store.commit(vec![append_bulky(number)]).unwrap();
    }
    store.commit(vec![settle(3, 1), put("case 1")]).unwrap();
    drop(store);
    // The page that holds record 100 becomes noise.
    let file = fs::read(&path).unwrap();
    let marker = bulky(100);
    let at = file.windows(marker.len()).position(|window| window == marker).unwrap() / 4096 * 4096;
    let mut damaged = file;
    damaged[at..at + 4096].fill(0xa5);
    fs::write(&path, damaged).unwrap();

    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.bytes(&id(1)).unwrap(), Some(bulky(1)), "what can be read is given out");
    assert!(is_corrupt(store.commit(vec![Change::Reschedule { id: id(100), attempts: 1, next_attempt_at: NOW }])));
    assert!(is_corrupt(store.commit(vec![append_bulky(900)])), "new work is refused from now on");
    store.commit(vec![settle(1, 2)]).unwrap();
    assert_eq!(store.bytes(&id(200)).unwrap(), Some(bulky(200)));
    assert!(!store.check().unwrap().structure_faults.is_empty());
    drop(store);

    let saved = directory.path().join("saved.db");
    let report = SqliteStore::salvage(&path, &saved).unwrap();
    assert_eq!(report.records + report.lost, 200);
    assert!((1..=4).contains(&report.lost), "{report:?}");
    assert_eq!((report.documents, report.all_documents), (1, true));
    let store = SqliteStore::open(&saved).unwrap();
    assert!(store.check().unwrap().is_sound());
    assert_eq!(store.identity().unwrap().producer, identity.producer);
    assert_ne!(store.identity().unwrap().incarnation, identity.incarnation);
    assert!(store.receipt(&id(3)).unwrap().is_some());
    let all = numbers(&store.entries(0, 1_000).unwrap());
    assert_eq!(all.len() as u64, report.records);
    for number in all {
        assert_eq!(store.bytes(&id(number)).unwrap(), Some(bulky(number)));
    }
    let committed = store.commit(vec![append_bulky(900)]).unwrap();
    assert_eq!(committed.ordinals, [201]);
}

#[test]
fn a_file_that_is_no_database_is_called_corrupt() {
    let (directory, path) = place();
    fs::write(&path, "not a database".repeat(1_000)).unwrap();
    assert!(is_corrupt(SqliteStore::open(&path)));
    assert!(is_corrupt(SqliteStore::salvage(&path, directory.path().join("saved.db"))));
}

#[test]
fn damaged_rows_do_not_make_a_page_look_like_the_last_one() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    for number in 1..=9 {
        store.commit(vec![append(number, stream(number), 1), settle(number, u64::from(number))]).unwrap();
    }
    for number in 11..=19 {
        store.commit(vec![append(number, stream(number), 1), refuse(number, u64::from(number))]).unwrap();
    }
    let disk = Connection::open(&path).unwrap();
    disk.execute_batch("UPDATE entry SET attempts = 9 WHERE ordinal IN (1, 2, 10, 11)").unwrap();
    assert_eq!(numbers(&store.settled_since(&epoch(1), LogPlace::before(0), 2).unwrap()), [3, 4]);
    assert_eq!(numbers(&store.needing_attention(0, 2).unwrap()), [13, 14]);
    assert_eq!(numbers(&store.due_for_forgetting(NOW.plus_millis(100), 2).unwrap()), [3, 4]);
    assert_eq!(numbers(&store.entries(0, 2).unwrap()), [3, 4]);
    assert_eq!(store.epochs().unwrap(), [epoch(1)]);
}

#[test]
fn salvage_leaves_damaged_documents_and_names_what_stands_behind_a_gap() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    for sequence in 1..=3 {
        store.commit(vec![append(sequence, stream(1), u64::from(sequence))]).unwrap();
        store.commit(vec![append(10 + sequence, stream(2), u64::from(sequence))]).unwrap();
        store.commit(vec![append(20 + sequence, stream(3), u64::from(sequence))]).unwrap();
    }
    store.commit(vec![refuse(11, 1), put("a"), put("b")]).unwrap();
    store.commit(vec![settle(21, 1), Change::Forget { id: id(21) }]).unwrap();
    drop(store);
    let disk = Connection::open(&path).unwrap();
    // The middle of one stream, the refused record that blocks another, and a document.
    let damage =
        "UPDATE entry SET attempts = 9 WHERE ordinal IN (4, 2); UPDATE document SET version = 7 WHERE key = 'a'";
    disk.execute_batch(damage).unwrap();
    drop(disk);

    let saved = directory.path().join("saved.db");
    let report = SqliteStore::salvage(&path, &saved).unwrap();
    assert_eq!((report.records, report.lost), (6, 2), "{report:?}");
    assert_eq!((report.documents, report.lost_documents, report.all_documents), (1, 1, true));
    assert_eq!(report.behind_a_gap, 3, "3 behind 2, and 12 and 13 behind 11");
    let store = SqliteStore::open(&saved).unwrap();
    assert!(store.check().unwrap().is_sound());
    assert_eq!(store.statistics().unwrap().blocked, 0);
    assert_eq!(store.next_sequence(&stream(3)).unwrap().get(), 4);
}
