//! What must hold after every step; called by every harness.

use alloc::collections::BTreeMap;

use super::lanes::lane_index;
use super::window::{Phase, subject_of};
use super::{Delivery, RequestNumber};
use crate::Lane;

/// An invariant that does not hold: a bug in this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("delivery invariant broken: {0}")]
pub struct Broken(&'static str);

/// Checks a machine after a step.
///
/// # Errors
/// [`Broken`] names what does not hold.
pub fn check(delivery: &Delivery) -> Result<(), Broken> {
    bounded(delivery)?;
    requests_and_slots_agree(delivery)?;
    one_request_per_subject(delivery)?;
    saving_is_being_saved(delivery)
}

fn bounded(delivery: &Delivery) -> Result<(), Broken> {
    let capacity = delivery.capacity();
    if Lane::ALL.iter().any(|lane| delivery.window.len(*lane) > capacity) {
        return Err(Broken("a lane has more entries in memory than its window"));
    }
    if delivery.window.slots().count() != delivery.window.order_len() {
        return Err(Broken("entries and their order differ"));
    }
    if delivery.window.parked_len() > capacity || delivery.window.departed_len() > 4 * capacity {
        return Err(Broken("more is remembered of absent entries than a window"));
    }
    Ok(())
}

fn requests_and_slots_agree(delivery: &Delivery) -> Result<(), Broken> {
    let mut in_flight = [0_u32; 4];
    for request in delivery.requests.values() {
        in_flight[lane_index(request.lane)] += 1;
    }
    if Lane::ALL.iter().any(|lane| delivery.lanes[lane_index(*lane)].in_flight != in_flight[lane_index(*lane)]) {
        return Err(Broken("a lane miscounts its requests"));
    }
    for slot in delivery.window.slots() {
        if let Phase::InFlight(number) = slot.phase
            && delivery.requests.get(&number).is_none_or(|request| !request.ids.contains(&slot.entry.id))
        {
            return Err(Broken("an entry is in flight without a request"));
        }
    }
    Ok(())
}

fn one_request_per_subject(delivery: &Delivery) -> Result<(), Broken> {
    let mut under_way: BTreeMap<_, RequestNumber> = BTreeMap::new();
    for slot in delivery.window.slots() {
        if let Phase::InFlight(number) = slot.phase {
            let before = under_way.insert((slot.entry.lane, subject_of(&slot.entry.stream)), number);
            if before.is_some_and(|before| before != number) {
                return Err(Broken("two requests carry records of one subject"));
            }
        }
    }
    Ok(())
}

fn saving_is_being_saved(delivery: &Delivery) -> Result<(), Broken> {
    let saving = delivery.window.slots().any(|slot| slot.phase == Phase::Saving);
    if saving && delivery.savings.is_idle() {
        Err(Broken("an outcome waits for a commit that nobody asked for"))
    } else {
        Ok(())
    }
}
