//! Three ledgers side by side 三方对账: the author's own books, the platform's, the bank's.
//!
//! A movement of money is known in each ledger by the same key: the channel's transaction number, or the id of a refund. It is
//! *matched* when each ledger has it exactly once, with the same sum for the same bill. Money that the platform books as owed
//! back pays nothing and stands in no book of the author's: it is matched by the platform's and the bank's ledger alone, and
//! summed apart. Everything else is named, with its sum in each ledger, so that matched and named sums together are the
//! whole of every ledger, to the fen: [`Reconciliation::accounts_for`] is that equation.
//! A movement around midnight may stand in two ledgers on two days: [`Reconciliation::look_beside`] names it as such.
//!
//! ```
//! use tongqiao_engine::reconciliation::{Finding, Key, Ledger, Line, reconcile};
//! use tongqiao_protocol::{Amount, BillId};
//!
//! let line = |fen| Line {
//!     key: Key::Payment("20261123-1".into()),
//!     bill: BillId::from_bytes([1; 16]),
//!     amount: Amount::from_fen(fen).unwrap(),
//!     late_fee: None,
//! };
//! let report = reconcile(&[line(100)], &[line(100)], &[line(101)], &Default::default());
//! assert_eq!(report.differences[0].findings, [Finding::AmountsDiffer]);
//! assert_eq!(report.differences[0].fen(Ledger::Bank), 101);
//! ```

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use tongqiao_protocol::{Amount, BillId, RefundId};

/// Whose books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ledger {
    /// The author's own.
    Own,
    /// The platform's.
    Platform,
    /// The bank's.
    Bank,
}

impl Ledger {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Own, Self::Platform, Self::Bank];
}

/// By which a movement of money is known in every ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Money that came in, by the channel's transaction number.
    Payment(String),
    /// Money that went back.
    Refund(RefundId),
}

/// One movement in one ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub key: Key,
    /// For which bill.
    pub bill: BillId,
    /// How much.
    pub amount: Amount,
    /// Of the amount, the late fee, in a ledger that says so. A bank does not.
    pub late_fee: Option<Amount>,
}

/// What is wrong with a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// A ledger does not have it.
    Missing(Ledger),
    /// A ledger has it more than once.
    Doubled(Ledger),
    /// The ledgers that have it name different sums.
    AmountsDiffer,
    /// The ledgers that say how much of it is late fee say different things.
    LateFeesDiffer,
    /// The ledgers that have it name different bills.
    BillsDiffer,
    /// A ledger does not have it on this day, but on a day beside it: booked before midnight here and after midnight there.
    OnOtherDay(Ledger, Neighbour),
    /// The platform books it as owed back, and the author's books have it as a payment.
    BookedOtherwise,
}

/// A day beside the one that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Neighbour {
    /// The day before.
    Before,
    /// The day after.
    After,
}

/// A movement that a ledger has on a day beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Which day.
    pub day: Neighbour,
    /// Whose.
    pub ledger: Ledger,
    /// What.
    pub line: Line,
    /// Whether the platform books it as owed back, so that it stands in no book of the author's.
    pub is_owed: bool,
}

/// What may safely be done about a difference. Money is never moved because of a difference alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Advice {
    /// Ask the platform for the bill or refund, and compare again: here it is merely not known yet.
    Ask,
    /// The platform has forgotten it (a restore, say): what was settled is offered again by itself. Compare again tomorrow.
    OfferAgain,
    /// Nothing: each ledger has it once, on two days that touch. The day beside names it too.
    Nothing,
    /// A person must compare with the bank; charge nobody again and pay nobody twice.
    Person,
}

/// A movement that does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub key: Key,
    /// The bills that the ledgers name.
    pub bills: BTreeSet<BillId>,
    /// Every finding, each once.
    pub findings: Vec<Finding>,
    /// The sum in each ledger, in fen, in the order of [`Ledger::ALL`].
    sums: [i64; 3],
    lines: [usize; 3],
    /// The sum of a line, where all lines of the day name the same.
    amount: Option<Amount>,
}

impl Difference {
    /// What a ledger has of it, in fen.
    pub const fn fen(&self, ledger: Ledger) -> i64 {
        self.sums[ledger as usize]
    }

    fn look_beside(&mut self, beside: &[Beside]) {
        let mut findings = Vec::with_capacity(self.findings.len());
        let mut is_owed = false;
        for finding in core::mem::take(&mut self.findings) {
            let Finding::Missing(ledger) = finding else {
                findings.push(finding);
                continue;
            };
            let found: Vec<&Beside> =
                beside.iter().filter(|one| one.ledger == ledger && one.line.key == self.key).collect();
            let Some(first) = found.first() else {
                findings.push(finding);
                continue;
            };
            findings.push(Finding::OnOtherDay(ledger, first.day));
            is_owed |= first.is_owed;
            if found.len() > 1 {
                findings.push(Finding::Doubled(ledger));
            }
            if found.iter().any(|one| Some(one.line.amount) != self.amount) {
                findings.push(Finding::AmountsDiffer);
            }
            if found.iter().any(|one| !self.bills.contains(&one.line.bill)) {
                findings.push(Finding::BillsDiffer);
            }
        }
        if is_owed {
            findings.retain(|finding| *finding != Finding::Missing(Ledger::Own));
        }
        let mut told = BTreeSet::new();
        findings.retain(|finding| told.insert(*finding));
        self.findings = findings;
    }

