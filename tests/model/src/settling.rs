//! What happens when nothing goes wrong any more.
//!
//! In a state where only misfortunes could still happen, the search stops for want of ticks or because all is done. From
//! there time runs freely and everybody does what he can: in the end everything accepted must be settled. Any state from
//! which something other than a misfortune can happen leads, by such steps alone, to states of the former sort, because
//! these steps never lead back (signatures, requests, commits and ticks are numbered and bounded). So if all of those
//! settle, no state is a dead end.

use tongqiao_engine::EntryState;

use crate::platform::Decision;
use crate::scenario::Scenario;
use crate::world::{Action, World};

/// More steps than any continuation needs; reaching it means that it goes round in circles.
const STEPS_LIMIT: usize = 2_000;

/// After so many steps the model's thirty days are over.
const GRACE_STEPS: usize = 300;

/// Whether only misfortunes can still happen.
pub fn is_at_rest(world: &World, scenario: &Scenario) -> bool {
    let mut actions = Vec::new();
    world.progress(scenario, &mut actions);
    if world.budget.ticks > 0 {
        world.ticks(Scenario::SOON_MS, &mut actions);
    }
    actions.is_empty()
}

/// Whether everything that was accepted is settled and in the platform's log, once nothing goes wrong any more.
pub fn settles(world: &World, scenario: &Scenario) -> bool {
    settle(world.clone(), scenario).is_ok()
}

/// Lets the world go on without misfortune until everything is settled; the world where it stands still (or goes round in
/// circles) if that never comes.
///
/// # Errors
/// The world in which something was left.
pub fn settle(mut world: World, scenario: &Scenario) -> Result<World, Box<World>> {
    let mut actions = Vec::new();
    for step in 0..STEPS_LIMIT {
        actions.clear();
        world.progress(scenario, &mut actions);
        if actions.is_empty() {
            world.ticks(i64::MAX, &mut actions);
            // Whoever waits for the earliest time is first, so that nobody starves.
            actions.sort_by_key(|action| match action {
                Action::Tick(at) => world.producers[*at].delivery.next_deadline(),
                _ => None,
            });
            if everything_is_settled(&world) {
                return Ok(world);
            }
        }
        match actions.first() {
            Some(action) => world.happen(scenario, *action),
            None => return Err(Box::new(world)),
        }
        // A revision that nobody has: the platform waits thirty days for it, and then judges without.
        if step == GRACE_STEPS {
            world.happen(scenario, Action::LoseGrace);
        }
    }
    Err(Box::new(world))
}

/// Nothing waits, and the platform has all that was accepted (or its abandonment).
pub fn everything_is_settled(world: &World) -> bool {
    world.producers.iter().all(|producer| {
        producer.accepting.is_none()
            && producer.store.entries().all(|entry| match entry.state {
                EntryState::Settled { position, .. } => {
                    let line = usize::try_from(position).ok().and_then(|at| world.platform.log.get(at));
                    line.is_some_and(|line| line.event.id == entry.id && line.decision != Decision::Refused)
                }
                EntryState::Replaced { .. } => true,
                _ => false,
            })
    })
}
