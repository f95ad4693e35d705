//! Which epochs of the platform this store has receipts of.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use tongqiao_protocol::EpochId;

use crate::delivery::EpochNotice;

/// How the receipt of some epoch stands towards the epoch that is running now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReceiptStanding {
    /// It is in the platform's log.
    Stands,
    /// A restore from backup has undone it; the record must be offered again.
    Lost,
    /// It is of an epoch this store has not yet taken note of.
    Unheard,
}

/// The document ("epoch", [`EpochBook::KEY`]): the running epoch, what it kept of earlier ones, and every epoch that this
/// store has ever had receipts of.
///
/// A platform restored twice may know nothing of the epoch between; the book does, and what was settled in it is offered
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EpochBook {
    current: Option<EpochId>,
    /// Every epoch seen before the current one, with the number of positions that survive of it.
    kept: BTreeMap<EpochId, u64>,
}

/// The bytes are not an epoch book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an epoch book")]
pub struct InvalidEpochBook;

const FORMAT: u8 = 1;
const ROW_BYTES: usize = 24;

impl EpochBook {
    /// The document's key in [`Collection::Epoch`](crate::Collection::Epoch).
    pub const KEY: &'static str = "book";

    /// The epoch whose receipts are taken.
    pub const fn current(&self) -> Option<EpochId> {
        self.current
    }

    /// A book that was lost, made again of the epochs that the store has receipts of. Nothing in it stands until the platform
    /// has been asked: whatever the platform does not claim to have kept is offered again, and answered as a duplicate where
    /// it was there all the same.
    pub fn rebuilt(epochs: impl IntoIterator<Item = EpochId>) -> Self {
        Self { current: None, kept: epochs.into_iter().map(|epoch| (epoch, 0)).collect() }
    }

    /// The book after a notice; `None` if the notice tells nothing new (the running epoch, or one that is over).
    pub fn turned(&self, notice: &EpochNotice) -> Option<Self> {
        if self.current.is_some_and(|current| current == notice.epoch || self.kept.contains_key(&notice.epoch)) {
            return None;
        }
        let mut kept: BTreeMap<EpochId, u64> = self.kept.keys().map(|epoch| (*epoch, 0)).collect();
        if let Some(current) = self.current {
            kept.insert(current, 0);
        }
        for part in &notice.previous {
            kept.insert(part.epoch, part.kept);
        }
        kept.remove(&notice.epoch);
        Some(Self { current: Some(notice.epoch), kept })
    }

    /// Earlier epochs, each with the first position that was lost.
    pub fn lost_parts(&self) -> Vec<(EpochId, u64)> {
        self.kept.iter().map(|(epoch, kept)| (*epoch, *kept)).collect()
    }

    /// How a receipt stands.
    pub fn standing(&self, epoch: EpochId, position: u64) -> ReceiptStanding {
        if self.current == Some(epoch) {
            return ReceiptStanding::Stands;
        }
        match self.kept.get(&epoch) {
            Some(kept) if position < *kept => ReceiptStanding::Stands,
            Some(_) => ReceiptStanding::Lost,
            None => ReceiptStanding::Unheard,
        }
    }

    /// The document's bytes: a format byte, the current epoch, then 24 bytes per earlier epoch.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(17 + self.kept.len() * ROW_BYTES);
        bytes.push(FORMAT);
        if let Some(current) = self.current {
            bytes.extend_from_slice(current.as_bytes());
            for (epoch, kept) in &self.kept {
                bytes.extend_from_slice(epoch.as_bytes());
                bytes.extend_from_slice(&kept.to_be_bytes());
            }
        }
        bytes
    }

    /// Reads the document.
    ///
    /// # Errors
    /// [`InvalidEpochBook`] when the bytes were not written by [`EpochBook::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidEpochBook> {
        let (&format, rest) = bytes.split_first().ok_or(InvalidEpochBook)?;
        if format != FORMAT {
            return Err(InvalidEpochBook);
        }
        if rest.is_empty() {
            return Ok(Self::default());
        }
        let (current, rows) = rest.split_first_chunk::<16>().ok_or(InvalidEpochBook)?;
        if rows.len() % ROW_BYTES != 0 {
            return Err(InvalidEpochBook);
        }
        let mut kept = BTreeMap::new();
        for row in rows.chunks_exact(ROW_BYTES) {
            let (epoch, count) = row.split_first_chunk::<16>().ok_or(InvalidEpochBook)?;
            let count = count.try_into().map_err(|_| InvalidEpochBook)?;
            kept.insert(EpochId::from_bytes(*epoch), u64::from_be_bytes(count));
        }
        Ok(Self { current: Some(EpochId::from_bytes(*current)), kept })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::delivery::KeptPart;

    fn epoch(number: u8) -> EpochId {
        EpochId::from_bytes([number; 16])
    }

    #[test]
    fn a_book_made_again_of_receipts_offers_what_the_platform_does_not_claim() {
        let book = EpochBook::rebuilt([epoch(1), epoch(2), epoch(3)]);
        assert_eq!(book.current(), None);
        let notice = EpochNotice { epoch: epoch(3), previous: vec![KeptPart { epoch: epoch(1), kept: 5 }] };
        let turned = book.turned(&notice).unwrap_or_default();
        assert_eq!(turned.current(), Some(epoch(3)));
        // The epoch between, of which the platform knows nothing, is lost as a whole; the running one is not.
        assert_eq!(turned.lost_parts(), [(epoch(1), 5), (epoch(2), 0)]);
        assert_eq!(turned.standing(epoch(3), 9), ReceiptStanding::Stands);
    }
}
