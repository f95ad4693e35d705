//! Benchmarks that print their figures beside a baseline measured in the same run.
//!
//! `cargo run --release -p tongqiao-bench -- <benchmark>`

mod codes;
mod footprint;
mod goal;
mod link;
mod open;
mod store;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Benchmarks of Tongqiao, each beside a baseline of the same run.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// Identifiers read per second, beside a scan of length and alphabet only.
    Codes(codes::Options),
    /// What a node costs: size, memory, time to serve, and how fast a backlog goes, beside an empty server and bare signatures.
    Footprint(footprint::Options),
    /// A backlog sent over weak links, beside HTTP as it is commonly used; needs the right to make network namespaces.
    Link(link::Options),
    /// Train the link's dictionary on synthetic cases.
    Dictionary(link::training::Options),
    /// Cases opened (judged, numbered, signed, committed), beside signing and committing alone.
    Open(open::Options),
    /// Records accepted durably, beside raw SQLite and redis.
    Store(store::Options),
}

fn main() -> ExitCode {
    match Arguments::parse().benchmark {
        Benchmark::Codes(options) => codes::run(&options),
        Benchmark::Footprint(options) => footprint::run(&options),
        Benchmark::Link(options) => link::run(&options),
        Benchmark::Dictionary(options) => link::training::run(&options),
        Benchmark::Open(options) => open::run(&options),
        Benchmark::Store(options) => store::run(&options),
    }
}
