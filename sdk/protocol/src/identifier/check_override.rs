//! When a human lets a code pass although its check character does not verify.
//!
//! Codes with wrong check characters have really been issued, so for people and companies a failed check is a question
//! to a human, not a wall. The answer is recorded beside the code and travels in the `overrides` member of an
//! application, so that everyone later can see who said so, why and when.

use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};

use super::{IdentifierFault, IdentifierFaults};
use crate::{ErrorCode, Timestamp};

/// Longest name of the person who overrides, in characters.
pub const OVERRIDE_BY_MAX_CHARACTERS: usize = 64;
/// Longest reason of an override, in characters.
pub const OVERRIDE_REASON_MAX_CHARACTERS: usize = 500;

/// Whether the check character of a code verified, or a human let it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckStanding {
    /// It verified.
    Verified,
    /// It did not verify; a human overrode it.
    Overridden,
}

/// A human's decision to accept a code whose check character does not verify.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Override {
    by: String,
    reason: String,
    at: Timestamp,
}

impl Override {
    /// A decision by the person `by` (a clerk's account name, not a citizen) for `reason`, at the time `at`.
    ///
    /// # Errors
    /// [`InvalidOverride::Incomplete`] when either text is blank or longer than its limit.
    pub fn new(by: &str, reason: &str, at: Timestamp) -> Result<Self, InvalidOverride> {
        let fits = |text: &str, limit: usize| !text.trim().is_empty() && text.chars().nth(limit).is_none();
        if fits(by, OVERRIDE_BY_MAX_CHARACTERS) && fits(reason, OVERRIDE_REASON_MAX_CHARACTERS) {
            return Ok(Self { by: by.to_string(), reason: reason.to_string(), at });
        }
        Err(InvalidOverride::Incomplete)
    }

    /// Who decided.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The decision as it travels, for the member at `path` (a JSON pointer such as `/data/applicant/identity/number`).
    pub fn record(&self, path: &str) -> OverrideRecord {
        OverrideRecord {
            path: path.to_string(),
            code: OVERRIDABLE.code().to_string(),
            by: self.by.clone(),
            reason: self.reason.clone(),
            at: self.at,
        }
    }
}

/// An override that says too little or too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidOverride {
    /// The person or the reason is missing or too long.
    #[error("an override names a person (64 characters at most) and a reason (500 at most)")]
    Incomplete,
    /// It overrides a fault that no human can override.
    #[error("only a failed check character can be overridden")]
    OtherFault,
}

impl InvalidOverride {
    /// The entry of the error registry.
    pub const fn error_code(self) -> ErrorCode {
        match self {
            Self::Incomplete => ErrorCode::IdentifierOverrideIncomplete,
            Self::OtherFault => ErrorCode::IdentifierOverrideRefused,
        }
    }

    /// The fault in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Incomplete => "人工放行须写明放行人（不超过64字）和理由（不超过500字）",
            Self::OtherFault => "只有校验码不符可以人工放行，其他错误不能放行",
        }
    }
}

/// The only fault that can be overridden.
const OVERRIDABLE: ErrorCode = ErrorCode::IdentifierCheck;

/// One element of the `overrides` member of an application.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OverrideRecord {
    /// JSON pointer to the code that was let pass.
    pub path: String,
    /// The fault that was overridden: always `identifier.check` in this version.
    pub code: String,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl OverrideRecord {
    /// The decision in this record, for `accept_with_override`.
    ///
    /// # Errors
    /// [`InvalidOverride`] when person or reason are missing or too long, or when the record overrides another fault
    /// than a failed check.
    pub fn decision(&self) -> Result<Override, InvalidOverride> {
        if self.code != OVERRIDABLE.code() {
            return Err(InvalidOverride::OtherFault);
        }
        Override::new(&self.by, &self.reason, self.at)
    }
}

/// What is left to do after `faults` of a text, when a human offers an override.
///
/// `Ok` when the failed check was the only fault, otherwise all faults.
pub(crate) fn tolerate_check(faults: IdentifierFaults) -> Result<CheckStanding, IdentifierFaults> {
    if faults.iter().all(IdentifierFault::is_check) { Ok(CheckStanding::Overridden) } else { Err(faults) }
}
