//! The signature of one request: RFC 9421 with one fixed list of components, over the digest of RFC 9530.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use tongqiao_protocol::{Digest, Signer, Suite, Timestamp};
use url::Url;

use crate::{Error, entropy};

/// How long a request's signature lives, in seconds.
const LIFE_SECONDS: i64 = 300;

/// The three headers that prove who sends the request, and when.
pub(crate) fn headers(
    signer: &dyn Signer,
    method: &Method,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Result<[(&'static str, String); 3], Error> {
    let digest = content_digest(signer.suite(), body);
    let created = now.as_millis().div_euclid(1_000);
    let nonce = URL_SAFE_NO_PAD.encode(entropy::bytes::<18>()?);
    let parameters = format!(
        "(\"@method\" \"@path\" \"@query\" \"content-digest\");created={created};expires={expires};nonce=\"{nonce}\";\
         keyid=\"{key}\";tag=\"tongqiao-v1\"",
        expires = created + LIFE_SECONDS,
        key = signer.key_id(),
    );
    let base = format!(
        "\"@method\": {method}\n\"@path\": {path}\n\"@query\": ?{query}\n\"content-digest\": {digest}\n\
         \"@signature-params\": {parameters}",
        path = url.path(),
        query = url.query().unwrap_or_default(),
    );
    let signature = signer.sign(base.as_bytes(), &entropy::bytes()?)?;
    Ok([
        ("content-digest", digest),
        ("signature-input", format!("sig1={parameters}")),
        ("signature", format!("sig1=:{}:", STANDARD.encode(signature.as_bytes()))),
    ])
}

fn content_digest(suite: Suite, body: &[u8]) -> String {
    let name = match suite {
        Suite::International => "sha-256",
        Suite::ShangMi => "sm3",
    };
    format!("{name}=:{}:", STANDARD.encode(Digest::of(suite, body).as_bytes()))
}
