//! The `openssl` command, an implementation that shares nothing with ours. Missing, it fails the test.

use std::path::Path;
use std::process::Command;

use tongqiao::public_key_to_pem;
use tongqiao_protocol::{PublicKey, SignatureValue, Suite};

/// Fails unless OpenSSL accepts the signature.
pub(crate) fn verify(key: &PublicKey, message: &[u8], signature: &SignatureValue) {
    let folder = tempfile::tempdir().unwrap();
    let signature = match key.suite() {
        Suite::International => signature.as_bytes().to_vec(),
        Suite::ShangMi => der(signature),
    };
    write(folder.path(), "key.pem", public_key_to_pem(key).unwrap().as_bytes());
    write(folder.path(), "message", message);
    write(folder.path(), "signature", &signature);
    run(
        folder.path(),
        key.suite(),
        &["-verify", "-pubin", "-inkey", "key.pem", "-in", "message", "-sigfile", "signature"],
    );
}

/// A signature made by OpenSSL.
pub(crate) fn sign(suite: Suite, key_pem: &str, message: &[u8]) -> SignatureValue {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "key.pem", key_pem.as_bytes());
    write(folder.path(), "message", message);
    run(folder.path(), suite, &["-sign", "-inkey", "key.pem", "-in", "message", "-out", "signature"]);
    let signature = std::fs::read(folder.path().join("signature")).unwrap();
    match suite {
        Suite::International => SignatureValue::from_bytes(signature.try_into().unwrap()),
        Suite::ShangMi => raw(&signature),
    }
}

fn run(folder: &Path, suite: Suite, words: &[&str]) {
    let sm = ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];
    let extra: &[&str] = if suite == Suite::ShangMi { &sm } else { &[] };
    let output = Command::new("openssl")
        .current_dir(folder)
        .arg("pkeyutl")
        .arg("-rawin")
        .args(words)
        .args(extra)
        .output()
        .unwrap_or_else(|error| panic!("install openssl (3.0 or later): {error}"));
    assert!(output.status.success(), "openssl {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

/// r‖s as the ASN.1 that OpenSSL speaks.
fn der(signature: &SignatureValue) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = usize::from(digits.first().is_some_and(|byte| *byte >= 0x80));
        [vec![2, u8::try_from(digits.len() + sign).unwrap()], vec![0; sign], digits].concat()
    };
    let (r, s) = signature.as_bytes().split_at(32);
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

/// The ASN.1 of OpenSSL as r‖s.
fn raw(der: &[u8]) -> SignatureValue {
    let mut signature = [0; 64];
    let mut rest = &der[2..];
    for half in signature.chunks_mut(32) {
        let length = usize::from(rest[1]);
        let digits: Vec<u8> = rest[2..2 + length].iter().copied().skip_while(|byte| *byte == 0).collect();
        half[32 - digits.len()..].copy_from_slice(&digits);
        rest = &rest[2 + length..];
    }
    SignatureValue::from_bytes(signature)
}
