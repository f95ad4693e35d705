//! The recipes of older city gateways, as the vectors describe them, give what the vectors say.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const VECTORS: &str = include_str!("../../../conformance/vectors/legacy-gateways.tsv");
const IV: &[u8; 16] = b"AESCBCPKCS5Paddi";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What Java's `KeyGenerator` makes of a `SHA1PRNG` seeded with `key`.
fn token_key(key: &str) -> [u8; 16] {
    Sha1::digest(Sha1::digest(key))[..16].try_into().unwrap()
}

fn decrypted(key: &str, text: &str) -> String {
    let mut bytes = STANDARD.decode(text).unwrap();
    let cipher = cbc::Decryptor::<Aes128>::new_from_slices(&token_key(key), IV).unwrap();
    let plain = cipher.decrypt_padded::<Pkcs7>(&mut bytes).unwrap();
    String::from_utf8(plain.to_vec()).unwrap()
}

fn signed(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[test]
fn every_legacy_gateway_vector_is_reproduced() {
    let mut judged = 0;
    for row in VECTORS.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let row: Vec<&str> = row.split('\t').collect();
        let [kind, key, text, expected, note] = row[..] else { panic!("five columns: {row:?}") };
        let found = match kind {
            "gateway_token_key" => hex(&token_key(key)),
            "gateway_token_cipher" => decrypted(key, text),
            "gateway_sig" => signed(key, text),
            "sha1_header_sig" => hex(&Sha1::digest([key, text].concat())),
            other => panic!("unknown kind {other}"),
        };
        assert_eq!(found, expected, "{kind}: {note}");
        judged += 1;
    }
    assert_eq!(judged, 4);
}
