//! What the doctor says of a node: nothing wrong, and each thing that can be.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::json;
use tongqiao::{Clock as _, SystemClock};
use tongqiao_edge::NodeSettings;
use tongqiao_edge::doctor::{Gravity, Report, Role, Subject, examine, examine_file};
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::{Language, Suite};

use super::office::{DEPARTMENT, Office, eventually};
use crate::sdk::sandbox;

/// The worst that is said of a subject; every warning and fault says what to do, in both languages.
pub(super) fn gravity(report: &Report, subject: Subject) -> Gravity {
    for finding in report.findings() {
        let texts = [Some(&finding.said), finding.advice.as_ref()];
        for said in texts.into_iter().flatten() {
            assert!(!said.text(Language::Chinese).is_empty() && !said.text(Language::English).is_empty());
            assert!(said.text(Language::English).is_ascii(), "{said:?}");
        }
        assert_eq!(finding.advice.is_some(), finding.gravity >= Gravity::Warning, "{finding:?}");
    }
    let worst = report.about(subject).map(|finding| finding.gravity).max();
    worst.unwrap_or_else(|| panic!("nothing is said of {subject:?}: {}", report.text(Language::English)))
}

fn whole(report: &Report) -> String {
    report.text(Language::Chinese)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_works_is_found_sound_in_both_suites() {
    for suite in [Suite::International, Suite::ShangMi] {
        let office = Office::open(suite).await;
        let client = office.client("department.sqlite").await;
        let draft = sandbox::draft(&client).await;
        client.cases().open(&draft).await.unwrap().settled().await.unwrap();
        let report = examine(&office.settings).await;
        assert_eq!((report.gravity(), report.exit_code()), (Gravity::Sound, 0), "{}", whole(&report));
        for subject in [
            Subject::Credentials,
            Subject::Service,
            Subject::Link,
            Subject::Clock,
            Subject::Directory,
            Subject::Keys,
            Subject::Store,
            Subject::Disk,
            Subject::Custody,
        ] {
            assert_eq!(gravity(&report, subject), Gravity::Sound, "{}", whole(&report));
        }
        assert_eq!(report.about(Subject::Keys).count(), 3);
        assert!(whole(&report).ends_with("结论：没有需要处理的事项\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_link_the_backlog_is_told_and_the_clock_is_not_seen() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    client.cases().open(&draft).await.unwrap().settled().await.unwrap();
    office.stop_hub().await;
    for _ in 0..3 {
        client.cases().open(&draft).await.unwrap();
    }
    eventually("custody of three cases", async || {
        let statistics = office.node().client().outbox().statistics().await.unwrap();
        (statistics.pending == 3).then_some(())
    })
    .await;
    let report = examine(&office.settings).await;
    assert_eq!((report.gravity(), report.exit_code()), (Gravity::Warning, 1), "{}", whole(&report));
    assert_eq!(gravity(&report, Subject::Link), Gravity::Warning);
    assert_eq!(gravity(&report, Subject::Clock), Gravity::Unseen);
    // Three cases of this minute without a link are what a node is for.
    assert_eq!(gravity(&report, Subject::Custody), Gravity::Sound);
    assert!(whole(&report).contains("3 件待送"), "{}", whole(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_delivers_nothing_in_place_of_a_node_that_does_not_run() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    // Once with a link, for numbers.
    client.cases().open(&draft).await.unwrap().settled().await.unwrap();
    office.stop_hub().await;
    client.cases().open(&draft).await.unwrap();
    eventually("custody", async || {
        (office.node().client().outbox().statistics().await.unwrap().pending == 1).then_some(())
    })
    .await;
    office.stop_node().await;
    client.close().await;
    office.start_hub().await;
    for _ in 0..2 {
        let report = examine(&office.settings).await;
        assert_eq!(report.exit_code(), 2, "{}", whole(&report));
        assert_eq!(gravity(&report, Subject::Service), Gravity::Fault);
        assert_eq!(gravity(&report, Subject::Link), Gravity::Sound, "{}", whole(&report));
        assert!(whole(&report).contains("1 件待送"), "{}", whole(&report));
    }
    assert_eq!(office.effects().await.len(), 1);
    // And takes nothing away from one that runs again.
    office.start_node().await;
    eventually("the case", async || (office.effects().await.len() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_city_has_revoked_is_a_fault_with_its_reason() {
    let office = Office::open(Suite::International).await;
    let directory = office.node().client().carrier().directory().await.unwrap().unwrap();
    let own = |key_use| {
        let of_node = directory.keys.iter().find(|key| key.party.as_str() == "township-1" && key.key_use == key_use);
        of_node.unwrap().keyid.clone()
    };
    let body = json!({ "keyid": own(KeyUse::Event), "reason": "the box was stolen" });
    office.sandbox.post("/sandbox/revoke", &body).await;
    let report = examine(&office.settings).await;
    assert_eq!(gravity(&report, Subject::Keys), Gravity::Fault, "{}", whole(&report));
    assert_eq!(report.about(Subject::Keys).filter(|finding| finding.gravity == Gravity::Fault).count(), 1);
    assert!(whole(&report).contains("the box was stolen"));
    // What it heard, the next one knows without a link.
    office.wire.cut();
    let report = examine(&office.settings).await;
    assert_eq!(gravity(&report, Subject::Keys), Gravity::Fault, "{}", whole(&report));
    assert_eq!(gravity(&report, Subject::Link), Gravity::Warning, "{}", whole(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_somebody_else_is_a_fault_and_so_is_a_name_that_means_nothing() {
    let office = Office::open(Suite::International).await;
    let stranger = NodeSettings { hub_party: DEPARTMENT.parse().unwrap(), ..office.settings.clone() };
    let report = examine(&stranger).await;
    assert_eq!(gravity(&report, Subject::Link), Gravity::Fault, "{}", whole(&report));
    assert_eq!(gravity(&report, Subject::Keys), Gravity::Fault, "{}", whole(&report));
    let nowhere = NodeSettings { hub: "hub.invalid:9443".to_owned(), ..office.settings.clone() };
    let report = examine(&nowhere).await;
    assert_eq!(gravity(&report, Subject::Link), Gravity::Fault, "{}", whole(&report));
    assert!(whole(&report).contains("hub.invalid:9443"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_measured_by_what_the_platform_signs() {
    let office = Office::open(Suite::International).await;
    for (minutes, gravity_wanted, text) in
        [(3, Gravity::Warning, "比平台慢 3 分钟"), (12, Gravity::Fault, "比平台慢 12 分钟")]
    {
        // Half a minute more: what the comparison itself takes does not matter then.
        office.sandbox.now_is(SystemClock.now().plus_millis(minutes * 60_000 + 30_000));
        let report = examine(&office.settings).await;
        assert_eq!(gravity(&report, Subject::Clock), gravity_wanted, "{}", whole(&report));
        assert!(whole(&report).contains(text), "{}", whole(&report));
    }
    // Now the directory is of a time that is still to come, and nobody can be asked.
    office.wire.cut();
    let report = examine(&office.settings).await;
    assert_eq!(gravity(&report, Subject::Clock), Gravity::Fault, "{}", whole(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named_and_nothing_is_made_in_its_place() {
    let office = Office::prepare(Suite::International).await;
    let folder = tempfile::tempdir().unwrap();
    let empty = NodeSettings { data: folder.path().to_owned(), ..office.settings.clone() };
    let report = examine(&empty).await;
    assert_eq!((gravity(&report, Subject::Credentials), report.exit_code()), (Gravity::Fault, 2));
    let credentials = folder.path().join("credentials.json");
    std::fs::copy(office.settings.data.join("credentials.json"), &credentials).unwrap();
    std::fs::set_permissions(&credentials, std::fs::Permissions::from_mode(0o644)).unwrap();
    let report = examine(&empty).await;
    assert_eq!(gravity(&report, Subject::Credentials), Gravity::Warning, "others can read the private keys");
    assert_eq!(gravity(&report, Subject::Store), Gravity::Fault);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a store was made");
    std::fs::write(folder.path().join("store.sqlite"), b"this is no database at all").unwrap();
    let report = examine(&empty).await;
    assert_eq!(gravity(&report, Subject::Store), Gravity::Fault, "{}", whole(&report));

    let report = examine_file(Role::Node, &folder.path().join("nowhere.toml")).await;
    assert_eq!((gravity(&report, Subject::Settings), report.exit_code()), (Gravity::Fault, 2));
    let settings = folder.path().join("node.toml");
    std::fs::write(&settings, "retention = 30").unwrap();
    let report = examine_file(Role::Node, &settings).await;
    assert!(whole(&report).contains("retention"), "the mistyped setting is named: {}", whole(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_takes_connections_and_says_nothing_holds_nobody_up() {
    let office = Office::prepare(Suite::International).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = NodeSettings { hub: silent.local_addr().unwrap().to_string(), ..office.settings.clone() };
    let report = tokio::time::timeout(Duration::from_secs(45), examine(&settings)).await.unwrap();
    assert_eq!(gravity(&report, Subject::Link), Gravity::Warning, "{}", whole(&report));
}
