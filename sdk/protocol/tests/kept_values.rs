//! What is not known is kept and told; what a human lets pass is checked; an item's code is read by its named generation.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde_json::{Value, json};
use tongqiao_protocol::case::{CaseEvent, CaseEventData, ItemReference};
use tongqiao_protocol::{CaseNumber, ErrorCode, ItemCode, ItemCodeGeneration};

const PORTAL_KEY: &str = "0123456789abcdef0123456789abcdef";

fn application() -> Value {
    json!({
        "specversion": "1.0", "id": "01936b2e-7f5a-7c3e-9f10-000000000001", "source": "urn:tongqiao:party:civil-affairs",
        "type": "cn.tongqiao.case.applied.v1", "subject": "01936b2e-7f5a-7c3e-9f10-000000000002",
        "time": "2026-11-23T14:00:00.000+08:00", "datacontenttype": "application/json",
        "producer": "01936b2e-7f5a-7c3e-9f10-000000000003", "incarnation": "01936b2e-7f5a-7c3e-9f10-000000000004",
        "sequence": 1, "revision": 0, "dataclass": "personal", "clock": "attested",
        "number": CaseNumber::build(&"340705".parse().unwrap(), 2026, 1).unwrap().to_string(),
        "data": {
            "item": { "code": "11320900014355232Q300071500101701", "version": 1 },
            "division": "340705000000",
            "applicant": {
                "kind": "organisation", "name": "测试公司",
                "identity": {
                    "kind": { "set": "organisation_id", "generation": "gb11714-1997", "code": "organisation-code" },
                    "number": "00877869-3"
                }
            },
            "form": {}, "materials": [],
            "channel": { "set": "handle_form", "generation": "gb39046-2020", "code": "1" }
        }
    })
}

/// Paths and codes of the faults, or of the remarks when there are none.
/// Paths with what was noted there.
type Noted = Vec<(String, ErrorCode)>;

fn read(event: &Value) -> Result<Noted, Noted> {
    let told = |faults: tongqiao_protocol::Faults| faults.iter().map(|one| (one.path.clone(), one.code)).collect();
    match CaseEvent::parse_with_remarks(event.to_string().as_bytes()) {
        Ok((event, remarks)) => {
            assert_eq!(CaseEvent::parse(&event.to_bytes()).unwrap(), event, "what is kept is sent on");
            Ok(told(remarks))
        }
        Err(faults) => Err(told(faults)),
    }
}

fn told(path: &str, code: ErrorCode) -> Vec<(String, ErrorCode)> {
    vec![(path.to_owned(), code)]
}

fn decision(path: &str) -> Value {
    json!({ "path": path, "code": "identifier.check", "by": "窗口 3 号", "reason": "证件原件如此",
            "at": "2026-11-23T14:00:00.000+08:00" })
}

#[test]
fn an_application_of_known_values_gives_no_remark() {
    assert_eq!(read(&application()), Ok(vec![]));
}

