//! A backlog over weak links: seconds, bytes, what a payment waits amid it, and how near that comes to what the link can do.
//!
//! Every contestant has the same link, corpus and platform; TCP runs with the congestion control that the machine has.

mod corpus;
mod far;
mod race;
mod recorder;
mod sender;
pub(crate) mod training;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tongqiao_edge::{Control, Measures, Switch};
use tongqiao_link_lab::Profile;

use self::corpus::Corpus;
use self::race::{Outcome, Race, Way};
use crate::store::load::Trouble;

#[derive(Args)]
pub(crate) struct Options {
    /// Links: a, b, c, d, e, clean.
    #[arg(long, value_delimiter = ',', default_value = "a,b,c,d,e")]
    profiles: Vec<String>,
    /// Files of 300 kB beside the 200 records.
    #[arg(long, default_value_t = 20)]
    attachments: usize,
    /// Seconds after which a race is broken off.
    #[arg(long, default_value_t = 2_400)]
    most_seconds: u64,
    /// Contestants by name, in part; all when none is named.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Instead of other contestants: our link with each of its measures left out.
    #[arg(long)]
    ablation: bool,
    /// Races at the same time; each link has namespaces of its own.
    #[arg(long, default_value_t = 8)]
    at_once: usize,
    /// Where the files are made.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"))]
    directory: PathBuf,
}

/// A contestant's name and way.
type Contestant = (&'static str, Way);

fn contestants(options: &Options) -> Vec<Contestant> {
    let all = Measures::default();
    let off = Switch::Off;
    let list = if options.ablation {
        vec![
            ("quic", Way::FramesOverQuic(all)),
            ("quic, control like TCP", Way::FramesOverQuic(Measures { control: Control::Cubic, ..all })),
            ("quic, no shaper", Way::FramesOverQuic(Measures { shaper: off, ..all })),
            ("quic, no priorities", Way::FramesOverQuic(Measures { priorities: off, ..all })),
            ("quic, no watchdog", Way::FramesOverQuic(Measures { watchdog: off, ..all })),
            ("quic, no early data", Way::FramesOverQuic(Measures { early_data: off, ..all })),
            ("quic, no twin", Way::FramesOverQuic(Measures { twin: off, ..all })),
            ("quic, no dictionary", Way::FramesOverQuic(Measures { dictionary: off, ..all })),
        ]
    } else {
        vec![
            ("naive HTTP/1.1", Way::NaiveHttp1),
            ("plain HTTP/2", Way::PlainHttp2),
            ("frames on HTTP/2", Way::FramesOverHttp2),
            ("frames on QUIC", Way::FramesOverQuic(all)),
        ]
    };
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|part| name.contains(part.as_str()));
    list.into_iter().filter(|(name, _)| wanted(name)).collect()
}

pub(crate) fn run(options: &Options) -> ExitCode {
    match measure(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("link: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), Trouble> {
    std::fs::create_dir_all(&options.directory)?;
    let folder = tempfile::Builder::new().prefix("bench-link-").tempdir_in(&options.directory)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let corpus = Arc::new(runtime.block_on(Corpus::make(folder.path(), options.attachments))?);
    drop(runtime);
    let json = corpus.records.iter().map(String::len).sum::<usize>();
    println!(
        "corpus {}: {} records of {} bytes as JSON, {} files; TCP with {}",
        corpus.hash,
        corpus.records.len(),
        json / corpus.records.len().max(1),
        corpus.attachments.len(),
        std::fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control").unwrap_or_default().trim(),
    );
    let mut jobs = Vec::new();
    for name in &options.profiles {
        let profile = Profile::named(name)?;
        for (contestant, way) in contestants(options) {
            jobs.push((name.clone(), profile.clone(), contestant, way));
        }
    }
    println!(
        "{:<6}{:<26}{:>9}{:>10}{:>10}{:>9}{:>8}{:>8}{:>8}{:>7}{:>6}",
        "link", "contestant", "seconds", "records s", "up B", "down B", "share", "pay p50", "pay p99", "again", "left"
    );
    let queue = std::sync::Mutex::new(jobs.into_iter().enumerate().collect::<std::collections::VecDeque<_>>());
    let finished = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.at_once.max(1) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop_front();
                    let Some((place, (name, profile, contestant, way))) = next else { return };
                    let race = Race {
                        way,
                        profile: profile.clone(),
                        payment_every: Duration::from_millis(if name == "c" { 500 } else { 3_000 }),
                        most: Duration::from_secs(options.most_seconds),
                        seed: place as u64 + 1,
                    };
                    let outcome = race.run(&corpus, folder.path());
                    print(&name, &profile, contestant, &outcome);
                    let mut finished = finished.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    finished.push((name, contestant, outcome));
                }
            });
        }
    });
    let finished = finished.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let failed = finished.iter().filter(|(_, _, outcome)| outcome.is_err()).count();
    if failed > 0 { Err(format!("{failed} races could not be run").into()) } else { Ok(()) }
}

fn print(name: &str, profile: &Profile, contestant: &str, outcome: &Result<Outcome, Trouble>) {
    match outcome {
        Ok(outcome) => {
            let limit = profile.most_bytes_per_second() * outcome.took.as_secs_f64();
            println!(
                "{name:<6}{contestant:<26}{:>9.1}{:>10.1}{:>10}{:>9}{:>8.2}{:>8.2}{:>8.2}{:>7}{:>6}",
                outcome.took.as_secs_f64(),
                outcome.records_took.as_secs_f64(),
                outcome.up_bytes,
                outcome.down_bytes,
                outcome.payload_bytes as f64 / limit,
                percentile(&outcome.payments, 0.50),
                percentile(&outcome.payments, 0.99),
                outcome.retries,
                outcome.left,
            );
            if outcome.left > 0 {
                println!("      {}", outcome.last_error);
            }
        }
        Err(error) => println!("{name:<6}{contestant:<26} {error}"),
    }
}

/// Of sorted values; zero of none.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).ceil() as usize).copied().unwrap_or_default()
}
