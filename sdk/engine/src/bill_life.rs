//! What an author knows of a bill and its refunds. Money is never guessed.
//!
//! An outcome is CONFIRMED, ABSENT or UNKNOWN. UNKNOWN is resolved by sending the very same record again, by asking, or by
//! fencing; never by a second bill: [`BillLife::may_be_replaced`] says when a second one is safe. What was heard once is not
//! forgotten because an older answer arrives later; each change is told once, by whichever way it came first.
//!
//! ```
//! use tongqiao_engine::bill_life::{BillLife, Question};
//! use tongqiao_protocol::{BillId, Digest, Suite, Timestamp};
//!
//! let digest = Digest::of(Suite::International, b"the record");
//! let bill = BillLife::requested(BillId::from_bytes([1; 16]), digest, Timestamp::from_millis(1_000));
//! assert_eq!(bill.question(Timestamp::from_millis(0)), Some(Question::Ask));
//! // Too late to arrive: now its fate can be settled for ever.
//! assert_eq!(bill.question(Timestamp::from_millis(1_000)), Some(Question::Fence));
//! assert!(!bill.may_be_replaced());
//! ```

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::bill::{BillState, BillView, PaymentOutcome, RefundState, RefundView};
use tongqiao_protocol::{Amount, BillId, Digest, RefundId, Timestamp};

/// A bill as its author knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BillLife {
    bill: BillId,
    digest: Digest,
    not_after: Timestamp,
    /// As last heard; `None` while nobody knows.
    state: Option<BillState>,
    /// What came in and was taken as the payment.
    paid: Amount,
    transactions: BTreeSet<String>,
    refund_owed: Amount,
    /// Everything that came in, as last heard.
    #[serde(default)]
    received: Amount,
    refunds: BTreeMap<RefundId, RefundLife>,
    /// It was proved absent, and a restore has undone the proof.
    #[serde(default)]
    absence_lost: bool,
}

/// A refund as its author knows it. It has the same three outcomes as a bill, and the same ways to learn them: asking, and
/// after its time sending the very same record again, which the platform answers with what it has or refuses for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct RefundLife {
    amount: Amount,
    /// `None` for a refund that was heard of but not asked for here.
    not_after: Option<Timestamp>,
    state: Option<RefundState>,
    /// When it was done or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Timestamp>,
}

/// How to resolve an unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// `GET` the bill. "Not found" proves nothing.
    Ask,
    /// Fence it: if the platform has not seen it, it never will.
    Fence,
}

/// Something new, told once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BillNotice {
    /// The platform has it; it can be paid.
    Opened,
    /// It is paid.
    Paid {
        /// How much came in.
        amount: Amount,
        /// By which transaction.
        transaction: String,
    },
    /// It is void.
    Voided,
    /// The platform does not have it and never will.
    Absent,
    /// It was proved absent, a restore undid the proof, and now it is registered: if another bill was made for the same debt
    /// meanwhile, one of the two must be voided.
    Reappeared {
        /// Where it stands.
        said: BillState,
    },
    /// Money came in that nobody asked for (the bill was void, or paid already); it must be paid back.
    RefundOwed {
        /// All that is owed by now.
        amount: Amount,
    },
    /// The platform has the refund, and the money is on its way.
    RefundPending(RefundId),
    /// The payer has the money back.
    RefundDone(RefundId),
    /// The bank could not pay it back; a human must act.
    RefundFailed(RefundId),
    /// The platform refused the refund for ever.
    RefundRefused(RefundId),
    /// The platform says something that cannot follow from what it said before (after a restore, say). What was known
    /// stays; a human must compare.
    Contradiction {
        /// What was known.
        known: Option<BillState>,
        /// What it says now.
        said: BillState,
    },
}

/// Why a refund must not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoRefund {
    /// Nothing has come in that could be paid back.
    #[error("nothing was paid for this bill")]
    NotPaid,
    /// With the refunds made so far it would be more than came in.
    #[error("the refunds would exceed what was paid; at most {left} can be refunded")]
    ExceedsPaid {
        /// What can still be refunded.
        left: Amount,
    },
    /// A refund of that id exists with another amount.
    #[error("a refund with this id exists with another amount")]
    IdTaken,
    /// A refund of nothing.
    #[error("a refund of nothing")]
    Zero,
}

