//! Mistakes in a message: each with its place, its code and its parameters, and always all of them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error_code::ErrorCode;
use crate::{IdentifierFaults, Language};

/// One mistake in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901), empty for the message as a whole.
    pub path: String,
    /// What.
    pub code: ErrorCode,
    /// The details, by name. They never hold a person's data.
    pub params: Vec<(String, String)>,
    /// The mistake in words, where more is known of it than the title of its code says.
    pub words: Option<FaultWords>,
}

/// A mistake in the words of both languages; of one that arrived in an answer, twice in the language of the answer. Like
/// the details they never hold a person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultWords {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl FaultWords {
    /// The words in one language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh,
            Language::English => &self.en,
        }
    }
}

impl Fault {
    /// A mistake without details.
    pub fn new(path: &str, code: ErrorCode) -> Self {
        Self { path: path.to_string(), code, params: Vec::new(), words: None }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.push((name.to_string(), value.to_string()));
        self
    }

    /// One line for people: place, and the mistake in words, or else the meaning of its code with the details.
    pub fn message(&self, language: Language) -> String {
        let mut text = String::new();
        let meaning = self.words.as_ref().map_or(self.code.title(language), |words| words.text(language));
        for part in [self.path.as_str(), if self.path.is_empty() { "" } else { ": " }, meaning] {
            text.push_str(part);
        }
        if self.words.is_some() {
            return text;
        }
        for (index, (name, value)) in self.params.iter().enumerate() {
            text.push_str(if index == 0 { " (" } else { ", " });
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        if !self.params.is_empty() {
            text.push(')');
        }
        text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Language::English))
    }
}

impl core::error::Error for Fault {}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Fault", 4 + usize::from(self.words.is_some()))?;
        fields.serialize_field("path", &self.path)?;
        fields.serialize_field("code", &self.code)?;
        fields.serialize_field("title", self.code.title(Language::Chinese))?;
        if let Some(words) = &self.words {
            fields.serialize_field("detail", &words.zh)?;
        }
        fields.serialize_field("params", &Params(&self.params))?;
        fields.end()
    }
}

/// Parameters as one JSON object, in their order.
struct Params<'a>(&'a [(String, String)]);

impl Serialize for Params<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            path: String,
            code: String,
            #[serde(default)]
            params: alloc::collections::BTreeMap<String, String>,
            detail: Option<String>,
        }
        let Wire { path, code, params, detail } = Wire::deserialize(deserializer)?;
        let words = detail.map(|text| FaultWords { zh: text.clone(), en: text });
        // A code of a newer version must not make the whole answer unreadable.
        let code = ErrorCode::from_code(&code).unwrap_or(ErrorCode::InternalUnknownCode);
        Ok(Self { path, code, params: params.into_iter().collect(), words })
    }
}

/// All mistakes of a message, in the order in which they were met.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// No mistake so far.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One mistake.
    pub fn one(fault: Fault) -> Self {
        Self(alloc::vec![fault])
    }

    /// Adds a mistake.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Adds the mistakes of an identifier that stands at `path`.
    pub fn push_identifier(&mut self, path: &str, faults: &IdentifierFaults) {
        for fault in faults.iter() {
            let code = fault.error_code();
            let params = fault.params().into_iter().map(|(name, value)| (name.to_string(), value)).collect();
            let words = Some(FaultWords { zh: fault.zh(), en: fault.en() });
            self.0.push(Fault { path: path.to_string(), code, params, words });
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistakes.
    pub fn iter(&self) -> core::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = core::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&fault.message(Language::English))?;
        }
        Ok(())
    }
}

impl core::error::Error for Faults {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use crate::{CitizenNumber, Problem};

    fn faults() -> Faults {
        let mut faults = Faults::new();
        faults.push_identifier("/data/applicant/identity/number", &CitizenNumber::parse("34O705").unwrap_err());
        faults
    }

    #[test]
    fn a_mistake_in_an_identifier_is_told_in_the_words_of_either_language() {
        let faults = faults();
        let lines = |language| faults.iter().map(|fault| fault.message(language)).collect::<Vec<_>>();
        let place = "/data/applicant/identity/number: ";
        let chinese = ["公民身份号码应为18位，现为6位", "公民身份号码第3位“O”不允许，此处应为0-9"];
        assert_eq!(lines(Language::Chinese), chinese.map(|text| [place, text].concat()));
        assert!(lines(Language::English)[0].ends_with("has 6 characters and should have 18"));
    }

    #[test]
    fn the_words_travel_in_the_language_of_the_answer() {
        for language in [Language::Chinese, Language::English] {
            let sent = Problem::from_faults(faults(), language);
            let read = Problem::parse(&sent.to_bytes()).unwrap();
            assert_eq!(read.message(), sent.message());
            let words = read.faults.0[0].words.clone().unwrap();
            assert_eq!(words.text(language), faults().0[0].words.as_ref().unwrap().text(language));
        }
        let bare = serde_json::to_string(&faults().0[0]).unwrap();
        assert!(bare.contains(r#""detail":"公民身份号码应为18位，现为6位""#), "{bare}");
    }
}
