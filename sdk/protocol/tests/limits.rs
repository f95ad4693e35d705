//! Every limit of a record, at the limit and one past it.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde_json::{Value, json};
use tongqiao_protocol::bill::{BillRecord, RefundRecord, VoidRecord};
use tongqiao_protocol::case::CaseEvent;
use tongqiao_protocol::{CaseNumber, ErrorCode, Faults, limits};

fn event(kind: &str, data: &Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": "01936b2e-7f5a-7c3e-9f10-000000000001", "source": "urn:tongqiao:party:civil-affairs",
        "type": format!("cn.tongqiao.case.{kind}.v1"), "subject": "01936b2e-7f5a-7c3e-9f10-000000000002",
        "time": "2026-11-23T14:00:00.000+08:00", "datacontenttype": "application/json",
        "producer": "01936b2e-7f5a-7c3e-9f10-000000000003", "incarnation": "01936b2e-7f5a-7c3e-9f10-000000000004",
        "sequence": 1, "revision": 0, "dataclass": "personal", "clock": "attested", "data": data
    });
    if kind == "applied" {
        let number = CaseNumber::build(&"340705".parse().unwrap(), 2026, 1).unwrap();
        event["number"] = json!(number.to_string());
    }
    event
}

fn application() -> Value {
    event(
        "applied",
        &json!({
            "item": { "code": "11320900014355232Q300071500101701", "version": 1 },
            "division": "340705000000",
            "applicant": {
                "kind": "person", "name": "测试甲",
                "identity": {
                    "kind": { "set": "id_type", "generation": "ga2000.156", "code": "111" }, "number": "340705199001010016"
                }
            },
            "form": {},
            "materials": [],
            "channel": { "set": "handle_form", "generation": "gb39046-2020", "code": "1" }
        }),
    )
}

fn correction_notice() -> Value {
    event("correction-requested", &json!({ "lines": [line()], "handler": "窗口 3 号" }))
}

fn correction() -> Value {
    event("corrected", &json!({ "lines": [line()], "materials": [] }))
}

fn line() -> Value {
    json!({ "cites": "material", "id": "m1", "text": "缺少身份证" })
}

fn material() -> Value {
    json!({ "name": "身份证" })
}

fn bill_line() -> Value {
    json!({ "code": "A1", "name": "工本费", "quantity": 1, "unit_price": "0.01", "amount": "0.01" })
}

fn bill(lines: usize) -> Value {
    json!({
        "bill": "01936b2e-7f5a-7c3e-9f10-000000000009", "party": "civil-affairs", "division": "340705",
        "payer": { "name": "测试甲" }, "amount": format!("{}.{:02}", lines / 100, lines % 100), "late_fee": "0.00",
        "lines": vec![bill_line(); lines],
        "not_after": "2026-12-23T14:00:00.000+08:00", "created": "2026-11-23T14:00:00.000+08:00"
    })
}

fn refund() -> Value {
    json!({
        "refund": "01936b2e-7f5a-7c3e-9f10-00000000000a", "bill": "01936b2e-7f5a-7c3e-9f10-000000000009",
        "party": "civil-affairs", "amount": "0.01", "reason": "重复缴款",
        "not_after": "2026-12-23T14:00:00.000+08:00", "created": "2026-11-23T14:00:00.000+08:00"
    })
}

fn void() -> Value {
    json!({
        "bill": "01936b2e-7f5a-7c3e-9f10-000000000009", "party": "civil-affairs", "reason": "开错",
        "created": "2026-11-23T14:00:00.000+08:00"
    })
}

fn event_faults(value: &Value) -> Option<Faults> {
    CaseEvent::parse(value.to_string().as_bytes()).err()
}

fn bill_faults(value: &Value) -> Option<Faults> {
    BillRecord::parse(value.to_string().as_bytes()).err()
}

fn refund_faults(value: &Value) -> Option<Faults> {
    RefundRecord::parse(value.to_string().as_bytes()).err()
}

fn void_faults(value: &Value) -> Option<Faults> {
    VoidRecord::parse(value.to_string().as_bytes()).err()
}

