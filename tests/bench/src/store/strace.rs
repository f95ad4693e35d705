//! Counting synchronisations from outside, by the system calls of a process that only commits.

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::Command;

const RECORDS: u32 = 20_000;

pub(crate) struct Counted {
    pub(crate) syncs: u64,
    pub(crate) commits: u64,
    pub(crate) records: u32,
}

/// `None` when strace is missing or may not trace.
pub(crate) fn count(directory: &Path) -> Result<Option<Counted>, Box<dyn Error>> {
    let summary = directory.join("strace.txt");
    let traced = Command::new("strace")
        .args(["--follow-forks", "--seccomp-bpf", "--trace=fsync,fdatasync", "--output"])
        .arg(&summary)
        .arg(std::env::current_exe()?)
        .args(["store", "--only-commit", &RECORDS.to_string(), "--directory"])
        .arg(directory)
        .output();
    let output = match traced {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            eprintln!("strace: {}", String::from_utf8_lossy(&output.stderr));
            return Ok(None);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let commits = text.trim().strip_prefix("commits ").ok_or("the counted process said nothing")?.parse()?;
    // A call that was interrupted stands in two lines; only the first has the opening bracket behind the name.
    let lines = std::fs::read_to_string(&summary)?;
    let syncs = lines.lines().filter(|line| line.contains("fsync(") || line.contains("fdatasync(")).count() as u64;
    Ok(Some(Counted { syncs, commits, records: RECORDS }))
}