/// What a state means for the author.
pub const fn outcome_of(state: Option<BillState>) -> PaymentOutcome {
    match state {
        None => PaymentOutcome::Unknown,
        Some(BillState::Open | BillState::Paid | BillState::Void) => PaymentOutcome::Confirmed,
        Some(BillState::Fenced) => PaymentOutcome::Absent,
    }
}

impl BillLife {
    /// A bill that was signed and stored; nobody knows yet whether it arrives.
    pub const fn requested(bill: BillId, digest: Digest, not_after: Timestamp) -> Self {
        Self {
            bill,
            digest,
            not_after,
            state: None,
            paid: Amount::ZERO,
            transactions: BTreeSet::new(),
            refund_owed: Amount::ZERO,
            received: Amount::ZERO,
            refunds: BTreeMap::new(),
            absence_lost: false,
        }
    }

    /// What is known of its existence.
    pub const fn outcome(&self) -> PaymentOutcome {
        outcome_of(self.state)
    }

    /// Its state, as far as known.
    pub const fn state(&self) -> Option<BillState> {
        self.state
    }

    /// The digest of its record.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What is owed back without having been asked for.
    pub const fn refund_owed(&self) -> Amount {
        self.refund_owed
    }

    /// How to learn what is unknown; `None` when the outcome is known.
    pub fn question(&self, now: Timestamp) -> Option<Question> {
        match self.state {
            None if now >= self.not_after => Some(Question::Fence),
            None => Some(Question::Ask),
            Some(_) => None,
        }
    }

    /// Whether another bill for the same debt is safe: only when this one can never be paid.
    pub const fn may_be_replaced(&self) -> bool {
        // A void bill can still be paid by somebody who was quick; then the money is owed back, so nobody pays twice.
        matches!(self.state, Some(BillState::Fenced | BillState::Void))
    }

    /// A restore has undone the proof that it is absent: nobody knows any more, until it is fenced again.
    pub fn absence_lost(&mut self) {
        if self.state == Some(BillState::Fenced) {
            self.state = None;
            self.absence_lost = true;
        }
    }

    /// Whether it was proved absent once and is not now.
    pub const fn was_absent(&self) -> bool {
        self.absence_lost
    }

    /// The platform's view has come: as an answer, a notice or a reconciliation, late, twice, in any order.
    pub fn heard(&mut self, view: &BillView) -> Vec<BillNotice> {
        let mut notices = Vec::new();
        if view.bill != self.bill {
            return notices;
        }
        let foreign = view.digest.is_some_and(|digest| digest != self.digest);
        if foreign || !self.can_become(view.state) {
            if foreign || !self.is_older(view.state) {
                notices.push(BillNotice::Contradiction { known: self.state, said: view.state });
            }
            return notices;
        }
        if self.state != Some(view.state) {
            if view.state == BillState::Open || (self.state.is_none() && view.state != BillState::Fenced) {
                notices.push(BillNotice::Opened);
                if self.absence_lost {
                    notices.push(BillNotice::Reappeared { said: view.state });
                }
            }
            match view.state {
                BillState::Void => notices.push(BillNotice::Voided),
                // Fenced once more it is what it was.
                BillState::Fenced if self.absence_lost => self.absence_lost = false,
                BillState::Fenced => notices.push(BillNotice::Absent),
                BillState::Open | BillState::Paid => {}
            }
            self.state = Some(view.state);
        }
        if let Some(paid) = &view.paid
            && view.state == BillState::Paid
            && self.transactions.insert(paid.transaction.clone())
            && self.paid == Amount::ZERO
        {
            self.paid = paid.amount;
            notices.push(BillNotice::Paid { amount: paid.amount, transaction: paid.transaction.clone() });
        }
        self.received = self.received.max(view.received);
        if view.refund_owed > self.refund_owed {
            self.refund_owed = view.refund_owed;
            notices.push(BillNotice::RefundOwed { amount: view.refund_owed });
        }
        notices
    }

    /// Whether the state heard may follow what is known.
    fn can_become(&self, heard: BillState) -> bool {
        match self.state {
            None | Some(BillState::Open) => self.state.is_none() || heard != BillState::Fenced,
            Some(known) => known == heard,
        }
    }

    /// Whether the state heard is what was true earlier: a late answer, no news.
    fn is_older(&self, heard: BillState) -> bool {
        heard == BillState::Open && matches!(self.state, Some(BillState::Paid | BillState::Void))
    }

