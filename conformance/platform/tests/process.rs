//! The program itself, killed and started again, and asked in both suites.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "process/caller.rs"]
mod caller;
#[path = "process/program.rs"]
mod program;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use caller::Caller;
use program::Program;
use serde_json::{Value, json};
use tongqiao_protocol::Suite;

fn wish(request: &str) -> Value {
    json!({
        "request": request, "division": "340702000000", "count": 10,
        "producer": caller::fresh_id(), "incarnation": caller::fresh_id(),
    })
}

#[test]
fn whatever_was_acknowledged_before_a_kill_is_there_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Program::start(directory.path());
    let caller = Arc::new(Caller::enrol(&program, "civil-affairs", Suite::International));
    let mut acknowledged: Vec<(Value, Value)> = Vec::new();
    for _ in 0..3 {
        let killed = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (caller, killed, address) = (caller.clone(), killed.clone(), program.address.clone());
                std::thread::spawn(move || {
                    let mut heard = Vec::new();
                    while !killed.load(Ordering::SeqCst) {
                        let wish = wish(&caller::fresh_id());
                        if let Some((200, lease)) = caller.post(&address, "/v1/case-number-leases", &wish) {
                            heard.push((wish, lease));
                        }
                    }
                    heard
                })
            })
            .collect();
        program.wait_for_leases(20);
        program.kill();
        killed.store(true, Ordering::SeqCst);
        for thread in callers {
            acknowledged.extend(thread.join().unwrap());
        }
        program = Program::start(directory.path());
    }
    assert!(acknowledged.len() >= 60, "{} leases were granted", acknowledged.len());
    for (wish, lease) in &acknowledged {
        let again = caller.post(&program.address, "/v1/case-number-leases", wish);
        assert_eq!(again, Some((200, lease.clone())), "a lease that was granted is granted still, and the same");
    }
    let mut firsts: Vec<u64> = acknowledged.iter().map(|(_, lease)| lease["first"].as_u64().unwrap()).collect();
    firsts.sort_unstable();
    assert!(firsts.windows(2).all(|pair| pair[0] + 10 <= pair[1]), "no number was leased twice");
}

#[test]
fn a_department_with_shang_mi_keys_is_understood_and_answered_in_its_suite() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path());
    let caller = Caller::enrol(&program, "civil-affairs", Suite::ShangMi);
    let (status, lease) = caller.post(&program.address, "/v1/case-number-leases", &wish(&caller::fresh_id())).unwrap();
    assert_eq!(status, 200, "{lease:#}");
    let bill = caller::fresh_id();
    let record = caller.bill(&bill);
    let (status, view) = caller.post(&program.address, "/v1/bills", &record).unwrap();
    assert_eq!(status, 200, "{view:#}");
    assert!(view["digest"].as_str().unwrap().starts_with("sm3:"), "{view:#}");
    let keyid = view["receipt"]["signature"]["keyid"].as_str().unwrap();
    assert!(keyid.starts_with("platform/sm/"), "{keyid}");
    let mut forged = record;
    forged["signature"]["value"] = json!("A".repeat(86) + "==");
    let (status, problem) = caller.post(&program.address, "/v1/bills", &forged).unwrap();
    assert_eq!((status, problem["code"].as_str()), (401, Some("record.signature_mismatch")));
}
