//! What a node notes of who looked at whose data and of what left it, and that nobody changes that unseen.

use serde_json::{Value, json};
use tongqiao_edge::audit::{Flaw, verify};
use tongqiao_edge::doctor::{Gravity, Subject, examine};
use tongqiao_protocol::{Language, Suite};

use super::counter::Counter;
use super::doctor::gravity;
use super::office::{Office, eventually};
use crate::sdk::sandbox::CITIZEN;

fn lines(office: &Office) -> Vec<Value> {
    // Before the first line there is no file.
    let text = std::fs::read_to_string(office.settings.data.join("audit.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_failing_printing_again_and_receipts_that_go_out_are_lines_of_a_chain_that_holds() {
    let mut counter = Counter::open().await;
    for _ in 0..5 {
        let wrong = [("name", "li"), ("password", "not the password")];
        assert!([403, 429].contains(&counter.send("/console/sign-in", &wrong, &[]).await.status));
    }
    counter.sign_in("wang").await;
    let path = counter.take("").await;
    counter.post(&format!("{path}/revealed"), &[]).await;
    for _ in 0..2 {
        assert_eq!(counter.post(&format!("{path}/receipt"), &[]).await.status, 200);
    }
    let failed = ["li sign-in-failed"; 4];
    let rest = ["li locked-out", "wang signed-in", "wang opened", "wang revealed", "wang printed", "wang reprinted"];
    assert_eq!(counter.deeds(), [failed.as_slice(), &rest].concat());
    counter.hears(&path, "市级平台已收").await;
    let given = eventually("receipts that are handed over", async || {
        lines(&counter.office).into_iter().find(|line| line["deed"] == "receipts-given")
    });
    assert_eq!(given.await["who"], counter.office.department.party().as_str());
    let text = lines(&counter.office).iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains(CITIZEN) && !text.contains("测试用户") && !text.contains("not the password"));
    let verdict = verify(&counter.office.settings.data, None).unwrap();
    assert_eq!((verdict.lines, verdict.flaws), (verdict.last.number, vec![]));
    counter.office.stop_node().await;
    assert_eq!(gravity(&examine(&counter.office.settings).await, Subject::Audit), Gravity::Sound);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_takes_out_while_the_node_runs_is_named_and_work_goes_on() {
    let mut counter = Counter::staffed().await;
    let path = counter.take("").await;
    counter.post(&format!("{path}/revealed"), &[]).await;
    let file = counter.office.settings.data.join("audit.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let (looked, others) = text.lines().partition::<Vec<_>, _>(|line| line.contains("\"revealed\""));
    assert_eq!(looked.len(), 1);
    let number = serde_json::from_str::<Value>(looked[0]).unwrap()["n"].as_u64().unwrap();
    std::fs::write(&file, others.join("\n") + "\n").unwrap();
    assert_eq!(counter.post(&format!("{path}/revealed"), &[]).await.status, 200);
    let flaws = verify(&counter.office.settings.data, None).unwrap().flaws;
    assert!(flaws.contains(&Flaw::Removed(number, number)), "{flaws:?}");
    assert!(flaws.iter().any(|flaw| matches!(flaw, Flaw::SeenBefore(..))), "the node noticed it as well: {flaws:?}");
    let report = examine(&counter.office.settings).await;
    assert_eq!(gravity(&report, Subject::Audit), Gravity::Fault);
    assert!(report.text(Language::Chinese).contains(&format!("审计：第 {number} 行被删")), "{report:?}");
    counter.sign_in("wang").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_noted_when_it_is_first_seen_and_once() {
    let mut office = Office::open(Suite::International).await;
    let key = office.department.author_key_id().clone();
    let revoked = |office: &Office| {
        let mut lines = lines(office);
        lines.retain(|line| line["deed"] == "revocation-seen");
        lines
    };
    office.sandbox.post("/sandbox/revoke", &json!({ "keyid": key, "reason": "taken away" })).await;
    office.node().client().refresh_directory().await.unwrap();
    // It looks when it starts, and then every minute.
    for _ in 0..2 {
        office.stop_node().await;
        office.start_node().await;
        let seen = eventually("the line", async || revoked(&office).first().cloned()).await;
        assert_eq!(
            (seen["about"].as_str(), seen["who"].as_str()),
            (Some(key.as_str()), Some(office.department.party().as_str()))
        );
    }
    office.stop_node().await;
    assert_eq!(revoked(&office).len(), 1);
    assert_eq!(verify(&office.settings.data, None).unwrap().flaws, []);
}
