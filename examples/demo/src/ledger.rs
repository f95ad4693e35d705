//! The ledger: what the stores accepted, what took effect at the platform, what citizens paid and what was planned, read
//! from the files and journals themselves and never through the SDK.

mod finding;
mod node_side;
mod platform_side;
mod store_side;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::DemoError;
use crate::plan::Plan;
use crate::scenes::{Act, Outcome};

pub(crate) use finding::Finding;
pub(crate) use node_side::Line;
pub(crate) use platform_side::PlatformSide;
pub(crate) use store_side::{Kind, Row, StoreSide};

/// Sixteen bytes of a UUID.
pub(crate) type Id = [u8; 16];

/// What an onlooker wrote down while the demo ran.
#[derive(Debug, Default, Clone)]
pub(crate) struct Journal {
    /// Every record of which a department said that it was accepted, in any of its lives.
    pub(crate) acknowledged: BTreeSet<Id>,
    /// The numbers that applicants were told, by case.
    pub(crate) numbers: BTreeMap<Id, BTreeSet<String>>,
    /// What citizens paid, by bill, in fen.
    pub(crate) paid_fen: BTreeMap<Id, i64>,
    /// Who signed in for which case.
    pub(crate) signed_in: BTreeSet<(Id, String)>,
    /// How often the platform was killed.
    pub(crate) platform_kills: u32,
    /// How often a department was killed.
    pub(crate) department_kills: u32,
    /// How often a hub was killed.
    pub(crate) hub_kills: u32,
    /// How often a node was killed.
    pub(crate) node_kills: u32,
    /// What each department's reconciliation came to; a department that was started again may say it twice.
    pub(crate) reconciled: BTreeMap<usize, Reconciled>,
}

/// A department's reconciliation of its own books with the platform's and the bank's.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reconciled {
    pub(crate) paid_fen: i64,
    pub(crate) refunded_fen: i64,
    pub(crate) differences: usize,
}

/// The sums of both sides, and everything that is wrong.
#[derive(Debug, Serialize)]
pub(crate) struct Ledger {
    pub(crate) cases: u64,
    /// Streets, towns and townships in which cases came in.
    pub(crate) divisions: u64,
    pub(crate) events_accepted: u64,
    pub(crate) events_applied: u64,
    pub(crate) receipts: u64,
    pub(crate) bills: u64,
    pub(crate) bills_paid: u64,
    pub(crate) bills_void: u64,
    pub(crate) refunds: u64,
    pub(crate) fen_billed: i64,
    pub(crate) fen_paid: i64,
    pub(crate) fen_refunded: i64,
    /// Payments and refunds on which the departments, the platform and the bank agree.
    pub(crate) fen_reconciled: i64,
    pub(crate) signed_in: u64,
    pub(crate) platform_kills: u32,
    pub(crate) department_kills: u32,
    pub(crate) hub_kills: u32,
    pub(crate) node_kills: u32,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) out_of_order: u64,
    pub(crate) fen_wrong: i64,
    /// One line for each township's node.
    pub(crate) nodes: Vec<Line>,
    /// What the scenes of the second act came to.
    pub(crate) scenes: Vec<Outcome>,
    /// One sentence for each thing that is wrong; empty when all is well.
    pub(crate) findings: Vec<Finding>,
}

impl Ledger {
    /// Reads every file and compares; `found_before` is what was wrong already while the demo ran.
    pub(crate) fn draw_up(
        platform: &Path,
        stores: &[&Path],
        plans: &[Plan],
        journal: &Journal,
        found_before: &[Finding],
    ) -> Result<Self, DemoError> {
        let platform = PlatformSide::read(platform)?;
        let mut sides = Vec::new();
        for store in stores {
            sides.push(StoreSide::read(store)?);
        }
        Ok(verdict::compare(&platform, &sides, plans, journal, found_before))
    }

    /// Takes the nodes into account: what was seen of each, its store, and the store of the system behind it.
    pub(crate) fn add_nodes(
        &mut self,
        nodes: Vec<(Line, PathBuf, PathBuf)>,
        journal: &Journal,
    ) -> Result<(), DemoError> {
        self.findings.extend(node_side::deaths(journal));
        for (line, node, behind) in nodes {
            let (line, found) = line.judged(&StoreSide::read(&node)?.rows, &StoreSide::read(&behind)?.rows);
            self.nodes.push(line);
            self.findings.extend(found);
        }
        Ok(())
    }

    /// Takes the second act into account.
    pub(crate) fn add(&mut self, act: Act) {
        self.scenes.extend(act.outcomes);
        self.findings.extend(act.findings);
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_balanced(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The body that was signed: the same text in the platform's log and in a store, whatever stands around it.
fn receipt_body(receipt: &[u8]) -> String {
    let receipt: serde_json::Value = serde_json::from_slice(receipt).unwrap_or_default();
    receipt["receipt"].as_str().unwrap_or("unreadable").to_owned()
}
