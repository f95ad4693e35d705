//! A disk that refuses to write: the operating system's own error, in the middle of a commit.
//!
//! A limit for the size of files stands for the broken disk. Unlike a full disk it is an error that SQLite knows no name for,
//! and it comes from the same system call. It is set by a shell for a process of its own, whose death it is not (SIGXFSZ is ignored).

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use tongqiao_engine::Change;
use tongqiao_protocol::Outcome;

use super::place;
use crate::contract::fixture::{append, entry, id, stream};
use crate::contract::handed_in::{crew, wait};
use crate::{SqliteStore, Store};

fn append_large(number: u32) -> Change {
    Change::Append { entry: entry(number, stream(number), 1), bytes: vec![b'x'; 8_000] }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// What the test below starts under a limit; in an ordinary run there is nothing to do.
#[test]
fn child_that_writes_until_the_disk_fails() {
    let argument = |name: &str| std::env::args().find_map(|text| text.strip_prefix(name).map(str::to_owned));
    let Some(path) = argument("failing=") else { return };
    let store = SqliteStore::open(path).unwrap();
    let mut failures = 0;
    for number in 1..5_000 {
        // Both ways, and groups of more than one.
        let changes = vec![append_large(number * 2), append_large(number * 2 + 1)];
        let committed =
            if number.is_multiple_of(2) { store.commit(changes) } else { wait(store.hand_in(changes, &crew())) };
        match committed {
            Ok(_) => say(&format!("acknowledged {}", number * 2)),
            Err(error) => {
                say(&format!("failed {} {} {:?}", number * 2, error.code().code(), error.outcome()));
                failures += 1;
            }
        }
        if failures == 3 {
            // What is there can still be read.
            assert!(store.entry(&id(2)).unwrap().is_some());
            return;
        }
    }
}

#[cfg(unix)]
fn write_under_a_limit(path: &Path, kilobytes: u32) -> Vec<String> {
    let name = "sqlite::tests::failing_disk::child_that_writes_until_the_disk_fails";
    // Dash counts blocks of 512 bytes.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kilobytes * 2);
    let child = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", name, &format!("failing={}", path.display())])
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    String::from_utf8_lossy(&child.stdout).lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn when_the_disk_refuses_to_write_nothing_acknowledged_is_lost_and_what_failed_is_whole_or_not_there() {
    let (_directory, path) = place();
    let lines = write_under_a_limit(&path, 2_000);
    let numbers = |word: &str| -> Vec<u32> {
        let of_word = lines.iter().filter_map(|line| line.strip_prefix(word)?.split(' ').nth(1)?.parse().ok());
        of_word.collect()
    };
    let (acknowledged, failed) = (numbers("acknowledged"), numbers("failed"));
    assert!(acknowledged.len() > 20 && failed.len() == 3, "{lines:?}");
    for line in lines.iter().filter(|line| line.starts_with("failed")) {
        assert!(line.contains("store.failed") || line.contains("store.full"), "{line}");
    }
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.check().unwrap().is_sound());
    let is_there = |number| store.entry(&id(number)).unwrap().is_some();
    assert!(acknowledged.iter().all(|number| is_there(*number) && is_there(number + 1)), "{lines:?}");
    for number in failed {
        assert_eq!(is_there(number), is_there(number + 1), "{number} is half there");
        let line = lines.iter().find(|line| line.starts_with(&format!("failed {number} "))).unwrap();
        if line.ends_with(&format!("{:?}", Outcome::Rejected)) {
            assert!(!is_there(number), "{line}, and it is there");
        }
    }
    // The disk is whole again.
    store.commit(vec![append(90_000, stream(90_000), 1)]).unwrap();
}
