//! The independent client in Python, which was written from the specification alone, at the real platform.
//!
//! Needs Python and three packages; `cargo verify --only peer` installs them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::process::Command;

use tongqiao_protocol::Suite;
use tongqiao_reference_platform::Platform;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/peer-python");
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.verify/python-peer/bin/python");
/// Steps of its story, in each suite.
const STEPS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn it_does_a_department_s_day_in_both_suites_at_platforms_of_either_suite() {
    for suite in [Suite::International, Suite::ShangMi] {
        let folder = tempfile::tempdir().unwrap();
        let builder = Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().suite(suite);
        let running = builder.start().await.unwrap();
        let url = running.base_url().to_owned();
        let ran = tokio::task::spawn_blocking(move || {
            Command::new(PYTHON).args(["-m", "tongqiao_peer", "--platform", &url]).current_dir(FOLDER).output().unwrap()
        });
        let ran = ran.await.unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{suite}: {said}{}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(said.lines().count(), 2 * STEPS + 1, "{said}");
        running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_notices_a_platform_that_signs_wrongly() {
    let folder = tempfile::tempdir().unwrap();
    let running = Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().start().await.unwrap();
    let url = running.base_url().to_owned();
    // A second test has it installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let faults = reqwest::Client::builder().no_proxy().build().unwrap();
    let order = serde_json::json!({ "seed": 1, "wrong_signature": 1.0 });
    let ordered = faults.post(format!("{url}/sandbox/faults")).json(&order).send().await.unwrap();
    assert!(ordered.status().is_success());
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(PYTHON).args(["-m", "tongqiao_peer", "--platform", &url]).current_dir(FOLDER).output().unwrap()
    });
    let ran = ran.await.unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("NOT as the text says"), "{said}");
    running.shutdown().await;
}
