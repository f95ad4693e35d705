//! Values that are wrong in themselves: codes, numbers and sets in all the ways in which people get them wrong.

use serde_json::{Value, json};

use super::super::department::{World, fresh_id};
use super::{assert_event_refused, assert_refused, effects, event_faults, pairs};

type Change = (&'static str, &'static str, fn(&mut Value));

#[tokio::test]
async fn an_identifier_that_cannot_be_right_is_named_with_its_path() {
    let world = World::new().await;
    let changes: [Change; 6] = [
        ("/data/division", "identifier.character", |event| {
            event["data"]["division"] = json!("３４０７０２００００００")
        }),
        ("/data/division", "identifier.length", |event| event["data"]["division"] = json!("3407")),
        ("/data/item/code", "identifier.length", |event| event["data"]["item"]["code"] = json!("11340700")),
        ("/number", "identifier.check", |event| {
            let text = event["number"].as_str().unwrap().to_owned();
            let last = if text.ends_with('0') { "1" } else { "0" };
            event["number"] = json!(format!("{}{last}", &text[..text.len() - 1]));
        }),
        ("/data/applicant/identity/number", "identifier.check", |event| {
            event["data"]["applicant"]["kind"] = json!("organisation");
            event["data"]["applicant"]["identity"] = json!({
                "kind": { "set": "organisation_id", "generation": "gb32100", "code": "credit-code" },
                "number": "11340700TQ1100017X",
            });
        }),
        ("/data/applicant/name", "request.invalid_value", |event| {
            event["data"]["applicant"]["name"] = json!("长".repeat(10_000));
        }),
    ];
    for (path, code, change) in changes {
        let mut applied = world.applied(&fresh_id()).await;
        change(&mut applied);
        let before = effects(&world).await;
        let answer = world.department.push(&[applied]).await;
        let faults = event_faults(&answer);
        assert!(faults.contains(&(path.to_owned(), code.to_owned())), "{path} {code}: {:#}", answer.body);
        assert_eq!(effects(&world).await["effects"], before["effects"]);
    }
}

#[tokio::test]
async fn gbk_inside_a_record_is_told_apart_from_broken_json() {
    let world = World::new().await;
    let before = effects(&world).await;
    let signed = world.department.sign("tongqiao-event-v1", b"{\"id\": \"\xc9\xea\xc7\xeb\"}");
    let answer = world.department.post("/v1/case-events", &json!({ "events": [signed] })).await;
    assert_event_refused(&world, &before, &answer, "request.not_utf8").await;
}

#[tokio::test]
async fn a_number_of_another_division_and_an_item_of_another_place_are_refused() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    applied["data"]["division"] = json!("341100000000");
    let before = effects(&world).await;
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(&world, &before, &answer, "request.invalid").await;
    let faults = event_faults(&answer);
    assert!(faults.contains(&("/number".to_owned(), "case.number_invalid".to_owned())), "{faults:?}");
    assert!(faults.contains(&("/data/division".to_owned(), "item.division_mismatch".to_owned())), "{faults:?}");
}

#[tokio::test]
async fn an_item_counts_as_on_the_day_of_the_application() {
    let world = World::new().await;
    let mut early = world.applied(&fresh_id()).await;
    early["time"] = json!("1999-01-01T00:00:00.000+08:00");
    let before = effects(&world).await;
    let answer = world.department.push(&[early]).await;
    assert_event_refused(&world, &before, &answer, "item.not_in_force").await;
    let today = world.applied(&fresh_id()).await;
    let order = json!({ "changes": [{ "kind": "withdraw", "code": today["data"]["item"]["code"] }] });
    world.department.plain(reqwest::Method::POST, "/sandbox/catalogue/changes", &order).await;
    let old = world.department.push(&[today.clone()]).await;
    assert_eq!(old.result()["status"], "settled", "handed in while it was in force: {:#}", old.body);
    let mut tomorrow = today;
    tomorrow["id"] = json!(fresh_id());
    tomorrow["subject"] = json!(fresh_id());
    tomorrow["number"] = json!(world.department.case_number().await);
    tomorrow["time"] = json!("2026-12-25T12:00:00.000+08:00");
    let before = effects(&world).await;
    let answer = world.department.push(&[tomorrow]).await;
    assert_event_refused(&world, &before, &answer, "item.not_in_force").await;
}

#[tokio::test]
async fn a_material_that_the_guide_does_not_know_is_named() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    applied["data"]["materials"].as_array_mut().unwrap().push(json!({ "guide": "a-bribe", "name": "红包" }));
    let before = effects(&world).await;
    let answer = world.department.push(&[applied.clone()]).await;
    assert_event_refused(&world, &before, &answer, "item.material_unknown").await;
    let index = applied["data"]["materials"].as_array().unwrap().len() - 1;
    let path = format!("/data/materials/{index}/guide");
    assert_eq!(event_faults(&answer), pairs(&[(&path, "item.material_unknown")]));
}

#[tokio::test]
async fn an_address_that_is_no_text_and_a_query_without_its_member_are_problems_with_a_path() {
    let world = World::new().await;
    let before = effects(&world).await;
    let path = world.department.plain(reqwest::Method::GET, "/v1/catalogue/changes", &Value::Null).await;
    assert_refused(&world, &before, &path, 422, "request.missing_field").await;
    assert_eq!(path.faults(), pairs(&[("/query/since", "request.missing_field")]));
    let text = world.department.get("/v1/cases/%FF").await;
    assert_eq!(text.faults(), pairs(&[("/path", "request.invalid_value")]), "{:#}", text.body);
}

#[tokio::test]
async fn a_receipt_of_an_event_that_nobody_sent_is_unknown() {
    let world = World::new().await;
    let before = effects(&world).await;
    let answer = world.department.get(&format!("/v1/case-events/{}/receipt", fresh_id())).await;
    assert_refused(&world, &before, &answer, 404, "receipt.unknown").await;
}
