//! A signature that fails explains itself: the usual mistakes, each told in both languages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};
use tongqiao_protocol::explain::LikelyCause;

use super::department::{Answer, Tamper, World, fresh_id};

/// DER of two integers, as a Java library gives a signature.
fn der(raw: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let digits: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = usize::from(digits[0] >= 0x80);
        [vec![2, u8::try_from(digits.len() + sign).unwrap()], vec![0; sign], digits].concat()
    };
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

fn assert_explained(answer: &Answer, cause: LikelyCause, language: &str) {
    let detail = answer.body["detail"].as_str().unwrap();
    let words = if language == "en" { cause.en() } else { cause.zh() };
    assert!(detail.contains(words), "{cause:?} {language}: {:#}", answer.body);
}

#[tokio::test]
async fn a_wrong_hop_signature_is_told_its_cause_in_both_languages() {
    type Sign = fn(&SigningKey, &str) -> Vec<u8>;
    let world = World::new().await;
    let mistakes: [(LikelyCause, &str, Sign); 6] = [
        (LikelyCause::TrailingNewline, "signature.mismatch", |key, base| {
            key.sign(format!("{base}\n").as_bytes()).to_vec()
        }),
        (LikelyCause::CrLf, "signature.mismatch", |key, base| key.sign(base.replace('\n', "\r\n").as_bytes()).to_vec()),
        (LikelyCause::LowerCaseMethod, "signature.mismatch", |key, base| {
            key.sign(base.replace("GET", "get").as_bytes()).to_vec()
        }),
        (LikelyCause::NoQueryLine, "signature.mismatch", |key, base| {
            key.sign(base.replace("\"@query\": ?\n", "").as_bytes()).to_vec()
        }),
        (LikelyCause::DerSignature, "signature.malformed", |key, base| der(&key.sign(base.as_bytes()).to_bytes())),
        (LikelyCause::TextSignature, "signature.malformed", |key, base| {
            STANDARD.encode(key.sign(base.as_bytes()).to_bytes()).into_bytes()
        }),
    ];
    let path = format!("/v1/cases/{}", fresh_id());
    for (cause, code, sign) in mistakes {
        for language in ["zh-CN", "en"] {
            let tamper = Tamper { sign: Some(sign), language: Some(language), ..Tamper::default() };
            let answer = world.department.send(Method::GET, &path, b"", &tamper).await;
            assert_eq!(answer.code(), code, "{:#}", answer.body);
            assert_eq!(answer.body["params"]["cause"], cause.as_str(), "{:#}", answer.body);
            assert_eq!(answer.body["params"]["keyid"], world.department.keyid());
            assert_explained(&answer, cause, language);
        }
    }
    // Somebody else's key fits none of the usual mistakes, and nothing is told of him.
    let stranger: Sign = |_, base| SigningKey::from_bytes(&[9; 32]).sign(base.as_bytes()).to_vec();
    let tamper = Tamper { sign: Some(stranger), ..Tamper::default() };
    let answer = world.department.send(Method::GET, &path, b"", &tamper).await;
    assert_eq!((answer.code(), &answer.body["params"]["cause"]), ("signature.mismatch", &Value::Null));
}

#[tokio::test]
async fn a_wrong_record_signature_is_told_its_cause_in_both_languages() {
    let world = World::new().await;
    let department = &world.department;
    let record = department.bill_record(&fresh_id()).to_string();
    let message = |tag: &str, keyid: &str, record: &str| format!("{tag}\n{keyid}\n{record}");
    let (tag, keyid) = ("tongqiao-bill-v1", department.keyid());
    let right = message(tag, &keyid, &record);
    let mistakes = [
        (LikelyCause::TrailingNewline, format!("{right}\n")),
        (LikelyCause::MissingTag, record.clone()),
        (LikelyCause::MissingKeyId, format!("{tag}\n{record}")),
        (LikelyCause::OtherTag, message("tongqiao-event-v1", &keyid, &record)),
    ];
    for (cause, signed) in mistakes {
        let value = department.key().sign(signed.as_bytes()).to_vec();
        let body = json!({
            "record": STANDARD.encode(&record), "signature": { "keyid": keyid, "value": STANDARD.encode(value) },
        });
        for language in ["zh-CN", "en"] {
            let tamper = Tamper { language: Some(language), ..Tamper::default() };
            let answer = department.send(Method::POST, "/v1/bills", body.to_string().as_bytes(), &tamper).await;
            assert_eq!(answer.code(), "record.signature_mismatch", "{:#}", answer.body);
            assert_explained(&answer, cause, language);
        }
    }
    // The client signed what it has in memory, and its HTTP library wrote the JSON once more, prettily.
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&record).unwrap()).unwrap();
    let value = department.key().sign(right.as_bytes()).to_vec();
    let body = json!({
        "record": STANDARD.encode(pretty), "signature": { "keyid": keyid, "value": STANDARD.encode(value) },
    });
    for language in ["zh-CN", "en"] {
        let tamper = Tamper { language: Some(language), ..Tamper::default() };
        let answer = department.send(Method::POST, "/v1/bills", body.to_string().as_bytes(), &tamper).await;
        assert_eq!(answer.code(), "record.signature_mismatch", "{:#}", answer.body);
        assert_explained(&answer, LikelyCause::ReencodedJson, language);
    }
    let value = der(&department.key().sign(right.as_bytes()).to_bytes());
    let body =
        json!({ "record": STANDARD.encode(&record), "signature": { "keyid": keyid, "value": STANDARD.encode(value) } });
    let answer = department.post("/v1/bills", &body).await;
    assert_eq!(answer.faults(), [("/signature/value".to_owned(), "request.invalid_value".to_owned())]);
    assert_explained(&answer, LikelyCause::DerSignature, "zh-CN");
}

#[tokio::test]
async fn a_batch_of_bad_signatures_is_not_explained_without_end() {
    let world = World::new().await;
    let event = world.department.sign("tongqiao-bill-v1", b"{}");
    let events: Vec<_> = (0..20).map(|_| event.clone()).collect();
    let answer = world.department.post("/v1/case-events", &json!({ "events": events })).await;
    let results = answer.body["results"].as_array().unwrap();
    let explained = results.iter().filter(|result| result["problem"]["params"]["cause"] == "other-tag").count();
    assert_eq!((results.len(), explained), (20, 4), "{:#}", results[0]);
}
