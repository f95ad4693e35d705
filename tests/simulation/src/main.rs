//! `cargo run --release -p tongqiao-simulation -- --seeds 10000`: so many runs; and whether planted bugs are found.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tongqiao_simulation::{Plant, Telling, run, seeds};

/// Seeds within which a planted bug must be found.
const FOUND_WITHIN: u64 = 200;

/// Departments, nodes, hubs and platform in one process.
#[derive(Parser)]
struct Arguments {
    /// So many runs, after those that found something once.
    #[arg(long, default_value_t = 64)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// One run, with everything that happens.
    #[arg(long)]
    tell: Option<u64>,
    /// Looks for every planted bug as well.
    #[arg(long)]
    plants: bool,
    /// With `--tell`: with this bug, by its place in the table from 1.
    #[arg(long)]
    plant: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.tell {
        let plant = arguments.plant.and_then(|place| Plant::ALL.get(place.checked_sub(1)?)).copied();
        let verdict = run(seed, plant, Telling::All);
        println!("{verdict:#?}");
        return if verdict.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut is_well = runs(&arguments);
    if arguments.plants {
        is_well &= plants();
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn runs(arguments: &Arguments) -> bool {
    let begun = Instant::now();
    let kept = seeds::kept();
    let count = kept.len() as u64 + arguments.seeds;
    let (mut accepted, mut failed) = (0, Vec::new());
    for seed in kept.into_iter().chain(arguments.from..arguments.from.saturating_add(arguments.seeds)) {
        let verdict = run(seed, None, Telling::Nothing);
        accepted += verdict.accepted;
        if !verdict.faults.is_empty() {
            println!("seed {seed}:");
            verdict.faults.iter().take(6).for_each(|fault| println!("  {fault}"));
            failed.push(seed);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{count} runs, {accepted} accepted, {} failed, {seconds:.1} s", failed.len());
    if !failed.is_empty() {
        println!("keep them: add a line each to tests/simulation/failing-seeds.txt: {failed:?}");
    }
    failed.is_empty()
}

/// Looks for each bug; prints the table.
fn plants() -> bool {
    let begun = Instant::now();
    let mut missed = 0;
    println!("\n{:<28} {:>9}  seen as", "planted bug", "at seed");
    for plant in Plant::ALL {
        let found = (0..FOUND_WITHIN).find_map(|seed| {
            let verdict = run(seed, Some(plant), Telling::Nothing);
            verdict.faults.first().map(|fault| (seed, fault.clone()))
        });
        match found {
            Some((seed, fault)) => println!("{plant:<28} {seed:>9}  {fault}"),
            None => {
                missed += 1;
                println!("{plant:<28} {:>9}", "NOT FOUND");
            }
        }
    }
    println!("{} planted, {missed} missed, {:.1} s", Plant::ALL.len(), begun.elapsed().as_secs_f64());
    missed == 0
}
