//! A small world in which everything is right: four cases, of which one is free, one bill is paid, one void, one refunded.

use std::collections::BTreeSet;

use crate::ledger::platform_side::{Bill, CaseFile, Event, LogLine, Refund};
use crate::ledger::store_side::Row;
use crate::ledger::{Id, Journal, Kind, Ledger, PlatformSide, Reconciled, StoreSide, verdict};
use crate::plan::{BillEnding, Person, Plan, PlannedBill, PlannedCase, PlannedItem, Step, end_of};

pub(super) const CASES: u8 = 4;
const PRICE: i64 = 5_600;
const EPOCH: Id = [250; 16];
const OWNER: (Id, Id) = ([251; 16], [252; 16]);

pub(super) fn id(number: u8) -> Id {
    let mut id = [0; 16];
    id[15] = number;
    id
}

pub(super) struct World {
    pub(super) platform: PlatformSide,
    pub(super) stores: Vec<StoreSide>,
    pub(super) plans: Vec<Plan>,
    pub(super) journal: Journal,
}

impl World {
    pub(super) fn good() -> Self {
        let mut world = Self {
            platform: PlatformSide { epochs: vec![EPOCH], ..PlatformSide::default() },
            stores: vec![StoreSide::default()],
            plans: vec![Plan { department: "civil-affairs".to_owned(), cases: Vec::new() }],
            journal: Journal { platform_kills: 2, department_kills: 1, ..Journal::default() },
        };
        for number in 0..CASES {
            let ending = match number {
                0 => Some(BillEnding::Paid),
                1 => Some(BillEnding::Voided),
                2 => Some(BillEnding::Refunded { fen: 1_000 }),
                _ => None,
            };
            world.add(planned(number, ending));
        }
        let reconciled = Reconciled { paid_fen: 2 * PRICE, refunded_fen: 1_000, differences: 0 };
        world.journal.reconciled.insert(0, reconciled);
        world
    }

    pub(super) fn judged(&self) -> Ledger {
        verdict::compare(&self.platform, &self.stores, &self.plans, &self.journal, &[])
    }

    pub(super) fn case_file(&mut self, case: usize) -> &mut CaseFile {
        self.platform.cases.get_mut(&self.plans[0].cases[case].id).unwrap()
    }

    pub(super) fn planned_bill(&self, case: usize) -> &PlannedBill {
        self.plans[0].cases[case].bill.as_ref().unwrap()
    }

    pub(super) fn bill(&mut self, case: usize) -> &mut Bill {
        let bill = self.planned_bill(case).id;
        self.platform.bills.get_mut(&bill).unwrap()
    }

    pub(super) fn payments(&mut self, case: usize) -> &mut Vec<i64> {
        let bill = self.planned_bill(case).id;
        self.platform.payments.get_mut(&bill).unwrap()
    }

    pub(super) fn refund(&mut self) -> &mut Refund {
        self.platform.refunds.values_mut().next().unwrap()
    }

    pub(super) fn row(&mut self, kind: Kind) -> &mut Row {
        self.stores[0].rows.iter_mut().find(|row| row.kind == kind).unwrap()
    }

    fn add(&mut self, case: PlannedCase) {
        let number = case.id[15];
        for (index, kind) in case.kinds().into_iter().enumerate() {
            let sequence = i64::try_from(index).unwrap() + 1;
            let event = id(100 + 20 * (number - 1) + u8::try_from(index).unwrap());
            let position = self.record(event, case.id, sequence, Kind::CaseEvent);
            self.platform.events.push(Event {
                id: event,
                case: case.id,
                owner: OWNER,
                sequence,
                position,
                digest: digest(event, Kind::CaseEvent),
                kind: kind.to_owned(),
                outcome: "settled".to_owned(),
                effect: 1,
                user: case.applicant.user.clone().filter(|_| index == 0),
            });
        }
        let file = CaseFile {
            number: format!("number {number}"),
            state: end_of(&case.steps).to_owned(),
            revision: i64::try_from(case.kinds().len()).unwrap(),
            division: case.division.clone(),
            item: (case.item.code.clone(), 1),
        };
        self.journal.numbers.insert(case.id, BTreeSet::from([file.number.clone()]));
        self.journal.signed_in.extend(case.applicant.user.iter().map(|user| (case.id, user.clone())));
        self.platform.cases.insert(case.id, file);
        let fees: i64 = case.item.fees.iter().map(|(_, _, fen, count)| fen * i64::from(*count)).sum();
        self.platform.usual_fen.insert((case.item.code.clone(), 1), fees);
        if let Some(bill) = case.bill.clone() {
            self.add_bill(&bill);
        }
        self.plans[0].cases.push(case);
    }

