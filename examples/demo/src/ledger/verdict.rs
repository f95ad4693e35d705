//! Both sides held against each other, and against what was planned, paid and published.
//!
//! Nothing here reads a file: what is compared are values, so that a test can tamper with each of them.

mod cases;
mod money;
mod reconciled;
mod records;
mod run;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests;

use super::{Finding, Journal, Ledger, PlatformSide, StoreSide};
use crate::plan::{Plan, PlannedCase};

pub(super) fn compare(
    platform: &PlatformSide,
    stores: &[StoreSide],
    plans: &[Plan],
    journal: &Journal,
    found_before: &[Finding],
) -> Ledger {
    let mut audit = Audit { findings: found_before.to_vec(), ..Audit::default() };
    let rows: Vec<_> = stores.iter().flat_map(|store| &store.rows).collect();
    let planned: Vec<&PlannedCase> = plans.iter().flat_map(|plan| &plan.cases).collect();
    records::compare(&mut audit, platform, &rows);
    cases::compare(&mut audit, platform, &rows, &planned, journal);
    money::compare(&mut audit, platform, &rows, &planned, journal);
    run::compare(&mut audit, &rows, &planned, journal);
    reconciled::compare(&mut audit, platform, plans.len(), journal);
    let state = |wanted: &str| platform.bills.values().filter(|bill| bill.state == wanted).count() as u64;
    let divisions: std::collections::BTreeSet<_> = platform.cases.values().map(|case| &case.division).collect();
    Ledger {
        cases: platform.cases.len() as u64,
        divisions: divisions.len() as u64,
        events_accepted: rows.iter().filter(|row| row.kind == super::Kind::CaseEvent).count() as u64,
        events_applied: platform.events.iter().filter(|event| event.effect == 1).count() as u64,
        receipts: rows.iter().filter(|row| row.receipt.is_some()).count() as u64,
        bills: platform.bills.len() as u64,
        bills_paid: state("paid"),
        bills_void: state("void"),
        refunds: platform.refunds.len() as u64,
        fen_billed: platform.bills.values().map(|bill| bill.total_fen).sum(),
        fen_paid: platform.payments.values().flatten().sum(),
        fen_refunded: platform.refunds.values().filter(|refund| refund.state == "done").map(|refund| refund.fen).sum(),
        fen_reconciled: journal.reconciled.values().map(|one| one.paid_fen + one.refunded_fen).sum(),
        signed_in: journal.signed_in.len() as u64,
        platform_kills: journal.platform_kills,
        department_kills: journal.department_kills,
        hub_kills: journal.hub_kills,
        node_kills: journal.node_kills,
        lost: audit.lost,
        doubled: audit.doubled,
        out_of_order: audit.out_of_order,
        fen_wrong: audit.fen_wrong,
        nodes: Vec::new(),
        scenes: Vec::new(),
        findings: audit.findings,
    }
}

/// What is wrong so far.
#[derive(Default)]
struct Audit {
    lost: u64,
    doubled: u64,
    out_of_order: u64,
    fen_wrong: i64,
    findings: Vec<Finding>,
}

impl Audit {
    fn find(&mut self, zh: String, en: String) {
        self.findings.push(Finding::new(zh, en));
    }

    fn lost(&mut self, zh: String, en: String) {
        self.lost += 1;
        self.find(zh, en);
    }

    fn doubled(&mut self, zh: String, en: String) {
        self.doubled += 1;
        self.find(zh, en);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the platform's `suite:hex` is the store's digest.
fn same_digest(platform: &str, store: &[u8]) -> bool {
    platform.rsplit(':').next() == Some(hex(store).as_str())
}
