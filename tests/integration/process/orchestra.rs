//! The platform, the two processes, the killing, and the count afterwards from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tongqiao_reference_platform::Platform;

use crate::department;

/// Each round kills after another number of accepted cases.
pub(crate) const ROUNDS: usize = 3;
/// After how many cases of its own the first process is killed, times the round.
const CASES_BEFORE_DEATH: usize = 15;
/// Ample for two cores that do something else besides.
const ROUND_WITHIN: Duration = Duration::from_secs(120);

/// One accepted case: event and number.
type Accepted = (String, String);

pub(crate) async fn one_process_of_two_is_killed(round: usize) {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().start().await.unwrap();
    let address = platform.base_url().to_owned();
    enrol(&address, folder.path()).await;

    let (sender, said) = mpsc::sync_channel(2 * department::CASES);
    let mut doomed = start(&address, folder.path(), 0, sender.clone());
    let mut survivor = start(&address, folder.path(), 1, sender);
    let counting = tokio::task::spawn_blocking(move || {
        let mut accepted = [Vec::new(), Vec::new()];
        while let Ok((process, case)) = said.recv_timeout(ROUND_WITHIN) {
            accepted[process].push(case);
            if accepted[0].len() == round * CASES_BEFORE_DEATH && process == 0 {
                doomed.kill().unwrap();
            }
        }
        doomed.wait().unwrap();
        let ended = survivor.wait().unwrap();
        assert!(ended.success(), "the surviving process ended with {ended}");
        accepted
    });
    let [of_the_dead, of_the_survivor] = counting.await.unwrap();
    assert!(of_the_dead.len() >= round * CASES_BEFORE_DEATH && of_the_dead.len() < department::CASES);
    assert_eq!(of_the_survivor.len(), department::CASES);
    audit(&ledger(&address).await, &[of_the_dead, of_the_survivor].concat());
    platform.shutdown().await;
}

async fn enrol(address: &str, folder: &Path) {
    let answer = reqwest::Client::new().post(format!("{address}/sandbox/enrolment-codes")).send().await.unwrap();
    let answer = answer.json::<Value>().await.unwrap();
    let code = answer["code"].as_str().unwrap();
    let credentials = tongqiao::enrol(address, "social-security", code).unwrap().run().await.unwrap();
    credentials.to_file(folder.join("credentials.json")).unwrap();
}

fn start(address: &str, folder: &Path, process: usize, said: mpsc::SyncSender<(usize, Accepted)>) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([department::WORD, address, folder.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            // A line torn by the kill was not said.
            if let Some((event, number)) = line.split_once(' ').filter(|(_, number)| number.len() == 21) {
                said.send((process, (event.to_owned(), number.to_owned()))).unwrap();
            }
        }
    });
    child
}

async fn ledger(address: &str) -> Value {
    let answer = reqwest::get(format!("{address}/sandbox/ledger")).await.unwrap();
    answer.json::<Value>().await.unwrap()
}

/// Everything that was said took effect exactly once, under the number that was said.
fn audit(ledger: &Value, accepted: &[Accepted]) {
    let events = ledger["events"].as_array().unwrap();
    let cases = ledger["cases"].as_array().unwrap();
    let mut times = BTreeMap::new();
    for event in events.iter().filter(|event| event["effective"] == true) {
        *times.entry(event["id"].as_str().unwrap()).or_insert(0) += 1;
    }
    let numbers = cases.iter().filter_map(|case| case["number"].as_str()).collect::<BTreeSet<_>>();
    for (event, number) in accepted {
        assert_eq!(times.get(event.as_str()), Some(&1), "event {event} took effect another number of times");
        assert!(numbers.contains(number.as_str()), "the number {number} was given out and is not there");
    }
    assert_eq!(numbers.len(), cases.len(), "a number stands twice, or a case has none");
    // The dead process may have committed one case that it had no time to say.
    assert!((accepted.len()..=accepted.len() + 1).contains(&events.len()), "{} events", events.len());
    assert_eq!(ledger["counts"]["events_refused"], 0);
    assert_eq!(ledger["counts"]["alarms"], 0);
}