    /// What may safely be done.
    pub fn advice(&self) -> Advice {
        if self.findings.iter().all(|finding| matches!(finding, Finding::OnOtherDay(..))) {
            return Advice::Nothing;
        }
        let has = |ledger: Ledger| self.lines[ledger as usize] == 1;
        let only_missing = self.findings.iter().all(|finding| matches!(finding, Finding::Missing(_)));
        match (only_missing, has(Ledger::Own), has(Ledger::Platform), has(Ledger::Bank)) {
            (true, false, true, true) => Advice::Ask,
            (true, true, false, true) => Advice::OfferAgain,
            _ => Advice::Person,
        }
    }
}

/// What the comparison has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciliation {
    /// How many movements match.
    pub matched: u64,
    /// Of these the payments, in fen.
    pub matched_paid_fen: i64,
    /// Of the payments, the late fees, in fen, as far as a ledger says so.
    pub matched_late_fee_fen: i64,
    /// Of these the refunds, in fen.
    pub matched_refunded_fen: i64,
    /// How many payments that are owed back the platform and the bank have alike.
    pub matched_owed: u64,
    /// Their sum, in fen; it is no part of the author's own ledger.
    pub matched_owed_fen: i64,
    /// Everything else, by key.
    pub differences: Vec<Difference>,
}

impl Reconciliation {
    /// Whether all three ledgers say the same.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    /// Looks for what is missing on the days beside. What is found there is named so, and stays in the list: its sum is a part of
    /// this day's ledgers. A counterpart with another sum or of another bill is named for that too.
    pub fn look_beside(&mut self, beside: &[Beside]) {
        for difference in &mut self.differences {
            difference.look_beside(beside);
        }
    }

    /// Whether anything is missing in a ledger, so that it is worth reading the days beside.
    pub fn misses_something(&self) -> bool {
        let is_missing = |finding: &Finding| matches!(finding, Finding::Missing(_));
        self.differences.iter().any(|difference| difference.findings.iter().any(is_missing))
    }

    /// Whether matched and named sums together are all that a ledger has.
    pub fn accounts_for(&self, ledger: Ledger, lines: &[Line]) -> bool {
        let named: i64 = self.differences.iter().map(|difference| difference.fen(ledger)).sum();
        let all: i64 = lines.iter().map(|line| line.amount.as_fen()).sum();
        let owed = if ledger == Ledger::Own { 0 } else { self.matched_owed_fen };
        self.matched_paid_fen + self.matched_refunded_fen + owed + named == all
    }
}

/// Compares the ledgers of one day; `owed` are the keys that the platform books as owed back.
pub fn reconcile(own: &[Line], platform: &[Line], bank: &[Line], owed: &BTreeSet<Key>) -> Reconciliation {
    let mut movements: BTreeMap<&Key, [Vec<&Line>; 3]> = BTreeMap::new();
    for (index, lines) in [own, platform, bank].into_iter().enumerate() {
        for line in lines {
            movements.entry(&line.key).or_default()[index].push(line);
        }
    }
    let mut report = Reconciliation::default();
    for (key, ledgers) in movements {
        let is_owed = owed.contains(key);
        let mut findings = findings(&ledgers);
        if is_owed {
            findings.retain(|finding| *finding != Finding::Missing(Ledger::Own));
            if !ledgers[Ledger::Own as usize].is_empty() {
                findings.push(Finding::BookedOtherwise);
            }
        }
        let sums = ledgers.each_ref().map(|lines| lines.iter().map(|line| line.amount.as_fen()).sum::<i64>());
        let platform_fen = sums[Ledger::Platform as usize];
        if !findings.is_empty() {
            let bills = ledgers.iter().flatten().map(|line| line.bill).collect();
            let lines = ledgers.each_ref().map(Vec::len);
            let amounts: BTreeSet<Amount> = ledgers.iter().flatten().map(|line| line.amount).collect();
            let amount = amounts.first().copied().filter(|_| amounts.len() == 1);
            report.differences.push(Difference { key: key.clone(), bills, findings, sums, lines, amount });
        } else if is_owed {
            report.matched_owed += 1;
            report.matched_owed_fen += platform_fen;
        } else {
            report.matched += 1;
            match key {
                Key::Payment(_) => {
                    report.matched_paid_fen += platform_fen;
                    let late_fee = ledgers.iter().flatten().find_map(|line| line.late_fee);
                    report.matched_late_fee_fen += late_fee.unwrap_or_default().as_fen();
                }
                Key::Refund(_) => report.matched_refunded_fen += platform_fen,
            }
        }
    }
    report
}

fn findings(ledgers: &[Vec<&Line>; 3]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (ledger, lines) in Ledger::ALL.into_iter().zip(ledgers) {
        match lines.len() {
            0 => findings.push(Finding::Missing(ledger)),
            1 => {}
            _ => findings.push(Finding::Doubled(ledger)),
        }
    }
    let all = || ledgers.iter().flatten();
    if all().map(|line| line.amount).collect::<BTreeSet<_>>().len() > 1 {
        findings.push(Finding::AmountsDiffer);
    }
    if all().filter_map(|line| line.late_fee).collect::<BTreeSet<_>>().len() > 1 {
        findings.push(Finding::LateFeesDiffer);
    }
    if all().map(|line| line.bill).collect::<BTreeSet<_>>().len() > 1 {
        findings.push(Finding::BillsDiffer);
    }
    findings
}
