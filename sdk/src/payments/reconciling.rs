//! A day's money in three ledgers: this store's, the platform's, the bank's.

use std::collections::BTreeSet;

use tongqiao_engine::Collection;
use tongqiao_engine::reconciliation::{Key, Ledger, Line, Reconciliation, reconcile};
use tongqiao_protocol::bill::BillState;
use tongqiao_protocol::reconciliation::{Booking, DayStatement, Movement, StatementLedger, StatementLine};
use tongqiao_protocol::{Amount, CivilDate, EpochId, RecordKind, SignedRecord, Timestamp};
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
    /// Payments that pay nothing (a void bill, a second time, another sum): owed back until they are refunded.
    pub owed_back: Vec<StatementLine>,
}

pub(super) async fn day(shared: &Running, date: CivilDate) -> Result<DayReconciliation, Error> {
    let (first, lines) = statement(shared, date).await?;
    let owed_back: Vec<StatementLine> =
        lines.iter().filter(|line| line.booking == Some(Booking::RefundOwed)).cloned().collect();
    let ledger = |wanted| lines.iter().filter(move |line| line.ledger == wanted).map(as_line).collect::<Result<_, _>>();
    let platform: Vec<Line> = ledger(StatementLedger::Platform)?;
    let bank: Vec<Line> = ledger(StatementLedger::Bank)?;
    let own = own_lines(shared, date, &owed_back).await?;
    let mut comparison = reconcile(&own, &platform, &bank);
    // What is merely not known here yet is asked for, and then everything is compared once more.
    let mut own = own;
    if ask_for_unknown(shared, &comparison).await? {
        own = own_lines(shared, date, &owed_back).await?;
        comparison = reconcile(&own, &platform, &bank);
    }
    let sum = |lines: &[Line]| lines.iter().map(|line| line.amount.as_fen()).sum();
    let turnover_fen = [sum(&own), sum(&platform), sum(&bank)];
    let DayStatement { epoch, time, closed, .. } = first;
    Ok(DayReconciliation { date, closed, epoch, time, comparison, turnover_fen, owed_back })
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
    Err(Error::malformed_answer("the pages of the statement do not belong together"))
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
    Ok(page)
}

fn as_line(line: &StatementLine) -> Result<Line, Error> {
    let key = match line.movement {
        Movement::Payment => Key::Payment(line.id.clone()),
        Movement::Refund => Key::Refund(line.id.parse().map_err(|_| Error::malformed_answer("the id of a refund"))?),
    };
    Ok(Line { key, bill: line.bill, amount: line.amount })
}

/// What this store has of the day. A payment that pays nothing stands in no bill; it is ours to give back as soon as the
/// bill says that something is owed.
async fn own_lines(shared: &Shared, date: CivilDate, owed_back: &[StatementLine]) -> Result<Vec<Line>, Error> {
    let owed_back = owed_back.to_vec();
    shared
        .storage
        .ask(move |store| {
            let mut lines = Vec::new();
            each_bill(store, |file| {
                if let Some(paid) =
                    file.view.as_ref().filter(|view| view.state == BillState::Paid).and_then(|v| v.paid.as_ref())
                    && CivilDate::of(paid.at) == date
                {
                    let key = Key::Payment(paid.transaction.clone());
                    lines.push(Line { key, bill: file.bill, amount: paid.amount });
                }
                for (refund, amount, ended) in file.life.refunds_done() {
                    if ended.is_some_and(|ended| CivilDate::of(ended) == date) {
                        lines.push(Line { key: Key::Refund(refund), bill: file.bill, amount });
                    }
                }
                let owed = owed_back.iter().filter(|line| line.bill == file.bill);
                if file.life.refund_owed() > Amount::ZERO || file.life.refunds_done().next().is_some() {
                    lines.extend(owed.map(|line| Line {
                        key: Key::Payment(line.id.clone()),
                        bill: file.bill,
                        amount: line.amount,
                    }));
                }
            })?;
            Ok(lines)
        })
        .await
}

fn each_bill(store: &dyn Store, mut each: impl FnMut(&BillFile)) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let page = store.documents(Collection::Bill, "", &after, BILLS_AT_ONCE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after.clone_from(last);
        for (_, document) in &page {
            if let Ok(file) = serde_json::from_slice::<BillFile>(&document.bytes) {
                each(&file);
            }
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
