//! A party and one of its keys.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::key_directory::PLATFORM_PARTY;
use tongqiao_protocol::{DivisionCode, KeyId, PublicKey, Timestamp};

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
    /// Divisions within which it may write; each covers all that lies in it.
    pub(crate) divisions: Vec<DivisionCode>,
    /// Authors whose records it may carry, besides itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) carries: Vec<String>,
    /// Parties whose cases it may move besides its own: whoever handles a matter together with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) joins: Vec<String>,
    /// What it is in charge of within its divisions: credit codes of agencies, or codes of single items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) handles: Vec<String>,
    /// Divisions for which it may accept applications that others handle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) accepts: Vec<DivisionCode>,
}

impl Party {
    /// The platform itself, as the author of events: for applicants who use its portal, and as supervisor.
    pub(crate) fn platform() -> Self {
        Self { id: PLATFORM_PARTY.to_owned(), kind: PLATFORM_PARTY.to_owned(), scopes: Scopes::default() }
    }

    /// Whether it is the platform; nobody can enrol as such.
    pub(crate) fn is_platform(&self) -> bool {
        self.kind == PLATFORM_PARTY
    }

    /// Whether it may write for this division.
    pub(crate) fn may_write_for(&self, division: &str) -> bool {
        let Ok(division) = DivisionCode::parse(division) else { return false };
        self.scopes.divisions.iter().any(|scope| scope.contains(&division))
    }

    /// Whether it may accept applications for this division and pass on the applicant's will, though others handle them.
    pub(crate) fn may_accept_for(&self, division: &str) -> bool {
        let Ok(wanted) = DivisionCode::parse(division) else { return false };
        self.may_write_for(division) || self.scopes.accepts.iter().any(|scope| scope.contains(&wanted))
    }

    /// Whether it may move a case that `opener` opened.
    pub(crate) fn may_move_cases_of(&self, opener: &str) -> bool {
        self.id == opener || self.scopes.joins.iter().any(|joined| joined == opener)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn party(divisions: &[&str]) -> Party {
        let divisions = divisions.iter().map(|code| DivisionCode::parse(code).unwrap()).collect();
        let scopes = Scopes { divisions, ..Scopes::default() };
        Party { id: "party".to_owned(), kind: "department".to_owned(), scopes }
    }

    #[test]
    fn a_scope_covers_what_lies_in_it_and_nothing_beside_it() {
        for (scope, inside, outside) in [
            ("340000000000", "340706100000", "350000000000"),
            ("340700000000", "340706101000", "340800000000"),
            ("340706000000", "340706101000", "340705101000"),
            // A town whose code ends in zeros is not all the towns that begin alike.
            ("340706100000", "340706100201", "340706101000"),
            ("340706", "340706100000", "340700000000"),
        ] {
            assert!(party(&[scope]).may_write_for(inside), "{scope} covers {inside}");
            assert!(!party(&[scope]).may_write_for(outside), "{scope} does not cover {outside}");
        }
        assert!(!party(&["340706"]).may_write_for("no division"));
    }

    #[test]
    fn a_party_moves_its_own_cases_and_those_of_whom_it_joins() {
        let mut party = party(&["340706"]);
        party.scopes.joins.push("friend".to_owned());
        assert!(party.may_move_cases_of("party") && party.may_move_cases_of("friend"));
        assert!(!party.may_move_cases_of("stranger"));
    }
}
