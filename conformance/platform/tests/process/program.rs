//! The program `tongqiao-platform` as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::caller;

pub(crate) struct Program {
    child: Child,
    /// `127.0.0.1:port`.
    pub(crate) address: String,
}

impl Program {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tongqiao-platform"))
            .args(["--listen", "127.0.0.1:0", "--sandbox", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.strip_prefix("listening http://").unwrap().to_owned();
        // The rest of what it prints must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// SIGKILL: no destructor, no flush, no goodbye.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the platform has granted more leases, at least by `more`.
    pub(crate) fn wait_for_leases(&self, more: u64) {
        let leases = || {
            let (_, ledger) = caller::plain(&self.address, "GET", "/sandbox/ledger", "").unwrap();
            ledger["counts"]["leases"].as_u64().unwrap()
        };
        let (before, deadline) = (leases(), Instant::now() + Duration::from_secs(60));
        while leases() < before + more {
            assert!(Instant::now() < deadline, "no progress");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Killed already is just as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
