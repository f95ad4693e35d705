//! The key directory: the signed list of keys, the platform's own among them.
//!
//! Every signature is judged by the key's row here: the row, never the message, says suite, use and validity.
//!
//! ```
//! use tongqiao_protocol::Timestamp;
//! use tongqiao_protocol::key_directory::{KeyDirectory, KeyUse};
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let directory: KeyDirectory = serde_json::from_str(r#"{
//!     "issued": "2026-11-23T14:00:00.000+08:00",
//!     "keys": [{
//!         "keyid": "civil-affairs/1", "party": "civil-affairs", "suite": "international", "use": "event",
//!         "public_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "valid_from": "2026-11-01T00:00:00.000+08:00"
//!     }]
//! }"#)?;
//! let key = &directory.keys[0];
//! assert_eq!(key.key_use, KeyUse::Event);
//! assert!(key.is_valid_at(directory.issued) && !key.is_valid_at(Timestamp::from_millis(0)));
//! # Ok(()) }
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{KeyId, PartyId, PublicKey, Suite, Timestamp};

/// The party under whose name the platform's own keys stand.
pub const PLATFORM_PARTY: &str = "platform";

/// The record of `GET /v1/directory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDirectory {
    /// When the platform made it. A reader never goes back to an older one: it may lack a revocation.
    pub issued: Timestamp,
    /// The keys. A row that this version cannot read, such as one of a suite to come, is left out: its key is unknown then.
    #[serde(deserialize_with = "readable_rows")]
    pub keys: Vec<KeyRecord>,
}

impl KeyDirectory {
    /// The row of a key.
    pub fn find(&self, keyid: &KeyId) -> Option<&KeyRecord> {
        self.keys.iter().find(|key| key.keyid == *keyid)
    }
}

/// One row of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Row", into = "Row")]
pub struct KeyRecord {
    /// The key's name.
    pub keyid: KeyId,
    /// Whose it is.
    pub party: PartyId,
    /// The key, with its suite.
    pub public_key: PublicKey,
    /// What it is for.
    pub key_use: KeyUse,
    /// From when on it is valid; absent: from ever.
    pub valid_from: Option<Timestamp>,
    /// Until when, that moment excluded; absent: no end is fixed.
    pub valid_until: Option<Timestamp>,
    /// Whether and why it is believed no more.
    pub revoked: Option<Revocation>,
}

impl KeyRecord {
    /// Whether what it signed at `instant` is believed. A revoked key signs nothing that is, of whatever date: the date is
    /// written by whoever holds the key.
    pub fn is_valid_at(&self, instant: Timestamp) -> bool {
        self.revoked.is_none()
            && self.valid_from.is_none_or(|from| from <= instant)
            && self.valid_until.is_none_or(|until| instant < until)
    }

    /// Whether it is one of the platform's own, for what the platform signs.
    pub fn speaks_for_platform(&self) -> bool {
        self.party.as_str() == PLATFORM_PARTY && self.key_use == KeyUse::Event
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUse {
    /// Signing records, and one's own requests.
    Event,
    /// Signing requests only.
    Hop,
    /// Renewing the other keys.
    Enrolment,
}

impl KeyUse {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Hop => "hop",
            Self::Enrolment => "enrolment",
        }
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is for event, hop or enrolment")]
pub struct InvalidKeyUse;

impl FromStr for KeyUse {
    type Err = InvalidKeyUse;

    fn from_str(text: &str) -> Result<Self, InvalidKeyUse> {
        [Self::Event, Self::Hop, Self::Enrolment].into_iter().find(|one| one.as_str() == text).ok_or(InvalidKeyUse)
    }
}

/// That a key is believed no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Since when.
    pub at: Timestamp,
    /// Why, for people.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A row as it stands on the wire.
#[derive(Clone, Serialize, Deserialize)]
struct Row {
    keyid: KeyId,
    party: PartyId,
    suite: Suite,
    public_key: String,
    #[serde(rename = "use")]
    key_use: KeyUse,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked: Option<Revocation>,
}

impl TryFrom<Row> for KeyRecord {
    type Error = crate::suite::InvalidPublicKey;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let bytes = STANDARD.decode(row.public_key.as_bytes()).map_err(|_| crate::suite::InvalidPublicKey)?;
        Ok(Self {
            keyid: row.keyid,
            party: row.party,
            public_key: PublicKey::new(row.suite, bytes)?,
            key_use: row.key_use,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            revoked: row.revoked,
        })
    }
}

impl From<KeyRecord> for Row {
    fn from(record: KeyRecord) -> Self {
        Self {
            keyid: record.keyid,
            party: record.party,
            suite: record.public_key.suite(),
            public_key: STANDARD.encode(record.public_key.as_bytes()),
            key_use: record.key_use,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            revoked: record.revoked,
        }
    }
}

fn readable_rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<KeyRecord>, D::Error> {
    let rows = Vec::<serde_json::Value>::deserialize(deserializer)?;
    Ok(rows.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    const NOON: &str = "2026-11-23T12:00:00.000+08:00";

    fn record(more: &str) -> KeyRecord {
        let key = STANDARD.encode([1; 32]);
        let text = alloc::format!(
            r#"{{"keyid":"k","party":"platform","suite":"international","public_key":"{key}","use":"event"{more}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_key_is_valid_from_its_first_moment_until_just_before_its_last() {
        let noon: Timestamp = NOON.parse().unwrap();
        let record = record(&alloc::format!(r#","valid_from":"{NOON}","valid_until":"2026-11-23T12:00:01.000+08:00""#));
        assert!(record.is_valid_at(noon) && record.is_valid_at(noon.plus_millis(999)));
        assert!(!record.is_valid_at(noon.plus_millis(-1)) && !record.is_valid_at(noon.plus_millis(1_000)));
    }

    #[test]
    fn a_revoked_key_is_believed_for_no_date() {
        let noon: Timestamp = NOON.parse().unwrap();
        let revoked = record(&alloc::format!(r#","revoked":{{"at":"{NOON}","reason":"lost"}}"#));
        assert!(!revoked.is_valid_at(noon.plus_millis(-1_000_000)) && !revoked.is_valid_at(noon));
        assert!(record("").is_valid_at(noon) && record("").speaks_for_platform());
    }

    #[test]
    fn a_row_of_a_suite_to_come_hides_no_other_row() {
        let row = serde_json::to_value(record("")).unwrap();
        let mut strange = row.clone();
        strange["suite"] = "to-come".into();
        let directory = serde_json::json!({ "issued": NOON, "keys": [strange, row] });
        let directory: KeyDirectory = serde_json::from_value(directory).unwrap();
        assert_eq!(directory.keys, [record("")]);
    }
}
