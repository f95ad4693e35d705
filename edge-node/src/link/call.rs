//! One request of the platform's HTTP interface, packed for the link.
//!
//! What a signature covers comes out as it went in: method, address and body byte for byte, and the signature's own three headers.
//! Those are packed as their parts where they have the form that our software writes, and as they are where not.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use tongqiao_protocol::hop_signature::{HopSignature, content_digest, parse_signature_header, signature_header};
use tongqiao_protocol::{KeyId, RequestId, SignatureValue, Suite, Timestamp, limits};

use super::block::{self, Secrecy};
use super::dictionary::Dictionary;
use super::records;
use super::wire::{Malformed, Reader, Writer};

/// The version of the frames.
const VERSION: u8 = 1;
/// The largest body of a request, as the table of routes has it.
pub(super) const BODY_MOST: usize = limits::BATCH_BYTES_MAX;

/// The headers that matter to the platform; others stay behind. Their places are their names on the link.
static HEADERS: [HeaderName; 7] = [
    ACCEPT_LANGUAGE,
    CONTENT_TYPE,
    IF_NONE_MATCH,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("signature-input"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("tongqiao-request"),
];
/// In place of the number of headers: three of them, packed as a stamp, go before the others.
const STAMPED: u8 = 0x80;
const REQUEST: &str = "tongqiao-request";

const BODY_BLOCK: u8 = 0;
const BODY_RECORDS: u8 = 1;

/// A request that is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    method: Method,
    /// Path and query, byte for byte.
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call {
    /// A request as it came; headers that do not matter to the platform are left out.
    pub fn new(method: Method, target: impl Into<String>, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let mut kept = HeaderMap::new();
        for name in &HEADERS {
            if let Some(value) = headers.get(name) {
                kept.insert(name.clone(), value.clone());
            }
        }
        Self { method, target: target.into(), headers: kept, body }
    }

    /// The method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The lane in which it travels.
    pub fn lane(&self) -> super::Lane {
        super::Lane::of(self.method.as_str(), self.path())
    }

    /// Whether it may be said before the other end has proved who it is.
    pub(crate) fn early(&self) -> super::Early {
        super::Early::of(self.method.as_str(), self.path())
    }

    /// The request to `origin` (scheme and authority).
    ///
    /// # Errors
    /// [`Malformed`] when the address is none.
    pub fn into_request(self, origin: &str) -> Result<Request<Vec<u8>>, Malformed> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = format!("{origin}{}", self.target).parse().map_err(|_| Malformed("an address"))?;
        *request.headers_mut() = self.headers;
        Ok(request)
    }

    /// The frame, for whoever has no dictionary.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with(None)
    }

    /// The frame, for whoever has this dictionary.
    pub(crate) fn encode_with(&self, dictionary: Option<Dictionary>) -> Vec<u8> {
        let mut writer = Writer::with(dictionary);
        writer.byte(VERSION);
        writer.bytes(self.method.as_str().as_bytes());
        writer.bytes(self.target.as_bytes());
        let stamp = Stamp::of(self);
        let packed = |name: &&HeaderName| stamp.is_some() && Stamp::HEADERS.contains(&name.as_str());
        let rest = HEADERS.iter().zip(0_u8..).filter(|(name, _)| self.headers.contains_key(*name) && !packed(name));
        let rest = rest.collect::<Vec<_>>();
        let count = u8::try_from(rest.len()).unwrap_or_default();
        writer.byte(if stamp.is_some() { count | STAMPED } else { count });
        if let Some(stamp) = &stamp {
            stamp.write(&mut writer);
        }
        for (name, place) in rest {
            let value = self.headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
            writer.byte(place);
            // An id takes sixteen bytes; a text that is none takes no more than itself.
            match std::str::from_utf8(value).ok().and_then(|text| text.parse::<RequestId>().ok()) {
                Some(id) if name.as_str() == REQUEST && id.to_string().as_bytes() == value => {
                    writer.bytes(id.as_bytes())
                }
                _ => writer.bytes(value),
            }
        }
        match records::pack(self.path(), &self.body, dictionary) {
            Some(packed) => {
                writer.byte(BODY_RECORDS);
                writer.raw(&packed);
            }
            None => {
                writer.byte(BODY_BLOCK);
                block::write(&mut writer, &self.body, secrecy(self.path()));
            }
        }
        writer.finish()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        Self::decode_noting(frame).map(|(call, _)| call)
    }

    /// Reads a frame, and with which dictionary it was packed: the other end has it.
    pub(crate) fn decode_noting(frame: &[u8]) -> Result<(Self, Option<Dictionary>), Malformed> {
        let mut reader = Reader::new(frame);
        if reader.byte()? != VERSION {
            return Err(Malformed("another version"));
        }
        let method = Method::from_bytes(reader.bytes(16)?).map_err(|_| Malformed("a method"))?;
        let target = reader.text()?.to_owned();
        if !target.starts_with('/') {
            return Err(Malformed("an address"));
        }
        let head = reader.byte()?;
        let stamp = if head & STAMPED == 0 { None } else { Some(Stamp::read(&mut reader)?) };
        let mut headers = HeaderMap::new();
        for _ in 0..head & !STAMPED {
            let name = HEADERS.get(usize::from(reader.byte()?)).ok_or(Malformed("a header"))?;
            let value = reader.bytes(16 * 1024)?;
            let id = <[u8; 16]>::try_from(value).ok().filter(|_| name.as_str() == REQUEST).map(RequestId::from_bytes);
            let value = match id {
                Some(id) => HeaderValue::from_str(&id.to_string()),
                None => HeaderValue::from_bytes(value),
            };
            headers.insert(name.clone(), value.map_err(|_| Malformed("a header"))?);
        }
        let body = match reader.byte()? {
            BODY_BLOCK => block::read(&mut reader, BODY_MOST)?,
            BODY_RECORDS => records::unpack(&mut reader, BODY_MOST)?,
            _ => return Err(Malformed("an unknown body")),
        };
        let dictionary = reader.dictionary();
        reader.end()?;
        if let Some(stamp) = stamp {
            stamp.put(&mut headers, &body)?;
        }
        Ok((Self { method, target, headers, body }, dictionary))
    }
}

