//! Real processes on one file, killed without warning.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use super::place;
use crate::contract::fixture::{append, id, stream};
use crate::contract::handed_in::{crew, wait};
use crate::{Reason, SqliteStore, Store};

/// What the other tests start: `store=<path>` and `writer=<number>` stand among the arguments, where the test harness takes
/// them for names of further tests. In an ordinary run they are missing and there is nothing to do.
#[test]
fn child_that_writes_until_it_is_killed() {
    let argument = |name: &str| std::env::args().find_map(|text| text.strip_prefix(name).map(str::to_owned));
    let (Some(path), Some(writer)) = (argument("store="), argument("writer=")) else { return };
    let writer: u32 = writer.parse().unwrap();
    let store = SqliteStore::open(path).unwrap();
    thread::scope(|scope| {
        for caller in 0..4 {
            let store = &store;
            scope.spawn(move || write_for_ever(store, writer * 4 + caller));
        }
    });
}

/// Each group holds a record of the caller's own stream and one of the stream that all share.
fn write_for_ever(store: &SqliteStore, caller: u32) {
    let (own, crew) = (stream(caller + 1), crew());
    let mut number = store.next_sequence(&own).unwrap().get();
    loop {
        let this = caller * 1_000_000 + u32::try_from(number).unwrap() * 2;
        let next = store.next_sequence(&stream(0)).unwrap().get();
        let changes = vec![append(this, own, number), append(this + 1, stream(0), next)];
        // Half of them as tasks do it.
        let committed =
            if caller.is_multiple_of(2) { store.commit(changes) } else { wait(store.hand_in(changes, &crew)) };
        match committed {
            Ok(_) => {
                let mut out = std::io::stdout().lock();
                writeln!(out, "acknowledged {this}").and_then(|()| out.flush()).unwrap();
                number += 1;
            }
            Err(error) => assert!(matches!(error.reason(), Reason::SequenceTaken { .. }), "{error}"),
        }
    }
}

struct Writing {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    acknowledged: Vec<u32>,
}

impl Writing {
    fn start(path: &Path, writer: u32) -> Self {
        let name = "sqlite::tests::processes::child_that_writes_until_it_is_killed";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", name, &format!("store={}", path.display()), &format!("writer={writer}")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, acknowledged: Vec::new() }
    }

    /// Reads one more acknowledgement; false when the child is gone.
    fn read(&mut self) -> bool {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some(number) = line.trim_end().strip_prefix("acknowledged ") {
                self.acknowledged.push(number.parse().unwrap());
                return true;
            }
            line.clear();
        }
        false
    }

    fn wait_for(&mut self, acknowledged: usize) {
        while self.acknowledged.len() < acknowledged {
            assert!(self.read(), "the writer died by itself");
        }
    }

    /// SIGKILL, and what it had acknowledged by then.
    fn kill(mut self) -> Vec<u32> {
        self.child.kill().unwrap();
        while self.read() {}
        self.child.wait().unwrap();
        self.acknowledged
    }
}

/// Nothing acknowledged is lost, nothing is half, and sequences have neither holes nor doubles.
fn assert_whole(store: &SqliteStore, acknowledged: &[u32]) {
    let report = store.check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    for number in acknowledged {
        assert!(store.entry(&id(*number)).unwrap().is_some(), "{number} was acknowledged and is lost");
    }
    let mut streams: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    let all = store.entries(0, u32::MAX).unwrap();
    for entry in &all {
        streams.entry(entry.stream).or_default().push(entry.sequence.get());
        let number = u32::from_be_bytes(entry.id.as_bytes()[12..].try_into().unwrap());
        assert!(store.entry(&id(number ^ 1)).unwrap().is_some(), "half of the group of {number} is lost");
    }
    for (stream, sequences) in streams {
        assert!(sequences.iter().copied().eq(1..=sequences.len() as u64), "{stream:?}: {sequences:?}");
    }
    let ordinals: Vec<u64> = all.iter().map(|entry| entry.ordinal).collect();
    assert!(ordinals.iter().copied().eq(1..=ordinals.len() as u64));
}

#[test]
fn of_two_processes_that_share_a_store_one_is_killed_and_nothing_acknowledged_is_lost() {
    let (_directory, path) = place();
    let (mut first, mut second) = (Writing::start(&path, 0), Writing::start(&path, 1));
    first.wait_for(30);
    second.wait_for(30);
    let mut acknowledged = first.kill();
    // The survivor goes on by itself.
    let so_far = second.acknowledged.len();
    second.wait_for(so_far + 30);
    acknowledged.extend(second.kill());
    assert_whole(&SqliteStore::open(&path).unwrap(), &acknowledged);
}

#[test]
fn a_process_that_is_killed_again_and_again_loses_nothing_acknowledged() {
    let (_directory, path) = place();
    let mut acknowledged = Vec::new();
    for round in 0..12 {
        let mut writing = Writing::start(&path, 0);
        writing.wait_for(1 + round * 7 % 23);
        acknowledged.extend(writing.kill());
        assert_whole(&SqliteStore::open(&path).unwrap(), &acknowledged);
    }
}

#[test]
fn processes_that_create_one_store_at_the_same_time_agree() {
    let (_directory, path) = place();
    let mut writing: Vec<Writing> = (0..3).map(|writer| Writing::start(&path, writer)).collect();
    writing.iter_mut().for_each(|writing| writing.wait_for(5));
    let acknowledged: Vec<u32> = writing.into_iter().flat_map(Writing::kill).collect();
    let store = SqliteStore::open(&path).unwrap();
    assert_whole(&store, &acknowledged);
}

#[test]
fn whoever_opens_a_new_file_at_the_same_moment_as_others_waits_for_them() {
    const OPENERS: usize = 6;
    for _ in 0..20 {
        let (_directory, path) = place();
        let together = std::sync::Barrier::new(OPENERS);
        std::thread::scope(|scope| {
            let open = || {
                together.wait();
                SqliteStore::open(&path).unwrap().identity().unwrap()
            };
            let openers: Vec<_> = (0..OPENERS).map(|_| scope.spawn(open)).collect();
            let mut identities: Vec<_> = openers.into_iter().map(|opener| opener.join().unwrap()).collect();
            identities.dedup();
            assert_eq!(identities.len(), 1, "one file has one identity");
        });
    }
}
