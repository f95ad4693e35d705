//! A program that serves, and what the kernel says of it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::store::load::Trouble;

/// Started, and listening.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From exec to the line that it listens.
    pub(crate) took: Duration,
}

impl Process {
    /// Runs a program until it says where it listens; its log goes to a file.
    pub(crate) fn start(program: &Path, arguments: &[&str], log: &Path) -> Result<Self, Trouble> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(program);
        command.args(arguments).env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let began = Instant::now();
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let took = began.elapsed();
        let said = line.trim().strip_prefix("listening ").and_then(|address| address.parse().ok());
        let Some(address) = said else {
            drop(child.kill());
            drop(child.wait());
            return Err(format!("{} said {line:?} and not where it listens", program.display()).into());
        };
        Ok(Self { child, address, took })
    }

    /// A size of `/proc/PID/status`, in bytes.
    pub(crate) fn bytes(&self, field: &str) -> Result<u64, Trouble> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("the kernel does not say")?;
        Ok(kib.trim().parse::<u64>()? * 1024)
    }

    /// As an orderly restart ends it; how long that took.
    pub(crate) fn stop(mut self) -> Result<Duration, Trouble> {
        let began = Instant::now();
        let told = Command::new("kill").arg(self.child.id().to_string()).status()?;
        if !told.success() || !self.child.wait()?.success() {
            return Err("it did not end in order".into());
        }
        Ok(began.elapsed())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
