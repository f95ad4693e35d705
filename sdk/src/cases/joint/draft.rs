//! What a joint procedure is opened with.

use tongqiao_protocol::case::{Joint, JointClosing};
use tongqiao_protocol::{CaseId, Digest, Suite, Timestamp};

use crate::cases::draft::CaseDraft;
use crate::{Error, entropy};

/// Before what a partner's id is made of.
const LABEL: &[u8] = b"tongqiao-joint-partner\n";

/// A leading case and its partners.
///
/// ```
/// use tongqiao::protocol::case::JointClosing;
/// use tongqiao::{CaseDraft, JointDraft};
///
/// let applicant = |item: &str| {
///     CaseDraft::new(item, 1, "340705000000").organisation("测试企业", "91340700TEST0000XX")
/// };
/// let draft = JointDraft::new(applicant("11340700TQ050001973000105804000"))
///     .partner(applicant("11340700TQ050001973000105804001"))
///     .closes(JointClosing::AfterPromises);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct JointDraft {
    lead: CaseDraft,
    partners: Vec<CaseDraft>,
    closes: JointClosing,
}

impl JointDraft {
    /// The case whose decision is the answer to the applicant. It closes when all partners have ended, unless
    /// [`JointDraft::closes`] says otherwise.
    pub const fn new(lead: CaseDraft) -> Self {
        Self { lead, partners: Vec::new(), closes: JointClosing::AfterPartners }
    }

    /// One more case that another agency handles at the same time, of the same applicant.
    pub fn partner(mut self, partner: CaseDraft) -> Self {
        self.partners.push(partner);
        self
    }

    /// When the leading case may be decided.
    pub const fn closes(mut self, closes: JointClosing) -> Self {
        self.closes = closes;
        self
    }

    /// Every draft with its id and its part, the leading one first. A partner without an id of its own gets one that follows from
    /// the leading case's, so that the same draft is the same procedure.
    pub(super) fn drafts(&self, now: Timestamp) -> Result<Vec<CaseDraft>, Error> {
        let lead = match self.lead.chosen_id() {
            Some(chosen) => chosen,
            None => entropy::id(now, CaseId::from_time_and_random)?,
        };
        let ids: Vec<CaseId> = (0_u32..)
            .zip(&self.partners)
            .map(|(place, partner)| partner.chosen_id().unwrap_or_else(|| derived(lead, place)))
            .collect();
        let mut drafts = Vec::with_capacity(ids.len() + 1);
        let joint = Joint::Lead { partners: ids.clone(), closes: self.closes };
        drafts.push(self.lead.clone().case_id(lead).joined(joint));
        for (id, partner) in ids.into_iter().zip(&self.partners) {
            drafts.push(partner.clone().case_id(id).joined(Joint::Partner { lead }));
        }
        Ok(drafts)
    }
}

fn derived(lead: CaseId, place: u32) -> CaseId {
    let digest = Digest::of_parts(Suite::International, &[LABEL, lead.as_bytes(), &place.to_be_bytes()]);
    // As old as the leading case: the first 48 bits of an id are its time (RFC 9562).
    let (time, _) = lead.as_bytes().split_at(6);
    let millis = time.iter().fold(0_i64, |millis, byte| millis << 8 | i64::from(*byte));
    let mut random = [0; 10];
    random.copy_from_slice(digest.as_bytes().split_at(10).0);
    CaseId::from_time_and_random(Timestamp::from_millis(millis), random)
}
