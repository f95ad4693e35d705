//! What cannot happen to a case: every pair of state and event that the table has no line for, and what no table can say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::department::{NOON_MILLIS, World, fresh_id};
use super::{assert_event_refused, effects, event_faults, pairs};

const TABLE: &str = include_str!("../../../../../conformance/spec/case-life.tsv");

/// Data of a kind that is right in itself.
fn data(kind: &str, world_material: &str) -> Value {
    let now = tongqiao_protocol::Timestamp::from_millis(NOON_MILLIS);
    let line = json!({ "cites": "material", "id": world_material, "text": "请补交" });
    match kind {
        "pre-reviewed" => json!({ "result": "齐全", "handler": "clerk-7" }),
        "correction-requested" => json!({ "lines": [line], "handler": "clerk-7" }),
        "corrected" => json!({ "lines": [line], "materials": [] }),
        "accepted" => json!({
            "accepted_on": now, "handler": "clerk-7", "promise": { "working_days": 5, "due": now },
        }),
        "rejected" => json!({
            "reason": "不属于受理范围", "legal_basis": "行政许可法第三十二条", "remedy": "六十日内申请行政复议",
            "handler": "clerk-7",
        }),
        "step-recorded" => json!({ "step": "核验", "started": now, "ended": now, "handler": "clerk-7" }),
        "special-begun" => json!({ "procedure": "suspension", "begun": now, "reason": "鉴定" }),
        "special-ended" => json!({ "procedure": "suspension", "ended": now, "result": "完成" }),
        "decided" => json!({ "result": "granted", "decided_on": now, "handler": "clerk-7" }),
        "delivered" => json!({ "method": "window", "delivered_on": now }),
        "evaluated" => json!({ "score": 1, "channel": "window" }),
        "withdrawn" => json!({ "reason": "不办了" }),
        "complained" => json!({ "grounds": "overdue", "text": "一直没有消息", "channel": "online" }),
        "complaint-answered" => json!({
            "complaint": fresh_id(), "finding": "founded", "answer": "已催办", "handler": "clerk-7",
        }),
        "evaluation-followed-up" => json!({
            "evaluation": fresh_id(), "finding": "founded", "measures": "已整改", "handler": "clerk-7",
        }),
        "supervision-ordered" => json!({ "grounds": "overdue", "content": "请说明原因", "working_days": 3 }),
        "supervision-answered" => json!({ "order": fresh_id(), "answer": "已办结", "handler": "clerk-7" }),
        other => panic!("no data for {other}"),
    }
}

/// How each state is reached from an application.
const WAYS: [(&str, &[&str]); 9] = [
    ("applied", &[]),
    ("pre-reviewed", &["pre-reviewed"]),
    ("correcting", &["correction-requested"]),
    ("accepted", &["accepted"]),
    ("suspended", &["accepted", "special-begun"]),
    ("decided", &["accepted", "decided"]),
    ("delivered", &["accepted", "decided", "delivered"]),
    ("rejected", &["rejected"]),
    ("withdrawn", &["withdrawn"]),
];

#[tokio::test]
async fn every_pair_of_state_and_event_that_the_table_does_not_have_is_impossible() {
    let world = World::new().await;
    let department = &world.department;
    let item = world.item().await;
    let material = item.required_material();
    let lines: Vec<Vec<&str>> = TABLE.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let possible: BTreeSet<(&str, &str)> = lines.iter().map(|line| (line[0], line[1])).collect();
    let kinds: BTreeSet<&str> = lines.iter().map(|line| line[1]).collect();
    let mut judged = 0;
    for (state, way) in WAYS {
        let case = fresh_id();
        let mut events = vec![world.applied(&case).await];
        for (place, kind) in (2..).zip(way) {
            events.push(department.event(&case, kind, place, place - 1, &data(kind, &material)));
        }
        let reached = department.push(&events).await;
        for result in reached.body["results"].as_array().unwrap() {
            assert_eq!(result["status"], "settled", "{state}: {result:#}");
        }
        let mut refused: Option<Value> = None;
        let place = i64::try_from(events.len()).unwrap();
        for kind in &kinds {
            if possible.contains(&(state, *kind)) {
                continue;
            }
            let content = if *kind == "applied" {
                item.application(super::super::department::DIVISION)
            } else {
                data(kind, &material)
            };
            let mut event = department.event(&case, kind, place + 1, place, &content);
            if *kind == "applied" {
                event["number"] = json!(department.case_number().await);
            }
            if let Some(refused) = &refused {
                event["supersedes"] = refused.clone();
            }
            refused = Some(event["id"].clone());
            let before = effects(&world).await;
            let answer = department.push(&[event]).await;
            let codes: Vec<String> = event_faults(&answer).into_iter().map(|(_, code)| code).collect();
            assert!(
                codes.iter().any(|code| code == "case.transition_impossible"),
                "{kind} in {state}: {:#}",
                answer.body
            );
            assert_eq!(effects(&world).await["effects"], before["effects"], "{kind} in {state} took effect");
            judged += 1;
        }
        let file = department.get(&format!("/v1/cases/{case}")).await;
        assert_eq!(file.body["state"], state);
    }
    assert_eq!(judged, WAYS.len() * kinds.len() - possible.iter().filter(|(state, _)| *state != "none").count());
}

#[tokio::test]
async fn a_notice_is_given_once_and_a_correction_answers_its_lines() {
    let world = World::new().await;
    let department = &world.department;
    let (case, material) = (fresh_id(), world.item().await.required_material());
    let notice = data("correction-requested", &material);
    department
        .push(&[world.applied(&case).await, department.event(&case, "correction-requested", 2, 1, &notice)])
        .await;
    let mut beside = data("corrected", &material);
    beside["lines"][0]["id"] = json!("something-else");
    let unasked = department.event(&case, "corrected", 3, 2, &beside);
    let before = effects(&world).await;
    let answer = department.push(std::slice::from_ref(&unasked)).await;
    assert_event_refused(&world, &before, &answer, "case.correction_uncited").await;
    let mut corrected = department.event(&case, "corrected", 3, 2, &data("corrected", &material));
    corrected["supersedes"] = unasked["id"].clone();
    assert_eq!(department.push(&[corrected]).await.result()["status"], "settled");
    let before = effects(&world).await;
    let second = department.push(&[department.event(&case, "correction-requested", 4, 3, &notice)]).await;
    assert_event_refused(&world, &before, &second, "case.transition_impossible").await;
    assert_eq!(event_faults(&second), pairs(&[("/type", "case.transition_impossible")]));
}

#[tokio::test]
async fn an_extension_ends_only_after_it_has_begun() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    let accepted = department.event(&case, "accepted", 2, 1, &data("accepted", ""));
    department.push(&[world.applied(&case).await, accepted]).await;
    let extension = |kind: &str| {
        let mut content = data(kind, "");
        content["procedure"] = json!("extension");
        content
    };
    let early = department.event(&case, "special-ended", 3, 2, &extension("special-ended"));
    let before = effects(&world).await;
    let answer = department.push(std::slice::from_ref(&early)).await;
    assert_event_refused(&world, &before, &answer, "case.transition_impossible").await;
    let mut begun = department.event(&case, "special-begun", 3, 2, &extension("special-begun"));
    begun["supersedes"] = early["id"].clone();
    let ended = department.event(&case, "special-ended", 4, 3, &extension("special-ended"));
    let answer = department.push(&[begun, ended]).await;
    assert_eq!(answer.body["results"][1]["status"], "settled", "{:#}", answer.body);
}
