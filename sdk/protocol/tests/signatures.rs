//! Signatures: the published vectors are what the protocol gives, and every usual mistake is named.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "signatures/keys.rs"]
mod keys;
#[path = "signatures/mistakes.rs"]
mod mistakes;
#[path = "signatures/vectors.rs"]
mod vectors;

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tongqiao_protocol::explain::{Failed, LikelyCause, VerificationStep, explain};
use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, check_content_digest, parse_signature_header};
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{
    Digest, Language, PublicKey, RecordKind, SignatureValue, SignedRecord, Signer as _, Suite, Verifier as _,
    VerifyError,
};

use keys::{SUITES, TestKey, TestVerifier, USER_ID};

const VERIFIER: TestVerifier = TestVerifier(USER_ID);

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors/signatures")
}

#[test]
fn the_committed_vectors_are_what_the_protocol_gives() {
    for (name, text) in vectors::files() {
        let committed = std::fs::read_to_string(folder().join(&name)).unwrap_or_default();
        assert!(committed == text, "{name}: run `cargo run -p tongqiao-protocol --example signature_vectors`");
    }
}

/// Every file as it is committed, with its key.
fn committed() -> Vec<(String, Suite, PublicKey, Vec<Value>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let suite: Suite = serde_json::from_value(file["suite"].clone()).unwrap();
        let key = PublicKey::new(suite, bytes(&file["public_key"])).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push((name, suite, key, file["vectors"].as_array().unwrap().clone()));
    }
    assert_eq!(files.len(), 8);
    files
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn every_committed_vector_verifies_exactly_when_it_says_so() {
    for (name, suite, key, vectors) in committed() {
        assert!(!vectors.is_empty());
        for vector in vectors {
            let (message, signature) = (bytes(&vector["message"]), bytes(&vector["signature"]));
            assert_eq!(Digest::of(suite, &message).to_string(), vector["digest"].as_str().unwrap());
            let verified = <[u8; 64]>::try_from(signature)
                .is_ok_and(|s| VERIFIER.verify(&key, &message, &SignatureValue::from_bytes(s)).is_ok());
            assert_eq!(verified, vector["valid"].as_bool().unwrap(), "{name}: {}", vector["name"]);
        }
    }
}

#[test]
fn records_hops_and_receipts_of_the_vectors_lead_to_their_messages() {
    for (name, suite, key, vectors) in committed() {
        for vector in vectors.iter().filter(|vector| vector["valid"] == true) {
            let message = bytes(&vector["message"]);
            if name.starts_with("records") {
                let signed: SignedRecord = serde_json::from_value(vector["signed_record"].clone()).unwrap();
                let kind = RecordKind::ALL.iter().find(|kind| kind.tag() == vector["kind"]).unwrap();
                assert_eq!(SignedRecord::message(*kind, &signed.signature.keyid, &signed.record), message);
            } else if name.starts_with("hops") {
                let text = |group: &str, name: &str| vector[group][name].as_str().unwrap().to_owned();
                let hop = HopSignature::parse(&text("headers", "signature-input")).unwrap();
                let (method, path, query) =
                    (text("request", "method"), text("request", "path"), text("request", "query"));
                let digest = text("headers", "content-digest");
                let target = RequestTarget { method: &method, path: &path, query: &query };
                assert_eq!(hop.base(&target, &digest).as_bytes(), message);
                check_content_digest(&digest, suite, &bytes(&vector["request"]["body"])).unwrap();
                let value = parse_signature_header(&text("headers", "signature")).unwrap();
                assert_eq!(value.as_bytes().to_vec(), bytes(&vector["signature"]));
            } else {
                let mut receipt: Receipt = serde_json::from_value(vector["receipt"].clone()).unwrap();
                assert_eq!(receipt.signed_message(suite).unwrap(), message);
                receipt.verify(&key, &VERIFIER).unwrap();
                receipt.receipt[0] ^= 1;
                assert_eq!(receipt.verify(&key, &VERIFIER), Err(VerifyError::Mismatch));
            }
        }
    }
}

#[test]
fn sm2_vectors_hold_signatures_whose_halves_begin_with_zeros() {
    let (_, _, _, vectors) = committed().into_iter().find(|(name, ..)| name == "records-sm.json").unwrap();
    for place in [0, 32] {
        assert!(vectors.iter().any(|vector| bytes(&vector["signature"])[place] == 0));
    }
}

#[test]
fn every_usual_mistake_is_named() {
    let mut named = BTreeSet::new();
    for suite in SUITES {
        let key = TestKey::of(suite);
        let public = key.public();
        let (other_id, other_key) = (mistakes::other_key_id(), mistakes::other_key(suite).public());
        let others = [(&other_id, &other_key)];
        for mistake in mistakes::all(&key) {
            let failed = Failed {
                key_id: key.key_id(),
                key: &public,
                message: &mistake.message,
                signature: &mistake.signature,
                claimed: None,
                other_keys: &others,
            };
            let without_user_id = TestVerifier("");
            let explanation = explain(&failed, &VERIFIER, &[(LikelyCause::OtherUserId, &without_user_id)]).unwrap();
            assert_eq!(explanation.likely_cause, Some(mistake.cause), "{suite}");
            assert!(explanation.message(Language::Chinese).contains(mistake.cause.zh()));
            assert!(explanation.message(Language::English).contains(mistake.cause.en()));
            named.insert(mistake.cause);
        }
    }
    assert_eq!(named, LikelyCause::ALL.iter().copied().collect());
}

#[test]
fn a_good_signature_needs_no_explanation_and_a_random_one_gets_no_cause() {
    for suite in SUITES {
        let key = TestKey::of(suite);
        let public = key.public();
        let signature = key.sign(b"message", &[1; 32]).unwrap();
        let mut failed = Failed {
            key_id: key.key_id(),
            key: &public,
            message: b"message",
            signature: signature.as_bytes(),
            claimed: Some(b"messagE"),
            other_keys: &[],
        };
        assert_eq!(explain(&failed, &VERIFIER, &[]), None);
        let other = key.sign(b"another message", &[1; 32]).unwrap();
        failed.signature = other.as_bytes();
        let explanation = explain(&failed, &VERIFIER, &[]).unwrap();
        assert_eq!((explanation.step, explanation.likely_cause), (VerificationStep::Equation, None));
        assert_eq!((explanation.byte_count, explanation.first_difference), (7, Some(6)));
        failed.signature = b"short";
        assert_eq!(explain(&failed, &VERIFIER, &[]).unwrap().step, VerificationStep::Length);
    }
}
