//! A party and one of its keys.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{KeyId, PublicKey, Timestamp};

/// A party that was enrolled.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) scopes: Scopes,
}

/// What a party may do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Scopes {
    /// Prefixes of division codes within which it may write.
    pub(crate) divisions: Vec<String>,
    /// Authors whose records it may carry, besides itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) carries: Vec<String>,
}

impl Party {
    /// Whether it may write for this division.
    pub(crate) fn may_write_for(&self, division: &str) -> bool {
        // A code is read to the depth that it says: 340702 covers 340702000000 and all below.
        let depth = |code: &str| code.trim_end_matches("00").len().max(2);
        self.scopes.divisions.iter().any(|prefix| division.starts_with(&prefix[..depth(prefix).min(prefix.len())]))
    }

    /// Whether it may carry records of `author`.
    pub(crate) fn may_carry(&self, author: &str) -> bool {
        self.id == author || self.scopes.carries.iter().any(|carried| carried == author)
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing records, and one's own requests.
    Event,
    /// Signing requests only.
    Hop,
    /// Renewing the other keys.
    Enrolment,
}

impl Purpose {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Hop => "hop",
            Self::Enrolment => "enrolment",
        }
    }
}

impl FromStr for Purpose {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "event" => Ok(Self::Event),
            "hop" => Ok(Self::Hop),
            "enrolment" => Ok(Self::Enrolment),
            _ => Err(()),
        }
    }
}

/// A key of a party.
#[derive(Debug, Clone)]
pub(crate) struct PartyKey {
    pub(crate) id: KeyId,
    pub(crate) party: String,
    pub(crate) public: PublicKey,
    pub(crate) purpose: Purpose,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) revoked_reason: Option<String>,
}
