//! The checkpoints that this store has believed.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::transparency::Checkpoint;
use tongqiao_protocol::{EpochId, SignedRecord};

use crate::Error;

/// How many checkpoints are kept: of the recent past many, of the far past few.
const CHECKPOINTS_MAX: usize = 32;

/// A checkpoint whose signature was checked when it came.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) record: SignedRecord,
    pub(crate) checkpoint: Checkpoint,
}

impl Held {
    pub(crate) fn read(record: SignedRecord) -> Result<Self, Error> {
        let checkpoint = serde_json::from_slice(&record.record).map_err(Error::malformed_answer)?;
        Ok(Self { record, checkpoint })
    }
}

/// What the store keeps: checkpoints of one unbroken history, oldest first, and the epochs that are over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    former: Vec<EpochId>,
    held: Vec<Held>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    former: Vec<EpochId>,
    checkpoints: Vec<SignedRecord>,
}

impl Book {
    pub(crate) fn newest(&self) -> Option<&Held> {
        self.held.last()
    }

    /// Whether this epoch has run and is over.
    pub(crate) fn is_over(&self, epoch: EpochId) -> bool {
        self.former.contains(&epoch)
    }

    /// The longest log that has survived a restore, where `kept` says how much of an epoch has.
    pub(crate) fn survivor(&self, kept: impl Fn(EpochId) -> u64) -> Option<&Held> {
        self.held
            .iter()
            .filter(|held| held.checkpoint.size <= kept(held.checkpoint.epoch))
            .max_by_key(|held| held.checkpoint.size)
    }

    /// The book with one more checkpoint of the running epoch.
    pub(crate) fn continued(&self, shown: Held) -> Self {
        let mut next = self.clone();
        // One that says nothing new is no step in the history, only a later word on it.
        let same = |last: &Held| {
            (last.checkpoint.epoch, last.checkpoint.size) == (shown.checkpoint.epoch, shown.checkpoint.size)
        };
        if next.held.last().is_some_and(same) {
            next.held.pop();
        }
        next.held.push(shown);
        if next.held.len() > CHECKPOINTS_MAX {
            // Every second one of the older half goes: what is far back is kept ever more sparsely, and never quite lost.
            let mut index = 0;
            next.held.retain(|_| {
                index += 1;
                index > CHECKPOINTS_MAX / 2 || index % 2 == 1
            });
        }
        next
    }

    /// The book after a restore: what is left of the past is what `kept` says.
    pub(crate) fn turned(&self, kept: impl Fn(EpochId) -> u64, shown: Held) -> Self {
        let mut next = self.clone();
        if let Some(newest) = self.newest() {
            next.former.push(newest.checkpoint.epoch);
        }
        next.held.retain(|held| held.checkpoint.size <= kept(held.checkpoint.epoch));
        next.continued(shown)
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let checkpoints = self.held.iter().map(|held| held.record.clone()).collect();
        serde_json::to_vec(&Written { former: self.former.clone(), checkpoints }).map_err(Error::internal)
    }

    /// `None` when the bytes are no book.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(bytes).ok()?;
        let held = written.checkpoints.into_iter().map(Held::read).collect::<Result<_, _>>().ok()?;
        Some(Self { former: written.former, held })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use serde_json::json;

    use super::*;

    /// Reads back: ids are UUIDv7.
    fn epoch(number: u8) -> EpochId {
        let mut bytes = [number; 16];
        (bytes[6], bytes[8]) = (0x70, 0x80);
        EpochId::from_bytes(bytes)
    }

    fn held(number: u8, size: u64) -> Held {
        let checkpoint = json!({
            "epoch": epoch(number), "size": size, "suite": "international",
            "root": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "time": "2026-11-23T12:00:00.000+08:00",
        });
        let signature = json!({ "keyid": "platform/1", "value": "A".repeat(86) + "==" });
        let record = checkpoint.to_string().into_bytes();
        let signature = serde_json::from_value(signature).unwrap();
        Held::read(SignedRecord { record, signature }).unwrap()
    }

    fn sizes(book: &Book) -> Vec<u64> {
        book.held.iter().map(|held| held.checkpoint.size).collect()
    }

    #[test]
    fn a_long_history_stays_bounded_keeps_its_newest_and_its_oldest_and_survives_the_store() {
        let mut book = Book::default();
        for size in 1..=1_000 {
            book = book.continued(held(1, size)).continued(held(1, size));
            assert!(book.held.len() <= CHECKPOINTS_MAX);
        }
        let kept = sizes(&book);
        assert_eq!((kept.first(), kept.last()), (Some(&1), Some(&1_000)));
        assert!(kept.is_sorted() && kept.contains(&999) && kept.contains(&998));
        let again = Book::from_bytes(&book.to_bytes().unwrap()).unwrap();
        assert_eq!(sizes(&again), kept);
        assert!(Book::from_bytes(b"noise").is_none());
    }

    #[test]
    fn after_a_restore_the_longest_log_that_was_kept_is_what_must_continue() {
        let book = [2, 5, 9].into_iter().fold(Book::default(), |book, size| book.continued(held(1, size)));
        let kept = |_| 6;
        assert_eq!(book.survivor(kept).unwrap().checkpoint.size, 5);
        assert!(book.survivor(|_| 1).is_none());
        let turned = book.turned(kept, held(2, 7));
        assert_eq!(sizes(&turned), [2, 5, 7]);
        assert!(turned.is_over(epoch(1)) && !turned.is_over(epoch(2)));
    }
}
