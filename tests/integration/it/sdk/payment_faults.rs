//! Every act of payment under every fault: `payment-faults.tsv`, walked line by line.

mod scene;
mod way;

use std::collections::BTreeSet;

use serde_json::json;
use tokio::task::JoinSet;
use tongqiao_protocol::bill::PaymentOutcome;
use tongqiao_protocol::routes::ROUTES;

use self::scene::{ACTS, Act, Scene};
use self::way::WAY_FAULTS;
use super::sandbox::Sandbox;

const TABLE: &str = include_str!("../../../../conformance/spec/payment-faults.tsv");
/// Lines walked at the same time.
const AT_ONCE: usize = 8;
/// Done to the platform and not to a request.
const RESTORED: &str = "restored";

/// One line.
#[derive(Clone, Copy)]
struct Line {
    act: &'static str,
    fault: &'static str,
    told: &'static str,
    resolved: &'static str,
    by: &'static str,
}

fn lines() -> Vec<Line> {
    let line = |line: &'static str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [act, fault, told, resolved, by] = cells[..] else { panic!("{line}") };
        Line { act, fault, told, resolved, by }
    };
    TABLE.lines().skip(1).map(line).collect()
}

const fn word(outcome: PaymentOutcome) -> &'static str {
    match outcome {
        PaymentOutcome::Confirmed => "confirmed",
        PaymentOutcome::Absent => "absent",
        PaymentOutcome::Unknown => "unknown",
    }
}

#[tokio::test]
async fn the_table_has_every_act_under_every_fault_that_there_is() {
    let about_money =
        |path: &str| ["/v1/bills", "/v1/refunds", "/v1/reconciliations"].iter().any(|prefix| path.starts_with(prefix));
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .filter(|route| about_money(route.path))
        .map(|route| (route.method.as_str(), route.path))
        .collect();
    let walked: BTreeSet<_> = ACTS.iter().map(|act| (act.method, act.route)).collect();
    assert_eq!(walked, routes, "an act for every route about money");

    let sandbox = Sandbox::start().await;
    let known = sandbox.get("/sandbox/faults").await;
    let of_sandbox = known["done"].as_object().unwrap().keys().cloned();
    let of_way = WAY_FAULTS.iter().chain([&RESTORED]).map(|fault| (*fault).to_owned());
    let faults: BTreeSet<String> = of_sandbox.chain(of_way).collect();
    let all: BTreeSet<(String, String)> =
        ACTS.iter().flat_map(|act| faults.iter().map(|fault| (act.name.to_owned(), fault.clone()))).collect();
    let table: Vec<_> = lines().iter().map(|line| (line.act.to_owned(), line.fault.to_owned())).collect();
    assert_eq!(table.iter().cloned().collect::<BTreeSet<_>>(), all);
    assert_eq!(table.len(), all.len(), "a line stands twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_taken_once_and_paid_back_once_whatever_fails_during_whatever_act() {
    let mut waiting = lines().into_iter();
    let mut walking = JoinSet::new();
    let (mut walked, mut failed) = (0, Vec::new());
    loop {
        while walking.len() < AT_ONCE
            && let Some(line) = waiting.next()
        {
            walking.spawn(async move { walk(line).await });
        }
        let Some(done) = walking.join_next().await else { break };
        walked += 1;
        // Each for itself, so that one failure does not hide the others.
        failed.extend(done.err().map(|error| error.to_string()));
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(walked, TABLE.lines().count() - 1);
}

/// Lets the act meet the fault; then the fault is over, and what is unknown is resolved.
async fn walk(line: Line) {
    let what = format!("{} {}", line.act, line.fault);
    let act: &'static Act = ACTS.iter().find(|act| act.name == line.act).unwrap();
    let mut scene = Scene::open(act).await;
    let told = if line.fault == RESTORED {
        let backup = scene.sandbox.post("/sandbox/backup", &json!({})).await;
        scene.prepare().await;
        let told = scene.act().await;
        scene.sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
        told
    } else {
        scene.prepare().await;
        scene.way.strike(line.fault, act);
        scene.act().await
    };
    assert_eq!(word(told), line.told, "{what}: told");
    if line.fault == "killed" {
        scene.sandbox.stop().await;
        scene.sandbox.start_again().await;
    }
    scene.way.clear();
    let resolved = scene.resolve(line.resolved).await;
    assert_eq!(word(resolved), line.resolved, "{what}: resolved");
    if line.fault == "late" {
        // What everybody had given up arrives after all.
        scene.way.deliver_held().await;
    }
    let repeated = match (line.by, act.name) {
        ("-", _) => None,
        ("ask", "fence") => Some(&ACTS[1]),
        ("ask" | "fence" | "same-record", _) => Some(act),
        other => panic!("{what}: a way to resolve it that this test does not know: {other:?}"),
    };
    assert!(repeated.is_none_or(|act| scene.way.heard_of(act) >= 2), "{what}: by {}", line.by);
    scene.audit(&what).await;
}

/// A bill that nobody took, with its time over, and a platform that knows nothing of it.
async fn overdue() -> Scene {
    let fence = ACTS.iter().find(|act| act.name == "fence").unwrap();
    let mut scene = Scene::open(fence).await;
    scene.prepare().await;
    scene
}

#[tokio::test]
async fn a_bill_that_arrives_after_its_fence_is_refused_and_never_payable() {
    let bill = ACTS.iter().find(|act| act.name == "bill").unwrap();
    let mut scene = Scene::open(bill).await;
    scene.way.strike("late", bill);
    scene.expired().await;
    scene.way.clear();
    assert_eq!(scene.resolution().await.outcome, PaymentOutcome::Absent);
    scene.way.deliver_held().await;
    let ledger = scene.sandbox.ledger().await;
    assert_eq!((&ledger["counts"]["bills"], &ledger["counts"]["bills_fenced"]), (&json!(0), &json!(1)));
    assert_eq!(scene.resolution().await.outcome, PaymentOutcome::Absent);
}

#[tokio::test]
async fn a_fence_that_a_restore_forgot_is_made_again_by_itself() {
    let scene = overdue().await;
    let backup = scene.sandbox.post("/sandbox/backup", &json!({})).await;
    assert!(scene.resolution().await.may_be_replaced);
    scene.sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    assert_eq!(scene.sandbox.ledger().await["counts"]["bills_fenced"], 0);
    // Nobody asks about this bill; any answer at all tells of the new epoch.
    scene.any_answer().await;
    scene::until(|| async { scene.sandbox.ledger().await["counts"]["bills_fenced"] == 1 }).await;
    let resolution = scene.resolution().await;
    assert_eq!((resolution.outcome, resolution.was_absent), (PaymentOutcome::Absent, false));
}

#[tokio::test]
async fn absence_is_unknown_again_until_the_restored_platform_has_fenced_it_once_more() {
    let scene = overdue().await;
    let backup = scene.sandbox.post("/sandbox/backup", &json!({})).await;
    assert!(scene.resolution().await.may_be_replaced);
    scene.sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    let fence = ACTS.iter().find(|act| act.name == "fence").unwrap();
    scene.way.strike("lost", fence);
    let resolution = scene.resolution().await;
    assert_eq!((resolution.outcome, resolution.may_be_replaced), (PaymentOutcome::Unknown, false));
    assert!(resolution.was_absent && resolution.view.is_none());
    scene.way.clear();
    let resolution = scene.resolution().await;
    assert_eq!((resolution.outcome, resolution.may_be_replaced), (PaymentOutcome::Absent, true));
}
