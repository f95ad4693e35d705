//! One answer of the platform, packed for the link.

use http::header::{CONTENT_TYPE, DATE, ETAG, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::block::{self, Secrecy};
use super::dictionary::Dictionary;
use super::wire::{Malformed, Reader, Writer};

/// The version of the frames.
const VERSION: u8 = 1;
/// The largest answer (a catalogue snapshot).
const BODY_MOST: usize = 64 * 1024 * 1024;

/// The headers that matter to a caller; others stay behind.
static HEADERS: [HeaderName; 6] = [
    CONTENT_TYPE,
    DATE,
    ETAG,
    RETRY_AFTER,
    HeaderName::from_static("tongqiao-epoch"),
    HeaderName::from_static("tongqiao-request"),
];

/// An answer that is passed back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// Headers that matter to the caller.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answered {
    /// An answer as it came; headers that do not matter to the caller are left out.
    pub fn new(status: StatusCode, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let mut kept = HeaderMap::new();
        for name in &HEADERS {
            if let Some(value) = headers.get(name) {
                kept.insert(name.clone(), value.clone());
            }
        }
        Self { status, headers: kept, body }
    }

    /// The answer as others know it.
    pub fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The frame, for whoever has no dictionary.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with(None)
    }

    /// The frame, for whoever has this dictionary.
    pub(super) fn encode_with(&self, dictionary: Option<Dictionary>) -> Vec<u8> {
        let mut writer = Writer::with(dictionary);
        writer.byte(VERSION);
        writer.number(usize::from(self.status.as_u16()));
        let present = HEADERS.iter().zip(0_u8..).filter_map(|(name, place)| Some((place, self.headers.get(name)?)));
        let present = present.collect::<Vec<_>>();
        writer.byte(u8::try_from(present.len()).unwrap_or_default());
        for (place, value) in present {
            writer.byte(place);
            writer.bytes(value.as_bytes());
        }
        block::write(&mut writer, &self.body, Secrecy::OneAuthor);
        writer.finish()
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(frame);
        if reader.byte()? != VERSION {
            return Err(Malformed("another version"));
        }
        let status = u16::try_from(reader.number(999)?).unwrap_or_default();
        let status = StatusCode::from_u16(status).map_err(|_| Malformed("a status"))?;
        let mut headers = HeaderMap::new();
        for _ in 0..reader.byte()? {
            let name = HEADERS.get(usize::from(reader.byte()?)).ok_or(Malformed("a header"))?;
            let value = HeaderValue::from_bytes(reader.bytes(16 * 1024)?).map_err(|_| Malformed("a header"))?;
            headers.insert(name.clone(), value);
        }
        let body = block::read(&mut reader, BODY_MOST)?;
        reader.end()?;
        Ok(Self { status, headers, body })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_answer_comes_back(status in 100_u16..999, body in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
            headers.insert("tongqiao-epoch", "018f9f3a-7c00-7000-8000-000000000000".parse().unwrap());
            headers.insert("server", "somebody".parse().unwrap());
            let answer = Answered::new(StatusCode::from_u16(status).unwrap(), &headers, body);
            prop_assert_eq!(answer.headers.len(), 2);
            for dictionary in [None, Some(Dictionary::NEWEST)] {
                prop_assert_eq!(&Answered::decode(&answer.encode_with(dictionary)).unwrap(), &answer);
            }
        }

        #[test]
        fn whatever_bytes_come_nothing_breaks(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(Answered::decode(&bytes));
        }
    }
}
