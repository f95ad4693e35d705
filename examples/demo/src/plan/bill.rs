//! What a case costs, and how that ends.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{BillId, RefundId, Timestamp};

use super::{PlannedItem, random};
use crate::ledger::Id;

/// How a bill ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BillEnding {
    /// The citizen pays.
    Paid,
    /// The department voids it before anybody pays.
    Voided,
    /// The citizen pays and gets some of it back.
    Refunded {
        /// How much comes back.
        fen: i64,
    },
}

/// One line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlannedLine {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) unit_fen: i64,
}

/// One bill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlannedBill {
    pub(crate) id: Id,
    pub(crate) refund: Id,
    pub(crate) lines: Vec<PlannedLine>,
    pub(crate) total_fen: i64,
    pub(crate) ending: BillEnding,
}

impl PlannedBill {
    /// The bill that the item's charges make; `None` when it costs nothing.
    pub(super) fn draw(chance: &mut fastrand::Rng, item: &PlannedItem, now: Timestamp) -> Option<Self> {
        let lines: Vec<PlannedLine> = item
            .fees
            .iter()
            .map(|(code, name, unit_fen, usual)| PlannedLine {
                code: code.clone(),
                name: name.clone(),
                quantity: (*usual).max(1),
                unit_fen: *unit_fen,
            })
            .collect();
        let total_fen: i64 = lines.iter().map(|line| line.unit_fen * i64::from(line.quantity)).sum();
        if total_fen == 0 {
            return None;
        }
        let ending = match chance.u8(..10) {
            0 => BillEnding::Voided,
            1 | 2 => BillEnding::Refunded { fen: chance.i64(1..=total_fen) },
            _ => BillEnding::Paid,
        };
        Some(Self {
            id: *BillId::from_time_and_random(now, random(chance)).as_bytes(),
            refund: *RefundId::from_time_and_random(now, random(chance)).as_bytes(),
            lines,
            total_fen,
            ending,
        })
    }
}
