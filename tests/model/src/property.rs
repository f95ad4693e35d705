//! What must hold in every state.

use tongqiao_engine::{EntryState, ReceiptStanding};

use crate::event::stream;
use crate::platform::Decision;
use crate::world::World;

/// The name of [`rules_of_the_machine_hold`].
pub const DURABLE_FIRST: &str = "nothing is sent or told before it is durable";
/// The name of [`no_accepted_event_is_lost`].
pub const NOTHING_LOST: &str = "no accepted event is lost";

/// The machine's own rules: invariants, nothing sent before it was durable, nothing told before it was durable.
pub fn rules_of_the_machine_hold(world: &World) -> bool {
    world.producers.iter().all(|producer| producer.broken.is_none())
}

/// What a producer believes to be settled stands in the platform's log, as soon as the producer knows the epoch; before
/// that, it knows from which position on it must doubt.
pub fn no_accepted_event_is_lost(world: &World) -> bool {
    world.producers.iter().all(|producer| {
        let book = producer.store.book();
        if book.current() != Some(world.platform.notice().epoch) {
            return true;
        }
        producer.store.entries().all(|entry| {
            let EntryState::Settled { epoch, position } = entry.state else { return true };
            let line = usize::try_from(position).ok().and_then(|at| world.platform.log.get(at));
            book.standing(epoch, position) == ReceiptStanding::Stands
                && line.is_some_and(|line| line.event.id == entry.id && line.decision != Decision::Refused)
        })
    })
}

/// No event is effective twice, under whatever id.
pub fn nothing_is_applied_twice(world: &World) -> bool {
    let mut seen: Vec<(usize, usize)> = world.platform.effective().map(|event| (event.producer, event.step)).collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    seen.len() == all
}

/// The events of each stream are effective in the order in which they were written.
pub fn order_is_kept(world: &World) -> bool {
    world.producers.iter().all(|producer| {
        (0..=producer.incarnation).all(|incarnation| {
            let own = stream(producer.number, incarnation);
            let sequences = world.platform.effective().filter(|event| event.stream() == own);
            sequences.map(|event| event.sequence).is_sorted()
        })
    })
}

/// The platform never sees two events claim one place of a stream.
pub fn no_sequence_is_used_twice(world: &World) -> bool {
    !world.platform.sequence_reused
}
