//! A draft with faults: all of them at once, in both languages, and nothing happens.

use tongqiao::{CaseDraft, ItemQuery, Language, Outcome};
use tongqiao_protocol::ErrorCode;

use super::sandbox::{CITIZEN, Sandbox, draft};

#[tokio::test]
async fn every_fault_is_told_at_once_with_its_path() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let items = client.items().find(&ItemQuery::text("file certificate")).await.unwrap();
    let draft = CaseDraft::for_item(&items[0])
        .person("", "340702196802290210")
        .field("contact-phone", "13800000000")
        .material("passport", "护照")
        .channel("7");
    let error = client.cases().open(&draft).await.unwrap_err();
    let found: Vec<_> = error.faults().iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
    for expected in [
        ("/data/applicant/identity/number", ErrorCode::IdentifierCheck),
        ("/data/form/reason", ErrorCode::ItemFormFieldMissing),
        ("/data/materials", ErrorCode::CaseMaterialMissing),
        ("/data/materials/0/guide", ErrorCode::ItemMaterialUnknown),
        ("/data/channel", ErrorCode::ItemChannelNotOffered),
    ] {
        assert!(found.contains(&expected), "{expected:?} is missing in {found:?}");
    }
    assert!(found.iter().any(|(path, _)| *path == "/data/applicant/name"), "{found:?}");
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert_ne!(error.message(Language::Chinese), error.message(Language::English));
    // No personal data in what a log would show.
    assert!(!format!("{error} {error:?}").contains("340702196802290210"));
    assert_eq!(client.outbox().statistics().await.unwrap().pending, 0);
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 0);
}

/// What stands in one place must not hide what the guide says of another.
#[tokio::test]
async fn a_faulty_division_and_channel_hide_nothing_that_the_guide_says() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let items = client.items().find(&ItemQuery::text("file certificate")).await.unwrap();
    let draft = CaseDraft::new(&items[0].code, items[0].version, "990000")
        .person("测试用户", CITIZEN)
        .channel("")
        .field("contact-phone", "打我手机")
        .field("reason", "  ")
        .field("shoe-size", 43);
    let error = client.cases().check(&draft).await.unwrap_err();
    let found: Vec<_> = error.faults().iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
    for expected in [
        ("/data/form/contact-phone", ErrorCode::RequestInvalidValue),
        ("/data/form/reason", ErrorCode::ItemFormFieldMissing),
        ("/data/form/shoe-size", ErrorCode::RequestInvalidValue),
        ("/data/materials", ErrorCode::CaseMaterialMissing),
    ] {
        assert!(found.contains(&expected), "{expected:?} is missing in {found:?}");
    }
    for faulty in ["/data/division", "/data/channel"] {
        let of_form = |path: &str| path.starts_with(faulty);
        assert!(found.iter().any(|(path, _)| of_form(path)), "{faulty} is missing in {found:?}");
    }
    assert!(!found.iter().any(|(_, code)| *code == ErrorCode::ItemDivisionMismatch), "{found:?}");
}

#[tokio::test]
async fn a_human_may_keep_a_number_whose_check_character_fails() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let wrong = format!("{}0", &CITIZEN[..17]);
    let draft = draft(&client).await.person("测试用户", &wrong);
    assert_eq!(client.cases().check(&draft).await.unwrap_err().faults().len(), 1);
    let kept = draft.override_check("/data/applicant/identity/number", "测试主管", "证件上确系此号");
    client.cases().check(&kept).await.unwrap();
}
