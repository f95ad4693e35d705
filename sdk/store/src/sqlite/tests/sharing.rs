//! Callers that share a transaction, and the plans of the queries that run all the time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::Connection;

use super::{empty, place};
use crate::contract::fixture::{append, pending, settle, stream};
use crate::sqlite::reading::{STREAM_QUERY, pending_query};
use crate::{Reason, SqliteStore, Store};

#[test]
fn callers_who_come_during_a_commit_share_the_next_one() {
    const CALLERS: u32 = 32;
    let (_directory, store) = empty();
    let refused = AtomicUsize::new(0);
    // While the connection is held, the first caller waits for it and the others gather in the queue.
    let held = store.commits.writer();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (store, refused) = (&store, &refused);
                scope.spawn(move || {
                    let mut changes = vec![append(caller, stream(caller), 1)];
                    if caller % 4 == 0 {
                        changes.push(settle(9_999, 1));
                    }
                    if let Err(error) = store.commit(changes) {
                        assert!(matches!(error.reason(), Reason::EntryUnknown { .. }), "{error}");
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while store.commits.waiting() + 1 < CALLERS as usize {
            thread::yield_now();
        }
        drop(held);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
    });
    assert_eq!(refused.into_inner(), 8);
    assert_eq!(pending(&store).len(), 24);
    let synchronisations = store.synchronisations();
    assert!((1..=2).contains(&synchronisations), "{synchronisations} for {CALLERS} callers");
}

#[test]
fn two_stores_on_one_file_in_one_process_see_each_other() {
    let (_directory, path) = place();
    let (first, second) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    assert_eq!(first.identity().unwrap(), second.identity().unwrap());
    first.commit(vec![append(1, stream(1), 1)]).unwrap();
    assert_eq!(second.next_sequence(&stream(1)).unwrap().get(), 2);
    second.commit(vec![append(2, stream(1), 2)]).unwrap();
    assert_eq!(pending(&first), [1, 2]);
    let renewed = second.begin_incarnation().unwrap();
    assert_eq!(first.identity().unwrap(), renewed);
}

fn plan(connection: &Connection, query: &str, values: impl rusqlite::Params) -> Vec<String> {
    let mut prepared = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
    let rows = prepared.query_map(values, |row| row.get(3)).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[test]
fn pending_work_is_found_by_index_without_sorting() {
    let (_directory, store) = empty();
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    let writer = store.commits.writer();
    assert_eq!(
        plan(&writer.connection, &pending_query(), [2, 0, 0]),
        [
            "SEARCH e USING INDEX entry_sendable (lane=? AND ordinal>?)",
            "SEARCH i USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
        ]
    );
    assert_eq!(
        plan(&writer.connection, STREAM_QUERY, rusqlite::params![[0_u8; 16], 1]),
        ["SEARCH entry USING INDEX entry_stream (subject=? AND incarnation=?)"]
    );
}

#[test]
fn what_is_retained_or_lost_is_found_by_index_without_sorting() {
    let (_directory, store) = empty();
    let writer = store.commits.writer();
    for (query, index) in [
        (
            "SELECT * FROM entry e WHERE e.state IN (1, 3) AND e.terminal_at < 5 ORDER BY e.terminal_at, e.ordinal",
            "entry_terminal",
        ),
        (
            "SELECT * FROM entry e WHERE e.state IN (1, 2) AND e.reference = x'00' AND e.position >= 5 ORDER BY e.position, e.ordinal",
            "entry_position",
        ),
    ] {
        let plan = plan(&writer.connection, query, []);
        assert!(matches!(plan.as_slice(), [only] if only.contains(index)), "{plan:?}");
    }
}
