//! Blocks of case numbers: who may take which, so that none is ever taken twice.
//!
//! A lease is a document of the store. A process claims a *part* of it by compare-and-swap and then hands out its numbers
//! from memory; a crash burns the rest of the part. So no number needs a commit of its own, and none is used twice.
//!
//! ```
//! use tongqiao_engine::number_lease::LeasedBlock;
//! use tongqiao_protocol::{IncarnationId, LeaseId, Timestamp};
//!
//! let incarnation = IncarnationId::from_bytes([1; 16]);
//! let block = LeasedBlock::new(LeaseId::from_bytes([2; 16]), incarnation, 100..=199, Timestamp::from_millis(1_000)).unwrap();
//! // The block is written back before the first number of the part is used.
//! let (mut part, block) = block.claim(10, incarnation, Timestamp::from_millis(0)).unwrap();
//! assert_eq!(part.take(Timestamp::from_millis(0)), Ok(100));
//! assert_eq!(block.left(), 90);
//! ```

use core::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{IncarnationId, LeaseId, Timestamp};

/// The largest serial of a case number (ten digits).
pub const SERIAL_MAX: u64 = 9_999_999_999;

/// A lease and how far it is used; kept as a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LeasedBlock {
    lease: LeaseId,
    incarnation: IncarnationId,
    /// The next serial to claim; above `last` when the block is used up.
    next: u64,
    last: u64,
    expires: Timestamp,
}

/// Why no number can be had from a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoNumber {
    /// All are taken or burnt.
    #[error("the block of case numbers is used up")]
    Exhausted,
    /// The time for taking numbers is over; those taken stay valid.
    #[error("the block of case numbers has expired")]
    Expired,
    /// The lease belongs to another life of the store, which may have used any of its numbers.
    #[error("the block of case numbers belongs to an earlier life of the store")]
    Burnt,
}

/// Numbers that one process has claimed and may hand out; lost with the process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClaimedPart {
    next: u64,
    last: u64,
    expires: Timestamp,
}

impl LeasedBlock {
    /// A lease as the platform gave it; `None` for an empty or impossible range of serials.
    pub fn new(
        lease: LeaseId,
        incarnation: IncarnationId,
        serials: RangeInclusive<u64>,
        expires: Timestamp,
    ) -> Option<Self> {
        let (next, last) = serials.into_inner();
        if next > last || last > SERIAL_MAX { None } else { Some(Self { lease, incarnation, next, last, expires }) }
    }

    /// The lease.
    pub const fn lease(&self) -> LeaseId {
        self.lease
    }

    /// How many numbers can still be claimed.
    pub const fn left(&self) -> u64 {
        (self.last + 1).saturating_sub(self.next)
    }

    /// Claims up to `count` numbers: what the process may use, and the block as it must be written back (by
    /// compare-and-swap) before the first of them is used.
    ///
    /// # Errors
    /// [`NoNumber`] when there is nothing to claim.
    pub fn claim(
        &self,
        count: u64,
        incarnation: IncarnationId,
        now: Timestamp,
    ) -> Result<(ClaimedPart, Self), NoNumber> {
        if incarnation != self.incarnation {
            return Err(NoNumber::Burnt);
        }
        if now >= self.expires {
            return Err(NoNumber::Expired);
        }
        let count = count.clamp(1, SERIAL_MAX).min(self.left());
        if count == 0 {
            return Err(NoNumber::Exhausted);
        }
        let part = ClaimedPart { next: self.next, last: self.next + count - 1, expires: self.expires };
        Ok((part, Self { next: self.next + count, ..self.clone() }))
    }
}

impl ClaimedPart {
    /// Takes the next serial.
    ///
    /// # Errors
    /// [`NoNumber::Exhausted`] or [`NoNumber::Expired`].
    pub fn take(&mut self, now: Timestamp) -> Result<u64, NoNumber> {
        if self.next > self.last {
            return Err(NoNumber::Exhausted);
        }
        if now >= self.expires {
            return Err(NoNumber::Expired);
        }
        let serial = self.next;
        self.next += 1;
        Ok(serial)
    }

    /// How many are left.
    pub const fn left(&self) -> u64 {
        (self.last + 1).saturating_sub(self.next)
    }

    /// Those that are left: for whoever passes them on whole.
    pub const fn serials(&self) -> RangeInclusive<u64> {
        self.next..=self.last
    }

    /// No number is taken after this.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    extern crate std;

    use std::collections::{BTreeSet, VecDeque};
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    /// A UUID of version 7, as documents want them.
    const fn uuid(number: u8) -> [u8; 16] {
        [number, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]
    }

    fn incarnation(number: u8) -> IncarnationId {
        IncarnationId::from_bytes(uuid(number))
    }

    fn block(first: u64, last: u64) -> LeasedBlock {
        LeasedBlock::new(LeaseId::from_bytes(uuid(9)), incarnation(1), first..=last, Timestamp::from_millis(100))
            .unwrap()
    }

