//! Events that are wrong in themselves or at the wrong time.

use serde_json::{Value, json};

use super::super::department::{DIVISION, Department, World, fresh_id};
use super::{assert_event_refused, assert_refused, effects, event_faults, pairs};

/// Changes a good application and says what is then wrong with it.
type Change = (&'static str, fn(&mut Value), &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn an_application_that_is_wrong_in_itself_is_refused_with_every_fault() {
    let world = World::new().await;
    let changes: [Change; 14] = [
        ("request.missing_field", |event| drop_member(event, "revision"), &[("/revision", "request.missing_field")]),
        ("request.wrong_type", |event| event["revision"] = json!("0"), &[("/revision", "request.wrong_type")]),
        (
            "request.invalid_value",
            |event| event["specversion"] = json!("0.3"),
            &[("/specversion", "request.invalid_value")],
        ),
        (
            "request.invalid_value",
            |event| event["time"] = json!("2026-11-23 14:00"),
            &[("/time", "request.invalid_value")],
        ),
        (
            "event.unknown_kind",
            |event| event["type"] = json!("cn.tongqiao.case.vanished.v1"),
            &[("/type", "event.unknown_kind")],
        ),
        (
            "event.wrong_party",
            |event| event["source"] = json!("urn:tongqiao:party:somebody-else"),
            &[("/source", "event.wrong_party")],
        ),
        (
            "request.invalid",
            |event| event["data"]["division"] = json!("110000000000"),
            &[
                ("/data/division", "scope.division"),
                ("/number", "case.number_invalid"),
                ("/data/division", "item.division_mismatch"),
            ],
        ),
        (
            "identifier.character",
            |event| event["data"]["division"] = json!("３４０７０２００００００"),
            &[("/data/division", "identifier.character"); 12],
        ),
        ("item.unknown", |event| event["data"]["item"]["version"] = json!(999), &[("/data/item", "item.unknown")]),
        (
            "request.wrong_type",
            |event| event["data"]["materials"] = json!("none"),
            &[("/data/materials", "request.wrong_type")],
        ),
        (
            "request.wrong_type",
            |event| event["data"]["applicant"]["name"] = json!(7),
            &[("/data/applicant/name", "request.wrong_type")],
        ),
        ("identifier.check", wrong_check, &[("/data/applicant/identity/number", "identifier.check")]),
        ("request.missing_field", |event| drop_member(event, "number"), &[("/number", "request.missing_field")]),
        (
            "case.number_not_leased",
            |event| event["number"] = json!(number_never_leased()),
            &[("/number", "case.number_not_leased")],
        ),
    ];
    for (code, change, faults) in changes {
        let mut applied = world.applied(&fresh_id()).await;
        change(&mut applied);
        let before = effects(&world).await;
        let answer = world.department.push(&[applied]).await;
        assert_event_refused(&world, &before, &answer, code).await;
        if !faults.is_empty() {
            assert_eq!(event_faults(&answer), pairs(faults), "{code}");
        }
    }
}

#[tokio::test]
async fn five_mistakes_are_told_in_one_answer() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    applied["clock"] = json!("sundial");
    applied["data"]["channel"] = Value::Null;
    applied["data"]["applicant"]["kind"] = json!("robot");
    applied["data"]["item"]["version"] = json!(0);
    applied["data"]["materials"][0]["digest"] = json!("md5:00");
    let before = effects(&world).await;
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(&world, &before, &answer, "request.invalid").await;
    let paths: Vec<String> = event_faults(&answer).into_iter().map(|(path, _)| path).collect();
    for path in ["/clock", "/data/channel", "/data/applicant/kind", "/data/item/version", "/data/materials/0/digest"] {
        assert!(paths.iter().any(|found| found == path), "{path} is missing in {paths:?}");
    }
}

#[tokio::test]
async fn a_required_material_that_is_missing_is_named() {
    let world = World::new().await;
    let item = world.item().await;
    let mut applied = world.applied(&fresh_id()).await;
    let required = item.required_material();
    let materials = applied["data"]["materials"].as_array_mut().unwrap();
    materials.retain(|material| material["guide"] != required.as_str());
    let before = effects(&world).await;
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(&world, &before, &answer, "case.material_missing").await;
    assert_eq!(answer.result()["problem"]["faults"][0]["params"]["material"], required.as_str());
}

#[tokio::test]
async fn a_notice_may_demand_only_what_the_guide_says() {
    let world = World::new().await;
    let case = fresh_id();
    world.department.push(&[world.applied(&case).await]).await;
    let before = effects(&world).await;
    let lines = json!([{ "cites": "material", "id": "a-bribe", "text": "另交一份" }]);
    let notice = json!({ "lines": lines, "handler": "clerk-7" });
    let answer = world.department.push(&[world.department.event(&case, "correction-requested", 2, 1, &notice)]).await;
    assert_event_refused(&world, &before, &answer, "case.correction_uncited").await;
    assert_eq!(event_faults(&answer), pairs(&[("/data/lines/0/id", "case.correction_uncited")]));
}

#[tokio::test]
async fn a_transition_that_the_table_does_not_know_is_impossible() {
    let world = World::new().await;
    let before = effects(&world).await;
    let data = json!({ "reason": "不办了" });
    let orphan = world.department.event(&fresh_id(), "withdrawn", 1, 0, &data);
    let answer = world.department.push(&[orphan]).await;
    assert_event_refused(&world, &before, &answer, "case.transition_impossible").await;
    let params = &answer.result()["problem"]["params"];
    assert_eq!((&params["state"], &params["event"]), (&json!("none"), &json!("withdrawn")));
}

