//! What a node costs: size, memory, time to serve, and how fast a backlog goes node → hub → platform on loopback, durable.
//!
//! Everything is measured on the real program, built for release and stripped, beside an empty server of the same runtime in the
//! same run, and beside the verification of the suite's signatures alone.

mod baseline;
mod drain;
mod process;
mod starts;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;
use tongqiao_protocol::Suite;

use self::drain::Drained;
use self::world::World;
use crate::goal::{Goal, Verdict};
use crate::store::load::Trouble;
use crate::store::median;

const MIB: f64 = 1024.0 * 1024.0;
/// A backlog that is called small.
const SMALL: usize = 1_000;

#[derive(Args)]
pub(crate) struct Options {
    /// Events that wait at the node for the large backlog; the goal speaks of 1000000.
    ///
    /// With more than 4,000 it does not end by now: with the link cut, the department's engine reads no further than two windows.
    #[arg(long, default_value_t = 2_000)]
    backlog: usize,
    /// How often each start is measured.
    #[arg(long, default_value_t = 9)]
    starts: usize,
    /// How often the small backlog is sent.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only this suite: international or sm.
    #[arg(long)]
    suite: Option<String>,
    /// Where the files are made; must be a real disk.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"))]
    directory: PathBuf,
    /// Only listen, as an empty server does.
    #[arg(long, hide = true)]
    empty: bool,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let measured = tokio::runtime::Runtime::new().map_err(Box::from).and_then(|runtime| {
        runtime.block_on(async { if options.empty { baseline::listen().await } else { measure(options).await } })
    });
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("footprint: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Result<(), Trouble> {
    std::fs::create_dir_all(&options.directory)?;
    let folder = tempfile::Builder::new().prefix("bench-footprint-").tempdir_in(&options.directory)?;
    let program = built()?;
    let size = std::fs::metadata(&program)?.len() as f64 / MIB;
    let own = std::fs::metadata(std::env::current_exe()?)?.len() as f64 / MIB;
    println!("stripped program {size:.1} MiB (this bench, with symbols, {own:.1} MiB)");
    let mut goals = vec![Goal::at_most("stripped program, MiB", size, 12.0)];
    let suites = [Suite::International, Suite::ShangMi].into_iter();
    let wanted = |suite: &Suite| options.suite.as_deref().is_none_or(|name| name == suite.as_str());
    for (place, suite) in suites.filter(wanted).enumerate() {
        let world = World::make(&folder.path().join(suite.as_str()), program.clone(), suite).await?;
        if place == 0 {
            goals.extend(starts::measure(&world, options.starts).await?);
        }
        goals.extend(relay(&world, options, suite).await?);
        world.end().await;
    }
    Verdict::print(&goals);
    Ok(())
}

/// Backlogs, small and large.
async fn relay(world: &World, options: &Options, suite: Suite) -> Result<Vec<Goal>, Trouble> {
    let verified = baseline::verifications(suite)?;
    let mut small = Vec::new();
    for _ in 0..options.rounds {
        small.push(drain::one(world, SMALL).await?.per_second);
    }
    let small = median(&mut small);
    let large = drain::one(world, options.backlog).await?;
    let Drained { per_second, peak_bytes, restart, filled_per_second } = large;
    let (name, count) = (suite.as_str(), options.backlog);
    println!(
        "{name}: verification alone {verified:.0}/s on all cores; taken into custody {filled_per_second:.0}/s; relayed {small:.0}/s of \
         {SMALL}, {per_second:.0}/s of {count}; peak {:.1} MiB; restart with the backlog {:.0} ms",
        peak_bytes as f64 / MIB,
        restart.as_secs_f64() * 1e3,
    );
    let [ratio, flat, peak, again] = match suite {
        Suite::International => [
            "international: relayed ÷ verification alone",
            "international: rate of large ÷ small backlog",
            "international: peak while draining, MiB",
            "international: restart with a backlog, ms",
        ],
        _ => [
            "sm: relayed ÷ verification alone",
            "sm: rate of large ÷ small backlog",
            "sm: peak while draining, MiB",
            "sm: restart with a backlog, ms",
        ],
    };
    Ok(vec![
        Goal::at_least(ratio, per_second / verified, 0.6),
        Goal::at_least(flat, per_second / small, 0.8),
        Goal::at_most(peak, peak_bytes as f64 / MIB, 64.0),
        Goal::at_most(again, restart.as_secs_f64() * 1e3, 1_000.0),
    ])
}

/// The program as it is installed: the profile strips it.
fn built() -> Result<PathBuf, Trouble> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let build =
        ["build", "--profile", "dist", "--locked", "--quiet", "-p", "tongqiao-edge", "--manifest-path", manifest];
    if !Command::new("cargo").args(build).status()?.success() {
        return Err("tongqiao-edge could not be built".into());
    }
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).ok_or("this program stands in no folder of builds")?;
    Ok(target.join("dist").join("tongqiao-edge"))
}