/// Whether the body of a request to this address may be compressed.
fn secrecy(path: &str) -> Secrecy {
    match path {
        "/v1/enrolments" | "/v1/progress-queries" => Secrecy::Secret,
        _ => Secrecy::OneAuthor,
    }
}

/// The hop signature in its parts: 64 bytes, a nonce, a time and a key's name, in place of three headers of 400.
struct Stamp {
    suite: Suite,
    keyid: KeyId,
    created_seconds: i64,
    nonce: [u8; 16],
    value: SignatureValue,
}

impl Stamp {
    const HEADERS: [&'static str; 3] = ["content-digest", "signature-input", "signature"];

    /// The parts, where the three headers can be made again of them.
    fn of(call: &Call) -> Option<Self> {
        let text = |name: &str| call.headers.get(name)?.to_str().ok();
        let (input, digest, signature) = (text("signature-input")?, text("content-digest")?, text("signature")?);
        let hop = HopSignature::parse(input).ok()?;
        let suites = [Suite::International, Suite::ShangMi];
        let suite = suites.into_iter().find(|suite| content_digest(*suite, &call.body) == digest)?;
        let value = parse_signature_header(signature).ok()?;
        let nonce = URL_SAFE_NO_PAD.decode(hop.nonce()).ok()?.try_into().ok()?;
        let stamp = Self { suite, keyid: hop.key_id().clone(), created_seconds: hop.created_seconds(), nonce, value };
        (stamp.hop()?.signature_input() == input && signature_header(&value) == signature).then_some(stamp)
    }

    fn hop(&self) -> Option<HopSignature> {
        let created = Timestamp::from_millis(self.created_seconds.checked_mul(1_000)?);
        Some(HopSignature::new(self.keyid.clone(), created, &self.nonce))
    }

    fn write(&self, writer: &mut Writer) {
        writer.byte(match self.suite {
            Suite::International => 0,
            Suite::ShangMi => 1,
        });
        writer.bytes(self.keyid.as_str().as_bytes());
        writer.raw(&self.created_seconds.to_be_bytes());
        writer.raw(&self.nonce);
        writer.raw(self.value.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let suite = match reader.byte()? {
            0 => Suite::International,
            1 => Suite::ShangMi,
            _ => return Err(Malformed("an unknown suite")),
        };
        let keyid = reader.text()?.parse().map_err(|_| Malformed("a key's name"))?;
        let created_seconds = i64::from_be_bytes(reader.array()?);
        let nonce = reader.array()?;
        let value = SignatureValue::from_bytes(reader.array()?);
        Ok(Self { suite, keyid, created_seconds, nonce, value })
    }

    fn put(&self, headers: &mut HeaderMap, body: &[u8]) -> Result<(), Malformed> {
        let hop = self.hop().ok_or(Malformed("a time"))?;
        let values = [content_digest(self.suite, body), hop.signature_input(), signature_header(&self.value)];
        for (name, value) in Self::HEADERS.into_iter().zip(values) {
            let value = HeaderValue::from_str(&value).map_err(|_| Malformed("a header"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(())
    }
}

/// The bytes of a base64 text, if writing them gives the same text again.
pub(super) fn exact_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).ok()?;
    (STANDARD.encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    fn headers(list: &[(&'static str, String)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn signed(suite: Suite, body: &[u8]) -> HeaderMap {
        let hop =
            HopSignature::new("township-1/4f7k".parse().unwrap(), Timestamp::from_millis(1_790_000_000_000), &[7; 16]);
        headers(&[
            ("content-digest", content_digest(suite, body)),
            ("signature-input", hop.signature_input()),
            ("signature", signature_header(&SignatureValue::from_bytes([9; 64]))),
            ("tongqiao-request", "018f9f3a-7c00-7000-8000-000000000000".to_owned()),
            ("accept-language", "zh-CN".to_owned()),
            ("content-type", "application/json".to_owned()),
        ])
    }

    #[test]
    fn a_signed_request_comes_out_as_it_went_in_and_small() {
        for suite in [Suite::International, Suite::ShangMi] {
            let body = br#"{"count":200}"#.to_vec();
            let call = Call::new(Method::POST, "/v1/case-number-leases?a=%e9", &signed(suite, &body), body);
            let frame = call.encode();
            assert_eq!(Call::decode(&frame).unwrap(), call);
            assert!(frame.len() < 220, "{}", frame.len());
        }
    }

    #[test]
    fn a_signature_that_others_have_written_otherwise_comes_out_as_it_went_in() {
        let body = b"{}".to_vec();
        for (name, value) in [
            ("signature-input", "sig1=(\"@method\");created=1"),
            ("content-digest", "sha-256=:AAAA:"),
            ("signature", "sig1=:AAAA:"),
            ("tongqiao-request", "not an id"),
        ] {
            let mut headers = signed(Suite::International, &body);
            headers.insert(name, value.parse().unwrap());
            let call = Call::new(Method::POST, "/v1/bills", &headers, body.clone());
            assert_eq!(Call::decode(&call.encode()).unwrap(), call, "{name}");
        }
    }

    #[test]
    fn what_does_not_matter_to_the_platform_stays_behind() {
        let headers = headers(&[("cookie", "a=b".to_owned()), ("accept-language", "en".to_owned())]);
        let call = Call::new(Method::GET, "/v1/directory", &headers, Vec::new());
        let request = Call::decode(&call.encode()).unwrap().into_request("https://platform.example").unwrap();
        assert_eq!(request.headers().len(), 1);
        assert_eq!(request.uri().to_string(), "https://platform.example/v1/directory");
    }

    proptest! {
        #[test]
        fn every_body_comes_back(body in proptest::collection::vec(any::<u8>(), 0..2_000), path in 0_usize..3) {
            let path = ["/v1/case-events", "/v1/materials/x/chunks", "/v1/enrolments"][path];
            let call = Call::new(Method::POST, path, &signed(Suite::ShangMi, &body), body);
            for dictionary in [None, Some(Dictionary::NEWEST)] {
                prop_assert_eq!(&Call::decode(&call.encode_with(dictionary)).unwrap(), &call);
            }
        }

        #[test]
        fn whatever_bytes_come_nothing_breaks(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(Call::decode(&bytes));
        }
    }
}
