//! Use of e-licences: a cause beside every citation, and a record of it for whom it concerns.

use serde_json::{Value, json};
use tongqiao_protocol::LicenceIdentifier;

use super::department::{DIVISION, Department, World, faults_of, fresh_id};

/// A licence that only names the area of whoever issued it.
const OF_AN_AREA: &str = "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9";
/// The body that issued the other one.
const ISSUER: &str = "11340700TQ140001XQ";

fn licence() -> String {
    let built = LicenceIdentifier::build("11100000MB03271699022", ISSUER, "000000016", "001");
    built.unwrap().as_str().to_owned()
}

/// A paper that is cited so.
async fn citing(world: &World, by: &Department, citation: &Value) -> Value {
    let item = world.item().await;
    let mut applied = by.event(&fresh_id(), "applied", 1, 0, &item.application(DIVISION));
    applied["number"] = json!(by.case_number().await);
    let paper = &mut applied["data"]["materials"][0];
    for (member, value) in citation.as_object().unwrap() {
        paper[member] = value.clone();
    }
    applied
}

async fn status(by: &Department, event: &Value) -> (String, Vec<(String, String)>) {
    let pushed = by.push(std::slice::from_ref(event)).await;
    let result = pushed.result();
    (result["status"].as_str().unwrap_or_default().to_owned(), faults_of(&result["problem"]))
}

#[tokio::test]
async fn a_licence_is_cited_for_a_cause_and_its_issuer_sees_every_use() {
    let world = World::new().await;
    let base_url = world.running.base_url();
    let user = &world.department;
    let issuer = Department::enrol_with(base_url, "issuer", &json!({ "handles": [ISSUER] })).await;
    let licence = licence();
    let stranger = Department::enrol(base_url, "stranger").await;
    let uses = async |who: &Department| {
        let answer = who.get(&format!("/v1/licences/{licence}/uses")).await;
        assert_eq!(answer.body["licence"], json!(licence), "{:#}", answer.body);
        answer.body["uses"].as_array().unwrap().clone()
    };
    assert!(uses(&issuer).await.is_empty());
    let cause = "核验申请人主体资格";
    let applied = citing(&world, user, &json!({ "licence": licence, "cause": cause })).await;
    assert_eq!(status(user, &applied).await, ("settled".to_owned(), vec![]));
    // Sent again, it is no further use.
    assert_eq!(status(user, &applied).await.0, "duplicate");
    for who in [&issuer, user] {
        let seen = uses(who).await;
        assert_eq!(seen.len(), 1, "{}", who.party);
        assert_eq!((&seen[0]["cause"], &seen[0]["party"]), (&json!(cause), &json!("civil-affairs")));
        assert_eq!((&seen[0]["case"], &seen[0]["number"]), (&applied["subject"], &applied["number"]));
    }
    assert!(uses(&stranger).await.is_empty(), "what is not his business looks like nothing");
    let again = citing(&world, &stranger, &json!({ "licence": licence, "cause": "比对" })).await;
    assert_eq!(status(&stranger, &again).await.0, "settled");
    assert_eq!((uses(&issuer).await.len(), uses(user).await.len(), uses(&stranger).await.len()), (2, 1, 1));
    // Of an area everybody in it could claim to be the issuer: nobody is.
    let of_an_area = citing(&world, user, &json!({ "licence": OF_AN_AREA, "cause": cause })).await;
    assert_eq!(status(user, &of_an_area).await.0, "settled");
    let seen = issuer.get(&format!("/v1/licences/{OF_AN_AREA}/uses")).await;
    assert_eq!(seen.body["uses"], json!([]));
    let wrong = user.get("/v1/licences/1.2.156/uses").await;
    assert!(wrong.code().starts_with("identifier.") || wrong.code() == "request.invalid", "{:#}", wrong.body);
}

#[tokio::test]
async fn a_citation_without_a_cause_and_a_cause_without_a_citation_are_refused_with_their_paths() {
    let world = World::new().await;
    let user = &world.department;
    for (citation, code) in [
        (json!({ "licence": licence() }), "request.missing_field"),
        (json!({ "licence": licence(), "cause": " " }), "request.invalid_value"),
        (json!({ "cause": "核验" }), "request.invalid_value"),
    ] {
        let (outcome, faults) = status(user, &citing(&world, user, &citation).await).await;
        assert_eq!(outcome, "refused", "{citation}");
        assert_eq!(faults, [("/data/materials/0/cause".to_owned(), code.to_owned())], "{citation}");
    }
    let refused = world.ledger().await;
    assert_eq!(refused["effects"]["cases"], json!([]));
}
