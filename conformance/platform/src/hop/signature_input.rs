//! The text of `Signature-Input`, `Signature` and `Content-Digest`: the profile's one form of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tongqiao_protocol::{KeyId, Suite};

use crate::crypto;

/// What is covered, always and in this order.
const COVERED: &str = "(\"@method\" \"@path\" \"@query\" \"content-digest\")";
const TAG: &str = "tongqiao-v1";
/// 128 bits in base64 without padding.
const NONCE_SHORTEST: usize = 22;
const NONCE_LONGEST: usize = 88;
/// Hexadecimal text that was encoded again is the longest form that an explanation knows.
const SIGNATURE_LONGEST: usize = 128;
/// The most digits of a time in seconds: thirty million years.
const TIME_DIGITS: usize = 15;

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
                    (Value::Number(seconds(&after[..end])?), &after[end..])
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
        let nonce = nonce.filter(|nonce| is_nonce(nonce))?;
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

/// Digits alone, few enough that no arithmetic on times overflows.
fn seconds(text: &str) -> Option<i64> {
    let digits = (1..=TIME_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// Letters, digits and the other characters of both base64 alphabets.
fn is_nonce(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    (NONCE_SHORTEST..=NONCE_LONGEST).contains(&text.len()) && text.bytes().all(legal)
}

enum Value<'a> {
    Number(i64),
    Text(&'a str),
}

/// The bytes of `sig1=:…:`, which should be 64: of a wrong form, such as DER, more can be said when the key is known.
pub(super) fn read_signature(header: &str) -> Option<Vec<u8>> {
    let text = header.trim().strip_prefix("sig1=:")?.strip_suffix(':')?;
    STANDARD.decode(text).ok().filter(|bytes| bytes.len() <= SIGNATURE_LONGEST)
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
    fn whatever_the_protocol_reads_is_read_here_and_nothing_else() {
        let long_nonce = |length: usize| GOOD.replace("AAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(length));
        let times = |text: &str| GOOD.replace("1790000000", text).replace("1790000300", text);
        let texts = [21, 22, 88, 89].map(long_nonce).into_iter();
        let texts = texts.chain(["0", "999999999999999", "1000000000000000", "", "-1", "00"].map(times));
        for text in texts {
            let protocol = tongqiao_protocol::hop_signature::HopSignature::parse(&text).is_ok();
            assert_eq!(SignatureInput::read(&text).is_some(), protocol, "{text}");
        }
    }

    #[test]
    fn whatever_is_not_the_profile_is_malformed() {
        for (from, to) in [
            ("sig1", "sig2"),
            ("\"@query\" ", ""),
            ("created=1790000000;", ""),
            ("created=1790000000", "created=\"1790000000\""),
            ("created=1790000000", "created=now"),
            ("created=1790000000", "created=-1790000000"),
            ("created=1790000000", "created=+1790000000"),
            ("created=1790000000", "created=1000000000000000"),
            ("created=1790000000", "created=-9223372036854775808"),
            ("expires=1790000300", "expires=9223372036854775807"),
            ("nonce=\"AAAAAAAAAAAAAAAAAAAAAA\"", "nonce=\"AAAAAAAAAAAAAAAAAAAA A\""),
            ("nonce=\"AAAAAAAAAAAAAAAAAAAAAA\"", "nonce=\"铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜铜\""),
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
