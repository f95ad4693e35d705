//! The real processes of the demo: started, read line by line, killed with SIGKILL, started again.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Sender;

use crate::error::DemoError;

/// What a child process tells the orchestrator, one JSON object a line on its standard output.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "say")]
pub(crate) enum Report {
    /// The platform listens here.
    Listening {
        /// Its address, such as `http://127.0.0.1:41234`.
        address: String,
        /// Where a person may sign in with a browser.
        sign_in: String,
        /// Somebody who may.
        user: String,
    },
    /// A hub or a node listens here.
    Serving {
        /// Its address.
        address: SocketAddr,
    },
    /// A department knows what it will do.
    Planned {
        /// How many records it will accept.
        records: usize,
    },
    /// A citizen has signed in.
    SignedIn {
        /// The case for which he did.
        case: String,
        /// The stable user id.
        user: String,
    },
    /// A record has been accepted: it is safe on disk, and from now on may be neither lost nor doubled.
    Accepted {
        /// The record.
        record: String,
    },
    /// A case has its number: it was told to the applicant, and is final.
    Numbered {
        /// The case.
        case: String,
        /// Its number.
        number: String,
    },
    /// A bill is open at the platform: a citizen can pay it.
    BillOpen {
        /// The bill.
        bill: String,
        /// Where the cashier's page is.
        cashier_url: String,
    },
    /// A payment has been noticed.
    BillPaid {
        /// The bill.
        bill: String,
    },
    /// How many records of this department have a terminal receipt.
    Settled {
        /// The count so far.
        count: u64,
        /// How many it has accepted so far.
        accepted: u64,
    },
    /// The day's money was compared: own books, the platform's and the bank's.
    Reconciled {
        /// Payments that match in all three, in fen.
        paid_fen: i64,
        /// Refunds that match in all three, in fen.
        refunded_fen: i64,
        /// Movements that do not.
        differences: usize,
    },
    /// Nothing is left to do.
    Done,
}

/// Which process a report comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// The city's platform.
    Platform,
    /// A department, by its place in the demo's list.
    Department(usize),
    /// A hub, by its number.
    Hub(usize),
    /// The node of a township, by its place in the demo's list.
    Node(usize),
}

/// One line, or the end, of a process's output.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It said something.
    Said(Role, Report),
    /// A citizen has paid.
    Paid {
        /// The bill.
        bill: String,
        /// How much, as the page said.
        fen: i64,
    },
    /// Its output ended: it has exited or was killed. The number tells lives of one role apart.
    Silent(Role, u32),
}

/// One life of one role.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts this very program again with hidden arguments and listens to it.
    pub(crate) fn start(role: Role, life: u32, arguments: &[String], hear: Sender<Heard>) -> Result<Self, DemoError> {
        let program = std::env::current_exe().map_err(|source| DemoError::io("find this program", source))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|source| DemoError::io("start a process", source))?;
        let Some(output) = child.stdout.take() else {
            return Err(DemoError::Broken("a process without standard output".to_owned()));
        };
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                // A line torn by SIGKILL is not a report; everything it might have said is asked again later.
                let Ok(report) = serde_json::from_str(&line) else { continue };
                if hear.blocking_send(Heard::Said(role, report)).is_err() {
                    return;
                }
            }
            // The receiver is gone only when the demo is over.
            drop(hear.blocking_send(Heard::Silent(role, life)));
        });
        Ok(Self { child })
    }

    /// SIGKILL: no destructor, no flush, no goodbye.
    pub(crate) fn kill(mut self) -> Result<(), DemoError> {
        self.child.kill().map_err(|source| DemoError::io("kill a process", source))?;
        self.child.wait().map_err(|source| DemoError::io("reap a process", source))?;
        Ok(())
    }
}

impl Drop for Process {
    /// A demo that ends early leaves nothing running.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Ends this process when the orchestrator is gone, however it went: its end of our standard input is then closed.
pub(crate) fn end_with_orchestrator() {
    thread::spawn(|| {
        drop(std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
        #[allow(clippy::disallowed_methods, reason = "nobody is left to hear of an orderly end")]
        std::process::exit(3);
    });
}

/// Prints a report and makes sure that it has left this process.
pub(crate) fn report(report: &Report) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let Ok(line) = serde_json::to_string(report) else { return };
    // When nobody listens any more the demo is over, and this process is about to be killed.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}
