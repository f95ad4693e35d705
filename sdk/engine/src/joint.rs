//! 联办: when the leading case may be decided, and what its decision tells of the partners.
//!
//! This is `conformance/spec/joint-closing.tsv` as code; a test compares both, line by line.
//!
//! ```
//! use tongqiao_engine::CaseState;
//! use tongqiao_engine::joint::{PartnerMeaning, meaning};
//! use tongqiao_protocol::case::{JointClosing, PartnerOutcome};
//!
//! assert_eq!(meaning(JointClosing::AfterPartners, CaseState::Accepted), PartnerMeaning::Open);
//! let promised = PartnerMeaning::Ended(PartnerOutcome::Promised);
//! assert_eq!(meaning(JointClosing::AfterPromises, CaseState::Accepted), promised);
//! ```

use alloc::vec::Vec;

use tongqiao_protocol::CaseId;
use tongqiao_protocol::case::{JointClosing, OpenValue, PartnerOutcome, PartnerResult};

use crate::case_life::CaseState;

/// What a partner in a state means for the leading case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartnerMeaning {
    /// It must be waited for.
    Open,
    /// It has ended with the result of its own decision.
    Decided,
    /// It has ended, and this is what became of it.
    Ended(PartnerOutcome),
}

/// What a partner in `state` means for a leading case that closes so.
pub const fn meaning(closes: JointClosing, state: CaseState) -> PartnerMeaning {
    match (closes, state) {
        (_, CaseState::Decided | CaseState::Delivered) => PartnerMeaning::Decided,
        (_, CaseState::Rejected) => PartnerMeaning::Ended(PartnerOutcome::Rejected),
        (_, CaseState::Withdrawn) => PartnerMeaning::Ended(PartnerOutcome::Withdrawn),
        (JointClosing::AfterPromises, CaseState::Accepted | CaseState::Suspended) => {
            PartnerMeaning::Ended(PartnerOutcome::Promised)
        }
        _ => PartnerMeaning::Open,
    }
}

/// Where a partner stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerStanding {
    /// Its case.
    pub case: CaseId,
    /// The case's state; [`CaseState::None`] where it is not known.
    pub state: CaseState,
    /// The result of its decision, once there is one.
    pub result: Option<OpenValue<PartnerOutcome>>,
}

/// What the decision of the leading case says of its partners, in their order.
///
/// # Errors
/// The cases that must be waited for.
pub fn results(closes: JointClosing, partners: &[PartnerStanding]) -> Result<Vec<PartnerResult>, Vec<CaseId>> {
    let mut results = Vec::with_capacity(partners.len());
    let mut open = Vec::new();
    for partner in partners {
        let outcome = match meaning(closes, partner.state) {
            PartnerMeaning::Open => None,
            // Decided, and with what was not told: that must be asked first.
            PartnerMeaning::Decided => partner.result.clone(),
            PartnerMeaning::Ended(outcome) => Some(OpenValue::Known(outcome)),
        };
        match outcome {
            Some(outcome) => results.push(PartnerResult { case: partner.case, outcome }),
            None => open.push(partner.case),
        }
    }
    if open.is_empty() { Ok(results) } else { Err(open) }
}
