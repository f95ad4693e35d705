//! Long schedules by chance, where the exhaustive search cannot go: more events, more producers, more misfortunes.

use proptest::prelude::*;
use tongqiao_engine::{Bug, EntryState};
use tongqiao_model::scenario::Reading;
use tongqiao_model::{Action, Budget, Scenario, Step, World, property, settling};

fn step(kind: &'static str, revision: u64) -> Step {
    Step { kind, revision }
}

fn scenario(batch_records: u32, window_entries: u32, reading: Reading) -> Scenario {
    let mut clerk = vec![step("applied", 0), step("accepted", 1)];
    clerk.extend((2..8).map(|revision| step("step-recorded", revision)));
    clerk.push(step("decided", 8));
    let mut second = vec![step("step-recorded", 1), step("step-recorded", 2)];
    second.extend([step("decided", 3), step("evaluated", 3)]);
    Scenario {
        name: "by chance",
        scripts: vec![clerk, second, vec![step("withdrawn", 2)]],
        budget: Budget {
            losses: 5,
            repeats: 5,
            impatience: 4,
            crashes: 4,
            disk_failures: 3,
            forgeries: 3,
            restores: 2,
            incarnations: 2,
            rollbacks: 1,
            ticks: 40,
        },
        reading,
        batch_records,
        window_entries,
        reread_ms: 50,
        bug: None,
    }
}

type Property = fn(&World) -> bool;

fn all_hold(world: &World) -> Result<(), &'static str> {
    let properties: [(&'static str, Property); 5] = [
        ("nothing is sent or told before it is durable", property::rules_of_the_machine_hold),
        ("no accepted event is lost", property::no_accepted_event_is_lost),
        ("nothing is applied twice", property::nothing_is_applied_twice),
        ("order is kept", property::order_is_kept),
        ("no sequence is used twice", property::no_sequence_is_used_twice),
    ];
    properties.into_iter().find(|(_, holds)| !holds(world)).map_or(Ok(()), |(name, _)| Err(name))
}

/// Walks as the numbers say; nine of ten steps are progress.
fn walk(scenario: &Scenario, numbers: &[u16]) -> Result<World, (&'static str, Vec<Action>)> {
    let mut world = World::new(scenario);
    let mut trace = Vec::new();
    for number in numbers {
        let (kind, choice) = (number % 10, usize::from(number / 10));
        let mut actions = Vec::new();
        if kind == 0 {
            world.misfortunes(&mut actions);
        }
        if kind == 1 && world.budget.ticks > 0 {
            world.ticks(Scenario::SOON_MS, &mut actions);
        }
        if actions.is_empty() {
            world.progress(scenario, &mut actions);
        }
        if actions.is_empty() {
            world.ticks(i64::MAX, &mut actions);
        }
        if actions.is_empty() {
            break;
        }
        let action = actions[choice % actions.len()];
        trace.push(action);
        world.happen(scenario, action);
        if let Err(name) = all_hold(&world) {
            return Err((name, trace));
        }
    }
    Ok(world)
}

fn what_is_left(world: &World) -> String {
    let entries = world.producers.iter().flat_map(|producer| producer.store.entries());
    let left = entries.filter(|entry| !matches!(entry.state, EntryState::Settled { .. } | EntryState::Replaced { .. }));
    format!("{:#?}\n{:#?}", left.collect::<Vec<_>>(), world.platform)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_goes_wrong_everything_is_applied_once_in_order_and_settles(
        numbers in prop::collection::vec(any::<u16>(), 0..500),
        batch_records in 1_u32..5,
        window_entries in 1_u32..6,
        late in any::<bool>(),
    ) {
        let scenario = scenario(batch_records, window_entries, if late { Reading::Late } else { Reading::Prompt });
        let world = walk(&scenario, &numbers).map_err(|broken| TestCaseError::fail(format!("{broken:?}")))?;
        if let Err(stuck) = settling::settle(world, &scenario) {
            prop_assert!(false, "not settled: {}", what_is_left(&stuck));
        }
    }
}

#[test]
fn a_planted_bug_is_found_by_chance_too() {
    let mut scenario = scenario(2, 4, Reading::Prompt);
    scenario.bug = Some(Bug::DeferredAsSettled);
    let mut seed = 1_u64;
    let found = (0..2_000).any(|_| {
        let numbers: Vec<u16> = (0..300)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                u16::try_from(seed >> 48).unwrap_or(0)
            })
            .collect();
        walk(&scenario, &numbers).is_err()
    });
    assert!(found);
}
