//! Whether what was acknowledged had been synchronised before, read from a trace of system calls.
//!
//! The traced program writes a line before it asks for a commit and another one when the commit has returned. Between the
//! two there must be a synchronisation of the write-ahead log that began after the first and ended before the second.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use tongqiao_engine::Change;
use tongqiao_store::{Crew, Store as _};

use super::load::{Acts, Tasks, Trouble, Until, drive};
use super::ours::{self, Ours};
use super::raw::Raw;

/// What the lines begin with; strace shows the first 32 bytes.
const ASKS: &str = "tongqiao asks ";
const HEARS: &str = "tongqiao hears ";

/// What a trace shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) callers: usize,
    pub(crate) acknowledged: u64,
    /// Acknowledged before the disk had confirmed them.
    pub(crate) early: u64,
}

impl Proof {
    /// The same for so many records, all of which must have been seen.
    pub(crate) fn of_records(self, callers: usize, records: u32) -> Result<Self, Trouble> {
        if self.acknowledged == u64::from(records) {
            Ok(Self { callers, ..self })
        } else {
            Err(format!("of {records} acknowledgements the trace shows {}", self.acknowledged).into())
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { callers, acknowledged, early } = self;
        write!(f, "{callers} callers: {early} of {acknowledged} records acknowledged before the log was synchronised")
    }
}

/// Reads a trace of `fsync`, `fdatasync` and `write` with the paths of descriptors, made of all threads in one file.
pub(crate) fn of(trace: &str) -> Proof {
    // What a thread has begun and not ended: the name of the call, its line, and the mark that it writes.
    let mut begun: BTreeMap<&str, (usize, Option<&str>)> = BTreeMap::new();
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    // Line of the begin of each synchronisation that has ended so far.
    let mut synchronised: BTreeSet<usize> = BTreeSet::new();
    let mut proof = Proof { callers: 0, acknowledged: 0, early: 0 };
    for (number, line) in trace.lines().enumerate() {
        let Some((thread, call)) = line.trim_start().split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(record) = mark(call, HEARS) {
            let since = asked.get(record).copied().unwrap_or(usize::MAX);
            proof.acknowledged += 1;
            proof.early += u64::from(synchronised.range(since.saturating_add(1)..).next().is_none());
        }
        let (start, asks) = if call.starts_with("<...") {
            let Some(before) = begun.remove(thread) else { continue };
            before
        } else if is_synchronisation(call) || call.starts_with("write(") {
            (number, mark(call, ASKS))
        } else {
            continue;
        };
        if call.ends_with("<unfinished ...>") {
            begun.insert(thread, (start, asks));
        } else if let Some(record) = asks {
            asked.insert(record, number);
        } else if call.ends_with("= 0") && !call.starts_with("write(") && !call.starts_with("<... write") {
            synchronised.insert(start);
        }
    }
    proof
}

fn is_synchronisation(call: &str) -> bool {
    (call.starts_with("fsync(") || call.starts_with("fdatasync(")) && call.contains("-wal>")
}

/// The record that a mark speaks of.
fn mark<'a>(call: &'a str, word: &str) -> Option<&'a str> {
    let (_, rest) = call.strip_prefix("write(")?.split_once(word)?;
    rest.split_once("\\n").map(|(record, _)| record)
}

fn say(mut marks: &File, what: &str, record: u128) -> std::io::Result<()> {
    marks.write_all(format!("{what}{record}\n").as_bytes())
}

fn record_of(change: &Change) -> Result<u128, Trouble> {
    match change {
        Change::Append { entry, .. } => Ok(u128::from_be_bytes(*entry.id.as_bytes())),
        _ => Err("not a record".into()),
    }
}

/// What the traced program does: threads commit by our store, saying so before and after.
pub(crate) fn follow_ours(directory: &Path, callers: usize, records: u32) -> Result<(), Trouble> {
    let ours = Ours::open(&directory.join("followed.db"))?;
    let marks = File::create(directory.join("marks"))?;
    drive(callers, Until::Done(records), || {
        Ok(|| {
            let change = ours.next_change();
            let record = record_of(&change)?;
            say(&marks, ASKS, record)?;
            ours.store().commit(vec![change])?;
            Ok(say(&marks, HEARS, record)?)
        })
    })?;
    Ok(())
}

