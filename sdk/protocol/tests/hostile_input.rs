//! Whatever arrives, reading ends with an answer, and the answer says where the fault is.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(clippy::let_underscore_must_use, reason = "only that it ends is asked for")]

use proptest::prelude::*;
use serde_json::{Value, json};
use tongqiao_protocol::bill::BillRecord;
use tongqiao_protocol::case::{CaseEvent, CaseEventKind};
use tongqiao_protocol::explain::{Failed, explain};
use tongqiao_protocol::hop_signature::{HopSignature, parse_signature_header};
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{
    Amount, CaseNumber, Digest, ErrorCode, KeyId, Language, Problem, PublicKey, SignatureValue, SignedRecord, Suite,
    Timestamp, Verifier, VerifyError,
};

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

fn withdrawn() -> Value {
    event("withdrawn", &json!({ "reason": "不再办理" }))
}

fn paths(event: &Value) -> Vec<String> {
    let faults = CaseEvent::parse(event.to_string().as_bytes()).err();
    faults.iter().flat_map(|faults| faults.iter().map(|fault| fault.path.clone())).collect()
}

#[test]
fn every_member_that_the_table_requires_is_missed_by_name() {
    let table = include_str!("../../../conformance/spec/case-life.tsv");
    let mut kinds = 0;
    for kind in CaseEventKind::ALL {
        let rows = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
        let required = rows.filter(|row| row[1] == kind.as_str()).map(|row| row[5].to_owned()).next().unwrap();
        let found = paths(&event(kind.as_str(), &json!({})));
        for member in required.split(' ') {
            assert!(found.contains(&format!("/data/{member}")), "{kind:?}: {member} in {found:?}");
        }
        kinds += 1;
    }
    assert_eq!(kinds, CaseEventKind::ALL.len());
    assert!(kinds >= 18, "a kind was lost");
}

#[test]
fn a_member_of_the_envelope_that_is_missing_or_of_a_wrong_type_is_named() {
    assert_eq!(paths(&withdrawn()), Vec::<String>::new());
    let members: Vec<String> = withdrawn().as_object().unwrap().keys().cloned().collect();
    for member in members {
        let path = format!("/{member}");
        let mut event = withdrawn();
        event.as_object_mut().unwrap().remove(&member);
        let is_optional = member == "datacontenttype";
        assert!(is_optional || paths(&event).contains(&path), "without {member}: {:?}", paths(&event));
        for wrong in [json!(true), json!([]), json!(-1), json!(1.5)] {
            let mut event = withdrawn();
            event[&member] = wrong.clone();
            assert!(paths(&event).contains(&path), "{member} = {wrong}: {:?}", paths(&event));
        }
    }
}

#[test]
fn gbk_is_told_from_broken_json() {
    let code = |bytes: &[u8]| CaseEvent::parse(bytes).unwrap_err().0[0].code;
    assert_eq!(code(b"{\"name\":\"\xcd\xad\xc1\xea\"}"), ErrorCode::RequestNotUtf8);
    assert_eq!(code(b"{\"name\":"), ErrorCode::RequestMalformedJson);
}

#[test]
fn a_thousand_brackets_do_not_overflow_the_stack() {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert!(CaseEvent::parse(&deep).is_err());
    assert!(BillRecord::parse(&deep).is_err());
    assert!(Problem::parse(&deep).is_none());
}

/// Accepts nothing, so that every candidate is tried.
struct Never;

impl Verifier for Never {
    fn verify(&self, _: &PublicKey, _: &[u8], _: &SignatureValue) -> Result<(), VerifyError> {
        Err(VerifyError::Mismatch)
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("340705000000")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{1,12}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Names of members that some kind of event reads.
const MEMBERS: &[&str] = &[
    "item",
    "division",
    "applicant",
    "form",
    "materials",
    "channel",
    "overrides",
    "result",
    "handler",
    "lines",
    "reason",
    "accepted_on",
    "promise",
    "legal_basis",
    "remedy",
    "step",
    "started",
    "ended",
    "procedure",
    "begun",
    "decided_on",
    "method",
    "delivered_on",
    "score",
];

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,200}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = CaseEvent::parse(bytes);
            let _ = BillRecord::parse(bytes);
            let _ = Problem::parse(bytes);
            let _ = serde_json::from_slice::<Receipt>(bytes);
            let _ = serde_json::from_slice::<SignedRecord>(bytes);
            let _ = Language::from_accept_language(&String::from_utf8_lossy(bytes));
        }
        let _ = HopSignature::parse(&text);
        let _ = HopSignature::parse(&format!("sig1=(\"@method\" \"@path\" \"@query\" \"content-digest\"){text}"));
        let _ = parse_signature_header(&text);
        let _ = (text.parse::<Amount>(), text.parse::<Timestamp>(), text.parse::<Digest>(), text.parse::<KeyId>());
    }

    #[test]
    fn arbitrary_data_is_read_or_every_fault_has_its_place(
        kind in prop::sample::select(CaseEventKind::ALL.to_vec()),
        members in prop::collection::vec((prop::sample::select(MEMBERS), any_json()), 0..8),
    ) {
        let data = Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        let event = event(kind.as_str(), &data);
        match CaseEvent::parse(event.to_string().as_bytes()) {
            Ok(read) => prop_assert_eq!(CaseEvent::parse(&read.to_bytes()).unwrap(), read),
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                for fault in &faults {
                    prop_assert!(fault.path.starts_with("/data"), "{} at {:?}", fault.code, fault.path);
                }
            }
        }
    }

    #[test]
    fn explaining_any_signature_over_any_message_ends(
        message in prop::collection::vec(any::<u8>(), 0..120),
        signature in prop::collection::vec(any::<u8>(), 0..150),
        is_hop in any::<bool>(),
    ) {
        let message = if is_hop { [b"\"@method\": ".as_slice(), &message].concat() } else { message };
        let key_id: KeyId = "test-only/1".parse().unwrap();
        for (suite, bytes) in [(Suite::International, vec![0; 32]), (Suite::ShangMi, vec![4; 65])] {
            let key = PublicKey::new(suite, bytes).unwrap();
            let others = [(&key_id, &key)];
            let claimed = Some(signature.as_slice());
            let failed = Failed { key_id: &key_id, key: &key, message: &message, signature: &signature, claimed, other_keys: &others };
            let explanation = explain(&failed, &Never, &[]).unwrap();
            prop_assert_eq!(explanation.likely_cause, None);
            prop_assert!(!explanation.message(Language::Chinese).is_empty());
        }
    }

    #[test]
    fn a_timestamp_and_an_amount_come_back(millis in -62_135_596_800_000_i64..253_402_214_400_000, fen in 0_i64..=9_999_999_999_999_999) {
        let time = Timestamp::from_millis(millis);
        prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        let amount = Amount::from_fen(fen).unwrap();
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
    }
}
