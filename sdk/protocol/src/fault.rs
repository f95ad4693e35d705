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
}

impl Fault {
    /// A mistake without details.
    pub fn new(path: &str, code: ErrorCode) -> Self {
        Self { path: path.to_string(), code, params: Vec::new() }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.push((name.to_string(), value.to_string()));
        self
    }

    /// One line for people: place, meaning, details, and what to do.
    pub fn message(&self, language: Language) -> String {
        let mut text = String::new();
        for part in [self.path.as_str(), if self.path.is_empty() { "" } else { ": " }, self.code.title(language)] {
            text.push_str(part);
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
        let mut fields = serializer.serialize_struct("Fault", 4)?;
        fields.serialize_field("path", &self.path)?;
        fields.serialize_field("code", &self.code)?;
        fields.serialize_field("title", self.code.title(Language::Chinese))?;
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
        }
        let Wire { path, code, params } = Wire::deserialize(deserializer)?;
        // A code of a newer version must not make the whole answer unreadable.
        let code = ErrorCode::from_code(&code).unwrap_or(ErrorCode::InternalUnknownCode);
        Ok(Self { path, code, params: params.into_iter().collect() })
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
            self.0.push(Fault { path: path.to_string(), code, params });
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
