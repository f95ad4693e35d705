//! Fiscal e-receipts 财政电子票据: one for the payment of a bill, and a red one 红字票据 for each refund that takes part of it back.
//!
//! The finance platform draws code, number and check code and keeps its own books of them: the same payment has one receipt for
//! ever, also when the platform in front of it was restored.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{Amount, BillId, EReceiptCode, PartyId, RefundId, Timestamp};

/// One line, as it was on the bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EReceiptLine {
    /// The code of the charge.
    pub code: String,
    /// What it is for.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub unit_price: Amount,
    /// Quantity times price.
    pub amount: Amount,
}

/// What a red receipt takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// The receipt of the payment.
    pub of: EReceiptCode,
    /// The refund.
    pub refund: RefundId,
}

/// An e-receipt; the record that the platform signs ([`RecordKind::EReceipt`](crate::RecordKind::EReceipt)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EReceipt {
    /// Code, number and check code.
    pub e_receipt: EReceiptCode,
    /// The author of the bill, who collects.
    pub party: PartyId,
    /// The bill.
    pub bill: BillId,
    /// Who paid, as on the bill. Personal.
    pub payer: String,
    /// What was paid for; empty on a red receipt.
    pub lines: Vec<EReceiptLine>,
    /// Of the total, what is late fee.
    pub late_fee: Amount,
    /// What was paid, or taken back on a red receipt.
    pub total: Amount,
    /// The channel's transaction number of the payment.
    pub transaction: String,
    /// The time of the payment or of the refund.
    pub issued: Timestamp,
    /// On a red receipt, what it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverses: Option<Reversal>,
}
