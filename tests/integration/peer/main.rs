//! The independent client in Python, which a stranger to our code wrote from the specification alone, at the real platform.
//!
//! Needs Python and three packages; `cargo verify --only peer` installs them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::process::{Command, Output};

use tongqiao_protocol::Suite;
use tongqiao_reference_platform::Platform;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/peer-python");
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.verify/python-peer/bin/python");
/// Sentences of the specification that its story holds up to the platform, at least: fewer means that a part of it was left out.
const SENTENCES_MIN: usize = 130;
/// Its tests: vectors, a platform that lies, and at a real one every row of the tables.
const TESTS_MIN: usize = 560;

async fn python(words: &[&str], platform: &str) -> Output {
    let mut command = Command::new(PYTHON);
    command.args(words).current_dir(FOLDER).env("TONGQIAO_PLATFORM", platform).env("PYTHONDONTWRITEBYTECODE", "1");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The number before `word` in the last line of what was said.
fn counted(said: &str, word: &str) -> usize {
    let words: Vec<_> = said.split_whitespace().map(|one| one.trim_matches(',')).collect();
    let place = words.iter().rposition(|one| *one == word).unwrap_or_else(|| panic!("no {word}: {said}"));
    words[place - 1].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_no_difference_from_the_text_in_both_suites_at_platforms_of_either_suite_and_under_disturbance() {
    for suite in [Suite::International, Suite::ShangMi] {
        let folder = tempfile::tempdir().unwrap();
        let builder = Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().suite(suite);
        let running = builder.start().await.unwrap();
        let ran =
            python(&["-m", "tongqiao_peer", "--disturb", "--platform", running.base_url()], running.base_url()).await;
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{suite}: {said}{}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(counted(&said, "differences"), 0, "{suite}: {said}");
        assert!(counted(&said, "sentences") >= SENTENCES_MIN, "{suite}: {said}");
        running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_tests_hold_at_a_real_platform() {
    let folder = tempfile::tempdir().unwrap();
    let running = Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().start().await.unwrap();
    let ran = python(&["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], running.base_url()).await;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(counted(&said, "passed") >= TESTS_MIN && !said.contains("skipped"), "{said}");
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_notices_a_platform_that_signs_wrongly() {
    let folder = tempfile::tempdir().unwrap();
    let running = Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().start().await.unwrap();
    // A second test has it installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let faults = reqwest::Client::builder().no_proxy().build().unwrap();
    let order = serde_json::json!({ "seed": 1, "wrong_signature": 1.0 });
    let ordered = faults.post(format!("{}/sandbox/faults", running.base_url())).json(&order).send().await.unwrap();
    assert!(ordered.status().is_success());
    let ran = python(&["-m", "tongqiao_peer", "--platform", running.base_url()], running.base_url()).await;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("Unverified"), "{said}");
    running.shutdown().await;
}
