//! Both sides held against each other, and against what was planned and paid.

use std::collections::{BTreeMap, BTreeSet};

use super::platform_side::Applied;
use super::store_side::{Kind, Row};
use super::{Id, Journal, Ledger, PlatformSide, StoreSide};
use crate::plan::{BillEnding, Plan, PlannedBill};

const SETTLED: i64 = 1;

pub(super) fn compare(platform: &PlatformSide, stores: &[StoreSide], plans: &[Plan], journal: &Journal) -> Ledger {
    let rows: Vec<&Row> = stores.iter().flat_map(|store| &store.rows).collect();
    let events: Vec<&Row> = rows.iter().copied().filter(|row| row.kind == Kind::CaseEvent).collect();
    let planned: Vec<&PlannedBill> =
        plans.iter().flat_map(|plan| &plan.cases).filter_map(|case| case.bill.as_ref()).collect();
    let mut audit = Audit::default();
    audit.events(platform, &events);
    audit.order(&platform.applied);
    audit.acknowledged(&rows, journal);
    audit.cases(platform, plans);
    audit.bills(platform, &planned, journal);
    let paid = platform.payments.values().flatten().sum();
    Ledger {
        cases: platform.cases,
        events_accepted: events.len() as u64,
        events_applied: platform.applied.len() as u64,
        receipts: rows.iter().filter(|row| row.has_receipt).count() as u64,
        bills: platform.bills.len() as u64,
        bills_paid: platform.bills.values().filter(|bill| bill.state == "paid").count() as u64,
        bills_void: platform.bills.values().filter(|bill| bill.state == "void").count() as u64,
        refunds: platform.refunds.len() as u64,
        fen_billed: platform.bills.values().map(|bill| bill.total_fen).sum(),
        fen_paid: paid,
        fen_refunded: platform.refunds.values().map(|(_, fen)| fen).sum(),
        signed_in: journal.signed_in,
        platform_kills: journal.platform_kills,
        department_kills: journal.department_kills,
        lost: audit.lost,
        doubled: audit.doubled,
        out_of_order: audit.out_of_order,
        fen_wrong: audit.fen_wrong,
        findings: audit.findings,
    }
}

#[derive(Default)]
struct Audit {
    lost: u64,
    doubled: u64,
    out_of_order: u64,
    fen_wrong: i64,
    findings: Vec<String>,
}

impl Audit {
    /// Every accepted event applied exactly once, with the very bytes that were accepted, and nothing else applied.
    fn events(&mut self, platform: &PlatformSide, accepted: &[&Row]) {
        let mut times = BTreeMap::<Id, Vec<&Applied>>::new();
        for applied in &platform.applied {
            times.entry(applied.id).or_default().push(applied);
        }
        for row in accepted {
            let found = times.remove(&row.id).unwrap_or_default();
            match found.as_slice() {
                [] => {
                    self.lost += 1;
                    self.findings.push(format!("accepted and never applied: event {}", hex(&row.id)));
                }
                [once] => self.same_event(row, once),
                _ => {
                    self.doubled += 1;
                    self.findings.push(format!("applied {} times: event {}", found.len(), hex(&row.id)));
                }
            }
        }
        for id in times.keys() {
            self.doubled += 1;
            self.findings.push(format!("applied though no store has it: event {}", hex(id)));
        }
        if platform.refused > 0 {
            self.findings.push(format!("{} events were refused", platform.refused));
        }
    }

    fn same_event(&mut self, row: &Row, applied: &Applied) {
        if row.state != SETTLED || !row.has_receipt {
            self.findings.push(format!("applied, and its store has no receipt: event {}", hex(&row.id)));
        }
        let digest = applied.digest.rsplit(':').next().unwrap_or_default();
        if digest != hex(&row.digest) || applied.case != row.subject || applied.sequence != row.sequence {
            self.findings.push(format!("applied with other bytes than accepted: event {}", hex(&row.id)));
        }
    }

