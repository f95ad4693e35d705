//! The platform's statement of one party's money on one day 对账单: its own ledger and the bank's, line by line.
//!
//! A statement comes in pages, each a record that the platform signs
//! ([`RecordKind::Reconciliation`](crate::RecordKind::Reconciliation)). Which lines fit together is for the reader to find:
//! `tongqiao_engine::reconciliation` does it, with the party's own books as the third ledger.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{Amount, BillId, CivilDate, EpochId, PartyId, Timestamp};

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatementLedger {
    /// The platform's.
    Platform,
    /// The bank's.
    Bank,
}

/// Which way the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// 缴款：it came in; the line's id is the channel's transaction number.
    Payment,
    /// 退款：it went back; the line's id is the refund's.
    Refund,
}

/// What the platform took a payment for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Booking {
    /// The bill's payment.
    Paid,
    /// It pays nothing (a void bill, a second time, another sum) and is owed back.
    RefundOwed,
    /// Paid back.
    Refunded,
}

/// One movement of money in one ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    /// Whose line.
    pub ledger: StatementLedger,
    /// Which way.
    pub movement: Movement,
    /// The transaction number of a payment, or the id of a refund.
    pub id: String,
    /// The bill it belongs to.
    pub bill: BillId,
    /// How much.
    pub amount: Amount,
    /// Of the amount, the late fee; only in the platform's ledger, and of a refund only where its author says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_fee: Option<Amount>,
    /// When the money moved.
    pub at: Timestamp,
    /// As what it was booked; only in the platform's ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<Booking>,
}

/// One page of a day's statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayStatement {
    /// Whose bills.
    pub party: PartyId,
    /// The day, in China.
    pub date: CivilDate,
    /// The platform's epoch: lines of two epochs do not make one statement.
    pub epoch: EpochId,
    /// When it was stated.
    pub time: Timestamp,
    /// Whether the day is over, so that a later statement has more only after a restore.
    pub closed: bool,
    /// How many lines stand on the pages before.
    pub after: u64,
    /// How many lines the whole statement has.
    pub lines_total: u64,
    /// At most `STATEMENT_LINES_MAX`, in the order of ledger, time and id.
    pub lines: Vec<StatementLine>,
}