    /// What can still be refunded: everything that came in, less the refunds that were not given up.
    pub fn refundable(&self) -> Amount {
        let counts = |refund: &&RefundLife| !matches!(refund.state, Some(RefundState::Failed | RefundState::Refused));
        let fen = |amount: Amount| amount.as_fen();
        // Each amount is far below what an i64 holds, their sum need not be.
        let refunds = self.refunds.values().filter(counts).map(|refund| fen(refund.amount));
        let refunded = refunds.fold(0_i64, i64::saturating_add);
        // What is owed back shrinks while it is refunded: the sum of everything that came in does not.
        let came_in = fen(self.paid).saturating_add(fen(self.refund_owed)).max(fen(self.received));
        let left = came_in.saturating_sub(refunded);
        Amount::from_fen(left.clamp(0, Amount::MAX.as_fen())).unwrap_or_default()
    }

    /// A refund is about to be signed. Asking again with the same id and amount changes nothing.
    ///
    /// # Errors
    /// [`NoRefund`] when it must not be made; then nothing has changed.
    pub fn refund_asked(&mut self, refund: RefundId, amount: Amount, not_after: Timestamp) -> Result<(), NoRefund> {
        if let Some(known) = self.refunds.get(&refund) {
            return if known.amount == amount { Ok(()) } else { Err(NoRefund::IdTaken) };
        }
        let left = self.refundable();
        if amount == Amount::ZERO {
            return Err(NoRefund::Zero);
        }
        if self.paid == Amount::ZERO && self.refund_owed == Amount::ZERO {
            return Err(NoRefund::NotPaid);
        }
        if amount > left {
            return Err(NoRefund::ExceedsPaid { left });
        }
        self.refunds.insert(refund, RefundLife { amount, not_after: Some(not_after), state: None, ended: None });
        Ok(())
    }

    /// What is known of a refund's existence.
    pub fn refund_outcome(&self, refund: &RefundId) -> PaymentOutcome {
        match self.refunds.get(refund).and_then(|refund| refund.state) {
            None => PaymentOutcome::Unknown,
            Some(RefundState::Refused) => PaymentOutcome::Absent,
            Some(RefundState::Pending | RefundState::Done | RefundState::Failed) => PaymentOutcome::Confirmed,
        }
    }

    /// How to learn what is unknown of a refund that was asked for here; `None` when its outcome is known. To fence a refund
    /// is to send its record again after its time.
    pub fn refund_question(&self, refund: &RefundId, now: Timestamp) -> Option<Question> {
        let known = self.refunds.get(refund)?;
        match (known.state, known.not_after) {
            (None, Some(not_after)) if now >= not_after => Some(Question::Fence),
            (None, _) => Some(Question::Ask),
            (Some(_), _) => None,
        }
    }

    /// Refunds that the payer has, with their sums and when they were done, as far as that was said.
    pub fn refunds_done(&self) -> impl Iterator<Item = (RefundId, Amount, Option<Timestamp>)> {
        let done = self.refunds.iter().filter(|(_, refund)| refund.state == Some(RefundState::Done));
        done.map(|(id, refund)| (*id, refund.amount, refund.ended))
    }

    /// A refund that was asked for here has been given up, and the platform never took it: its amount is free again.
    pub fn refund_given_up(&mut self, refund: &RefundId) {
        if let Some(known) = self.refunds.get_mut(refund)
            && known.state.is_none()
        {
            known.state = Some(RefundState::Refused);
        }
    }

    /// The platform's view of a refund has come. A refund that was not asked for here (by another of the author's
    /// processes, say) is taken note of.
    pub fn refund_heard(&mut self, view: &RefundView) -> Option<BillNotice> {
        if view.bill != self.bill {
            return None;
        }
        let known = self.refunds.entry(view.refund).or_insert(RefundLife {
            amount: view.amount,
            not_after: None,
            state: None,
            ended: None,
        });
        let news = match (known.state, view.state) {
            (None, _) | (Some(RefundState::Pending), RefundState::Done | RefundState::Failed) => true,
            // Anything else is a repetition or comes late.
            _ => false,
        };
        if !news {
            return None;
        }
        known.state = Some(view.state);
        known.ended = view.ended;
        Some(match view.state {
            RefundState::Pending => BillNotice::RefundPending(view.refund),
            RefundState::Done => BillNotice::RefundDone(view.refund),
            RefundState::Failed => BillNotice::RefundFailed(view.refund),
            RefundState::Refused => BillNotice::RefundRefused(view.refund),
        })
    }
}
