//! An application of a department, as the sandbox's provider sees it. Written apart from the SDK's own.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may stop at the first surprise; not every test needs all")]

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::Digest as _;

use super::plain_http::{Answer, form, get, post_form, send};

pub(crate) const CLIENT: &str = "tongqiao-sandbox";
pub(crate) const RETURN: &str = "http://127.0.0.1:45678/callback";
pub(crate) const VERIFIER: &str = "a-verifier-of-a-test-is-not-random-but-long-enough-0123";

pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier.as_bytes()))
}

/// Parameters of a right authorization request; `changes` replace, an empty value removes.
pub(crate) fn request(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = challenge(VERIFIER);
    let mut fields: Vec<(String, String)> = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", RETURN),
        ("scope", "openid profile"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for (name, value) in changes {
        fields.retain(|(key, _)| key != name);
        if !value.is_empty() {
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    fields
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Opens the login page.
pub(crate) async fn open(address: SocketAddr, changes: &[(&str, &str)]) -> Answer {
    get(address, &format!("/oidc/authorize?{}", form(&borrowed(&request(changes))))).await
}

/// Chooses a person.
pub(crate) async fn choose(address: SocketAddr, sub: &str, changes: &[(&str, &str)]) -> Answer {
    let mut fields = request(changes);
    fields.push(("person".to_owned(), sub.to_owned()));
    post_form(address, "/oidc/authorize", &borrowed(&fields)).await
}

/// A parameter of the address that the browser is sent to.
pub(crate) fn returned(answer: &Answer, name: &str) -> Option<String> {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let url = url::Url::parse(answer.header("location").unwrap()).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Signs `sub` in and gives the code.
pub(crate) async fn code_for(address: SocketAddr, sub: &str, changes: &[(&str, &str)]) -> String {
    returned(&choose(address, sub, changes).await, "code").unwrap()
}

/// Hands the code in; `changes` replace fields of a right request, an empty value removes.
pub(crate) async fn redeem(address: SocketAddr, code: &str, changes: &[(&str, &str)]) -> Answer {
    redeem_with(address, code, changes, &[]).await
}

pub(crate) async fn redeem_with(
    address: SocketAddr,
    code: &str,
    changes: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Answer {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("code", code),
        ("redirect_uri", RETURN),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        fields.retain(|(key, _)| key != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend_from_slice(headers);
    send(address, "POST", "/oidc/token", &all, &form(&fields)).await
}

/// The claims of `token` if a published key verifies it.
pub(crate) async fn verified(address: SocketAddr, token: &str) -> Option<Value> {
    let keys = get(address, "/oidc/jwks").await.json();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header["alg"], "ES256");
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"])?;
    let coordinate = |name: &str| decode(key[name].as_str().unwrap());
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
    key.verify(signed.as_bytes(), &Signature::from_slice(&decode(signature)).unwrap()).ok()?;
    Some(serde_json::from_slice(&decode(claims)).unwrap())
}

pub(crate) async fn userinfo(address: SocketAddr, token: &str) -> Answer {
    send(address, "GET", "/oidc/userinfo", &[("authorization", &format!("Bearer {token}"))], "").await
}
