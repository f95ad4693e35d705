//! Both suites: what is signed verifies, everything else does not, OpenSSL agrees, and so do the published vectors.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "signatures/openssl.rs"]
mod openssl;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tongqiao::{Secret, SoftwareSigner, SoftwareVerifier, public_key_from_pem, public_key_to_pem};
use tongqiao_protocol::{PublicKey, SignatureValue, Signer as _, Suite, Verifier as _, VerifyError};

const SUITES: [Suite; 2] = [Suite::International, Suite::ShangMi];

fn signer(suite: Suite) -> SoftwareSigner {
    SoftwareSigner::generate(suite, "test-only/1".parse().unwrap()).unwrap()
}

#[test]
fn one_changed_bit_of_signature_or_message_does_not_verify() {
    for suite in SUITES {
        let signer = signer(suite);
        let message = "铜陵市 Tongling".as_bytes();
        let signature = signer.sign(message, &[2; 32]).unwrap();
        let key = signer.public_key();
        SoftwareVerifier.verify(key, message, &signature).unwrap();
        for bit in 0..512 {
            let mut bytes = *signature.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(SoftwareVerifier.verify(key, message, &SignatureValue::from_bytes(bytes)).is_err(), "bit {bit}");
        }
        for bit in 0..message.len() * 8 {
            let mut bytes = message.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SoftwareVerifier.verify(key, &bytes, &signature), Err(VerifyError::Mismatch), "bit {bit}");
        }
        let other = self::signer(suite);
        assert_eq!(SoftwareVerifier.verify(other.public_key(), message, &signature), Err(VerifyError::Mismatch));
    }
}

#[test]
fn what_is_wrong_with_key_or_signature_is_said() {
    let off_curve = PublicKey::new(Suite::ShangMi, [vec![4], vec![1; 64]].concat()).unwrap();
    let any = SignatureValue::from_bytes([1; 64]);
    assert_eq!(SoftwareVerifier.verify(&off_curve, b"", &any), Err(VerifyError::KeyNotOnCurve));
    for suite in SUITES {
        let signer = signer(suite);
        for malformed in [[0xff; 64], [[1; 32], [0xff; 32]].concat().try_into().unwrap()] {
            let verified = SoftwareVerifier.verify(signer.public_key(), b"", &SignatureValue::from_bytes(malformed));
            assert_eq!(verified, Err(VerifyError::MalformedSignature), "{suite}");
        }
    }
    let zero = SoftwareVerifier.verify(signer(Suite::ShangMi).public_key(), b"", &SignatureValue::from_bytes([0; 64]));
    assert_eq!(zero, Err(VerifyError::MalformedSignature));
}

#[test]
fn a_public_key_comes_back_from_its_pem() {
    for suite in SUITES {
        let signer = signer(suite);
        let pem = public_key_to_pem(signer.public_key()).unwrap();
        assert_eq!(public_key_from_pem(&pem).unwrap(), *signer.public_key());
        assert!(SoftwareSigner::from_pkcs8_pem("a".parse().unwrap(), &Secret::new(pem)).is_err());
    }
    assert!(public_key_from_pem("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n").is_err());
}

#[test]
fn sm2_signatures_are_hedged_and_ed25519_needs_no_randomness() {
    let sm = signer(Suite::ShangMi);
    assert_ne!(sm.sign(b"m", &[1; 32]).unwrap(), sm.sign(b"m", &[2; 32]).unwrap());
    assert_eq!(sm.sign(b"m", &[1; 32]).unwrap(), sm.sign(b"m", &[1; 32]).unwrap());
    let international = signer(Suite::International);
    assert_eq!(international.sign(b"m", &[1; 32]).unwrap(), international.sign(b"m", &[2; 32]).unwrap());
}

#[test]
fn openssl_accepts_our_signatures_and_we_accept_its() {
    for suite in SUITES {
        let signer = signer(suite);
        let pem = signer.to_pkcs8_pem().unwrap();
        for message in ["铜陵市民政局".as_bytes(), &[0; 70_000]] {
            let ours = signer.sign(message, &[8; 32]).unwrap();
            openssl::verify(signer.public_key(), message, &ours);
            let theirs = openssl::sign(suite, std::str::from_utf8(pem.expose()).unwrap(), message);
            SoftwareVerifier.verify(signer.public_key(), message, &theirs).unwrap();
        }
    }
}

/// Hands every published vector to `judge`: key, message, signature as it stands, whether it says that it is valid.
fn for_each_published_vector(mut judge: impl FnMut(&PublicKey, &[u8], &[u8], bool, &str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors/signatures");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let suite: Suite = serde_json::from_value(file["suite"].clone()).unwrap();
        let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
        let key = PublicKey::new(suite, bytes(&file["public_key"])).unwrap();
        for vector in file["vectors"].as_array().unwrap() {
            let (message, signature) = (bytes(&vector["message"]), bytes(&vector["signature"]));
            let name = format!("{}: {}", path.display(), vector["name"]);
            judge(&key, &message, &signature, vector["valid"].as_bool().unwrap(), &name);
        }
    }
}

#[test]
fn the_published_vectors_verify_exactly_when_they_say_so() {
    let (mut valid, mut invalid) = (0, 0);
    for_each_published_vector(|key, message, signature, is_valid, name| {
        let verified = <[u8; 64]>::try_from(signature)
            .is_ok_and(|value| SoftwareVerifier.verify(key, message, &SignatureValue::from_bytes(value)).is_ok());
        assert_eq!(verified, is_valid, "{name}");
        *(if verified { &mut valid } else { &mut invalid }) += 1;
    });
    assert!(valid > 70 && invalid > 30, "{valid} and {invalid}");
}

#[test]
fn openssl_accepts_every_published_vector_that_is_valid() {
    let mut accepted = 0;
    for_each_published_vector(|key, message, signature, is_valid, _| {
        if is_valid {
            openssl::verify(key, message, &SignatureValue::from_bytes(signature.try_into().unwrap()));
            accepted += 1;
        }
    });
    assert!(accepted > 70, "{accepted}");
}
