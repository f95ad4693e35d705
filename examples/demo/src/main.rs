//! `cargo demo`: a city's platform, two hubs, the nodes of three townships on weak links, and the systems of five departments: real
//! processes on embedded databases, killed in the middle; at the end a ledger that is read from their files from outside.
//!
//! Citizens sign in, items are looked up, cases are pushed, fees are collected and refunded, everything is settled. The
//! exit code is 0 only when every accepted record took effect exactly once, in order, and the money is right to the fen;
//! 1 when the ledger says otherwise; 2 when there is no ledger. See `docs/demo.md`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people's terminals")]

mod citizen;
mod department;
mod edge;
mod error;
mod ledger;
mod log_file;
mod orchestra;
mod plan;
mod platform;
mod process;
mod progress;
mod scenes;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A platform, hubs, township nodes and departments, killed in the middle, with a ledger at the end.
#[derive(Debug, Parser)]
#[command(name = "cargo demo", version)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    /// 以一个 JSON 对象输出总账 Print the ledger as one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// 决定计划 Decides the plan: items, townships, applicants, courses, bills and how they end. Times, ids and the order in which
    /// processes get their turn differ from run to run.
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
    /// 办件数 How many cases, over all departments.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=5_000))]
    cases: u32,
    /// 结束后保留平台与节点 Keep platform, hubs and nodes running afterwards and print their addresses and a sandbox login.
    #[arg(long)]
    keep: bool,
    /// 数据目录，须为空 Where the databases are written, empty or not there yet; a temporary folder by default.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// What this process is, when the demo starts itself again.
#[derive(Debug, Subcommand)]
enum Role {
    #[command(hide = true)]
    Platform(platform::Arguments),
    #[command(hide = true)]
    Department(department::Arguments),
    #[command(hide = true)]
    Hub(edge::HubArguments),
    #[command(hide = true)]
    Node(edge::NodeArguments),
    #[command(hide = true)]
    Sender(scenes::SenderArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Citizens' browsers bring no cryptography of their own; a second installation would say that it is there already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cargo demo: {error}");
            return ExitCode::from(2);
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.role {
            Some(Role::Platform(platform)) => platform::run(platform).await.map(|()| ExitCode::SUCCESS),
            Some(Role::Department(department)) => department::run(department).await.map(|()| ExitCode::SUCCESS),
            Some(Role::Hub(hub)) => edge::run_hub(hub).await.map(|()| ExitCode::SUCCESS),
            Some(Role::Node(node)) => edge::run_node(node).await.map(|()| ExitCode::SUCCESS),
            Some(Role::Sender(sender)) => scenes::send(sender).await.map(|()| ExitCode::SUCCESS),
            None => orchestra::play(arguments).await,
        }
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("cargo demo: {error}");
        ExitCode::from(2)
    })
}
