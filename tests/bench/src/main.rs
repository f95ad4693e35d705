//! Benchmarks that print their figures beside a baseline measured in the same run.
//!
//! `cargo run --release -p tongqiao-bench -- <benchmark>`

mod codes;
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
    /// Records accepted durably, beside raw SQLite and redis.
    Store(store::Options),
}

fn main() -> ExitCode {
    match Arguments::parse().benchmark {
        Benchmark::Codes(options) => codes::run(&options),
        Benchmark::Store(options) => store::run(&options),
    }
}
