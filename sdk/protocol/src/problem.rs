//! An error as it travels: RFC 9457 `application/problem+json`.
//!
//! ```
//! use tongqiao_protocol::{ErrorCode, Fault, Faults, Language, Problem};
//!
//! let faults = Faults::one(Fault::new("/data/applicant/name", ErrorCode::RequestMissingField));
//! let problem = Problem::new(ErrorCode::RequestInvalid, Language::English).with_faults(faults).with_request("r-1");
//! assert_eq!((problem.status, problem.faults.0.len()), (400, 1));
//! assert_eq!(problem.kind, "urn:tongqiao:problem:request.invalid");
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error_code::ErrorCode;
use crate::{Fault, Faults, Language, Outcome, Retry};

/// The media type of a problem.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// What begins the `type` of every problem of this protocol.
const TYPE_PREFIX: &str = "urn:tongqiao:problem:";

/// An error as it travels.
///
/// `retry` and `outcome` are members of their own, so that a sender obeys them also for a code that it does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `type`: `urn:tongqiao:problem:` and the code as the answering side wrote it.
    pub kind: String,
    /// What it means, in the language asked for.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do, or what happened in this case, in the language asked for.
    pub detail: String,
    /// The code; `internal.unknown_code` when this version does not know what `kind` says.
    pub code: ErrorCode,
    /// The number of the code as the answering side wrote it.
    pub number: u16,
    /// Whether the same thing may be tried again.
    pub retry: Retry,
    /// Whether it took effect.
    pub outcome: Outcome,
    /// The details of the problem as a whole, by name.
    pub params: Vec<(String, String)>,
    /// Every mistake of the message.
    pub faults: Faults,
    /// The id under which the answering side logged the request.
    pub request: Option<String>,
    /// The language of the texts.
    language: Language,
}

impl Problem {
    /// The problem with the texts of its code.
    pub fn new(code: ErrorCode, language: Language) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{code}"),
            title: code.title(language).to_string(),
            status: code.http_status(),
            detail: code.action(language).to_string(),
            code,
            number: code.number(),
            retry: code.retry(),
            outcome: code.outcome(),
            params: Vec::new(),
            faults: Faults::new(),
            request: None,
            language,
        }
    }

    /// The problem of a message with mistakes: the mistake's own code when there is only one, else `request.invalid`.
    pub fn from_faults(faults: Faults, language: Language) -> Self {
        let code = match faults.0.as_slice() {
            [only] => only.code,
            _ => ErrorCode::RequestInvalid,
        };
        Self::new(code, language).with_faults(faults)
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl core::fmt::Display) -> Self {
        self.params.push((name.to_string(), value.to_string()));
        self
    }

    /// The same with mistakes.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The same with the id of the request.
    #[must_use]
    pub fn with_request(mut self, request: &str) -> Self {
        self.request = Some(request.to_string());
        self
    }

    /// The same with another detail text.
    #[must_use]
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.detail = detail.to_string();
        self
    }

    /// The bytes of the document.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a problem document; `None` when the bytes are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// One text for people: title, detail, and every mistake on a line of its own.
    pub fn message(&self) -> String {
        let mut text = format!("{}: {}", self.kind.trim_start_matches(TYPE_PREFIX), self.title);
        if !self.detail.is_empty() {
            text.push_str(" — ");
            text.push_str(&self.detail);
        }
        for fault in &self.faults {
            text.push('\n');
            text.push_str(&fault.message(self.language));
        }
        text
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.kind)?;
        map.serialize_entry("title", &self.title)?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("detail", &self.detail)?;
        map.serialize_entry("code", self.kind.trim_start_matches(TYPE_PREFIX))?;
        map.serialize_entry("number", &self.number)?;
        map.serialize_entry("retry", &self.retry)?;
        map.serialize_entry("outcome", &self.outcome)?;
        if !self.params.is_empty() {
            map.serialize_entry("params", &object(&self.params))?;
        }
        let faults: Vec<Value> = self.faults.iter().map(|fault| self.fault_object(fault)).collect();
        map.serialize_entry("faults", &faults)?;
        if let Some(request) = &self.request {
            map.serialize_entry("request", request)?;
        }
        map.end()
    }
}

impl Problem {
    fn fault_object(&self, fault: &Fault) -> Value {
        let mut value = serde_json::json!({
            "path": fault.path, "code": fault.code, "title": fault.code.title(self.language),
            "action": fault.code.action(self.language), "params": object(&fault.params),
        });
        if let Some(words) = &fault.words {
            value["detail"] = words.text(self.language).into();
        }
        value
    }
}

fn object(params: &[(String, String)]) -> Value {
    Value::Object(params.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect())
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            title: Option<String>,
            status: u16,
            detail: Option<String>,
            code: String,
            number: Option<u16>,
            retry: Retry,
            outcome: Outcome,
            #[serde(default)]
            params: alloc::collections::BTreeMap<String, String>,
            #[serde(default)]
            faults: Faults,
            request: Option<String>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let code = ErrorCode::from_code(&wire.code).unwrap_or(ErrorCode::InternalUnknownCode);
        let title = wire.title.unwrap_or_default();
        let language = if title == code.title(Language::English) { Language::English } else { Language::Chinese };
        Ok(Self {
            kind: format!("{TYPE_PREFIX}{}", wire.code),
            title,
            status: wire.status,
            detail: wire.detail.unwrap_or_default(),
            code,
            number: wire.number.unwrap_or(code.number()),
            retry: wire.retry,
            outcome: wire.outcome,
            params: wire.params.into_iter().collect(),
            faults: wire.faults,
            request: wire.request,
            language,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_problem_comes_back_as_it_was_sent() {
        for code in ErrorCode::ALL.iter().copied() {
            for language in [Language::Chinese, Language::English] {
                let fault = Fault::new("/events/0/record", code).with("expected", "12.00");
                let sent =
                    Problem::new(code, language).with("bill", 7).with_faults(Faults::one(fault)).with_request("r");
                assert_eq!(Problem::parse(&sent.to_bytes()).unwrap(), sent);
            }
        }
    }

    #[test]
    fn an_unknown_code_keeps_its_retry_and_outcome() {
        let bytes = br#"{"type":"urn:tongqiao:problem:new.thing","title":"t","status":409,"code":"new.thing",
            "retry":"after_delay","outcome":"unknown","more":1}"#;
        let problem = Problem::parse(bytes).unwrap();
        assert_eq!(problem.code, ErrorCode::InternalUnknownCode);
        assert_eq!((problem.retry, problem.outcome), (Retry::AfterDelay, Outcome::Unknown));
        assert_eq!(problem.kind, "urn:tongqiao:problem:new.thing");
    }
}