#[test]
fn an_unknown_set_generation_or_code_is_kept_and_told_with_its_path() {
    for (member, value) in [("set", "handle_shape"), ("generation", "gb39046-2031"), ("code", "77")] {
        let mut event = application();
        event["data"]["channel"][member] = json!(value);
        assert_eq!(read(&event), Ok(told("/data/channel", ErrorCode::IdentifierUnknownSet)), "{member}");
    }
    let mut event = application();
    event["data"]["channel"]["code"] = json!("77");
    let (_, remarks) = CaseEvent::parse_with_remarks(event.to_string().as_bytes()).unwrap();
    let expected = [("set", "handle_form"), ("generation", "gb39046-2020"), ("code", "77")];
    assert_eq!(remarks.0[0].params, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn a_word_of_a_later_version_is_kept_and_told() {
    let mut event = application();
    event.as_object_mut().unwrap().remove("number");
    event["type"] = json!("cn.tongqiao.case.delivered.v1");
    event["data"] = json!({ "method": "drone", "delivered_on": "2026-11-23T14:00:00.000+08:00" });
    assert_eq!(read(&event), Ok(told("/data/method", ErrorCode::IdentifierUnknownSet)));
    event["data"]["method"] = json!("window");
    assert_eq!(read(&event), Ok(vec![]));
}

#[test]
fn the_kind_of_a_number_is_told_by_set_and_generation_and_code() {
    let number = "/data/applicant/identity/number";
    let mut event = application();
    let identity = |generation: &str, code: &str| json!({ "kind": { "set": "id_type", "generation": generation, "code": code }, "number": "340705199001010011" });
    event["data"]["applicant"]["identity"] = identity("ga2000.156", "111");
    assert_eq!(read(&event), Err(told(number, ErrorCode::IdentifierCheck)));
    event["data"]["applicant"]["identity"] = identity("zhejiang-personal", "1");
    assert_eq!(read(&event), Err(told(number, ErrorCode::IdentifierCheck)));
    // What 111 is in a generation that nobody here knows, nobody here can check.
    event["data"]["applicant"]["identity"] = identity("ga2000.999", "111");
    assert_eq!(read(&event), Ok(told("/data/applicant/identity/kind", ErrorCode::IdentifierUnknownSet)));
    event["data"]["applicant"]["identity"] = identity("zhejiang-personal", "2");
    assert_eq!(read(&event), Ok(vec![]));
}

#[test]
fn an_organisation_code_is_checked_and_may_be_overridden() {
    let number = "/data/applicant/identity/number";
    let mut event = application();
    event["data"]["applicant"]["identity"]["number"] = json!("00877869-4");
    assert_eq!(read(&event), Err(told(number, ErrorCode::IdentifierCheck)));
    event["data"]["overrides"] = json!([decision(number)]);
    assert_eq!(read(&event), Ok(vec![]));
    event["data"]["applicant"]["identity"]["number"] = json!("0087786");
    assert_eq!(read(&event), Err(told(number, ErrorCode::IdentifierLength)));
}

#[test]
fn an_override_that_is_about_no_number_of_the_application_is_refused() {
    let (number, agent) = ("/data/applicant/identity/number", "/data/applicant/agent/identity/number");
    for wrong in [agent, "/data/division", "/applicant/identity/number", "x", "/data/materials/0/licence"] {
        let mut event = application();
        event["data"]["overrides"] = json!([decision(number), decision(wrong)]);
        let refused = told("/data/overrides/1/path", ErrorCode::IdentifierOverrideRefused);
        assert_eq!(read(&event), Err(refused), "{wrong}");
    }
    let mut event = application();
    event["data"]["overrides"] = json!([decision(number), decision(number)]);
    assert_eq!(read(&event), Err(told("/data/overrides/1/path", ErrorCode::IdentifierOverrideRefused)));
    event["data"]["applicant"]["agent"] = json!({
        "name": "测试乙", "valid_until": "2027-11-23T14:00:00.000+08:00",
        "identity": {
            "kind": { "set": "id_type", "generation": "ga2000.156", "code": "111" }, "number": "340705199001010011"
        }
    });
    event["data"]["overrides"] = json!([decision(agent)]);
    assert_eq!(read(&event), Ok(vec![]));
}

#[test]
fn an_override_is_validated_even_where_the_number_needs_none() {
    let mut event = application();
    let mut blank = decision("/data/applicant/identity/number");
    blank["code"] = json!("identifier.date");
    event["data"]["overrides"] = json!([blank]);
    assert_eq!(read(&event), Err(told("/data/overrides/0", ErrorCode::IdentifierOverrideRefused)));
}

#[test]
fn an_item_is_read_by_the_generation_that_is_named_and_keeps_it() {
    let mut event = application();
    event["data"]["item"] = json!({ "code": PORTAL_KEY, "version": 1 });
    assert_eq!(read(&event), Err(told("/data/item/code", ErrorCode::IdentifierLength)));
    event["data"]["item"]["generation"] = json!("anhui-portal");
    assert_eq!(read(&event), Ok(vec![]));
    event["data"]["item"] = json!({ "code": "0105632000", "version": 1, "generation": "shanghai-inner" });
    assert_eq!(read(&event), Ok(vec![]));
    let parsed = CaseEvent::parse(event.to_string().as_bytes()).unwrap();
    let CaseEventData::Applied(parsed) = parsed.data else { panic!("an application") };
    assert_eq!(parsed.item.code.generation().name(), "shanghai-inner");
    event["data"]["item"]["generation"] = json!("2018-base");
    assert_eq!(read(&event), Err(told("/data/item/code", ErrorCode::IdentifierLength)));
}

#[test]
fn an_ambiguous_code_and_an_unknown_generation_are_told() {
    let mut event = application();
    event["data"]["item"] = json!({ "code": "0105632000", "version": 1 });
    assert_eq!(read(&event), Ok(told("/data/item/generation", ErrorCode::IdentifierUnknownSet)));
    let (_, remarks) = CaseEvent::parse_with_remarks(event.to_string().as_bytes()).unwrap();
    assert_eq!(remarks.0[0].params[1], ("generation".to_owned(), "2016-base, shanghai-inner".to_owned()));
    event["data"]["item"]["generation"] = json!("2030-base");
    assert_eq!(read(&event), Ok(told("/data/item/generation", ErrorCode::IdentifierUnknownSet)));
    event["data"]["item"]["code"] = json!("2030-X");
    let unknown = read(&event).unwrap_err();
    assert!(unknown.contains(&("/data/item/generation".to_owned(), ErrorCode::IdentifierUnknownSet)), "{unknown:?}");
}

#[test]
fn a_reference_names_the_generation_only_where_the_code_does_not_say_it() {
    let reference = |generation: &str, code: &str| {
        let generation = ItemCodeGeneration::from_name(generation).unwrap();
        ItemReference::new(ItemCode::parse_as(generation, code).unwrap(), 1).generation
    };
    assert_eq!(reference("2018-base", "000715001017"), None);
    assert_eq!(reference("2016-base", "0105632000").as_deref(), Some("2016-base"));
    assert_eq!(reference("shanghai-inner", "0105632000").as_deref(), Some("shanghai-inner"));
    assert_eq!(reference("anhui-portal", PORTAL_KEY).as_deref(), Some("anhui-portal"));
}
