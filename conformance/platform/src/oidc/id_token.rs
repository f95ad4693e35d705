//! Id tokens: JWS in compact form, ES256 (RFC 7515, RFC 7518).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tongqiao_protocol::{Suite, Timestamp};

use super::TOKEN_LIFE_MILLIS;
use super::code::Grant;
use super::signing_key::IdTokenKey;
use crate::crypto;

/// Seconds since 1970, as JWT counts.
pub(crate) const fn seconds(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(1000)
}

/// Signs what `claims` say of the person, for the client of `grant`.
pub(crate) fn issue(
    key: &IdTokenKey,
    issuer: &str,
    grant: &Grant,
    mut claims: Value,
    access_token: &str,
    now: Timestamp,
) -> String {
    claims["iss"] = issuer.into();
    claims["aud"] = grant.client_id.clone().into();
    claims["iat"] = seconds(now).into();
    claims["exp"] = seconds(now.plus_millis(TOKEN_LIFE_MILLIS)).into();
    claims["sid"] = grant.sid.clone().into();
    claims["auth_time"] = seconds(grant.issued_at).into();
    // The left half of the digest (OpenID Connect Core, 3.1.3.6).
    let digest = crypto::hash(Suite::International, &[access_token.as_bytes()]);
    claims["at_hash"] = URL_SAFE_NO_PAD.encode(&digest[..16]).into();
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.clone().into();
    }
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": key.kid });
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The claims of a token that one of `keys` signed, whether expired or not (as a hint may be).
pub(crate) fn read(keys: &[IdTokenKey], token: &str) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    keys.iter().find(|key| key.verifies(signed.as_bytes(), &signature))?;
    let (_, claims) = signed.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
