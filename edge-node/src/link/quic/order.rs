//! What goes first: the lane, and within a lane what was begun first.
//!
//! Streams of one priority would share the line and all end late; one after the other they end as early as each can, and the
//! other end has something to do meanwhile.

use std::sync::atomic::{AtomicI32, Ordering};

use crate::link::Lane;

/// How many are told apart before counting begins anew.
const ROUND: i32 = 1_000_000;

/// Counts what was begun on one connection.
#[derive(Debug, Default)]
pub(super) struct Order(AtomicI32);

impl Order {
    /// The priority of what begins now.
    pub(super) fn next(&self, lane: Lane) -> i32 {
        let begun = self.0.fetch_add(1, Ordering::Relaxed).rem_euclid(ROUND);
        let lane = match lane {
            Lane::Control => 3,
            Lane::Payment => 2,
            Lane::Case => 1,
            Lane::Bulk => 0,
        };
        (lane + 1) * ROUND - 1 - begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_goes_before_the_next_and_the_first_before_the_second() {
        let order = Order::default();
        let lanes = [Lane::Bulk, Lane::Bulk, Lane::Case, Lane::Case, Lane::Payment, Lane::Control];
        let priorities = lanes.map(|lane| order.next(lane));
        assert!(priorities[0] > priorities[1] && priorities[2] > priorities[3]);
        assert!(priorities[1..].windows(2).filter(|pair| pair[0] < pair[1]).count() == 3);
        let late = Order(AtomicI32::new(i32::MAX));
        let (last, first) = (late.next(Lane::Bulk), late.next(Lane::Case));
        assert!((0..ROUND).contains(&last) && (ROUND..2 * ROUND).contains(&first), "{last} {first}");
    }
}
