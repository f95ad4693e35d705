//! Documents and identity.

use tongqiao_engine::{Change, Collection, Document, Expected};

use super::fixture::{append, id, stream};
use crate::{Reason, Store};

fn put(key: &str, expected: Expected, bytes: &[u8]) -> Change {
    Change::PutDocument { collection: Collection::Role, key: key.to_owned(), expected, bytes: bytes.to_vec() }
}

pub fn versions_grow_by_one(store: &impl Store) {
    assert_eq!(store.document(Collection::Role, "a").unwrap(), None);
    let committed = store.commit(vec![put("a", Expected::Absent, b"1"), put("a", Expected::Version(1), b"2")]).unwrap();
    assert_eq!(committed.versions, [1, 2]);
    assert_eq!(store.commit(vec![put("a", Expected::Any, b"3")]).unwrap().versions, [3]);
    let document = Document { version: 3, bytes: b"3".to_vec() };
    assert_eq!(store.document(Collection::Role, "a").unwrap(), Some(document));
    assert_eq!(store.document(Collection::Case, "a").unwrap(), None, "collections do not see each other");
    let delete = |expected| Change::DeleteDocument { collection: Collection::Role, key: "a".to_owned(), expected };
    store.commit(vec![delete(Expected::Version(3))]).unwrap();
    store.commit(vec![delete(Expected::Any)]).unwrap();
    assert_eq!(store.document(Collection::Role, "a").unwrap(), None);
}

pub fn a_wrong_belief_changes_nothing_and_names_the_version(store: &impl Store) {
    store.commit(vec![put("a", Expected::Any, b"1")]).unwrap();
    let conflict =
        |key: &str, found| Reason::VersionConflict { collection: Collection::Role, key: key.to_owned(), found };
    for wrong in [put("a", Expected::Absent, b"2"), put("a", Expected::Version(2), b"2")] {
        assert_eq!(*store.commit(vec![wrong]).unwrap_err().reason(), conflict("a", Some(1)));
    }
    let wrong = put("b", Expected::Version(1), b"2");
    assert_eq!(*store.commit(vec![wrong]).unwrap_err().reason(), conflict("b", None));
    let expected = Expected::Version(7);
    let wrong = Change::DeleteDocument { collection: Collection::Role, key: "a".to_owned(), expected };
    assert_eq!(*store.commit(vec![wrong]).unwrap_err().reason(), conflict("a", Some(1)));
    assert_eq!(store.document(Collection::Role, "a").unwrap().unwrap().bytes, b"1");
}

pub fn a_fence_voids_the_whole_commit(store: &impl Store) {
    store.commit(vec![put("delivery", Expected::Absent, b"holder 1")]).unwrap();
    let fence = |version| Change::RequireDocument { collection: Collection::Role, key: "delivery".to_owned(), version };
    store.commit(vec![fence(1), append(1, stream(1), 1)]).unwrap();
    store.commit(vec![put("delivery", Expected::Version(1), b"holder 2")]).unwrap();
    for changes in [vec![fence(1), append(2, stream(1), 2)], vec![append(2, stream(1), 2), fence(1)]] {
        let error = store.commit(changes).unwrap_err();
        assert!(matches!(error.reason(), Reason::VersionConflict { found: Some(2), .. }), "{error}");
    }
    assert_eq!(store.entry(&id(2)).unwrap(), None);
    store.commit(vec![fence(2), append(2, stream(1), 2)]).unwrap();
}

pub fn documents_are_listed_by_prefix_in_pages(store: &impl Store) {
    for key in ["b/2", "a", "b/1", "b/3", "c", "b%"] {
        store.commit(vec![put(key, Expected::Absent, key.as_bytes())]).unwrap();
    }
    let list = |prefix, after, limit| {
        let found = store.documents(Collection::Role, prefix, after, limit).unwrap();
        found
            .into_iter()
            .map(|(key, document)| {
                assert_eq!(document.bytes, key.as_bytes());
                key
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(list("b/", "", 10), ["b/1", "b/2", "b/3"]);
    assert_eq!(list("b/", "", 2), ["b/1", "b/2"]);
    assert_eq!(list("b/", "b/2", 2), ["b/3"]);
    assert_eq!(list("", "b/3", 10), ["c"]);
    assert_eq!(list("", "", 10), ["a", "b%", "b/1", "b/2", "b/3", "c"]);
    assert_eq!(list("d", "", 10), [""; 0]);
    assert_eq!(store.documents(Collection::Case, "", "", 10).unwrap(), []);
}

pub fn a_new_incarnation_keeps_the_producer(store: &impl Store) {
    let first = store.identity().unwrap();
    assert_eq!(store.identity().unwrap(), first);
    let second = store.begin_incarnation().unwrap();
    assert_eq!(second.producer, first.producer);
    assert_ne!(second.incarnation, first.incarnation);
    assert_eq!(store.identity().unwrap(), second);
}
