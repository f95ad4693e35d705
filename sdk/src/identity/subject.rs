//! Who signed in, and how sure the provider is.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Deserializer, Serialize};

/// Whom a token speaks of. Bind accounts to [`Subject::id`], never to a name or a credit code: one organisation may hold
/// several accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    pub(super) id: String,
    pub(super) kind: SubjectKind,
}

impl Subject {
    /// The provider's stable id of the account.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What kind of account.
    pub const fn kind(&self) -> &SubjectKind {
        &self.kind
    }
}

/// What kind of account signed in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectKind {
    /// A natural person 自然人.
    Natural,
    /// A legal person or another organisation 法人.
    Legal,
    /// A person who acts for somebody else 经办人、代办人.
    Agent,
    /// A kind that this version does not know, as the provider wrote it.
    Other(String),
}

impl SubjectKind {
    fn from_claim(claim: Option<&str>) -> Self {
        match claim {
            // A provider that says nothing about it signs in people.
            None | Some("natural" | "person") => Self::Natural,
            Some("legal" | "organisation") => Self::Legal,
            Some("agent") => Self::Agent,
            Some(other) => Self::Other(other.to_owned()),
        }
    }
}

/// How sure the provider is of who somebody is: a value *on a named scale*. Real scales run in opposite directions, so a
/// value without its scale means nothing, and values of different scales cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Assurance {
    scale: String,
    /// Scales count in digits or in words; providers write both as they like.
    #[serde(deserialize_with = "word_or_number")]
    value: String,
}

fn word_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(word) => Ok(word),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("the value of an assurance is a word or a number")),
    }
}

impl Assurance {
    /// The scale's name.
    pub fn scale(&self) -> &str {
        &self.scale
    }

    /// The value on it.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// The claims beyond OpenID Connect's own. Whoever the agent acts for is the business of the application form.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assurance: Option<Assurance>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject_kind: Option<String>,
}

impl AdditionalClaims for Claims {}

impl Claims {
    pub(super) fn kind(&self) -> SubjectKind {
        SubjectKind::from_claim(self.subject_kind.as_deref())
    }
}
