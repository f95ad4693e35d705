//! The node as a process that is killed, and two hubs behind one address of which one dies.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tongqiao_protocol::Suite;

use super::office::{Office, PATIENCE, eventually, settle};
use crate::canaries::ProcessLog;
use crate::sdk::sandbox;

/// `tongqiao-edge node`, by the library that it is made of.
struct Process {
    child: Child,
    _log: ProcessLog,
}

impl Process {
    fn start(office: &mut Office) -> Self {
        let settings = &office.settings;
        let mut child = Command::new(env!("CARGO_BIN_EXE_node-process"))
            .arg(&settings.data)
            .args([settings.listen.to_string(), settings.hub.clone()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = ProcessLog::of(&mut child);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        office.settings.listen = line.trim().parse().unwrap_or_else(|_| panic!("the node said {line:?}"));
        Self { child, _log: log }
    }

    /// As a power cut would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_again_and_again_loses_and_doubles_nothing_it_had_taken() {
    let mut office = Office::prepare(Suite::International).await;
    office.start_hub().await;
    let mut node = Process::start(&mut office);
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    let mut opened = 1;
    for round in 0..6 {
        if round % 2 == 0 {
            office.wire.cut();
        }
        for _ in 0..5 {
            client.cases().open(&draft).await.unwrap();
            opened += 1;
        }
        client.outbox().nudge();
        node.kill();
        node = Process::start(&mut office);
        if round % 2 == 0 {
            office.stop_hub().await;
            office.start_hub().await;
        }
        client.outbox().nudge();
    }
    eventually("every case", async || {
        client.outbox().nudge();
        (office.effects().await.len() >= opened).then_some(())
    })
    .await;
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    assert_eq!(office.effects().await.len(), opened);
    assert!(client.outbox().attention().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hubs_behind_one_address_one_may_die_at_any_time() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    let mut opened = 0;
    for _ in 0..4 {
        for _ in 0..10 {
            client.cases().open(&draft).await.unwrap();
            opened += 1;
        }
        // Another hub takes over, with the same keys and nothing of what the first was doing.
        office.stop_hub().await;
        office.start_hub().await;
    }
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    assert_eq!(office.effects().await.len(), opened);
}
