//! Accepting records durably: the store beside raw SQLite and redis, in interleaved rounds of one run.
//!
//! What a disk confirms in a given second changes by an order of magnitude on shared machines. So every round measures all
//! parties one after the other, the commit of a single caller alternates with one plain `fdatasync`, and the figures are
//! medians of rounds.

mod backlog;
mod disk;
mod goal;
pub(crate) mod ours;
mod raw;
mod redis;
mod strace;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use self::goal::{Goal, Verdict};

/// The size of a record's bytes: a signed case event of the demo is about this long.
pub(crate) const RECORD_BYTES: usize = 1_024;
/// How many rows share a transaction of raw SQLite.
pub(crate) const RAW_ROWS: usize = 64;
const CALLERS: [usize; 3] = [1, 8, 64];

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
    /// Only commit this many records with 64 callers, for counting system calls from outside.
    #[arg(long, hide = true)]
    only_commit: Option<u32>,
}

/// Middle value; the slice is sorted.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[derive(Default)]
struct Figures {
    raw: Vec<f64>,
    ours: [Vec<f64>; 3],
    redis: [Vec<f64>; 3],
    records_per_sync: [Vec<f64>; 3],
    fdatasync_micros: Vec<f64>,
    alone_micros: Vec<f64>,
    alone_ratio: Vec<f64>,
    ours_to_raw: Vec<f64>,
    ours_to_redis: Vec<f64>,
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

fn measure(options: &Options) -> Result<Verdict, Box<dyn Error>> {
    if let Some(records) = options.only_commit {
        let ours = ours::Ours::open(&options.directory.join("counted.db"))?;
        println!("commits {}", ours.commit_exactly(64, records)?);
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
    let ours = ours::Ours::open(&directory.path().join("ours.db"))?;
    let mut disk = disk::Disk::open(&directory.path().join("plain"))?;
    let mut figures = Figures::default();
    for round in 1..=options.rounds {
        eprint!("\rround {round} of {}", options.rounds);
        one_round(&mut figures, time, &mut raw, &ours, &mut disk, redis.as_ref())?;
    }
    eprintln!();
    let counted = strace::count(directory.path())?;
    if counted.is_none() && options.require_strace {
        return Err("strace (Debian: apt install strace) is required, with the right to trace".into());
    }
    let verdict = report(&mut figures, redis.is_some(), counted.as_ref());
    if options.backlog > 0 {
        backlog::measure(&directory.path().join("backlog.db"), options.backlog)?;
    }
    Ok(verdict)
}

fn one_round(
    figures: &mut Figures,
    time: Duration,
    raw: &mut raw::Raw,
    ours: &ours::Ours,
    disk: &mut disk::Disk,
    redis: Option<&redis::Redis>,
) -> Result<(), Box<dyn Error>> {
    let raw_rate = raw.rows_per_second(time)?;
    figures.raw.push(raw_rate);
    let (sync, commit) = ours.alone_beside(disk, time * 2)?;
    figures.fdatasync_micros.push(sync);
    figures.alone_micros.push(commit);
    figures.alone_ratio.push(commit / sync);
    for (index, callers) in CALLERS.into_iter().enumerate() {
        let measured = ours.records_per_second(callers, time)?;
        figures.ours[index].push(measured.rate);
        figures.records_per_sync[index].push(measured.records_per_sync);
        if callers == 64 {
            figures.ours_to_raw.push(measured.rate / raw_rate);
        }
        if let Some(redis) = redis {
            let rate = redis.records_per_second(callers, time)?;
            figures.redis[index].push(rate);
            if callers == 64 {
                figures.ours_to_redis.push(measured.rate / rate);
            }
        }
    }
    Ok(())
}

/// Prints the figures, and how they stand to the goals.
fn report(figures: &mut Figures, has_redis: bool, counted: Option<&strace::Counted>) -> Verdict {
    println!("records of {RECORD_BYTES} bytes, each acknowledged after the disk has confirmed; medians of rounds");
    println!("{:<44}{:>12}{:>16}", "", "records/s", "records/sync");
    println!("{:<44}{:>12.0}{:>16}", "raw SQLite, 64 rows a transaction, 1 thread", median(&mut figures.raw), RAW_ROWS);
    for (index, callers) in CALLERS.into_iter().enumerate() {
        let name = format!("tongqiao-store, {callers} callers");
        let (rate, sync) = (median(&mut figures.ours[index]), median(&mut figures.records_per_sync[index]));
        println!("{name:<44}{rate:>12.0}{sync:>16.1}");
    }
    for (index, callers) in CALLERS.into_iter().enumerate().filter(|_| has_redis) {
        let name = format!("redis appendfsync always, {callers} clients");
        println!("{name:<44}{:>12.0}", median(&mut figures.redis[index]));
    }
    let sync = median(&mut figures.fdatasync_micros);
    println!(
        "one fdatasync of 512 appended bytes: {sync:.0} µs; one commit alone: {:.0} µs",
        median(&mut figures.alone_micros)
    );
    let per_record = match counted {
        Some(counted) => {
            println!(
                "strace counted {} fsync/fdatasync for {} records of 64 callers (the store says: {} commits, the rest are checkpoints and opening)",
                counted.syncs, counted.records, counted.commits
            );
            counted.syncs as f64 / f64::from(counted.records)
        }
        None => {
            println!("strace is missing: synchronisations are the commits that the store counts, without checkpoints");
            1.0 / median(&mut figures.records_per_sync[2])
        }
    };
    let to_raw = median(&mut figures.ours_to_raw);
    let mut goals = vec![
        Goal::at_least("64 callers against raw SQLite", to_raw, 0.8),
        Goal::at_most("synchronisations per record at 64 callers", per_record, 1.0 / 32.0),
        Goal::at_most("alone against one fdatasync", median(&mut figures.alone_ratio), 1.3),
    ];
    if has_redis {
        let to_redis = median(&mut figures.ours_to_redis);
        goals.push(Goal::at_least("64 callers against redis with 64 clients", to_redis, 1.0));
    }
    Verdict::print(&goals)
}
