//! The signature of one request: a profile of RFC 9421 with one fixed list of components, over the digest of RFC 9530.
//!
//! It says who sends this request and when, and nothing of who wrote what is inside. Signed is the *base*:
//!
//! ```text
//! "@method": POST
//! "@path": /v1/case-events
//! "@query": ?
//! "content-digest": sha-256=:…:
//! "@signature-params": ("@method" "@path" "@query" "content-digest");created=…;expires=…;nonce="…";keyid="…";tag="tongqiao-v1"
//! ```
//!
//! joined by LF without one at the end. `@query` begins with `?` also when there is none; the digest is sent also for an empty
//! body. Nothing is normalised: path and query are taken byte for byte as they stand on the request line.
//!
//! ```
//! use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, content_digest};
//! use tongqiao_protocol::{Suite, Timestamp};
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let now = Timestamp::from_millis(1_790_000_000_000);
//! let hop = HopSignature::new("civil-affairs/hop".parse()?, now, &[7; 16]);
//! let digest = content_digest(Suite::International, b"{}");
//! let target = RequestTarget { method: "POST", path: "/v1/bills", query: "" };
//! assert!(hop.base(&target, &digest).starts_with("\"@method\": POST\n\"@path\": /v1/bills\n\"@query\": ?\n"));
//! let read = HopSignature::parse(&hop.signature_input())?;
//! assert_eq!((read.key_id(), read.check_fresh(now).is_ok()), (hop.key_id(), true));
//! # Ok(()) }
//! ```

use alloc::format;
use alloc::string::{String, ToString};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::limits::{CLOCK_SKEW_MS_MAX, HOP_SIGNATURE_LIFE_MS, NONCE_BYTES_MIN};
use crate::{Digest, ErrorCode, Fault, KeyId, SignatureValue, Suite, Timestamp};

/// What is covered, always all and in this order.
pub const COVERED: &str = "(\"@method\" \"@path\" \"@query\" \"content-digest\")";
/// The `tag` of this profile.
pub const TAG: &str = "tongqiao-v1";
/// The label in both headers.
const LABEL: &str = "sig1=";
/// The longest nonce that is read, in characters.
const NONCE_CHARACTERS_MAX: usize = 88;

/// The request line's parts, byte for byte as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTarget<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path, with its percent-encoding untouched.
    pub path: &'a str,
    /// What follows the `?`, without it; empty when there is none.
    pub query: &'a str,
}

/// When, by which key and with which nonce a request was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopSignature {
    key_id: KeyId,
    created_seconds: i64,
    expires_seconds: i64,
    nonce: String,
    /// The parameters byte for byte as they stand in the header: the base holds them unchanged.
    parameters: String,
}

impl HopSignature {
    /// The parameters of a request to be signed now, living for [`HOP_SIGNATURE_LIFE_MS`]. `nonce` is fresh random bytes.
    pub fn new(key_id: KeyId, now: Timestamp, nonce: &[u8; 16]) -> Self {
        let created_seconds = now.as_millis().div_euclid(1_000);
        let expires_seconds = created_seconds + HOP_SIGNATURE_LIFE_MS / 1_000;
        let nonce = URL_SAFE_NO_PAD.encode(nonce);
        let parameters = format!(
            "{COVERED};created={created_seconds};expires={expires_seconds};nonce=\"{nonce}\";keyid=\"{key_id}\";tag=\"{TAG}\""
        );
        Self { key_id, created_seconds, expires_seconds, nonce, parameters }
    }

    /// The value of `Signature-Input`.
    pub fn signature_input(&self) -> String {
        format!("{LABEL}{}", self.parameters)
    }

    /// The text that is signed.
    pub fn base(&self, target: &RequestTarget<'_>, content_digest: &str) -> String {
        let RequestTarget { method, path, query } = target;
        format!(
            "\"@method\": {method}\n\"@path\": {path}\n\"@query\": ?{query}\n\"content-digest\": {content_digest}\n\
             \"@signature-params\": {}",
            self.parameters
        )
    }

