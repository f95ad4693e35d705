//! `link-lab`: a weak link as a program.

use std::net::SocketAddr;
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tongqiao_link_lab::{Lab, Outage, Profile, Relay, Udp};

/// Weak links to test on
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Relay TCP and UDP from one address to another, without rights
    Relay {
        /// Where to listen
        #[arg(long)]
        listen: SocketAddr,
        /// Where it leads
        #[arg(long)]
        to: SocketAddr,
        #[command(flatten)]
        link: Link,
    },
    /// Run a program at each end of an emulated link (10.77.0.1 near, 10.77.0.2 far) until the near one ends; needs CAP_NET_ADMIN
    Bridge {
        /// Program at the far end, by the shell
        #[arg(long)]
        far: String,
        /// Program at the near end, by the shell
        #[arg(long)]
        near: String,
        #[command(flatten)]
        link: Link,
    },
}

/// A profile by its name, and what is to differ from it.
#[derive(Args)]
struct Link {
    /// a, b, c, d, e or clean
    #[arg(long, default_value = "clean")]
    profile: String,
    /// Rate in kbit/s
    #[arg(long)]
    kbit: Option<u64>,
    /// Round trip in milliseconds
    #[arg(long)]
    round_trip_ms: Option<u64>,
    /// Jitter in milliseconds
    #[arg(long)]
    jitter_ms: Option<u64>,
    /// Loss in percent
    #[arg(long)]
    loss_percent: Option<f64>,
    /// Queue in bytes
    #[arg(long)]
    queue_bytes: Option<usize>,
    /// Period of outages in seconds
    #[arg(long, requires = "dark_seconds")]
    period_seconds: Option<u64>,
    /// How long it is dark at the end of each period, in seconds
    #[arg(long, requires = "period_seconds")]
    dark_seconds: Option<u64>,
    /// Packets that are longer vanish
    #[arg(long)]
    swallows_above: Option<usize>,
    /// UDP vanishes
    #[arg(long)]
    udp_blocked: bool,
    /// Of the chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Link {
    fn profile(&self) -> Result<Profile, Box<dyn std::error::Error>> {
        let named = Profile::named(&self.profile)?;
        let outage = self
            .period_seconds
            .zip(self.dark_seconds)
            .map(|(period, dark)| Outage { period: Duration::from_secs(period), dark: Duration::from_secs(dark) });
        Ok(Profile {
            bits_per_second: self.kbit.map_or(named.bits_per_second, |kbit| kbit * 1_000),
            round_trip: self.round_trip_ms.map_or(named.round_trip, Duration::from_millis),
            jitter: self.jitter_ms.map_or(named.jitter, Duration::from_millis),
            loss: self.loss_percent.map_or(named.loss, |percent| percent / 100.0),
            queue_bytes: self.queue_bytes.unwrap_or(named.queue_bytes),
            outage: outage.or(named.outage),
            swallows_above: self.swallows_above,
            udp: if self.udp_blocked { Udp::Blocked } else { Udp::Passes },
        })
    }
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        What::Relay { listen, to, link } => relay(listen, to, &link),
        What::Bridge { far, near, link } => bridge(far, near, &link),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("link-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

fn relay(listen: SocketAddr, to: SocketAddr, link: &Link) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let profile = link.profile()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let relay = Relay::start(listen, to, profile, link.seed).await?;
        // The line is read by programs that started us with port 0.
        println!("listening {}", relay.address());
        tokio::signal::ctrl_c().await?;
        println!("{:#?}", relay.counters());
        Ok(ExitCode::SUCCESS)
    })
}

fn bridge(far: String, near: String, link: &Link) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let lab = Lab::lay(link.profile()?, link.seed)?;
    let shell = |line: String| move || Command::new("sh").args(["-c", &line]).spawn();
    let mut far = lab.far.run(shell(far))?.join().map_err(|_| "the far end")???;
    let ended = lab.near.run(shell(near))?.join().map_err(|_| "the near end")???.wait()?;
    far.kill()?;
    far.wait()?;
    eprintln!("{:#?}", lab.counters());
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