struct Followed {
    ours: Arc<Ours>,
    crew: Arc<dyn Crew>,
    marks: Arc<File>,
}

impl Acts for Followed {
    async fn act(&mut self) -> Result<(), Trouble> {
        let change = self.ours.next_change();
        let record = record_of(&change)?;
        say(&self.marks, ASKS, record)?;
        self.ours.store().hand_in(vec![change], &self.crew).await?;
        Ok(say(&self.marks, HEARS, record)?)
    }
}

/// The same by tasks.
pub(crate) fn follow_tasks(directory: &Path, callers: usize, records: u32) -> Result<(), Trouble> {
    let ours = Arc::new(Ours::open(&directory.join("followed.db"))?);
    let marks = Arc::new(File::create(directory.join("marks"))?);
    let tasks = Tasks::new()?;
    let crew = ours::crew(&tasks);
    tasks.drive(callers, Until::Done(records), || {
        Ok(Followed { ours: Arc::clone(&ours), crew: Arc::clone(&crew), marks: Arc::clone(&marks) })
    })?;
    Ok(())
}

/// The same with a database that waits for nothing.
pub(crate) fn follow_nothing(directory: &Path, records: u32) -> Result<(), Trouble> {
    let mut raw = Raw::open(&directory.join("unsynchronised.db"))?;
    raw.synchronise_nothing()?;
    let mut marks = File::create(directory.join("marks"))?;
    for record in 0..records {
        marks.write_all(format!("{ASKS}{record}\n").as_bytes())?;
        raw.insert(1)?;
        marks.write_all(format!("{HEARS}{record}\n").as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::of;

    const MARKS: &str = "write(4</d/marks>, \"tongqiao ";

    fn trace(lines: &[&str]) -> (u64, u64) {
        let lines: Vec<String> = lines.iter().map(|line| line.replace("MARK ", MARKS)).collect();
        let proof = of(&lines.join("\n"));
        (proof.acknowledged, proof.early)
    }

    #[test]
    fn a_record_is_early_unless_a_synchronisation_of_the_log_lies_between_its_two_marks() {
        let (asks, hears) = ("7 MARK asks 1\\n\", 16) = 16", "7 MARK hears 1\\n\", 17) = 17");
        let sync = "7 fdatasync(5</d/f.db-wal>) = 0";
        assert_eq!(trace(&[asks, sync, hears]), (1, 0));
        assert_eq!(trace(&[asks, hears]), (1, 1));
        assert_eq!(trace(&[sync, asks, hears, sync]), (1, 1));
        assert_eq!(trace(&[asks, "7 fdatasync(5</d/f.db>) = 0", hears]), (1, 1), "another file");
        assert_eq!(trace(&[asks, "7 fdatasync(5</d/f.db-wal>) = -1 EIO (Input/output error)", hears]), (1, 1));
        assert_eq!(trace(&["7 write(5</d/f.db-wal>, \"abc\", 3) = 3", sync, hears]), (1, 1), "nobody asked");
    }

    #[test]
    fn another_thread_s_synchronisation_counts_when_it_began_after_the_asking_and_ended_before_the_hearing() {
        let (asks, hears) = ("7 MARK asks 1\\n\", 16) = 16", "7 MARK hears 1\\n\", 17) = 17");
        let (begins, ends) = ("8 fdatasync(5</d/f.db-wal> <unfinished ...>", "8 <... fdatasync resumed>) = 0");
        assert_eq!(trace(&[asks, begins, ends, hears]), (1, 0));
        assert_eq!(trace(&[begins, asks, ends, hears]), (1, 1));
        assert_eq!(trace(&[asks, begins, hears, ends]), (1, 1));
        // The asking itself was interrupted: it counts from its end.
        let (half, rest) = ("7 MARK asks 1\\n\", 16 <unfinished ...>", "7 <... write resumed>) = 16");
        assert_eq!(trace(&[half, begins, rest, ends, hears]), (1, 1));
        assert_eq!(trace(&[half, rest, begins, ends, hears]), (1, 0));
    }
}
