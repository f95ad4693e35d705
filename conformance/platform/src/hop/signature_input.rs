//! The text of `Signature-Input`, `Signature` and `Content-Digest`: the profile's one form of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tongqiao_protocol::{KeyId, SignatureValue, Suite};

use crate::crypto;

/// What is covered, always and in this order.
const COVERED: &str = "(\"@method\" \"@path\" \"@query\" \"content-digest\")";
const TAG: &str = "tongqiao-v1";
/// 128 bits in base64 without padding.
const NONCE_SHORTEST: usize = 22;
const NONCE_LONGEST: usize = 88;

/// A parsed `Signature-Input`.
pub(super) struct SignatureInput {
    pub(super) created: i64,
    pub(super) expires: i64,
    pub(super) nonce: String,
    pub(super) keyid: KeyId,
    /// The value of `@signature-params`, byte for byte as it came.
    pub(super) parameters: String,
}

impl SignatureInput {
    /// `None` when anything is missing, twice, unknown or not of the profile.
    pub(super) fn read(header: &str) -> Option<Self> {
        let parameters = header.trim().strip_prefix("sig1=")?;
        let mut rest = parameters.strip_prefix(COVERED)?;
        let (mut created, mut expires, mut nonce, mut keyid, mut tag) = (None, None, None, None, None);
        while !rest.is_empty() {
            rest = rest.strip_prefix(';')?;
            let (name, after) = rest.split_once('=')?;
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let (value, after) = quoted.split_once('"')?;
                    (Value::Text(value), after)
                }
                None => {
                    let end = after.find(';').unwrap_or(after.len());
                    (Value::Number(after[..end].parse().ok()?), &after[end..])
                }
            };
            let first = match (name, value) {
                ("created", Value::Number(number)) => created.replace(number).is_none(),
                ("expires", Value::Number(number)) => expires.replace(number).is_none(),
                ("nonce", Value::Text(text)) => nonce.replace(text).is_none(),
                ("keyid", Value::Text(text)) => keyid.replace(text).is_none(),
                ("tag", Value::Text(text)) => tag.replace(text).is_none(),
                _ => false,
            };
            if !first {
                return None;
            }
            rest = after;
        }
        let nonce = nonce.filter(|nonce| (NONCE_SHORTEST..=NONCE_LONGEST).contains(&nonce.len()))?;
        (tag? == TAG).then_some(())?;
        Some(Self {
            created: created?,
            expires: expires?,
            nonce: nonce.to_owned(),
            keyid: keyid?.parse().ok()?,
            parameters: parameters.to_owned(),
        })
    }
}

enum Value<'a> {
    Number(i64),
    Text(&'a str),
}

/// The 64 bytes of `sig1=:…:`.
pub(super) fn read_signature(header: &str) -> Option<SignatureValue> {
    let text = header.trim().strip_prefix("sig1=:")?.strip_suffix(':')?;
    Some(SignatureValue::from_bytes(STANDARD.decode(text).ok()?.try_into().ok()?))
}

/// What `Content-Digest` must say of a body (RFC 9530; `sm3` is private to this protocol).
pub(super) fn content_digest(suite: Suite, body: &[u8]) -> String {
    let name = match suite {
        Suite::International => "sha-256",
        Suite::ShangMi => "sm3",
    };
    format!("{name}=:{}:", STANDARD.encode(crypto::hash(suite, &[body])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "sig1=(\"@method\" \"@path\" \"@query\" \"content-digest\");created=1790000000;\
        expires=1790000300;nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"dept/1\";tag=\"tongqiao-v1\"";

    #[test]
    fn the_profile_is_read_and_its_parameters_are_kept_byte_for_byte() {
        let input = SignatureInput::read(GOOD);
        assert!(
            input.is_some_and(|input| input.created == 1_790_000_000 && format!("sig1={}", input.parameters) == GOOD)
        );
    }

    #[test]
    fn whatever_is_not_the_profile_is_malformed() {
        for (from, to) in [
            ("sig1", "sig2"),
            ("\"@query\" ", ""),
            ("created=1790000000;", ""),
            ("created=1790000000", "created=\"1790000000\""),
            ("created=1790000000", "created=now"),
            ("nonce=\"AAAAAAAAAAAAAAAAAAAAAA\"", "nonce=\"short\""),
            ("keyid=\"dept/1\"", "keyid=\"dept 1\""),
            ("keyid=\"dept/1\"", "keyid=\"dept/1"),
            ("tongqiao-v1", "tongqiao-v2"),
            (";tag", ";alg=\"ed25519\";tag"),
            (";tag", ";created=1;tag"),
            (";tag", ";;tag"),
        ] {
            assert!(SignatureInput::read(&GOOD.replacen(from, to, 1)).is_none(), "{from} → {to}");
        }
        for text in ["", "sig1=", "sig1=()", "铜桥"] {
            assert!(SignatureInput::read(text).is_none(), "{text}");
        }
    }
}