    fn add_bill(&mut self, plan: &PlannedBill) {
        self.record(plan.id, plan.id, 1, Kind::Bill);
        let mut bill = Bill {
            state: "paid".to_owned(),
            total_fen: PRICE,
            refunded_fen: 0,
            owed_fen: 0,
            digest: digest(plan.id, Kind::Bill),
        };
        match plan.ending {
            BillEnding::Voided => {
                bill.state = "void".to_owned();
                self.record(plan.id, plan.id, 2, Kind::Void);
                // A void is logged under its bill's id; its row has an id of its own.
                self.stores[0].rows.last_mut().unwrap().id = id(99);
                self.journal.acknowledged.remove(&plan.id);
                self.platform.voids.insert(plan.id, BTreeSet::from([digest(plan.id, Kind::Void)]));
            }
            BillEnding::Paid => {}
            BillEnding::Refunded { fen } => {
                bill.refunded_fen = fen;
                self.record(plan.refund, plan.id, 2, Kind::Refund);
                let refund =
                    Refund { bill: plan.id, fen, state: "done".to_owned(), digest: digest(plan.refund, Kind::Refund) };
                self.platform.refunds.insert(plan.refund, refund);
                self.say(plan.id, "money");
                self.say(plan.refund, "payout");
            }
        }
        if plan.ending != BillEnding::Voided {
            self.platform.payments.insert(plan.id, vec![PRICE]);
            self.say(plan.id, "payment");
            self.say(plan.id, "money");
            self.journal.paid_fen.insert(plan.id, PRICE);
        }
        self.platform.bills.insert(plan.id, bill);
    }

    /// A word of the platform's own about money.
    fn say(&mut self, record: Id, kind: &str) {
        let position = i64::try_from(self.platform.log.len()).unwrap();
        self.platform.log.push(LogLine {
            position,
            record,
            kind: kind.to_owned(),
            outcome: "settled".to_owned(),
            digest: digest(record, Kind::Bill),
            receipt: format!("receipt {position}"),
        });
    }

    /// A record in the store, in the log, and promised to its caller; gives its position.
    fn record(&mut self, record: Id, subject: Id, sequence: i64, kind: Kind) -> i64 {
        let position = i64::try_from(self.platform.log.len()).unwrap();
        let receipt = format!("receipt {position}");
        self.platform.log.push(LogLine {
            position,
            record,
            kind: kind.as_logged().to_owned(),
            outcome: "settled".to_owned(),
            digest: digest(record, kind),
            receipt: receipt.clone(),
        });
        self.stores[0].rows.push(Row {
            id: record,
            subject,
            owner: OWNER,
            sequence,
            kind,
            state: 1,
            digest: vec![record[15], sequence_of(kind)],
            epoch: Some(EPOCH.to_vec()),
            position: Some(position),
            receipt: Some(receipt),
        });
        self.journal.acknowledged.insert(record);
        position
    }
}

fn sequence_of(kind: Kind) -> u8 {
    kind.as_logged().as_bytes()[0]
}

fn digest(record: Id, kind: Kind) -> String {
    format!("sha256:{:02x}{:02x}", record[15], sequence_of(kind))
}

fn planned(number: u8, ending: Option<BillEnding>) -> PlannedCase {
    let fees = if ending.is_some() { vec![("line".to_owned(), "收费".to_owned(), PRICE / 2, 2)] } else { Vec::new() };
    let user = number.is_multiple_of(2).then(|| "u-0001".to_owned());
    PlannedCase {
        id: id(number + 1),
        item: PlannedItem {
            code: format!("item {}", fees.len()),
            version: 1,
            name: "事项".to_owned(),
            division: "340706000000".to_owned(),
            channels: vec!["1".to_owned(), "2".to_owned()],
            promised_days: 5,
            materials: Vec::new(),
            form: Vec::new(),
            fees,
        },
        division: "340706101000".to_owned(),
        channel: if user.is_some() { "2".to_owned() } else { "1".to_owned() },
        applicant: Person { name: "测试甲".to_owned(), number: String::new(), user },
        steps: vec![Step::Accept, Step::Review, Step::Grant, Step::Deliver],
        bill: ending.map(|ending| PlannedBill {
            id: id(40 + number),
            refund: id(60 + number),
            lines: Vec::new(),
            total_fen: PRICE,
            ending,
        }),
    }
}
