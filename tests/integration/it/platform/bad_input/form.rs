//! Form fields whose value is not what the guide asks for.

use serde_json::{Value, json};

use super::super::department::{World, fresh_id};
use super::{assert_event_refused, effects, event_faults, pairs};

/// Pushes an application to `item` with one form field changed, and expects these faults.
async fn assert_field_refused(world: &World, key: &str, value: Value, code: &str) {
    let mut applied = world.applied(&fresh_id()).await;
    applied["data"]["form"][key] = value;
    let before = effects(world).await;
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(world, &before, &answer, code).await;
    let path = format!("/data/form/{key}");
    assert_eq!(event_faults(&answer), pairs(&[(&path, code)]));
}

#[tokio::test]
async fn a_required_field_that_is_absent_null_or_blank_is_missing() {
    let world = World::new().await;
    let field = world.item().await.required_field();
    for blank in [Value::Null, json!(""), json!(" \u{3000}")] {
        assert_field_refused(&world, &field, blank, "item.form_field_missing").await;
    }
    let mut applied = world.applied(&fresh_id()).await;
    applied["data"]["form"].as_object_mut().unwrap().remove(&field);
    let before = effects(&world).await;
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(&world, &before, &answer, "item.form_field_missing").await;
}

#[tokio::test]
async fn a_value_that_is_not_of_its_fields_kind_and_a_key_that_no_guide_knows_are_refused() {
    let world = World::new().await;
    let field = world.item().await.required_field();
    assert_field_refused(&world, &field, json!([1, 2]), "request.invalid_value").await;
    assert_field_refused(&world, "blood-type", json!("A"), "request.invalid_value").await;
}

#[tokio::test]
async fn a_telephone_that_cannot_be_dialled_is_refused() {
    let world = World::new().await;
    let item =
        world.item_with(|item| item["form"].as_array().unwrap().iter().any(|field| field["kind"] == "phone")).await;
    let mut data = item.application(super::super::department::DIVISION);
    data["form"]["contact-phone"] = json!("打我手机");
    let mut applied = world.applied(&fresh_id()).await;
    applied["data"] = data;
    let before = effects(&world).await;
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(&world, &before, &answer, "request.invalid_value").await;
    assert_eq!(event_faults(&answer), pairs(&[("/data/form/contact-phone", "request.invalid_value")]));
}

#[tokio::test]
async fn what_the_guide_asks_for_is_told_together_with_what_is_wrong_in_itself() {
    let world = World::new().await;
    let field = world.item().await.required_field();
    let mut applied = world.applied(&fresh_id()).await;
    // Wrong by itself, whatever the guide says: a material without a name.
    applied["data"]["materials"] = json!([{ "guide": "no-such-thing" }]);
    // Wrong by the guide.
    applied["data"]["form"].as_object_mut().unwrap().remove(&field);
    let before = effects(&world).await;
    let answer = world.department.push(&[applied]).await;
    assert_event_refused(&world, &before, &answer, "request.invalid").await;
    let found = event_faults(&answer);
    let path = format!("/data/form/{field}");
    for expected in [
        ("/data/materials/0/name", "request.missing_field"),
        ("/data/materials/0/guide", "item.material_unknown"),
        ("/data/materials", "case.material_missing"),
        (path.as_str(), "item.form_field_missing"),
    ] {
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert!(found.iter().any(|one| (one.0.to_string(), one.1.to_string()) == expected), "{expected:?}: {found:?}");
    }
}