#[tokio::test]
async fn a_gap_is_deferred_with_the_name_of_what_is_missing() {
    let world = World::new().await;
    let case = fresh_id();
    let mut applied = world.applied(&case).await;
    applied["sequence"] = json!(3);
    let before = effects(&world).await;
    let answer = world.department.push(&[applied]).await;
    assert_eq!(answer.result()["status"], "deferred");
    assert_eq!(answer.result()["missing"], json!({ "sequence": 1 }));
    assert_eq!(effects(&world).await, before);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_a_conflict_and_an_alarm() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    world.department.push(std::slice::from_ref(&applied)).await;
    let before = effects(&world).await;
    applied["data"]["applicant"]["name"] = json!("测试乙");
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(&world, &before, &answer, "event.id_conflict").await;
    assert!(answer.result()["receipt"].is_null(), "nothing was recorded under an id that is taken");
    assert_eq!(world.ledger().await["counts"]["alarms"], 1);
}

#[tokio::test]
async fn a_number_serves_one_case() {
    let world = World::new().await;
    let first = world.applied(&fresh_id()).await;
    world.department.push(std::slice::from_ref(&first)).await;
    let mut second = world.applied(&fresh_id()).await;
    second["number"] = first["number"].clone();
    let before = effects(&world).await;
    let answer = world.department.push(&[second]).await;
    assert_event_refused(&world, &before, &answer, "case.number_taken").await;
}

#[tokio::test]
async fn a_record_that_its_author_did_not_sign_is_not_taken() {
    let world = World::new().await;
    let other = Department::enrol(world.running.base_url(), "natural-resources").await;
    let applied = world.applied(&fresh_id()).await;
    let before = effects(&world).await;
    let signed = world.department.sign_event(&applied);
    let mut altered = signed.clone();
    altered["record"] = world.department.sign_event(&json!({}))["record"].clone();
    let as_bill = world.department.sign("tongqiao-bill-v1", applied.to_string().as_bytes());
    let mut unknown = signed.clone();
    unknown["signature"]["keyid"] = json!("nobody/1");
    for (record, code) in [
        (altered, "record.signature_mismatch"),
        (as_bill, "record.signature_mismatch"),
        (unknown, "record.unknown_key"),
        (other.sign_event(&applied), "scope.author_not_carried"),
    ] {
        let answer = world.department.post("/v1/case-events", &json!({ "events": [record] })).await;
        assert_event_refused(&world, &before, &answer, code).await;
        assert!(answer.result()["receipt"].is_null(), "{code}: nobody's stream is held by a stranger");
    }
    let settled = world.department.post("/v1/case-events", &json!({ "events": [signed] })).await;
    assert_eq!(settled.result()["status"], "settled");
}

#[tokio::test]
async fn a_record_beyond_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let world = World::new().await;
    let before = effects(&world).await;
    for (bytes, status, code) in [(256 * 1024 + 1, 413, "record.too_large")] {
        let signed = world.department.sign("tongqiao-event-v1", &vec![b' '; bytes]);
        let answer = world.department.post("/v1/case-events", &json!({ "events": [signed] })).await;
        assert_refused(&world, &before, &answer, status, code).await;
    }
    let signed = world.department.sign("tongqiao-event-v1", &vec![b' '; 256 * 1024]);
    let answer = world.department.post("/v1/case-events", &json!({ "events": [signed] })).await;
    assert_event_refused(&world, &before, &answer, "request.malformed_json").await;
}

#[tokio::test]
async fn a_lease_that_asks_for_too_much_or_elsewhere_is_refused_with_all_faults() {
    let world = World::new().await;
    let before = effects(&world).await;
    let mut wish = json!({
        "request": fresh_id(), "division": DIVISION, "count": 1_001,
        "producer": world.department.producer, "incarnation": "x",
    });
    let answer = world.department.post("/v1/case-number-leases", &wish).await;
    assert_refused(&world, &before, &answer, 400, "request.invalid").await;
    assert_eq!(
        answer.faults(),
        pairs(&[("/count", "request.out_of_range"), ("/incarnation", "request.invalid_value")])
    );
    wish["count"] = json!(1);
    wish["incarnation"] = json!(world.department.incarnation);
    wish["division"] = json!("110000000000");
    let answer = world.department.post("/v1/case-number-leases", &wish).await;
    assert_refused(&world, &before, &answer, 403, "scope.division").await;
}

fn drop_member(event: &mut Value, name: &str) {
    event.as_object_mut().unwrap().remove(name);
}

/// A citizen number of the area that is no county, whose check character does not fit.
fn wrong_check(event: &mut Value) {
    event["data"]["applicant"]["identity"]["kind"]["code"] = json!("111");
    event["data"]["applicant"]["identity"]["number"] = json!(["340799", "19900101", "0013"].concat());
}

fn number_never_leased() -> String {
    let division = tongqiao_protocol::DivisionCode::parse(DIVISION).unwrap();
    tongqiao_protocol::CaseNumber::build(&division, 2026, 9_999_999_999).unwrap().as_str().to_owned()
}
