//! Records go to bytes and back, and every fault of a message is found with its path.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde_json::{Value, json};
use tongqiao_protocol::bill::BillRecord;
use tongqiao_protocol::case::{CaseEvent, CaseEventData};
use tongqiao_protocol::{ErrorCode, Faults};

fn application() -> Value {
    json!({
        "specversion": "1.0",
        "id": "01936b2e-7f5a-7c3e-9f10-000000000001",
        "source": "urn:tongqiao:party:civil-affairs",
        "type": "cn.tongqiao.case.applied.v1",
        "subject": "01936b2e-7f5a-7c3e-9f10-000000000002",
        "time": "2026-11-23T14:00:00.000+08:00",
        "datacontenttype": "application/json",
        "producer": "01936b2e-7f5a-7c3e-9f10-000000000003",
        "incarnation": "01936b2e-7f5a-7c3e-9f10-000000000004",
        "sequence": 1,
        "revision": 0,
        "number": tongqiao_protocol::CaseNumber::build(&"340705".parse().unwrap(), 2026, 1).unwrap().to_string(),
        "dataclass": "personal",
        "clock": "attested",
        "unknown_member": {"ignored": true},
        "data": {
            "item": {"code": "11320900014355232Q300071500101701", "version": 1},
            "division": "340705000000",
            "applicant": {
                "kind": "person",
                "name": "测试甲",
                "identity": {
                    "kind": {"set": "id_type", "generation": "ga2000.156", "code": "111"},
                    "number": "340705199001010016"
                }
            },
            "form": {"household": 3},
            "materials": [{"name": "身份证"}],
            "channel": {"set": "handle_form", "generation": "gb39046-2020", "code": "1"}
        }
    })
}

fn faults_of(event: &Value) -> Vec<(String, ErrorCode)> {
    let faults: Faults = CaseEvent::parse(event.to_string().as_bytes()).unwrap_err();
    faults.iter().map(|fault| (fault.path.clone(), fault.code)).collect()
}

#[test]
fn an_application_survives_the_way_to_bytes_and_back() {
    let event = CaseEvent::parse(application().to_string().as_bytes()).unwrap();
    assert!(matches!(event.data, CaseEventData::Applied(_)));
    assert_eq!(CaseEvent::parse(&event.to_bytes()).unwrap(), event);
}

#[test]
fn all_faults_come_at_once_with_their_paths() {
    let mut event = application();
    event["sequence"] = json!("1");
    event["time"] = json!("yesterday");
    event["data"]["applicant"]["identity"]["number"] = json!("340705199001010011");
    event["data"]["materials"][0] = json!(7);
    event["data"]["channel"] = Value::Null;
    event["data"]["item"]["version"] = json!(0);
    let faults = faults_of(&event);
    for expected in [
        ("/sequence", ErrorCode::RequestWrongType),
        ("/time", ErrorCode::RequestInvalidValue),
        ("/data/applicant/identity/number", ErrorCode::IdentifierCheck),
        ("/data/materials/0", ErrorCode::RequestWrongType),
        ("/data/channel", ErrorCode::RequestMissingField),
        ("/data/item/version", ErrorCode::RequestInvalidValue),
    ] {
        assert!(faults.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} not in {faults:?}");
    }
    assert_eq!(faults.len(), 6, "{faults:?}");
}

#[test]
fn a_failed_check_may_be_overridden_by_a_named_human_and_a_wrong_date_may_not() {
    let mut event = application();
    let overridden = json!([{
        "path": "/data/applicant/identity/number", "code": "identifier.check",
        "by": "窗口 3 号", "reason": "证件原件如此", "at": "2026-11-23T14:00:00.000+08:00"
    }]);
    event["data"]["overrides"] = overridden;
    event["data"]["applicant"]["identity"]["number"] = json!("340705199001010011");
    let parsed = CaseEvent::parse(event.to_string().as_bytes()).unwrap();
    assert_eq!(CaseEvent::parse(&parsed.to_bytes()).unwrap(), parsed);
    event["data"]["applicant"]["identity"]["number"] = json!("340705199002310010");
    assert_eq!(faults_of(&event), [("/data/applicant/identity/number".to_owned(), ErrorCode::IdentifierDate)]);
}

#[test]
fn an_override_of_a_public_body_or_with_an_endless_name_is_refused() {
    let mut event = application();
    event["data"]["applicant"] = json!({
        "kind": "organisation", "name": "测试机关",
        "identity": {
            "kind": {"set": "organisation_id", "generation": "gb32100-2015", "code": "credit-code"},
            "number": "113407000000000811"
        }
    });
    let mut decision = json!({
        "path": "/data/applicant/identity/number", "code": "identifier.check",
        "by": "窗口 3 号", "reason": "证件原件如此", "at": "2026-11-23T14:00:00.000+08:00"
    });
    event["data"]["overrides"] = json!([decision]);
    let refused = ErrorCode::IdentifierOverrideRefused;
    assert_eq!(faults_of(&event), [("/data/applicant/identity/number".to_owned(), refused)]);
    event["data"]["applicant"]["identity"]["number"] = json!("91350211M0000XUF46");
    CaseEvent::parse(event.to_string().as_bytes()).unwrap();
    decision["by"] = json!("长".repeat(65));
    event["data"]["overrides"] = json!([decision]);
    assert_eq!(faults_of(&event), [("/data/overrides/0".to_owned(), ErrorCode::IdentifierOverrideIncomplete)]);
}

#[test]
fn an_unknown_kind_of_event_is_refused_and_not_guessed() {
    let mut event = application();
    event["type"] = json!("cn.tongqiao.case.teleported.v1");
    assert_eq!(faults_of(&event), [("/type".to_owned(), ErrorCode::EventUnknownKind)]);
}

#[test]
fn bytes_that_are_no_json_object_are_refused_with_the_right_code() {
    for (bytes, code) in [
        (&b"{\"a\":"[..], ErrorCode::RequestMalformedJson),
        (b"[]", ErrorCode::RequestWrongType),
        (b"{\"name\":\"\xd5\xc5\"}", ErrorCode::RequestNotUtf8),
    ] {
        let faults = CaseEvent::parse(bytes).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [code]);
    }
}

#[test]
fn a_bill_whose_lines_do_not_add_up_names_both_sums() {
    let mut bill = json!({
        "bill": "01936b2e-7f5a-7c3e-9f10-000000000009", "party": "civil-affairs", "division": "340705",
        "payer": {"name": "测试甲"}, "amount": "30.00", "late_fee": "0.00",
        "lines": [{"code": "A1", "name": "工本费", "quantity": 3, "unit_price": "10.00", "amount": "30.00"}],
        "not_after": "2026-12-23T14:00:00.000+08:00", "created": "2026-11-23T14:00:00.000+08:00"
    });
    let record = BillRecord::parse(bill.to_string().as_bytes()).unwrap();
    assert_eq!(BillRecord::parse(&record.to_bytes()).unwrap(), record);
    bill["amount"] = json!("31.00");
    bill["lines"][0]["unit_price"] = json!("11.00");
    let faults = BillRecord::parse(bill.to_string().as_bytes()).unwrap_err();
    let found: Vec<_> = faults.iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
    assert_eq!(found, [("/lines/0/amount", ErrorCode::BillAmountMismatch), ("/amount", ErrorCode::BillAmountMismatch)]);
}
