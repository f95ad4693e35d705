//! The hop signature of what the platform sends of its own accord.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tongqiao_protocol::{Suite, Timestamp};
use url::Url;

use super::LIFE_SECONDS;
use super::signature_input::content_digest;
use crate::crypto;
use crate::keys::PlatformKeys;

/// The three headers of a POST by the platform's key of a suite; `None` when they cannot be made.
pub(crate) fn headers_of_post(
    keys: &PlatformKeys,
    suite: Suite,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Option<[(&'static str, String); 3]> {
    let key = keys.of(suite);
    let digest = content_digest(suite, body);
    let created = now.as_millis().div_euclid(1_000);
    let nonce = URL_SAFE_NO_PAD.encode(crypto::random::<16>().ok()?);
    let parameters = format!(
        "(\"@method\" \"@path\" \"@query\" \"content-digest\");created={created};expires={};nonce=\"{nonce}\";\
         keyid=\"{}\";tag=\"tongqiao-v1\"",
        created + LIFE_SECONDS,
        key.key_id(),
    );
    let base = format!(
        "\"@method\": POST\n\"@path\": {}\n\"@query\": ?{}\n\"content-digest\": {digest}\n\"@signature-params\": {parameters}",
        url.path(),
        url.query().unwrap_or_default(),
    );
    let value = key.sign(base.as_bytes()).ok()?;
    Some([
        ("content-digest", digest),
        ("signature-input", format!("sig1={parameters}")),
        ("signature", format!("sig1=:{}:", STANDARD.encode(value.as_bytes()))),
    ])
}
