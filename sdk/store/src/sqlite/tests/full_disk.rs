//! No space left: new work is refused, accepted work is safe, and it goes on when there is space again.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use tongqiao_engine::Change;

use super::{empty, place};
use crate::contract::fixture::{append, entry, id, numbers, pending, settle, stream};
use crate::{Reason, SqliteOptions, SqliteStore, Store};

fn append_large(number: u32) -> Change {
    Change::Append { entry: entry(number, stream(number), 1), bytes: vec![b'x'; 8_000] }
}

/// Commits until the store refuses; the numbers that were accepted.
fn fill(store: &SqliteStore) -> Vec<u32> {
    let mut accepted = Vec::new();
    for number in 1..10_000 {
        match store.commit(vec![append_large(number)]) {
            Ok(_) => accepted.push(number),
            Err(error) => {
                assert_eq!(error.code().code(), "store.full", "{error}");
                assert_eq!(error.outcome(), tongqiao_protocol::Outcome::Rejected);
                return accepted;
            }
        }
    }
    panic!("the store was never full");
}

#[test]
fn a_full_file_refuses_new_work_keeps_the_old_and_resumes() {
    simulate_a_full_file();
}

fn simulate_a_full_file() {
    let (_directory, store) = empty();
    store.commits.writer().connection.execute_batch("PRAGMA max_page_count = 100").unwrap();
    let accepted = fill(&store);
    assert!(accepted.len() > 10, "{accepted:?}");
    assert_eq!(numbers(&store.entries(0, 10_000).unwrap()), accepted);
    assert!(store.check().unwrap().is_sound());
    assert_eq!(*store.commit(vec![append_large(9_999)]).unwrap_err().reason(), Reason::Full);
    store.commits.writer().connection.execute_batch("PRAGMA max_page_count = 200").unwrap();
    store.commit(vec![append_large(9_999)]).unwrap();
    assert_eq!(pending(&store).len(), accepted.len() + 1);
}

#[test]
fn at_the_given_limit_receipts_still_go_through_and_forgetting_makes_room() {
    let (_directory, path) = place();
    let store = SqliteStore::open_with(path, SqliteOptions::default().limit_bytes(400_000)).unwrap();
    let accepted = fill(&store);
    for number in &accepted {
        store.commit(vec![settle(*number, u64::from(*number))]).unwrap();
    }
    assert_eq!(*store.commit(vec![append(9_999, stream(9_999), 1)]).unwrap_err().reason(), Reason::Full);
    store.commit(accepted.iter().map(|number| Change::Forget { id: id(*number) }).collect()).unwrap();
    store.commit(vec![append(9_999, stream(9_999), 1)]).unwrap();
    assert!(store.statistics().unwrap().size_bytes < 400_000);
}

/// A file system of one mebibyte, as far as the test may mount one.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&at).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(at))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} is still mounted", self.0.display());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_new_work_keeps_the_old_and_resumes() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(directory.path().join("small")) else {
        // Only the operating system's own error is not seen then. The test runner hides what a passing test prints by
        // `eprintln!`; this it does not hide.
        let words =
            "SKIPPED a_full_disk: no right to mount a small disk (root has it); a full file is simulated instead";
        writeln!(std::io::stderr(), "{words}").unwrap();
        return simulate_a_full_file();
    };
    let path = disk.0.join("outbox.db");
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![0; 300_000]).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let accepted = fill(&store);
    assert!(accepted.len() > 10, "{accepted:?}");
    assert_eq!(numbers(&store.entries(0, 10_000).unwrap()), accepted);
    std::fs::remove_file(&ballast).unwrap();
    store.commit(vec![append_large(9_999)]).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(pending(&store).len(), accepted.len() + 1);
    assert!(store.check().unwrap().is_sound());
}
