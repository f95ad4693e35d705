//! Who signed in: a natural person, a legal person, or somebody who acts for another until a day.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use tongqiao_protocol::{CivilDate, ErrorCode, Timestamp};

use super::Assurance;
use crate::Error;

/// Whom a token speaks of. Bind accounts to [`Subject::issuer`] and [`Subject::id`] together
/// ([`Bindings`](super::Bindings)), never to a name or a credit code: one organisation may hold several accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    issuer: String,
    id: String,
    kind: SubjectKind,
    organisation: Option<Organisation>,
    mandate: Option<Mandate>,
}

impl Subject {
    /// The provider whose id this is.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The provider's stable id of the account.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What kind of account.
    pub const fn kind(&self) -> &SubjectKind {
        &self.kind
    }

    /// Of a legal person, which.
    pub const fn organisation(&self) -> Option<&Organisation> {
        self.organisation.as_ref()
    }

    /// Of an agent, for whom and until when; an agent always has one.
    pub const fn mandate(&self) -> Option<&Mandate> {
        self.mandate.as_ref()
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

/// An organisation as the provider describes it: good to show, no key to bind by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Organisation {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credit_code: Option<String>,
}

impl Organisation {
    pub(super) fn new(name: &str, credit_code: Option<&String>) -> Self {
        Self { name: name.to_owned(), credit_code: credit_code.cloned() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its unified social credit code 统一社会信用代码, as the provider wrote it.
    pub fn credit_code(&self) -> Option<&str> {
        self.credit_code.as_deref()
    }
}

/// For whom an agent acts, and until when 代办授权.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mandate {
    principal: Principal,
    until: Timestamp,
}

impl Mandate {
    /// For whom.
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The last instant of the mandate. A provider that names only a day means the end of that day in China.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether the agent may still act. A session outlives the sign-in: ask again before anything is handed in.
    pub fn is_good_at(&self, now: Timestamp) -> bool {
        now <= self.until
    }
}

/// For whom an agent acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    kind: SubjectKind,
    id: Option<String>,
    name: Option<String>,
    credit_code: Option<String>,
}

impl Principal {
    /// A person or an organisation.
    pub const fn kind(&self) -> &SubjectKind {
        &self.kind
    }

    /// The provider's stable id, where it gives one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The name, where the provider gives it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The credit code of an organisation, where the provider gives it.
    pub fn credit_code(&self) -> Option<&str> {
        self.credit_code.as_deref()
    }
}

/// The claims beyond OpenID Connect's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assurance: Option<Assurance>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) organisation: Option<Organisation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) acting_for: Option<PrincipalClaim>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) valid_until: Option<String>,
    /// The provider's session (OpenID Connect Back-Channel Logout 1.0, 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<String>,
}

/// The claim `acting_for`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct PrincipalClaim {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) credit_code: Option<String>,
}

impl AdditionalClaims for Claims {}

impl Claims {
    /// Whom the claims describe, judged at `now`: an agent whose mandate is over is nobody.
    pub(super) fn subject(&self, issuer: &str, id: &str, now: Timestamp) -> Result<Subject, Error> {
        let kind = SubjectKind::from_claim(self.subject_kind.as_deref());
        let mandate = if kind == SubjectKind::Agent { Some(self.mandate()?) } else { None };
        if let Some(mandate) = mandate.as_ref().filter(|mandate| !mandate.is_good_at(now)) {
            return Err(Error::of(ErrorCode::IdentityMandateEnded).detail(format!("until {}", mandate.until)));
        }
        let organisation = self.organisation.clone();
        Ok(Subject { issuer: issuer.to_owned(), id: id.to_owned(), kind, organisation, mandate })
    }

    fn mandate(&self) -> Result<Mandate, Error> {
        let invalid = |reason: &str| Error::of(ErrorCode::IdentityTokenInvalid).detail(reason);
        let claim = self.acting_for.clone().ok_or_else(|| invalid("an agent without acting_for"))?;
        let until = self.valid_until.as_deref().ok_or_else(|| invalid("an agent without valid_until"))?;
        let until = last_instant(until).ok_or_else(|| invalid("valid_until is neither a time nor a date"))?;
        let principal = Principal {
            kind: SubjectKind::from_claim(claim.subject_kind.as_deref()),
            id: claim.sub,
            name: claim.name,
            credit_code: claim.credit_code,
        };
        Ok(Mandate { principal, until })
    }
}

/// A time, or a whole day in China.
fn last_instant(text: &str) -> Option<Timestamp> {
    let day = || text.parse::<CivilDate>().ok().map(|day| day.ends().plus_millis(-1));
    text.parse().ok().or_else(day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn agent(valid_until: Option<&str>) -> Claims {
        Claims {
            subject_kind: Some("agent".to_owned()),
            acting_for: Some(PrincipalClaim::default()),
            valid_until: valid_until.map(str::to_owned),
            ..Claims::default()
        }
    }

    fn judged(claims: &Claims, now: &str) -> Result<Subject, ErrorCode> {
        claims.subject("https://login.example", "u-1", now.parse().unwrap()).map_err(|error| error.code())
    }

    #[test]
    fn a_mandate_until_a_day_ends_with_that_day_in_china() {
        let claims = agent(Some("2026-11-30"));
        assert!(judged(&claims, "2026-11-30T23:59:59.999+08:00").is_ok());
        // In London it is still the afternoon of the same day.
        let over = judged(&claims, "2026-11-30T16:00:00.000Z");
        assert_eq!(over.unwrap_err(), ErrorCode::IdentityMandateEnded);
    }

    #[test]
    fn a_mandate_until_an_instant_includes_it() {
        let claims = agent(Some("2026-11-30T12:00:00+08:00"));
        assert!(judged(&claims, "2026-11-30T12:00:00.000+08:00").is_ok());
        assert_eq!(judged(&claims, "2026-11-30T12:00:00.001+08:00").unwrap_err(), ErrorCode::IdentityMandateEnded);
    }

    #[test]
    fn an_agent_without_an_end_or_without_anybody_to_act_for_is_nobody() {
        let now = "2026-11-26T12:00:00+08:00";
        let for_nobody = Claims { acting_for: None, ..agent(Some("2099-01-01")) };
        for claims in [agent(None), agent(Some("for ever")), agent(Some("2026-02-30")), for_nobody] {
            assert_eq!(judged(&claims, now).unwrap_err(), ErrorCode::IdentityTokenInvalid, "{claims:?}");
        }
        let unknown = Claims { subject_kind: Some("robot".to_owned()), ..Claims::default() };
        assert_eq!(judged(&unknown, now).unwrap().kind(), &SubjectKind::Other("robot".to_owned()));
    }
}
