//! A day's money in three ledgers: this store's, the platform's, the bank's.

use std::collections::BTreeSet;

use tongqiao_engine::Collection;
use tongqiao_engine::reconciliation::{Beside, Key, Ledger, Line, Neighbour, Reconciliation, reconcile};
use tongqiao_protocol::bill::BillState;
use tongqiao_protocol::reconciliation::{Booking, DayStatement, Movement, StatementLedger, StatementLine};
use tongqiao_protocol::{CivilDate, EpochId, ErrorCode, RecordKind, SignedRecord, Timestamp};
use tongqiao_store::{Store, StoreError};

use super::bill_file::BillFile;
use super::{asking, is_passing};
use crate::Error;
use crate::client::{Running, Shared};
use crate::exchange::Ask;

/// Bills read from the store at once.
const BILLS_AT_ONCE: u32 = 500;
/// How often a statement is begun again because the platform was restored between two pages.
const ATTEMPTS: usize = 3;

/// What a day's comparison has found; see [`Payments::reconcile`](crate::Payments::reconcile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayReconciliation {
    /// The day, in China.
    pub date: CivilDate,
    /// Whether the day is over: differences of a running day may be on their way.
    pub closed: bool,
    /// The platform's epoch of which this is the statement.
    pub epoch: EpochId,
    /// When the platform stated it.
    pub time: Timestamp,
    /// What matches, and every movement that does not.
    pub comparison: Reconciliation,
    /// The sum of each ledger in fen, in the order of [`Ledger::ALL`]: payments and refunds added, as turnover.
    pub turnover_fen: [i64; 3],
    /// Payments that pay nothing (a void bill, a second time, another sum), as the platform states them: owed back until they are
    /// refunded. They stand in no book of the store and are compared between platform and bank alone.
    pub owed_back: Vec<StatementLine>,
}

pub(super) async fn day(shared: &Running, date: CivilDate) -> Result<DayReconciliation, Error> {
    let (first, lines) = statement(shared, date).await?;
    let Books { platform, bank, owed, owed_back } = Books::of(lines)?;
    let mut own = own_lines(shared, date).await?;
    let mut comparison = reconcile(&own, &platform, &bank, &owed);
    // What is merely not known here yet is asked for, and then everything is compared once more.
    if ask_for_unknown(shared, &comparison).await? {
        own = own_lines(shared, date).await?;
        comparison = reconcile(&own, &platform, &bank, &owed);
    }
    // Money that moved around midnight may be booked on another day there.
    if comparison.misses_something() {
        comparison.look_beside(&beside(shared, date, first.closed).await?);
    }
    let sum = |lines: &[Line]| lines.iter().map(|line| line.amount.as_fen()).sum();
    let turnover_fen = [sum(&own), sum(&platform), sum(&bank)];
    let DayStatement { epoch, time, closed, .. } = first;
    Ok(DayReconciliation { date, closed, epoch, time, comparison, turnover_fen, owed_back })
}

/// A statement, by ledger.
#[derive(Default)]
struct Books {
    platform: Vec<Line>,
    bank: Vec<Line>,
    owed: BTreeSet<Key>,
    owed_back: Vec<StatementLine>,
}

impl Books {
    fn of(lines: Vec<StatementLine>) -> Result<Self, Error> {
        let mut books = Self::default();
        for line in lines {
            let moved = as_line(&line)?;
            match line.ledger {
                StatementLedger::Platform => books.platform.push(moved.clone()),
                StatementLedger::Bank => books.bank.push(moved.clone()),
            }
            if line.booking == Some(Booking::RefundOwed) {
                books.owed.insert(moved.key);
                books.owed_back.push(line);
            }
        }
        Ok(books)
    }
}

/// Everything that the ledgers have on the day before and, once the day is over, on the day after.
async fn beside(shared: &Shared, date: CivilDate, is_closed: bool) -> Result<Vec<Beside>, Error> {
    let mut found = Vec::new();
    for (day, other) in [(Neighbour::Before, date.plus_days(-1)), (Neighbour::After, date.plus_days(1))] {
        if other == date || (day == Neighbour::After && !is_closed) {
            continue;
        }
        let (_, lines) = statement(shared, other).await?;
        let Books { platform, bank, owed, .. } = Books::of(lines)?;
        let own = own_lines(shared, other).await?;
        for (ledger, lines) in [(Ledger::Own, own), (Ledger::Platform, platform), (Ledger::Bank, bank)] {
            let one = |line: Line| Beside { day, ledger, is_owed: owed.contains(&line.key), line };
            found.extend(lines.into_iter().map(one));
        }
    }
    Ok(found)
}

