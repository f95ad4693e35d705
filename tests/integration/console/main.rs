//! The clerk's console in a real browser: a case is taken and printed with the link down, and settles when it is back.
//!
//! Needs Chromium, Node and the package of the lock file beside this file; `cargo verify --only console` installs them.
//! `TONGQIAO_SCREENSHOTS`, a folder, keeps a picture of every page.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

/// What the other tests of an office are made of; not all of it is needed here.
#[allow(dead_code, reason = "shared with the tests over HTTP")]
#[path = "../it/edge"]
mod edge {
    pub(crate) mod counter;
    pub(crate) mod office;
}
#[allow(dead_code, reason = "shared with all tests that log")]
#[path = "../it/canaries.rs"]
mod canaries;
#[allow(dead_code, reason = "shared with the tests of the library")]
#[path = "../it/sdk"]
mod sdk {
    pub(crate) mod sandbox;
}

use std::path::Path;

use edge::counter::{Counter, PASSWORD};

/// One part of the story; the browser's session goes on in the next one.
async fn act(counter: &Counter, folder: &Path, part: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("console/browser.mjs");
    let mut node = tokio::process::Command::new("node");
    node.arg(script).args([part, &counter.office.url(), PASSWORD]).arg(folder);
    let ended = node.kill_on_drop(true).status();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(120), ended).await.unwrap().unwrap();
    assert!(ended.success(), "the browser did not get through the part {part}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_takes_and_prints_a_case_by_the_keyboard_while_the_link_is_down_and_it_settles() {
    let mut counter = Counter::open().await;
    counter.form().await;
    let kept = tempfile::tempdir().unwrap();
    #[allow(clippy::disallowed_methods, reason = "for a person who wants to look; the test does not depend on it")]
    let wanted = std::env::var_os("TONGQIAO_SCREENSHOTS");
    let folder = wanted.as_deref().map_or(kept.path(), Path::new);
    act(&counter, folder, "up").await;
    counter.office.stop_hub().await;
    act(&counter, folder, "down").await;
    counter.office.start_hub().await;
    act(&counter, folder, "back").await;
    assert_eq!(counter.office.effects().await.len(), 2);
}