    /// Reads `Signature-Input`. Parameters may come in any order, each once; nothing else may stand there.
    ///
    /// # Errors
    /// `signature.malformed`, with what was expected.
    pub fn parse(header: &str) -> Result<Self, Fault> {
        let malformed = |expected: &str| {
            Fault::new("", ErrorCode::SignatureMalformed).with("step", "signature-input").with("expected", expected)
        };
        let parameters = header.trim().strip_prefix(LABEL).ok_or_else(|| malformed(LABEL))?;
        let mut rest = parameters.strip_prefix(COVERED).ok_or_else(|| malformed(COVERED))?;
        let mut found = Parameters::default();
        while !rest.is_empty() {
            rest = found.take(rest).ok_or_else(|| malformed("created, expires, nonce, keyid and tag, each once"))?;
        }
        let Parameters { created, expires, nonce, keyid, tag } = found;
        if tag != Some(TAG) {
            return Err(malformed("tag=\"tongqiao-v1\""));
        }
        let nonce = nonce.filter(|nonce| is_nonce(nonce)).ok_or_else(|| malformed("a nonce of 128 bits or more"))?;
        Ok(Self {
            key_id: keyid.and_then(|keyid| keyid.parse().ok()).ok_or_else(|| malformed("keyid"))?,
            created_seconds: created.ok_or_else(|| malformed("created"))?,
            expires_seconds: expires.ok_or_else(|| malformed("expires"))?,
            nonce: nonce.to_string(),
            parameters: parameters.to_string(),
        })
    }

    /// The key.
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The nonce, to be remembered for [`crate::limits::NONCE_MEMORY_MS`] for each key.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// When it was made, in seconds since 1970.
    pub const fn created_seconds(&self) -> i64 {
        self.created_seconds
    }

    /// Checks that it was made within the clock skew of `now`, has not expired and does not live too long.
    ///
    /// # Errors
    /// `signature.stale` with both times; the caller corrects its clock by the answer's `Date` and signs anew.
    pub fn check_fresh(&self, now: Timestamp) -> Result<(), Fault> {
        let now_seconds = now.as_millis().div_euclid(1_000);
        let distance = i128::from(now_seconds) - i128::from(self.created_seconds);
        let life = i128::from(self.expires_seconds) - i128::from(self.created_seconds);
        let near = distance.abs() <= i128::from(CLOCK_SKEW_MS_MAX / 1_000);
        let lives = (0..=i128::from(HOP_SIGNATURE_LIFE_MS / 1_000)).contains(&life);
        if near && lives && self.expires_seconds >= now_seconds {
            return Ok(());
        }
        let fault = Fault::new("", ErrorCode::SignatureStale).with("created", self.created_seconds);
        Err(fault.with("now", now_seconds))
    }
}

