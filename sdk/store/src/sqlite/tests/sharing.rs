//! Callers that share a transaction, and the plans of the queries that run all the time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::{Connection, params, params_from_iter};

use tongqiao_engine::{Change, Entry};
use tongqiao_protocol::Outcome;

use super::{empty, place};
use crate::contract::fixture::{append, bytes, entry, id, pending, settle, stream};
use crate::sqlite::append::{INSERT_FIRST, INSERT_LATER};
use crate::sqlite::open;
use crate::sqlite::prepared::Group;
use crate::sqlite::reading::{
    DUE_FOR_FORGETTING, NEEDING_ATTENTION, SETTLED_SINCE, STATISTICS, STREAM_QUERY, pending_query,
};
use crate::sqlite::writer::Closed;
use crate::{Reason, SqliteOptions, SqliteStore, Store};

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
        plan(&writer.connection, &pending_query(), [2, 0, 0, 9]),
        [
            "SEARCH e USING INDEX entry_pending (blocked=? AND lane=? AND ordinal>?)",
            "SEARCH i USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
        ]
    );
    assert_eq!(
        plan(&writer.connection, STREAM_QUERY, params![[0_u8; 16], 1, 0, 9]),
        ["SEARCH entry USING INDEX entry_stream (subject=? AND incarnation=?)"]
    );
}

#[test]
fn what_is_retained_or_lost_is_found_by_index_without_sorting() {
    let (_directory, store) = empty();
    let writer = store.commits.writer();
    for (rest, values, index) in [
        (DUE_FOR_FORGETTING, params![1], "USING INDEX ended_terminal (terminal_at<?)"),
        (SETTLED_SINCE, params![[0_u8; 16], 5, 6], "USING INDEX ended_position (reference=? AND position>?)"),
    ] {
        let plan = plan(&writer.connection, &format!("SELECT e.id {rest}"), values);
        let expected = [&format!("SEARCH x {index}"), "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"];
        assert_eq!(plan, expected);
    }
    // Of these there are few.
    let plan = plan(&writer.connection, &format!("SELECT e.id {NEEDING_ATTENTION}"), [1]);
    assert_eq!(plan[0], "SCAN x USING INDEX ended_attention");
}

#[test]
fn what_is_appended_asks_only_its_own_stream() {
    let (_directory, store) = empty();
    let writer = store.commits.writer();
    for statement in [INSERT_FIRST, INSERT_LATER] {
        let values = params_from_iter((1..=18).map(|_| 1));
        for step in plan(&writer.connection, statement, values) {
            assert!(!step.starts_with("SCAN") || step == "SCAN CONSTANT ROW", "{step}");
        }
    }
}

#[test]
fn the_statistics_walk_no_more_than_they_count() {
    let (_directory, store) = empty();
    let writer = store.commits.writer();
    for step in plan(&writer.connection, STATISTICS, []) {
        let walks = step.strip_prefix("SCAN ").filter(|what| what.starts_with("entry") || what.starts_with("ended"));
        // The rows that are counted, in an index that holds no others.
        assert!(walks.is_none_or(|what| what.contains(" INDEX ended_")), "{step}");
    }
}

#[test]
fn when_the_thread_that_commits_dies_its_callers_hear_that_nobody_knows_and_the_next_commit_works() {
    let (_directory, store) = empty();
    store.commits.writer().transactions_to_death = 1;
    let dying = std::panic::AssertUnwindSafe(|| store.commit(vec![append(1, stream(1), 1)]));
    assert!(std::panic::catch_unwind(dying).is_err());
    // Three who share a transaction: one leads and dies, the others must hear of it.
    let ends = thread::scope(|scope| {
        let mut writer = store.commits.writer();
        let commit = |number| {
            let store = &store;
            scope.spawn(move || store.commit(vec![append(number, stream(number), 1)]))
        };
        let first = commit(1);
        while store.commits.has_no_leader_at_work() {
            thread::yield_now();
        }
        let callers = [first, commit(2), commit(3)];
        while store.commits.waiting() < 2 {
            thread::yield_now();
        }
        writer.transactions_to_death = 1;
        drop(writer);
        callers.map(std::thread::ScopedJoinHandle::join)
    });
    let heard: Vec<_> = ends.into_iter().flatten().collect();
    assert_eq!(heard.len(), 2, "the third one is dead");
    for result in heard {
        assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
    }
    store.commit(vec![append(4, stream(4), 1)]).unwrap();
    assert!(store.entry(&id(4)).unwrap().is_some());
}

#[test]
fn a_change_that_the_database_refuses_costs_its_author_only() {
    let (_directory, store) = empty();
    let writer = store.commits.writer();
    writer
        .connection
        .execute_batch(
            "CREATE TRIGGER picky BEFORE INSERT ON entry WHEN new.sequence = 1 AND new.attempts = 77 \
             BEGIN SELECT RAISE(ABORT, 'no'); END;",
        )
        .unwrap();
    drop(writer);
    let impossible = Entry { attempts: 77, ..entry(1, stream(1), 1) };
    let groups = [
        vec![append(2, stream(2), 1)],
        vec![Change::Append { entry: impossible, bytes: bytes(1) }],
        vec![append(3, stream(3), 1)],
    ];
    let groups: Vec<_> = groups.into_iter().map(|changes| Group::prepare(changes).unwrap()).collect();
    let results = store.commits.writer().commit(&mut Closed(&groups));
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(matches!(results[1].as_ref().unwrap_err().reason(), Reason::InvalidChange { .. }));
    assert!(store.entry(&id(3)).unwrap().is_some());
}

#[test]
fn many_groups_in_one_transaction_do_not_run_past_the_limit() {
    let (_directory, path) = place();
    let store = SqliteStore::open_with(path, SqliteOptions::default().limit_bytes(400_000)).unwrap();
    let large = |number| Change::Append { entry: entry(number, stream(number), 1), bytes: vec![b'x'; 8_000] };
    let groups: Vec<_> = (1..=200).map(|number| Group::prepare(vec![large(number)]).unwrap()).collect();
    let results = store.commits.writer().commit(&mut Closed(&groups));
    let accepted = results.iter().filter(|result| result.is_ok()).count();
    assert!((10..60).contains(&accepted), "{accepted}");
    assert!(store.statistics().unwrap().size_bytes < 440_000);
}

#[test]
fn every_connection_that_writes_synchronises_its_log_with_each_commit() {
    let (_directory, path) = place();
    let stores = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    for store in &stores {
        let writer = store.commits.writer();
        let number = |name| writer.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((number("synchronous"), number("fullfsync"), number("checkpoint_fullfsync")), (2, 1, 1));
        let journal: String = writer.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(journal, "wal");
    }
    let reader = open::reader(&path).unwrap();
    let (journal, query_only): (String, i64) = (
        reader.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap(),
        reader.pragma_query_value(None, "query_only", |row| row.get(0)).unwrap(),
    );
    assert_eq!((journal.as_str(), query_only), ("wal", 1), "a reader never writes");
}
