//! Which file is which.

use std::fs;

use tongqiao_engine::{Change, Collection, Expected};

use super::place;
use crate::contract::fixture::{append, numbers, pending, stream};
use crate::{Reason, SqliteStore, Store};

#[test]
fn a_file_that_is_opened_again_keeps_its_identity_and_its_work() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let identity = store.identity().unwrap();
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.identity().unwrap(), identity);
    assert_eq!(pending(&store), [1]);
}

#[test]
fn a_copied_file_begins_a_new_incarnation_and_a_moved_one_does_not() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let identity = store.identity().unwrap();
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    drop(store);
    let copy = directory.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    let copied = SqliteStore::open(&copy).unwrap();
    assert_eq!(copied.identity().unwrap().producer, identity.producer);
    assert_ne!(copied.identity().unwrap().incarnation, identity.incarnation);
    assert_eq!(numbers(&copied.entries(0, 10).unwrap()), [1]);
    let renewed = copied.identity().unwrap();
    drop(copied);
    assert_eq!(SqliteStore::open(&copy).unwrap().identity().unwrap(), renewed, "once is enough");

    let moved = directory.path().join("moved.db");
    fs::rename(&path, &moved).unwrap();
    assert_eq!(SqliteStore::open(&moved).unwrap().identity().unwrap(), identity);
}

#[test]
fn a_backup_copied_into_the_existing_file_begins_a_new_incarnation_and_once_is_enough() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let identity = store.identity().unwrap();
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    drop(store);
    let backup = directory.path().join("backup.db");
    fs::copy(&path, &backup).unwrap();
    let unchanged = SqliteStore::open(&path).unwrap();
    assert_eq!(unchanged.identity().unwrap(), identity);
    unchanged.commit(vec![append(2, stream(1), 2)]).unwrap();
    drop(unchanged);

    let old = fs::read(&backup).unwrap();
    fs::write(&path, old).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let renewed = store.identity().unwrap();
    assert_eq!(renewed.producer, identity.producer);
    assert_ne!(renewed.incarnation, identity.incarnation, "sequence 2 was given out already");
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.identity().unwrap(), renewed);
    store.commit(vec![append(3, stream(3), 1)]).unwrap();
    drop(store);
    // A mark that is lost or unreadable is no sign of anything.
    fs::write(super::super::mark::Mark::path(&path), "noise").unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap().identity().unwrap(), renewed);
}

#[test]
fn a_backup_in_which_only_documents_were_older_begins_a_new_incarnation_too() {
    let (_directory, path) = place();
    let put = |expected, bytes: &[u8]| Change::PutDocument {
        collection: Collection::Epoch,
        key: "numbers".to_owned(),
        expected,
        bytes: bytes.to_vec(),
    };
    let store = SqliteStore::open(&path).unwrap();
    let identity = store.identity().unwrap();
    store.commit(vec![append(1, stream(1), 1), put(Expected::Absent, b"1 to 100 are free")]).unwrap();
    drop(store);
    let old = fs::read(&path).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    store.commit(vec![put(Expected::Version(1), b"11 to 100 are free")]).unwrap();
    drop(store);
    assert_eq!(SqliteStore::open(&path).unwrap().identity().unwrap(), identity);

    fs::write(&path, old).unwrap();
    let renewed = SqliteStore::open(&path).unwrap().identity().unwrap();
    assert_ne!(renewed.incarnation, identity.incarnation, "1 to 10 were given out already");
    assert_eq!(SqliteStore::open(&path).unwrap().identity().unwrap(), renewed, "once is enough");
}

#[test]
fn a_mark_of_an_earlier_version_still_counts() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let identity = store.identity().unwrap();
    drop(store);
    let empty = fs::read(&path).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    drop(store);
    // It held the ordinal alone.
    let mark = super::super::mark::Mark::path(&path);
    let whole = fs::read(&mark).unwrap();
    fs::write(&mark, &whole[..16]).unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap().identity().unwrap(), identity);
    fs::write(&path, empty).unwrap();
    assert_ne!(SqliteStore::open(&path).unwrap().identity().unwrap(), identity);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let (directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn another_programs_database_is_left_alone() {
    let (_directory, path) = place();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert_eq!(*SqliteStore::open(&path).unwrap_err().reason(), Reason::NotAStore);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_a_newer_version_is_refused_with_both_versions() {
    let (_directory, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA user_version = 77").unwrap();
    drop(newer);
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(*error.reason(), Reason::NewerSchema { found: 77, supported: 6 });
    assert_eq!(error.code().code(), "store.newer_version");
}