/// A record, the reader of its kind, and a member of it.
type Place = (Value, fn(&Value) -> Option<Faults>, &'static str);

/// Puts `right` and then `wrong` at every place: the first is read, the second is refused there and nowhere else.
fn is_limited_at(places: Vec<Place>, right: &Value, wrong: &Value) {
    for (mut record, faults, path) in places {
        *record.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = right.clone();
        assert_eq!(faults(&record), None, "{path} at the limit");
        *record.pointer_mut(path).unwrap() = wrong.clone();
        let found = faults(&record).unwrap();
        let found: Vec<_> = found.iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
        assert_eq!(found, [(path, ErrorCode::RequestInvalidValue)], "{path} one past the limit");
    }
}

#[test]
fn short_texts_end_at_their_limit_in_characters() {
    let text = |characters: usize| json!("字".repeat(characters));
    is_limited_at(
        vec![
            (application(), event_faults, "/data/applicant/name"),
            (correction_notice(), event_faults, "/data/handler"),
            (correction(), event_faults, "/data/lines/0/id"),
            (bill(1), bill_faults, "/payer/name"),
            (bill(1), bill_faults, "/lines/0/name"),
        ],
        &text(limits::SHORT_TEXT_CHARS_MAX),
        &text(limits::SHORT_TEXT_CHARS_MAX + 1),
    );
}

#[test]
fn long_texts_end_at_their_limit_in_characters() {
    let text = |characters: usize| json!("由".repeat(characters));
    is_limited_at(
        vec![
            (correction_notice(), event_faults, "/data/lines/0/text"),
            (event("withdrawn", &json!({ "reason": "不再办理" })), event_faults, "/data/reason"),
            (refund(), refund_faults, "/reason"),
            (void(), void_faults, "/reason"),
        ],
        &text(limits::LONG_TEXT_CHARS_MAX),
        &text(limits::LONG_TEXT_CHARS_MAX + 1),
    );
}

#[test]
fn lists_of_materials_and_of_correction_lines_end_at_their_limits() {
    let list = |entry: Value, length: usize| Value::from(vec![entry; length]);
    is_limited_at(
        vec![(application(), event_faults, "/data/materials"), (correction(), event_faults, "/data/materials")],
        &list(material(), limits::MATERIALS_MAX),
        &list(material(), limits::MATERIALS_MAX + 1),
    );
    is_limited_at(
        vec![(correction_notice(), event_faults, "/data/lines"), (correction(), event_faults, "/data/lines")],
        &list(line(), limits::CORRECTION_LINES_MAX),
        &list(line(), limits::CORRECTION_LINES_MAX + 1),
    );
    let none = [correction_notice(), correction()].map(|mut event| {
        event["data"]["lines"] = json!([]);
        event_faults(&event).unwrap().0[0].path.clone()
    });
    assert_eq!(none, ["/data/lines", "/data/lines"]);
}

#[test]
fn a_bill_has_one_line_at_least_and_ends_at_its_limit() {
    assert_eq!(bill_faults(&bill(1)), None);
    assert_eq!(bill_faults(&bill(limits::BILL_LINES_MAX)), None);
    for wrong in [0, limits::BILL_LINES_MAX + 1] {
        let faults = bill_faults(&bill(wrong)).unwrap();
        assert!(faults.iter().any(|fault| fault.path == "/lines"), "{wrong}: {faults}");
    }
}

#[test]
fn sequence_and_revision_end_where_every_json_reader_still_counts() {
    let beyond = limits::SEQUENCE_MAX + 1;
    is_limited_at(
        vec![(application(), event_faults, "/sequence"), (application(), event_faults, "/revision")],
        &json!(limits::SEQUENCE_MAX),
        &json!(beyond),
    );
    is_limited_at(vec![(application(), event_faults, "/sequence")], &json!(1), &json!(0));
    assert_eq!(beyond, 1 << 53);
}

#[test]
fn a_record_ends_at_its_limit_in_bytes() {
    for (record, faults) in [(application(), CaseEvent::parse as fn(&[u8]) -> _), (correction(), CaseEvent::parse)] {
        let mut bytes = record.to_string().into_bytes();
        bytes.resize(limits::MESSAGE_BYTES_MAX, b' ');
        faults(&bytes).unwrap();
        bytes.push(b' ');
        assert_eq!(faults(&bytes).unwrap_err().0[0].code, ErrorCode::RequestTooLarge);
    }
    let mut bytes = bill(1).to_string().into_bytes();
    bytes.resize(limits::MESSAGE_BYTES_MAX, b' ');
    BillRecord::parse(&bytes).unwrap();
    bytes.push(b' ');
    assert_eq!(BillRecord::parse(&bytes).unwrap_err().0[0].code, ErrorCode::RequestTooLarge);
}

#[test]
fn a_form_may_be_nested_as_deep_as_json_is_read() {
    // The event is the first object, its data the second, the form the third.
    let form = |depth: usize| (3..depth).fold(json!({}), |inner, _| json!({ "a": inner }));
    let mut event = application();
    event["data"]["form"] = form(limits::JSON_DEPTH_MAX);
    assert_eq!(event_faults(&event), None);
    event["data"]["form"] = form(limits::JSON_DEPTH_MAX + 1);
    assert_eq!(event_faults(&event).unwrap().0[0].code, ErrorCode::RequestTooDeep);
}