    #[test]
    fn expiry_ends_the_taking() {
        let (mut part, rest) = block(1, 10).claim(5, incarnation(1), Timestamp::from_millis(99)).unwrap();
        assert_eq!(part.take(Timestamp::from_millis(99)), Ok(1));
        assert_eq!(part.take(Timestamp::from_millis(100)), Err(NoNumber::Expired));
        assert_eq!(rest.claim(1, incarnation(1), Timestamp::from_millis(100)), Err(NoNumber::Expired));
    }

    #[test]
    fn another_life_of_the_store_burns_what_it_finds() {
        assert_eq!(block(1, 10).claim(5, incarnation(2), NOW), Err(NoNumber::Burnt));
    }

    #[test]
    fn a_block_ends_at_its_last_number_and_serials_at_ten_digits() {
        let (mut part, rest) = block(7, 7).claim(5, incarnation(1), NOW).unwrap();
        assert_eq!([part.take(NOW), part.take(NOW)], [Ok(7), Err(NoNumber::Exhausted)]);
        assert_eq!(rest.claim(1, incarnation(1), NOW), Err(NoNumber::Exhausted));
        let make = |last| LeasedBlock::new(LeaseId::from_bytes([9; 16]), incarnation(1), 1..=last, NOW);
        assert!(make(SERIAL_MAX).is_some() && make(SERIAL_MAX + 1).is_none());
    }

    proptest! {
        /// Two processes claim by compare-and-swap and crash at will: no number is ever handed out twice.
        #[test]
        fn no_number_is_taken_twice(steps in prop::collection::vec((0_usize..2, 0_u8..4, 1_u64..7), 0..200)) {
            let mut stored = (0_u64, block(1, 300));
            let mut seen: [(u64, LeasedBlock); 2] = [stored.clone(), stored.clone()];
            let mut parts: [Option<ClaimedPart>; 2] = [None, None];
            let mut taken: Vec<u64> = Vec::new();
            for (process, action, count) in steps {
                match action {
                    0 => seen[process] = stored.clone(),
                    1 => {
                        let (version, block) = &seen[process];
                        if let Ok((part, rest)) = block.claim(count, incarnation(1), NOW)
                            && *version == stored.0
                        {
                            stored = (version + 1, rest);
                            parts[process] = Some(part);
                        }
                    }
                    2 => taken.extend(parts[process].as_mut().and_then(|part| part.take(NOW).ok())),
                    _ => parts[process] = None,
                }
            }
            let unique: BTreeSet<u64> = taken.iter().copied().collect();
            prop_assert_eq!(unique.len(), taken.len());
        }

        /// A lease is a heap of slips that close at an hour and to all but one life of the store; a part is a handful of them.
        #[test]
        fn a_lease_agrees_with_a_heap_of_numbered_slips(
            (first, size, expires) in (1_u64..50, 0_u64..40, 0_i64..60),
            steps in prop::collection::vec((0_u8..3, 0_u64..12, 0_u8..10, 0_i64..4), 0..80),
        ) {
            let last = first + size;
            let lease = LeaseId::from_bytes(uuid(9));
            let mut block =
                LeasedBlock::new(lease, incarnation(1), first..=last, Timestamp::from_millis(expires)).unwrap();
            let mut slips: VecDeque<u64> = (first..=last).collect();
            let mut hand: Option<(ClaimedPart, VecDeque<u64>)> = None;
            let mut now = 0;
            for (action, count, life, passes) in steps {
                now += passes;
                let (at, open) = (Timestamp::from_millis(now), now < expires);
                // A block is kept as a document between any two steps.
                block = serde_json::from_slice(&serde_json::to_vec(&block).unwrap()).unwrap();
                if action == 0 {
                    // One of ten claims comes from another life of the store.
                    let claimed = block.claim(count, incarnation(if life == 0 { 2 } else { 1 }), at);
                    let expected = match (life, open, slips.is_empty()) {
                        (0, _, _) => Some(NoNumber::Burnt),
                        (_, false, _) => Some(NoNumber::Expired),
                        (_, true, true) => Some(NoNumber::Exhausted),
                        _ => None,
                    };
                    prop_assert_eq!(claimed.as_ref().err().copied(), expected);
                    if let Ok((part, rest)) = claimed {
                        let size = slips.len().min(usize::try_from(count.max(1)).unwrap());
                        hand = Some((part, slips.drain(..size).collect()));
                        block = rest;
                    }
                } else if let Some((part, held)) = &mut hand {
                    let expected = match held.front() {
                        None => Err(NoNumber::Exhausted),
                        Some(_) if !open => Err(NoNumber::Expired),
                        Some(slip) => Ok(*slip),
                    };
                    prop_assert_eq!(part.take(at), expected);
                    if expected.is_ok() {
                        held.pop_front();
                    }
                    prop_assert_eq!(part.left(), held.len() as u64);
                }
                prop_assert_eq!(block.left(), slips.len() as u64);
            }
        }
    }
}
