//! Accepting records durably: the store beside raw SQLite and redis, in interleaved rounds of one run.
//!
//! What a disk confirms in a given second changes by an order of magnitude on shared machines. So every round measures all
//! parties one after the other, the commit of a single caller alternates with one plain `fdatasync`, and the figures are
//! medians of rounds.

mod backlog;
mod disk;
mod figures;
pub(crate) mod load;
pub(crate) mod ours;
mod proof;
mod raw;
mod redis;
mod strace;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::figures::Figures;
use self::load::{Trouble, Until};
use crate::goal::Verdict;

/// The size of a record's bytes: a signed case event of the demo is about this long.
pub(crate) const RECORD_BYTES: usize = 1_024;
/// How many rows share a transaction of raw SQLite.
pub(crate) const RAW_ROWS: usize = 64;
const CALLERS: [usize; 3] = [1, 8, MANY];
/// How many callers the goals speak of.
const MANY: usize = 64;

#[derive(Args)]
pub(crate) struct Options {
    /// Rounds; the figures are their medians.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long each party works in a round, in milliseconds.
    #[arg(long, default_value_t = 500)]
    millis: u64,
    /// Where the files are made; must be a real disk.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"))]
    directory: PathBuf,
    /// Fail when redis-server is missing, instead of leaving it out.
    #[arg(long)]
    require_redis: bool,
    /// Fail when strace is missing or may not trace, instead of believing what the store counts.
    #[arg(long)]
    require_strace: bool,
    /// Measure up to so many times while a goal is missed clearly, and fail when it stays so. 0 only prints.
    #[arg(long, default_value_t = 0)]
    require_goals_within: u32,
    /// Also make a backlog of so many records and measure how fast work is found in it.
    #[arg(long, default_value_t = 0)]
    backlog: u32,
    /// Only commit, for looking at the system calls from outside.
    #[arg(long, hide = true)]
    traced: Option<Traced>,
    /// How many callers commit then.
    #[arg(long, hide = true, default_value_t = 64)]
    callers: usize,
    /// How many records they commit.
    #[arg(long, hide = true, default_value_t = 1)]
    records: u32,
}

/// What a process does whose system calls are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Traced {
    /// Tasks commit.
    Store,
    /// Threads commit, and mark the trace before and after each.
    StoreFollowed,
    /// The same by tasks.
    TasksFollowed,
    /// The same with a database that synchronises nothing.
    NothingSynchronised,
}

impl Traced {
    /// As the command line says it.
    const fn word(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::StoreFollowed => "store-followed",
            Self::TasksFollowed => "tasks-followed",
            Self::NothingSynchronised => "nothing-synchronised",
        }
    }
}

/// Middle value; the slice is sorted.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn run(options: &Options) -> ExitCode {
    for attempt in 1.. {
        match measure(options) {
            Ok(Verdict::ClearlyMissed) if attempt < options.require_goals_within => {
                println!("a goal was missed clearly; measured again ({attempt} of {})", options.require_goals_within);
            }
            Ok(Verdict::ClearlyMissed) if options.require_goals_within > 0 => return ExitCode::FAILURE,
            Ok(_) => return ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("store: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::FAILURE
}

fn measure(options: &Options) -> Result<Verdict, Trouble> {
    if let Some(what) = options.traced {
        let (directory, callers, records) = (&options.directory, options.callers, options.records);
        match what {
            Traced::Store => {
                let ours = Arc::new(ours::Ours::open(&directory.join("counted.db"))?);
                ours.hand_in(&load::Tasks::new()?, callers, Until::Done(records))?;
            }
            Traced::StoreFollowed => proof::follow_ours(directory, callers, records)?,
            Traced::TasksFollowed => proof::follow_tasks(directory, callers, records)?,
            Traced::NothingSynchronised => proof::follow_nothing(directory, records)?,
        }
        return Ok(Verdict::Met);
    }
    std::fs::create_dir_all(&options.directory)?;
    let directory = tempfile::Builder::new().prefix("bench-store-").tempdir_in(&options.directory)?;
    let time = Duration::from_millis(options.millis);
    let redis = redis::Redis::start(directory.path())?;
    if redis.is_none() {
        println!("redis-server is not installed (Debian: apt install redis-server): left out");
        if options.require_redis {
            return Err("redis-server is required".into());
        }
    }
    let mut raw = raw::Raw::open(&directory.path().join("raw.db"))?;
    let ours = Arc::new(ours::Ours::open(&directory.path().join("ours.db"))?);
    let tasks = load::Tasks::new()?;
    let mut disk = disk::Disk::open(directory.path())?;
    let mut figures = Figures::default();
    for round in 1..=options.rounds {
        eprint!("\rround {round} of {}", options.rounds);
        figures.raw.push(raw.rows_per_second(time)?);
        figures.alone(ours.alone_beside(&mut disk, time * 2)?);
        figures.grouped.push(ours.records_per_second(time)?);
        for (index, callers) in CALLERS.into_iter().enumerate() {
            figures.ours(index, &ours.hand_in(&tasks, callers, Until::Passed(time))?);
            if let Some(redis) = &redis {
                figures.redis(index, &redis.push_from_tasks(&tasks, callers, Until::Passed(time))?);
            }
        }
        let by_threads = ours.commit(MANY, Until::Passed(time))?;
        let redis = redis.as_ref().map(|redis| redis.push(MANY, Until::Passed(time))).transpose()?;
        figures.by_threads(&by_threads, redis.as_ref());
    }
    eprintln!();
    let counted = strace::count(directory.path())?;
    let proofs = strace::prove(directory.path())?;
    if (counted.is_none() || proofs.is_none()) && options.require_strace {
        return Err("strace (Debian: apt install strace) is required, with the right to trace".into());
    }
    let verdict = figures.report(counted.as_ref());
    for (what, proof) in proofs.iter().flatten() {
        println!("traced ({}), {proof}", what.word());
    }
    if proofs.iter().flatten().any(|(_, proof)| proof.early > 0) {
        return Err("a record was acknowledged before the disk had confirmed it".into());
    }
    if options.backlog > 0 {
        backlog::measure(&directory.path().join("backlog.db"), options.backlog)?;
    }
    Ok(verdict)
}
