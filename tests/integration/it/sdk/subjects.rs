//! Who signed in, how sure that is, and which account is his.

use serde_json::json;
use tongqiao::{AssuranceFloor, Client, Credentials, Error, IdentityProvider, SignedIn, SubjectKind};
use tongqiao_protocol::{ErrorCode, Suite};

use super::sandbox::Sandbox;
use super::signing_in::{REDIRECT, choose};

async fn client(sandbox: &Sandbox) -> Client {
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    client_of(sandbox, &credentials).await
}

async fn client_of(sandbox: &Sandbox, credentials: &Credentials) -> Client {
    let registration = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
    let registered = sandbox.post("/sandbox/oidc/clients", &registration).await;
    let provider = IdentityProvider::new(&sandbox.url(), registered["client_id"].as_str().unwrap(), REDIRECT).unwrap();
    let builder = sandbox.builder(credentials).store(sandbox.path("subjects.sqlite"));
    builder.identity(provider).build().await.unwrap()
}

async fn sign_in(sandbox: &Sandbox, client: &Client, person: &str) -> Result<SignedIn, Error> {
    let sign_in = client.identity().begin().await.unwrap();
    let callback = choose(sandbox, &sign_in, person).await;
    client.identity().finish(sign_in, &callback).await
}

#[tokio::test]
async fn a_legal_person_shows_its_organisation_and_an_agent_for_whom_and_until_when() {
    let sandbox = Sandbox::start().await;
    let client = client(&sandbox).await;
    let legal = sign_in(&sandbox, &client, "u-0101").await.unwrap();
    let organisation = legal.subject().organisation().unwrap();
    assert_eq!(organisation.credit_code().unwrap().len(), 18);
    assert!(!organisation.name().is_empty() && legal.subject().mandate().is_none());
    assert_eq!(legal.subject().issuer(), sandbox.url());

    let agent = sign_in(&sandbox, &client, "u-0201").await.unwrap();
    assert_eq!(agent.subject().kind(), &SubjectKind::Agent);
    let mandate = agent.subject().mandate().unwrap();
    assert_eq!(mandate.principal().kind(), &SubjectKind::Legal);
    assert_eq!(mandate.principal().credit_code().unwrap().len(), 18);
    assert_eq!(mandate.until(), "2099-12-31T23:59:59.000+08:00".parse().unwrap());
    assert!(mandate.is_good_at(mandate.until()) && !mandate.is_good_at(mandate.until().plus_millis(1)));
}

#[tokio::test]
async fn an_agent_past_his_end_date_is_refused_with_a_code_of_his_own() {
    let sandbox = Sandbox::start().await;
    let client = client(&sandbox).await;
    let refused = sign_in(&sandbox, &client, "u-0202").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityMandateEnded);
    assert!(refused.to_string().contains("2025-12-31T23:59:59"), "{refused}");
}

#[tokio::test]
async fn a_minimum_is_judged_on_each_scale_by_its_own_order() {
    let sandbox = Sandbox::start().await;
    let client = client(&sandbox).await;
    let identity = client.identity();
    let floor = AssuranceFloor::of("natural-person", "3").or("legal-person", "2");
    for (person, is_enough) in
        [("u-0001", true), ("u-0005", false), ("u-0009", false), ("u-0101", true), ("u-0102", false), ("u-0103", true)]
    {
        let signed_in = sign_in(&sandbox, &client, person).await.unwrap();
        let judged = identity.require(signed_in.assurance(), &floor).map_err(|error| error.code());
        let expected = if is_enough { Ok(()) } else { Err(ErrorCode::IdentityAssuranceTooLow) };
        assert_eq!(judged, expected, "{person}");
    }
    let person = sign_in(&sandbox, &client, "u-0001").await.unwrap();
    let wrong_scale = identity.require(person.assurance(), &AssuranceFloor::of("legal-person", "4")).unwrap_err();
    assert_eq!(wrong_scale.code(), ErrorCode::IdentityAssuranceTooLow, "3 is no legal-person value here");
}

#[tokio::test]
async fn an_account_belongs_to_one_person_and_a_person_to_one_account_also_after_a_restart() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let first = client_of(&sandbox, &credentials).await;
    let one = sign_in(&sandbox, &first, "u-0101").await.unwrap().subject().clone();
    let other = sign_in(&sandbox, &first, "u-0103").await.unwrap().subject().clone();
    let bound = first.identity().bindings().bind("clerk-17", &one).await.unwrap();
    assert_eq!((bound.account(), bound.issuer(), bound.subject()), ("clerk-17", sandbox.url().as_str(), "u-0101"));
    first.close().await;

    let later = client_of(&sandbox, &credentials).await;
    let bindings = later.identity().bindings();
    assert_eq!(bindings.bind("clerk-17", &one).await.unwrap(), bound, "the same once more changes nothing");
    assert_eq!(bindings.account_of(&one).await.unwrap().as_ref(), Some(&bound));
    assert_eq!(bindings.of("clerk-17").await.unwrap().as_ref(), Some(&bound));
    for (account, subject, told) in [("clerk-17", &other, "another person"), ("clerk-18", &one, "clerk-17")] {
        let conflict = bindings.bind(account, subject).await.unwrap_err();
        assert_eq!(conflict.code(), ErrorCode::IdentityBindingConflict, "{account}");
        assert!(conflict.to_string().contains(told), "{conflict}");
    }
    assert_eq!(bindings.of("clerk-18").await.unwrap(), None, "a conflict binds nothing");

    assert_eq!(bindings.unbind("clerk-17").await.unwrap().as_ref(), Some(&bound));
    assert_eq!(bindings.unbind("clerk-17").await.unwrap(), None);
    bindings.bind("clerk-17", &other).await.unwrap();
    bindings.bind("clerk-18", &one).await.unwrap();
    let (long, longest) = ("x".repeat(201), "x".repeat(200));
    for bad in ["", &long] {
        assert_eq!(bindings.bind(bad, &one).await.unwrap_err().code(), ErrorCode::ClientConfiguration);
    }
    bindings.unbind("clerk-18").await.unwrap();
    bindings.bind(&longest, &one).await.unwrap();
}

#[tokio::test]
async fn of_many_who_bind_at_once_one_wins_and_the_others_are_told() {
    let sandbox = Sandbox::start().await;
    let client = client(&sandbox).await;
    let subject = sign_in(&sandbox, &client, "u-0001").await.unwrap().subject().clone();
    let attempts = (0..8).map(|number| {
        let (bindings, subject) = (client.identity().bindings(), subject.clone());
        tokio::spawn(async move { bindings.bind(&format!("account-{number}"), &subject).await })
    });
    let attempts = attempts.collect::<Vec<_>>();
    let mut won = Vec::new();
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(binding) => won.push(binding),
            Err(error) => assert_eq!(error.code(), ErrorCode::IdentityBindingConflict),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(client.identity().bindings().account_of(&subject).await.unwrap(), won.pop());
}
