//! Signatures that do not verify, each made by one of the usual mistakes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tongqiao_protocol::explain::LikelyCause;
use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, content_digest};
use tongqiao_protocol::{Digest, KeyId, RecordKind, SignedRecord, Signer as _, Suite, Timestamp};

use super::keys::TestKey;
use super::vectors::hex;

const RANDOM: [u8; 32] = [0xa5; 32];
const RECORD: &str = "{\"sequence\": 1, \"name\": \"铜陵市\"}";

/// The id of the sender's other key.
pub(crate) fn other_key_id() -> KeyId {
    "test-only/other".parse().unwrap()
}

/// The sender's other key.
pub(crate) fn other_key(suite: Suite) -> TestKey {
    TestKey::named(&other_key_id(), suite)
}

/// A mistake: what the verifier rebuilds, and what came instead of a signature over it.
pub(crate) struct Mistake {
    pub(crate) cause: LikelyCause,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

pub(crate) fn all(key: &TestKey) -> Vec<Mistake> {
    let suite = key.suite();
    let message = SignedRecord::message(RecordKind::Event, key.key_id(), RECORD.as_bytes());
    let sign = |message: &[u8]| key.sign(message, &RANDOM).unwrap().as_bytes().to_vec();
    let instead = |cause, signed: &[u8]| Mistake { cause, message: message.clone(), signature: sign(signed) };
    let digest = *Digest::of(suite, &message).as_bytes();
    let other = if suite == Suite::ShangMi { Suite::International } else { Suite::ShangMi };
    let parsed: Value = serde_json::from_str(RECORD).unwrap();
    let tagged = |record: &str| SignedRecord::message(RecordKind::Event, key.key_id(), record.as_bytes());
    let right = sign(&message);
    let (r, s) = right.split_at(32);
    let reversed = |half: &[u8]| half.iter().rev().copied().collect::<Vec<_>>();
    let written = |cause, signature: Vec<u8>| Mistake { cause, message: message.clone(), signature };
    let mut mistakes = vec![
        instead(LikelyCause::SignedDigest, &digest),
        instead(LikelyCause::SignedOtherDigest, Digest::of(other, &message).as_bytes()),
        instead(LikelyCause::SignedDigestText, hex(&digest).as_bytes()),
        instead(LikelyCause::SignedBase64, STANDARD.encode(&message).as_bytes()),
        instead(LikelyCause::TrailingNewline, &[message.as_slice(), b"\n"].concat()),
        instead(LikelyCause::CrLf, String::from_utf8_lossy(&message).replace('\n', "\r\n").as_bytes()),
        instead(LikelyCause::MissingTag, RECORD.as_bytes()),
        instead(LikelyCause::MissingKeyId, format!("tongqiao-event-v1\n{RECORD}").as_bytes()),
        instead(LikelyCause::OtherTag, &SignedRecord::message(RecordKind::Bill, key.key_id(), RECORD.as_bytes())),
        instead(LikelyCause::ReencodedJson, &tagged(&parsed.to_string())),
        instead(LikelyCause::ReencodedJson, &tagged(&RECORD.replace(": ", ":").replace(", ", ","))),
        instead(
            LikelyCause::OtherKeyIdLine,
            &SignedRecord::message(RecordKind::Event, &other_key_id(), RECORD.as_bytes()),
        ),
        written(LikelyCause::OtherKey, other_key(suite).sign(&message, &RANDOM).unwrap().as_bytes().to_vec()),
        instead(LikelyCause::ReencodedJson, &tagged(&parsed.to_string().replace("铜陵市", "\\u94dc\\u9675\\u5e02"))),
        written(LikelyCause::TextSignature, hex(&right).into_bytes()),
        written(LikelyCause::TextSignature, STANDARD.encode(&right).into_bytes()),
        written(LikelyCause::SwappedHalves, [s, r].concat()),
        written(LikelyCause::LittleEndian, [reversed(r), reversed(s)].concat()),
    ];
    mistakes.extend(of_hops(key));
    if suite == Suite::ShangMi {
        let without = key.sign_as("", &message, &RANDOM);
        mistakes.push(written(LikelyCause::OtherUserId, without.as_bytes().to_vec()));
        mistakes.push(written(LikelyCause::DerSignature, der(&right)));
        mistakes.push(unpadded(key));
    }
    mistakes
}

fn of_hops(key: &TestKey) -> Vec<Mistake> {
    let hop = HopSignature::new(key.key_id().clone(), Timestamp::from_millis(1_790_000_000_000), &[0x22; 16]);
    let target = RequestTarget { method: "POST", path: "/v1/bills", query: "" };
    let base = hop.base(&target, &content_digest(key.suite(), b"{}"));
    let instead = |cause, signed: String| Mistake {
        cause,
        message: base.clone().into_bytes(),
        signature: key.sign(signed.as_bytes(), &RANDOM).unwrap().as_bytes().to_vec(),
    };
    vec![
        instead(LikelyCause::QueryWithoutMark, base.replace("\"@query\": ?", "\"@query\": ")),
        instead(LikelyCause::NoQueryLine, base.replace("\"@query\": ?\n", "")),
        instead(LikelyCause::LowerCaseMethod, base.replace("POST", "post")),
        instead(LikelyCause::TrailingNewline, format!("{base}\n")),
    ]
}

/// A signature whose r lost its leading zero.
fn unpadded(key: &TestKey) -> Mistake {
    let found = (0_u32..).find_map(|number| {
        let message = SignedRecord::message(RecordKind::Event, key.key_id(), number.to_string().as_bytes());
        let signature = key.sign(&message, &RANDOM).unwrap().as_bytes().to_vec();
        (signature[0] == 0).then_some((message, signature))
    });
    let (message, signature) = found.unwrap();
    Mistake { cause: LikelyCause::UnpaddedHalves, message, signature: signature[1..].to_vec() }
}

fn der(raw: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let digits: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = usize::from(digits[0] >= 0x80);
        [vec![2, u8::try_from(digits.len() + sign).unwrap()], vec![0; sign], digits].concat()
    };
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

pub(crate) fn vectors(key: &TestKey) -> Vec<Value> {
    let vector = |mistake: &Mistake| {
        json!({
            "name": mistake.cause.as_str(), "message": STANDARD.encode(&mistake.message),
            "message_text": String::from_utf8_lossy(&mistake.message), "digest": Digest::of(key.suite(), &mistake.message),
            "signature": STANDARD.encode(&mistake.signature), "valid": false,
            "cause": mistake.cause.as_str(), "zh": mistake.cause.zh(), "en": mistake.cause.en(),
        })
    };
    all(key).iter().map(vector).collect()
}
