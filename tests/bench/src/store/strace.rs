//! Looking from outside, by the system calls of a process: how many synchronisations, and whether each came in time.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::load::{Tasks, Trouble, Until};
use super::proof::{self, Proof};
use super::redis::Redis;
use super::{CALLERS, Traced};

/// How many records 1, 8 and 64 callers commit while the system calls are counted.
const RECORDS: [u32; 3] = [300, 3_000, 20_000];
/// How many records are followed one by one, and by how many callers.
const FOLLOWED: [(Traced, usize, u32); 4] = [
    (Traced::StoreFollowed, 1, 100),
    (Traced::StoreFollowed, 8, 400),
    (Traced::TasksFollowed, 8, 400),
    (Traced::TasksFollowed, 64, 2_000),
];
/// How many records of a database that synchronises nothing are followed.
const UNSYNCHRONISED: u32 = 100;

/// What was counted.
pub(crate) struct Counted {
    /// Synchronisations per record with 1, 8 and 64 callers.
    pub(crate) ours: [f64; 3],
    pub(crate) redis: Option<[f64; 3]>,
}

/// `None` when strace is missing or may not trace.
pub(crate) fn count(directory: &Path) -> Result<Option<Counted>, Trouble> {
    let (mut ours, mut redis) = ([f64::NAN; 3], [f64::NAN; 3]);
    let mut has_redis = true;
    for (index, (callers, records)) in CALLERS.into_iter().zip(RECORDS).enumerate() {
        let Some(trace) = trace_ours(directory, Traced::Store, callers, records, "fsync,fdatasync")? else {
            return Ok(None);
        };
        ours[index] = synchronisations(&trace) as f64 / f64::from(records);
        has_redis = has_redis && {
            let counted = count_redis(directory, callers, records)?;
            counted.is_some_and(|syncs| {
                redis[index] = syncs as f64 / f64::from(records);
                true
            })
        };
    }
    Ok(Some(Counted { ours, redis: has_redis.then_some(redis) }))
}

/// Follows records through the store from before their commit until after it has returned. The same is asked of a database
/// that synchronises nothing: were it not caught, nothing would be proved.
pub(crate) fn prove(directory: &Path) -> Result<Option<Vec<(Traced, Proof)>>, Trouble> {
    let calls = "fsync,fdatasync,write";
    let mut proofs = Vec::new();
    for (what, callers, records) in FOLLOWED {
        let Some(trace) = trace_ours(directory, what, callers, records, calls)? else {
            return Ok(None);
        };
        proofs.push((what, proof::of(&trace).of_records(callers, records)?));
    }
    let records = UNSYNCHRONISED;
    let Some(trace) = trace_ours(directory, Traced::NothingSynchronised, 1, records, calls)? else { return Ok(None) };
    if proof::of(&trace).of_records(1, records)?.early < u64::from(records) {
        return Err("a database with synchronous=OFF was taken for one that waits: the proof proves nothing".into());
    }
    Ok(Some(proofs))
}

/// A call that was interrupted stands in two lines; only the first has the opening bracket behind the name.
fn synchronisations(trace: &str) -> u64 {
    trace.lines().filter(|line| line.contains("fsync(") || line.contains("fdatasync(")).count() as u64
}

fn strace(output: &Path, calls: &str) -> Command {
    let mut command = Command::new("strace");
    command.args(["--follow-forks", "--seccomp-bpf", "--decode-fds=path", "--trace", calls, "--output"]).arg(output);
    command
}

/// The system calls of this very program while it only commits.
fn trace_ours(
    directory: &Path,
    what: Traced,
    callers: usize,
    records: u32,
    calls: &str,
) -> Result<Option<String>, Trouble> {
    let place = tempfile::tempdir_in(directory)?;
    let output: PathBuf = place.path().join("strace.txt");
    let traced = strace(&output, calls)
        .arg(std::env::current_exe()?)
        .args(["store", "--traced", what.word(), "--callers", &callers.to_string(), "--records", &records.to_string()])
        .arg("--directory")
        .arg(place.path())
        .output();
    match traced {
        Ok(ended) if ended.status.success() => Ok(Some(std::fs::read_to_string(&output)?)),
        Ok(ended) => {
            eprintln!("strace: {}", String::from_utf8_lossy(&ended.stderr));
            Ok(None)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn count_redis(directory: &Path, clients: usize, records: u32) -> Result<Option<u64>, Trouble> {
    let place = tempfile::tempdir_in(directory)?;
    let output = place.path().join("strace.txt");
    let mut command = strace(&output, "fsync,fdatasync");
    command.arg("redis-server");
    let Some(redis) = Redis::start_by(command, place.path())? else { return Ok(None) };
    redis.push_from_tasks(&Tasks::new()?, clients, Until::Done(records))?;
    redis.shut_down()?;
    Ok(Some(synchronisations(&std::fs::read_to_string(&output)?)))
}
