//! A backlog over weak links: seconds, bytes, what a payment waits amid it, and how near that comes to what the link can do.
//!
//! Every contestant has the same link, corpus and platform; TCP runs with the congestion control that the machine has.

mod corpus;
mod far;
mod goals;
mod race;
mod recorder;
mod sender;
mod table;
pub(crate) mod training;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use tongqiao_edge::{Control, Measures, Switch};
use tongqiao_link_lab::Profile;

use self::corpus::Corpus;
use self::race::{Load, Race, Way};
use self::table::Entry;
use crate::goal::Verdict;
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
    /// Races of each kind, of which the median counts.
    #[arg(long, default_value_t = 1)]
    runs: usize,
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
            ("quic, no nudges", Way::FramesOverQuic(Measures { nudges: off, ..all })),
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
    println!("{}", table::HEADING);
    let queue = Mutex::new(jobs(options)?);
    let finished = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.at_once.max(1) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some((entry, race)) = next else { return };
                    let outcome = race.run(&corpus, folder.path());
                    match &outcome {
                        Ok(outcome) => println!("{}", table::line(&entry, outcome)),
                        Err(error) => println!("{:<6}{:<26} {error}", entry.link, entry.contestant),
                    }
                    finished.lock().unwrap_or_else(PoisonError::into_inner).push((entry, outcome));
                }
            });
        }
    });
    let finished = finished.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failed = finished.iter().filter(|(_, outcome)| outcome.is_err()).count();
    let rows = table::medians(finished.into_iter().filter_map(|(entry, outcome)| Some((entry, outcome.ok()?))));
    println!("\nmedians of {} run(s)\n{}", options.runs, table::HEADING);
    for (entry, outcome) in &rows {
        println!("{}", table::line(entry, outcome));
    }
    if !options.ablation {
        let answers = corpus.results.iter().map(String::len).sum::<usize>();
        Verdict::print(&goals::of(&rows, (json + answers) as f64));
    }
    if failed > 0 { Err(format!("{failed} races could not be run").into()) } else { Ok(()) }
}

/// Every race, with what it is called.
fn jobs(options: &Options) -> Result<VecDeque<(Entry, Race)>, Trouble> {
    let mut jobs = VecDeque::new();
    for name in &options.profiles {
        let profile = Profile::named(name)?;
        for (contestant, way) in contestants(options) {
            let ours = matches!(way, Way::FramesOverHttp2 | Way::FramesOverQuic(_));
            let loads = if ours { &[Load::Everything, Load::Records][..] } else { &[Load::Everything] };
            for load in loads {
                for _ in 0..options.runs.max(1) {
                    let race = Race {
                        way,
                        load: *load,
                        profile: profile.clone(),
                        payment_every: Duration::from_millis(if name == "c" { 500 } else { 3_000 }),
                        most: Duration::from_secs(options.most_seconds),
                        seed: jobs.len() as u64 + 1,
                    };
                    let entry = Entry { link: name.clone(), profile: profile.clone(), contestant, load: *load };
                    jobs.push_back((entry, race));
                }
            }
        }
    }
    Ok(jobs)
}