    /// Within a stream the log shows 1, 2, 3 …
    fn order(&mut self, applied: &[Applied]) {
        let mut next = BTreeMap::<(Id, (Id, Id)), i64>::new();
        let mut last_position = -1;
        for event in applied {
            let expected = next.entry((event.case, event.owner)).or_insert(1);
            if event.sequence != *expected || event.position <= last_position {
                self.out_of_order += 1;
                self.findings.push(format!(
                    "out of order: event {} has sequence {} where {expected} was due",
                    hex(&event.id),
                    event.sequence
                ));
            }
            *expected = event.sequence + 1;
            last_position = event.position;
        }
    }

    /// What a department called accepted is in its store.
    fn acknowledged(&mut self, rows: &[&Row], journal: &Journal) {
        let stored: BTreeSet<Id> = rows.iter().map(|row| row.id).collect();
        for id in &journal.acknowledged {
            if !stored.contains(id) {
                self.lost += 1;
                self.findings.push(format!("acknowledged and not in the store: record {}", hex(id)));
            }
        }
        let mut places = BTreeSet::new();
        for row in rows {
            if !places.insert((row.subject, row.incarnation, row.sequence)) && row.kind == Kind::CaseEvent {
                self.findings.push(format!("two records at one place of a stream: {}", hex(&row.id)));
            }
        }
    }

    /// Exactly the planned cases, each with exactly the planned number of events.
    fn cases(&mut self, platform: &PlatformSide, plans: &[Plan]) {
        let mut events = BTreeMap::<Id, usize>::new();
        for applied in &platform.applied {
            *events.entry(applied.case).or_default() += 1;
        }
        for case in plans.iter().flat_map(|plan| &plan.cases) {
            let found = events.remove(&case.id).unwrap_or_default();
            let due = case.steps.len() + 1;
            if found != due {
                self.findings.push(format!("case {} has {found} events where {due} were planned", hex(&case.id)));
            }
        }
        for case in events.keys() {
            self.findings.push(format!("a case that nobody planned: {}", hex(case)));
        }
    }

    /// Money, to the fen: planned, billed, paid by citizens, booked by the platform, refunded.
    fn bills(&mut self, platform: &PlatformSide, planned: &[&PlannedBill], journal: &Journal) {
        for plan in planned {
            let Some(bill) = platform.bills.get(&plan.id) else {
                self.lost += 1;
                self.findings.push(format!("planned and never billed: bill {}", hex(&plan.id)));
                continue;
            };
            let booked: i64 = platform.payments.get(&plan.id).into_iter().flatten().sum();
            let pressed = journal.paid_fen.get(&plan.id).copied().unwrap_or_default();
            let refunded: i64 = platform.refunds.values().filter(|(of, _)| *of == plan.id).map(|(_, fen)| *fen).sum();
            let (state, due_paid, due_refunded) = match plan.ending {
                BillEnding::Paid => ("paid", plan.total_fen, 0),
                BillEnding::Voided => ("void", 0, 0),
                BillEnding::Refunded { fen } => ("paid", plan.total_fen, fen),
            };
            if bill.state != state {
                self.findings.push(format!("bill {} is {} and not {state}", hex(&plan.id), bill.state));
            }
            self.money("billed", plan, plan.total_fen, bill.total_fen);
            self.money("paid by the citizen", plan, due_paid, pressed);
            self.money("booked", plan, due_paid, booked);
            self.money("refunded", plan, due_refunded, refunded);
            self.money("marked as refunded", plan, due_refunded, bill.refunded_fen);
            self.money("owed back", plan, 0, bill.owed_fen);
        }
        let known: BTreeSet<Id> = planned.iter().map(|plan| plan.id).collect();
        for id in platform.bills.keys().filter(|id| !known.contains(*id)) {
            self.doubled += 1;
            self.findings.push(format!("a bill that nobody planned: {}", hex(id)));
        }
    }

    fn money(&mut self, what: &str, plan: &PlannedBill, due: i64, found: i64) {
        if due != found {
            self.fen_wrong += (due - found).abs();
            self.findings.push(format!("bill {}: {what} {found} fen where {due} were due", hex(&plan.id)));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
