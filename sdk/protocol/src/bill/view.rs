//! What the platform says of a bill or a refund.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::receipt::Receipt;
use crate::{Amount, BillId, CivilDate, Digest, EpochId, PayCode, RefundId, Timestamp};

/// What is known about whether a bill or refund exists at the platform. Money is never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentOutcome {
    /// The platform has it.
    Confirmed,
    /// The platform does not have it and never will: its id is fenced.
    Absent,
    /// Nobody knows; ask, or fence. Never charge again.
    Unknown,
}

/// Where a bill stands at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BillState {
    /// 待支付
    Open,
    /// 已支付
    Paid,
    /// 已作废
    Void,
    /// Fenced: refused for ever.
    Fenced,
}

/// How a bill was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// How much came in.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
    /// By which channel.
    pub channel: String,
    /// The channel's transaction number; one transaction counts once.
    pub transaction: String,
    /// Of the amount, the late fee, for a bill whose late fee grows by a rule: fixed by the day of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_fee: Option<Amount>,
}

/// The late fee of an open bill, as the platform computes it. Nobody signs for it: whoever has the rule computes it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateFeeNow {
    /// How much.
    pub amount: Amount,
    /// For a payment on this day.
    pub on: CivilDate,
}

/// All the money of a bill by now, as the platform has booked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyBooked {
    /// Everything that came in.
    pub received: Amount,
    /// The sum of pending and done refunds.
    pub refunded: Amount,
    /// What is owed back and was not ordered to be refunded.
    pub refund_owed: Amount,
}

/// How the bank ended a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// Done or failed.
    pub state: RefundState,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
}

/// A bill as the platform sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillView {
    /// The bill.
    pub bill: BillId,
    /// The digest of the record that the platform holds; absent when fenced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Where it stands.
    pub state: BillState,
    /// What that means for its author.
    pub outcome: PaymentOutcome,
    /// 缴款码: opaque, 20 characters. Its `Debug` is masked: who knows it can see the bill and pay it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_code: Option<PayCode>,
    /// The page on which a person pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cashier_url: Option<String>,
    /// The late fee by the bill's rule, while the bill is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_fee: Option<LateFeeNow>,
    /// How it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Paid>,
    /// Everything that came in.
    #[serde(default)]
    pub received: Amount,
    /// The sum of pending and done refunds.
    #[serde(default)]
    pub refunded: Amount,
    /// What came in though the bill was void, or twice, and is owed back.
    #[serde(default)]
    pub refund_owed: Amount,
    /// The platform's epoch.
    pub epoch: EpochId,
    /// The receipt of the bill: it is registered, or refused for ever. A view proves only what its receipts say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// The receipt of the void: in the answer to a void, of that record; else of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_receipt: Option<Receipt>,
    /// The receipt of the fence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence_receipt: Option<Receipt>,
    /// The receipt of the payment in `paid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_receipt: Option<Receipt>,
    /// The newest receipt of what came in, was refunded and is owed back. A bill without it has moved no money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money_receipt: Option<Receipt>,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundState {
    /// Recorded, money on its way.
    Pending,
    /// The payer has it.
    Done,
    /// The bank could not pay it back; a human must act.
    Failed,
    /// Refused for ever.
    Refused,
}

/// A refund as the platform sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    /// The refund.
    pub refund: RefundId,
    /// Its bill.
    pub bill: BillId,
    /// The digest of the record that the platform holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Where it stands.
    pub state: RefundState,
    /// What that means for its author.
    pub outcome: PaymentOutcome,
    /// How much.
    pub amount: Amount,
    /// Of the amount, what is given back of the late fee, where its author says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_fee: Option<Amount>,
    /// When it was done or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The platform's epoch.
    pub epoch: EpochId,
    /// The receipt of the refund: it is recorded, or refused for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// The receipt of its end: done or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_receipt: Option<Receipt>,
}
