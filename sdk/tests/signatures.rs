//! Both suites: what is signed verifies, everything else does not, and OpenSSL agrees.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "signatures/openssl.rs"]
mod openssl;

use tongqiao::signer::{InvalidKey, SoftwareSigner, SoftwareVerifier, public_key_from_pem, public_key_to_pem};
use tongqiao_protocol::{PublicKey, SignatureValue, Signer as _, Suite, Verifier as _, VerifyError};

const SUITES: [Suite; 2] = [Suite::International, Suite::ShangMi];

fn signer(suite: Suite, seed: u8) -> SoftwareSigner {
    SoftwareSigner::generate("test-only/1".parse().unwrap(), suite, &[seed; 32]).unwrap()
}

#[test]
fn a_signature_verifies_and_one_changed_bit_anywhere_does_not() {
    for suite in SUITES {
        let signer = signer(suite, 1);
        let message = "铜陵市 Tongling".as_bytes();
        let signature = signer.sign(message, &[2; 32]).unwrap();
        let key = signer.public_key();
        SoftwareVerifier.verify(&key, message, &signature).unwrap();
        for bit in 0..512 {
            let mut bytes = *signature.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(SoftwareVerifier.verify(&key, message, &SignatureValue::from_bytes(bytes)).is_err(), "bit {bit}");
        }
        for bit in 0..message.len() * 8 {
            let mut bytes = message.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SoftwareVerifier.verify(&key, &bytes, &signature), Err(VerifyError::Mismatch), "bit {bit}");
        }
        let other = self::signer(suite, 3).public_key();
        assert_eq!(SoftwareVerifier.verify(&other, message, &signature), Err(VerifyError::Mismatch));
    }
}

#[test]
fn what_is_wrong_with_key_or_signature_is_said() {
    let off_curve = PublicKey::new(Suite::ShangMi, [vec![4], vec![1; 64]].concat()).unwrap();
    let any = SignatureValue::from_bytes([1; 64]);
    assert_eq!(SoftwareVerifier.verify(&off_curve, b"", &any), Err(VerifyError::KeyNotOnCurve));
    for suite in SUITES {
        let key = signer(suite, 1).public_key();
        for malformed in [[0xff; 64], [[1; 32], [0xff; 32]].concat().try_into().unwrap()] {
            let signature = SignatureValue::from_bytes(malformed);
            assert_eq!(SoftwareVerifier.verify(&key, b"", &signature), Err(VerifyError::MalformedSignature), "{suite}");
        }
    }
    let key = signer(Suite::ShangMi, 1).public_key();
    let zero = SignatureValue::from_bytes([0; 64]);
    assert_eq!(SoftwareVerifier.verify(&key, b"", &zero), Err(VerifyError::MalformedSignature));
}

#[test]
fn keys_come_back_from_their_pem_files() {
    for suite in SUITES {
        let signer = signer(suite, 4);
        let again = SoftwareSigner::from_pem("test-only/1".parse().unwrap(), &signer.to_pem().unwrap()).unwrap();
        assert_eq!((again.public_key(), again.suite()), (signer.public_key(), suite));
        let pem = public_key_to_pem(&signer.public_key()).unwrap();
        assert_eq!(public_key_from_pem(&pem).unwrap(), signer.public_key());
        assert!(!format!("{signer:?}").contains("PRIVATE"));
    }
    let wrong = SoftwareSigner::from_pem(
        "a".parse().unwrap(),
        "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
    );
    assert_eq!(wrong.unwrap_err(), InvalidKey::Pem);
}

#[test]
fn random_bytes_that_are_no_scalar_still_lead_to_a_key() {
    let order_minus_one: [u8; 32] = [
        0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x72, 0x03,
        0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x22,
    ];
    for random in [[0; 32], [0xff; 32], order_minus_one] {
        let signer = SoftwareSigner::generate("test-only/1".parse().unwrap(), Suite::ShangMi, &random).unwrap();
        let signature = signer.sign(b"m", &[0; 32]).unwrap();
        SoftwareVerifier.verify(&signer.public_key(), b"m", &signature).unwrap();
    }
}

#[test]
fn sm2_signatures_are_hedged_and_ed25519_needs_no_randomness() {
    let sm = signer(Suite::ShangMi, 5);
    assert_ne!(sm.sign(b"m", &[1; 32]).unwrap(), sm.sign(b"m", &[2; 32]).unwrap());
    assert_eq!(sm.sign(b"m", &[1; 32]).unwrap(), sm.sign(b"m", &[1; 32]).unwrap());
    let international = signer(Suite::International, 5);
    assert_eq!(international.sign(b"m", &[1; 32]).unwrap(), international.sign(b"m", &[2; 32]).unwrap());
}

#[test]
fn openssl_accepts_our_signatures_and_we_accept_its() {
    for suite in SUITES {
        let signer = signer(suite, 6);
        for message in ["铜陵市民政局".as_bytes(), b"", &[0; 70_000]] {
            // OpenSSL 3.0 signs no empty message with Ed25519 from a file of no bytes.
            if message.is_empty() {
                continue;
            }
            let ours = signer.sign(message, &[8; 32]).unwrap();
            openssl::verify(&signer.public_key(), message, &ours);
            let theirs = openssl::sign(suite, &signer.to_pem().unwrap(), message);
            SoftwareVerifier.verify(&signer.public_key(), message, &theirs).unwrap();
        }
    }
}