/// All pages of one statement, each signed; begun again when the platform was restored in between.
async fn statement(shared: &Shared, date: CivilDate) -> Result<(DayStatement, Vec<StatementLine>), Error> {
    for _ in 0..ATTEMPTS {
        let first = page(shared, date, 0).await?;
        let mut lines = first.lines.clone();
        let mut belongs = true;
        while belongs && (lines.len() as u64) < first.lines_total {
            let next = page(shared, date, lines.len() as u64).await?;
            belongs = next.epoch == first.epoch && next.lines_total == first.lines_total && !next.lines.is_empty();
            lines.extend(next.lines);
        }
        if belongs && lines.len() as u64 == first.lines_total {
            return Ok((first, lines));
        }
    }
    // A busy day, or a restore: it passes.
    let words = "the day's statement changes faster than it can be read";
    Err(Error::of(ErrorCode::PlatformUnavailable).detail(words))
}

async fn page(shared: &Shared, date: CivilDate, after: u64) -> Result<DayStatement, Error> {
    let ask = Ask::get(format!("/v1/reconciliations/{date}")).query("after", &after.to_string());
    let answer = shared.exchange.ask(ask).await?;
    let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
    shared.directory.check(shared, RecordKind::Reconciliation, &record).await?;
    let page = serde_json::from_slice::<DayStatement>(&record.record).map_err(Error::malformed_answer)?;
    if page.party != *shared.credentials.party() || page.date != date || page.after != after {
        return Err(Error::malformed_answer("the statement of another party, day or page"));
    }
    if page.lines.iter().any(|line| CivilDate::of(line.at) != date) {
        return Err(Error::malformed_answer("a line of another day"));
    }
    Ok(page)
}

fn as_line(line: &StatementLine) -> Result<Line, Error> {
    let key = match line.movement {
        Movement::Payment => Key::Payment(line.id.clone()),
        Movement::Refund => Key::Refund(line.id.parse().map_err(|_| Error::malformed_answer("the id of a refund"))?),
    };
    Ok(Line { key, bill: line.bill, amount: line.amount, late_fee: line.late_fee })
}

/// What this store has of the day, from what the platform has proved earlier, and from nothing of this statement.
async fn own_lines(shared: &Shared, date: CivilDate) -> Result<Vec<Line>, Error> {
    let read = shared.storage.ask(move |store| {
        let mut lines = Vec::new();
        let all = each_bill(store, |file| {
            let view = file.view.as_ref().filter(|view| view.state == BillState::Paid);
            let paid = view.and_then(|view| view.paid.as_ref());
            lines.extend(paid.filter(|paid| CivilDate::of(paid.at) == date).map(|paid| Line {
                key: Key::Payment(paid.transaction.clone()),
                bill: file.bill,
                amount: paid.amount,
                late_fee: file.terms.map(|terms| terms.late_fee(CivilDate::of(paid.at))),
            }));
            let done = file.life.refunds_done();
            let done = done.filter(|(.., ended)| ended.is_some_and(|ended| CivilDate::of(ended) == date));
            lines.extend(done.map(|(refund, amount, _)| Line {
                key: Key::Refund(refund),
                bill: file.bill,
                amount,
                late_fee: None,
            }));
        })?;
        Ok((all == Readable::All).then_some(lines))
    });
    read.await?.ok_or_else(|| Error::of(ErrorCode::StoreCorrupt).detail("a bill in the store cannot be read"))
}

/// Whether every bill could be read. One that cannot might be the one that is missing: then nothing is compared.
#[derive(PartialEq, Eq)]
pub(super) enum Readable {
    All,
    NotAll,
}

pub(super) fn each_bill(store: &dyn Store, mut each: impl FnMut(&BillFile)) -> Result<Readable, StoreError> {
    let mut after = String::new();
    loop {
        let page = store.documents(Collection::Bill, "", &after, BILLS_AT_ONCE)?;
        let Some((last, _)) = page.last() else { return Ok(Readable::All) };
        after.clone_from(last);
        for (_, document) in &page {
            let Ok(file) = serde_json::from_slice::<BillFile>(&document.bytes) else { return Ok(Readable::NotAll) };
            each(&file);
        }
    }
}

/// Asks for the bills and refunds that the others know and this store does not; whether anything was asked.
async fn ask_for_unknown(shared: &Shared, comparison: &Reconciliation) -> Result<bool, Error> {
    let differences = comparison.differences.iter().filter(|difference| difference.fen(Ledger::Own) == 0);
    let (mut bills, mut refunds) = (BTreeSet::new(), BTreeSet::new());
    for difference in differences {
        match &difference.key {
            Key::Payment(_) => bills.extend(difference.bills.iter().copied()),
            Key::Refund(refund) => _ = refunds.insert(*refund),
        }
    }
    let mut asked = false;
    for bill in bills {
        asked |= is_answered(asking::bill(shared, bill).await)?;
    }
    for refund in refunds {
        asked |= is_answered(asking::refund(shared, refund).await)?;
    }
    Ok(asked)
}

/// Whether the platform said something. One that does not have it, or says that it is another's, is what the comparison
/// shows; one that cannot be reached leaves it open, and then nothing is compared.
fn is_answered<T>(asked: Result<T, Error>) -> Result<bool, Error> {
    match asked {
        Ok(_) => Ok(true),
        Err(error) if is_passing(&error) => Err(error),
        Err(error) => {
            tracing::debug!(code = error.code().code(), "what others have in their books cannot be asked for");
            Ok(false)
        }
    }
}
