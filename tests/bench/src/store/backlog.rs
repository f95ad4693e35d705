//! Finding work in a long backlog: time must not grow with what is waiting, blocked or not due.

use std::path::Path;
use std::time::Instant;

use tongqiao_engine::{Change, EntryState, Lane};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};
use tongqiao_store::{PendingQuery, Store};

use super::load::Trouble;
use super::ours::Ours;

const PAGE: u32 = 1_000;

pub(crate) fn measure(path: &Path, records: u32) -> Result<(), Trouble> {
    let ours = Ours::open(path)?;
    let began = Instant::now();
    let mut left = records;
    while left > 0 {
        let group = left.min(PAGE);
        ours.store().commit((0..group).map(|_| ours.next_change()).collect())?;
        left -= group;
    }
    println!("backlog of {records} records made in {:.1} s", began.elapsed().as_secs_f64());
    let now = Timestamp::from_millis(1_790_000_000_000);
    let ask = |name: &str, after_ordinal| -> Result<Vec<RecordId>, Trouble> {
        let query = PendingQuery { lane: Lane::Case, after_ordinal, limit: PAGE, now };
        let mut best = f64::INFINITY;
        let mut ids = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            let found = ours.store().pending(&query)?;
            best = best.min(began.elapsed().as_secs_f64() * 1e3);
            ids = found.into_iter().map(|entry| entry.id).collect();
        }
        println!("{name:<60}{:>5} found in {best:.1} ms", ids.len());
        Ok(ids)
    };
    ask("first page", 0)?;
    ask("a page in the middle", u64::from(records) / 2)?;
    let began = Instant::now();
    let statistics = ours.store().statistics()?;
    println!("statistics of {} pending in {:.1} ms", statistics.pending, began.elapsed().as_secs_f64() * 1e3);
    // Half of the backlog is tried and not due, a tenth refused.
    let mut ordinal = 0;
    while ordinal < u64::from(records) / 2 {
        let entries = ours.store().entries(ordinal, PAGE)?;
        let Some(last) = entries.last() else { break };
        ordinal = last.ordinal;
        let later = now.plus_millis(60_000);
        let changes = entries.iter().map(|entry| match entry.ordinal % 5 {
            0 => Change::Settle {
                id: entry.id,
                state: EntryState::Refused { epoch: EpochId::from_bytes([1; 16]), position: entry.ordinal },
                receipt: Vec::new(),
                at: now,
            },
            _ => Change::Reschedule { id: entry.id, attempts: 1, next_attempt_at: later },
        });
        ours.store().commit(changes.collect())?;
    }
    ask("first page when the first half is refused or not due", 0)?;
    Ok(())
}
