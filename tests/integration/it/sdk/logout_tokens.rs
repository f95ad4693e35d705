//! Logout tokens that are none: of another kind, for another system, of another time, by another key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use tongqiao::Repetition;
use tongqiao_protocol::ErrorCode;

use super::hostile_tokens::{Bent, World};
use super::signing_in::token;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const KID: &str = "test-key";

/// A key of a test, which the provider is made to publish.
fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn published() -> Value {
    let x = URL_SAFE_NO_PAD.encode(key().verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": KID, "use": "sig", "alg": "EdDSA" })
}

fn signed(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = key().sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "logout+jwt", "kid": KID })
}

#[tokio::test]
async fn every_logout_token_that_lacks_something_or_says_too_much_is_refused() {
    let world = World::new().await;
    let client = world.client(Arc::new(Bent { key: Some(published()), ..Bent::default() }), None).await;
    let identity = client.identity();
    let id_token = token(&world.sandbox, &client).await;
    let now = client.platform_time().as_millis() / 1_000;
    let good = json!({
        "iss": world.sandbox.url(), "aud": world.id, "iat": now, "exp": now + 120, "jti": "j-1", "sub": "u-0001",
        "sid": "s-1", "events": { EVENT: {} },
    });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        claims
    };
    let nobody = {
        let mut claims = with("sub", Value::Null);
        claims.as_object_mut().unwrap().remove("sid");
        claims
    };
    let invalid = ErrorCode::IdentityTokenInvalid;
    for (what, claims, code) in [
        ("another issuer", with("iss", json!("https://login.example")), invalid),
        ("no issuer", with("iss", Value::Null), invalid),
        ("for another", with("aud", json!("somebody-else")), invalid),
        ("for others", with("aud", json!(["a", "b"])), invalid),
        ("a nonce", with("nonce", json!("n")), invalid),
        ("no events", with("events", Value::Null), invalid),
        ("another event", with("events", json!({ "https://example.org/else": {} })), invalid),
        ("an event that is no object", with("events", json!({ EVENT: true })), invalid),
        ("no id", with("jti", Value::Null), invalid),
        ("an empty id", with("jti", json!("")), invalid),
        ("nobody", nobody, invalid),
        ("from the future", with("iat", json!(now + 3_600)), invalid),
        ("over", with("exp", json!(now - 3_600)), ErrorCode::IdentityTokenExpired),
        ("no time", with("iat", json!("now")), invalid),
    ] {
        let refused = identity.back_channel_logout(&signed(&header(), &claims)).await.unwrap_err();
        assert_eq!(refused.code(), code, "{what}: {refused}");
    }
    let old = {
        let mut claims = with("iat", json!(now - 3_600));
        claims.as_object_mut().unwrap().remove("exp");
        claims
    };
    let refused = identity.back_channel_logout(&signed(&header(), &old)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityTokenExpired, "without an end it is good for minutes");

    let changed = |name: &str, value: Value| {
        let mut header = header();
        header[name] = value;
        header
    };
    let right = signed(&header(), &good);
    let (unsigned, signature) = right.rsplit_once('.').unwrap();
    for (what, token) in [
        ("an ID token", id_token),
        ("an access token's kind", signed(&changed("typ", json!("at+jwt")), &good)),
        ("none", format!("{}.", signed(&changed("alg", json!("none")), &good).rsplit_once('.').unwrap().0)),
        ("HS256", signed(&changed("alg", json!("HS256")), &good)),
        ("ES256 by a key of EdDSA", signed(&changed("alg", json!("ES256")), &good)),
        ("a critical extension", signed(&changed("crit", json!(["b64"])), &good)),
        ("a key that nobody has", signed(&changed("kid", json!("never-seen")), &good)),
        ("no signature", format!("{unsigned}.")),
        ("a turned signature", format!("{unsigned}.{}", signature.chars().rev().collect::<String>())),
        ("two parts", unsigned.to_owned()),
        ("nothing", String::new()),
        ("too much", "a".repeat(16 * 1_024 + 1)),
    ] {
        let refused = identity.back_channel_logout(&token).await.unwrap_err();
        assert_eq!(refused.code(), invalid, "{what}: {refused}");
    }
    // None of them has used up the id of the right one; an audience may be one of several.
    assert_eq!(identity.back_channel_logout(&right).await.unwrap().repetition(), Repetition::First);
    let mut several = with("aud", json!(["a", world.id]));
    several["jti"] = json!("j-2");
    let again = identity.back_channel_logout(&signed(&header(), &several)).await.unwrap();
    assert_eq!(again.repetition(), Repetition::First);
}