fn is_nonce(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    let shortest = (NONCE_BYTES_MIN * 4).div_ceil(3);
    (shortest..=NONCE_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(legal)
}

#[derive(Default)]
struct Parameters<'a> {
    created: Option<i64>,
    expires: Option<i64>,
    nonce: Option<&'a str>,
    keyid: Option<&'a str>,
    tag: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    /// Takes `;name=value` from the front; `None` when it is unknown, malformed or comes twice.
    fn take(&mut self, text: &'a str) -> Option<&'a str> {
        let (name, after) = text.strip_prefix(';')?.split_once('=')?;
        if let Some(quoted) = after.strip_prefix('"') {
            let (value, rest) = quoted.split_once('"')?;
            let place = match name {
                "nonce" => &mut self.nonce,
                "keyid" => &mut self.keyid,
                "tag" => &mut self.tag,
                _ => return None,
            };
            return place.replace(value).is_none().then_some(rest);
        }
        let (value, rest) = after.split_at(after.find(';').unwrap_or(after.len()));
        let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && (1..=15).contains(&value.len());
        let place = match name {
            "created" => &mut self.created,
            "expires" => &mut self.expires,
            _ => return None,
        };
        (digits && place.replace(value.parse().ok()?).is_none()).then_some(rest)
    }
}

/// The value of `Signature`.
pub fn signature_header(value: &SignatureValue) -> String {
    format!("{LABEL}:{}:", STANDARD.encode(value.as_bytes()))
}

/// Reads `Signature`.
///
/// # Errors
/// `signature.malformed`.
pub fn parse_signature_header(header: &str) -> Result<SignatureValue, Fault> {
    let inner = header.trim().strip_prefix(LABEL).and_then(|rest| rest.strip_prefix(':')?.strip_suffix(':'));
    let bytes = inner.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    bytes.map(SignatureValue::from_bytes).ok_or_else(|| {
        Fault::new("", ErrorCode::SignatureMalformed)
            .with("step", "signature")
            .with("expected", "sig1=:<64 bytes in base64>:")
    })
}

/// The value of `Content-Digest` for `body`; `sm3` is a name private to this protocol.
pub fn content_digest(suite: Suite, body: &[u8]) -> String {
    let name = match suite {
        Suite::International => "sha-256",
        Suite::ShangMi => "sm3",
    };
    format!("{name}=:{}:", STANDARD.encode(Digest::of(suite, body).as_bytes()))
}

/// Checks that one member of `Content-Digest` is the digest of `body` by the suite's hash; others are ignored.
///
/// # Errors
/// `signature.digest_mismatch` with the digest expected.
pub fn check_content_digest(header: &str, suite: Suite, body: &[u8]) -> Result<(), Fault> {
    let expected = content_digest(suite, body);
    if header.split(',').any(|member| member.trim() == expected) {
        return Ok(());
    }
    Err(Fault::new("", ErrorCode::SignatureDigestMismatch).with("expected", expected))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn hop(now: Timestamp) -> HopSignature {
        HopSignature::new("a/b".parse().unwrap(), now, &[1; 16])
    }

    #[test]
    fn freshness_ends_exactly_at_the_limit() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        let skew = CLOCK_SKEW_MS_MAX;
        for (created, is_fresh) in
            [(0, true), (skew, true), (skew + 1_000, false), (-skew, true), (-skew - 1_000, false)]
        {
            let read = HopSignature::parse(&hop(now.plus_millis(created)).signature_input()).unwrap();
            assert_eq!(read.check_fresh(now).is_ok(), is_fresh, "{created}");
        }
        let input = hop(now).signature_input();
        for (expires, is_fresh) in
            [("1790000300", true), ("1790000301", false), ("1789999999", false), ("999999999999999", false)]
        {
            let changed = input.replace("expires=1790000300", &format!("expires={expires}"));
            assert_eq!(HopSignature::parse(&changed).unwrap().check_fresh(now).is_ok(), is_fresh, "{expires}");
        }
    }

    #[test]
    fn the_base_keeps_the_parameters_byte_for_byte() {
        let input = "sig1=(\"@method\" \"@path\" \"@query\" \"content-digest\");tag=\"tongqiao-v1\";keyid=\"k\";\
                     nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";expires=300;created=0";
        let read = HopSignature::parse(input).unwrap();
        let target = RequestTarget { method: "GET", path: "/v1/%E9%93%9C", query: "a=1&b=%20" };
        let base = read.base(&target, "sm3=:x:");
        assert!(base.ends_with(&input[5..]));
        assert!(base.contains("\n\"@query\": ?a=1&b=%20\n") && !base.ends_with('\n') && !base.contains('\r'));
    }

    #[test]
    fn whatever_is_missing_twice_or_unknown_is_malformed() {
        let right = hop(Timestamp::from_millis(0)).signature_input();
        assert!(HopSignature::parse(&right).is_ok());
        for (from, to) in [
            ("sig1=", "sig2="),
            ("\"@query\" ", ""),
            (";created=0", ""),
            (";expires=300", ""),
            ("tongqiao-v1", "tongqiao-v2"),
            ("AQEBAQEBAQEBAQEBAQEBAQ", "AQEBAQEBAQEBAQEBAQEBA"),
            (";created=0", ";created=0;created=0"),
            (";created=0", ";created=-1"),
            (";created=0", ";created=9999999999999999999"),
            (";created=0", ";created=0;alg=\"ed25519\""),
            ("keyid=\"a/b\"", "keyid=\"\""),
            ("keyid=\"a/b\"", "keyid=a/b"),
        ] {
            let wrong = right.replacen(from, to, 1);
            assert_ne!(wrong, right, "{from}");
            assert_eq!(HopSignature::parse(&wrong).unwrap_err().code, ErrorCode::SignatureMalformed, "{wrong}");
        }
    }

    #[test]
    fn headers_of_signature_and_digest_come_back() {
        let value = SignatureValue::from_bytes([3; 64]);
        assert_eq!(parse_signature_header(&signature_header(&value)).unwrap(), value);
        for wrong in ["", "sig1=", "sig1=::", "sig1=:AAAA:", "sig1=AAAA"] {
            assert!(parse_signature_header(wrong).is_err(), "{wrong}");
        }
        let both = format!("{}, {}", content_digest(Suite::International, b"a"), content_digest(Suite::ShangMi, b"a"));
        for suite in [Suite::International, Suite::ShangMi] {
            assert!(check_content_digest(&both, suite, b"a").is_ok());
            assert!(check_content_digest(&both, suite, b"b").is_err());
        }
        assert!(check_content_digest(&content_digest(Suite::ShangMi, b"a"), Suite::International, b"a").is_err());
    }
}
