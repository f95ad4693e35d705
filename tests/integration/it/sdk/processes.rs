//! Two application processes on one store; one is killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use tongqiao_protocol::{EventId, Suite};

use super::cases::PATIENCE;
use super::sandbox::Sandbox;
use crate::canaries::ProcessLog;

/// Cases that each process opens before the killing.
const CASES_EACH: usize = 20;

struct Process {
    child: Child,
    _log: ProcessLog,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(sandbox: &Sandbox) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opening-process"))
            .arg(sandbox.url())
            .args([sandbox.path("shared.json"), sandbox.path("shared.sqlite")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let log = ProcessLog::of(&mut child);
        Self { child, _log: log, lines }
    }

    /// The next cases of which the process heard yes.
    fn accepted(&mut self, count: usize) -> Vec<EventId> {
        let lines = self.lines.by_ref().take(count);
        let events: Vec<EventId> = lines.map(|line| line.unwrap().parse().unwrap()).collect();
        assert_eq!(events.len(), count, "the process ended early");
        events
    }

    /// Everything it said yes to before it was killed.
    fn kill(mut self) -> Vec<EventId> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // The last line may be cut off in the middle; then nobody has heard it.
        self.lines.by_ref().map_while(Result::ok).filter_map(|line| line.parse().ok()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_and_doubles_nothing_of_the_store_it_shared() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    credentials.to_file(sandbox.path("shared.json")).unwrap();
    let accepted = tokio::task::block_in_place(|| {
        let mut first = Process::start(&sandbox);
        let mut second = Process::start(&sandbox);
        let mut accepted = first.accepted(CASES_EACH);
        accepted.extend(second.accepted(CASES_EACH));
        accepted.extend(first.kill());
        // The other goes on with the store that the dead one left.
        accepted.extend(second.accepted(CASES_EACH));
        accepted.extend(second.kill());
        accepted
    });

    // A third process takes over what both left behind.
    let client = sandbox.builder(&credentials).store(sandbox.path("shared.sqlite")).build().await.unwrap();
    let settled = async {
        for event in &accepted {
            client.cases().handle(*event).await.unwrap().settled().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.unwrap();
    // An event may be stored although its process died before it could say so.
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    assert!(client.outbox().attention().await.unwrap().is_empty());

    let ledger = sandbox.ledger().await;
    let events = ledger["effects"]["events"].as_array().unwrap();
    let applied: BTreeSet<EventId> =
        events.iter().map(|event| event["id"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(applied.len(), events.len(), "an event was applied twice");
    assert!(accepted.iter().all(|event| applied.contains(event)), "an accepted event was lost");
    let cases = ledger["effects"]["cases"].as_array().unwrap();
    let numbers: BTreeSet<_> = cases.iter().map(|case| case["number"].as_str().unwrap()).collect();
    assert_eq!((cases.len(), numbers.len()), (events.len(), events.len()), "a number was given out twice");
}
