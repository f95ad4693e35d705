//! `cargo run --release -p tongqiao-model -- check`: tries every schedule within bounds on the engine's real code.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use stateright::{Checker, HasDiscoveries, Model, Property};
use tongqiao_model::{Action, Scenario, World, property, settling};

/// Model checking of the engine.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Searches all scenarios, then looks for each planted bug.
    Check {
        /// Only scenarios whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
        /// Threads of the search.
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
}

/// A search that takes longer has not been exhaustive, and fails. The longest takes a minute and a half of one processor; what is
/// beyond that is for machines that have other things to do.
const SEARCH_LIMIT: Duration = Duration::from_secs(480);

/// A scenario as `stateright` sees it.
struct Search(Scenario);

impl Model for Search {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.0)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.progress(&self.0, actions);
        if world.budget.ticks > 0 {
            world.ticks(Scenario::SOON_MS, actions);
        }
        world.misfortunes(actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut world = world.clone();
        world.happen(&self.0, action);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(property::DURABLE_FIRST, |_, world| property::rules_of_the_machine_hold(world)),
            Property::always(property::NOTHING_LOST, |_, world| property::no_accepted_event_is_lost(world)),
            Property::always("nothing is applied twice", |_, world| property::nothing_is_applied_twice(world)),
            Property::always("order is kept", |_, world| property::order_is_kept(world)),
            Property::always("no sequence is used twice", |_, world| property::no_sequence_is_used_twice(world)),
            Property::always("everything settles when nothing goes wrong any more", |model: &Self, world| {
                !settling::is_at_rest(world, &model.0) || settling::settles(world, &model.0)
            }),
        ]
    }
}

/// Searches everything. Says how many states there are and whether all properties hold.
fn search(scenario: &Scenario, threads: usize) -> (usize, bool) {
    let begun = Instant::now();
    let checker = Search(scenario.clone())
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyFailures)
        .timeout(SEARCH_LIMIT)
        .spawn_dfs()
        .join();
    let states = checker.unique_state_count();
    println!(
        "{}: {} states, depth {}, {:.1} s, {} properties",
        scenario.name,
        states,
        checker.max_depth(),
        begun.elapsed().as_secs_f64(),
        Model::properties(checker.model()).len(),
    );
    let discoveries = checker.discoveries();
    let mut broken: Vec<_> = discoveries.iter().collect();
    broken.sort_by_key(|(name, _)| **name);
    for (name, path) in broken {
        println!("  BROKEN: {name}");
        for action in path.clone().into_actions() {
            println!("    {action:?}");
        }
    }
    let exhaustive = begun.elapsed() < SEARCH_LIMIT;
    if !exhaustive {
        println!("  NOT EXHAUSTIVE: stopped after {} s", SEARCH_LIMIT.as_secs());
    }
    (states, discoveries.is_empty() && exhaustive)
}

/// Looks for a way in which a planted bug breaks the property that it must break; another one will not do.
fn hunt(scenario: &Scenario, expected: &'static str, threads: usize) -> bool {
    let begun = Instant::now();
    let checker = Search(scenario.clone())
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AllOf(BTreeSet::from([expected])))
        .timeout(SEARCH_LIMIT)
        .spawn_bfs()
        .join();
    let found = checker.discoveries().into_iter().find(|(name, _)| *name == expected);
    let Some((name, path)) = found else {
        println!("{}: NOT FOUND in {} states", scenario.name, checker.unique_state_count());
        return false;
    };
    let states = checker.unique_state_count();
    println!("{}: found after {states} states, {:.1} s; broken: {name}", scenario.name, begun.elapsed().as_secs_f64());
    for action in path.into_actions() {
        println!("    {action:?}");
    }
    true
}

fn main() -> ExitCode {
    let Arguments { command: Command::Check { only, threads } } = Arguments::parse();
    let begun = Instant::now();
    let chosen = |scenario: &Scenario| scenario.name.contains(&only);
    let mut total = 0;
    let mut sound = true;
    for scenario in Scenario::all().into_iter().filter(chosen) {
        let (states, holds) = search(&scenario, threads);
        total += states;
        sound &= holds;
    }
    println!("total: {total} unique states");
    for (scenario, expected) in Scenario::planted().into_iter().filter(|(scenario, _)| chosen(scenario)) {
        sound &= hunt(&scenario, expected, threads);
    }
    if only.is_empty() && total < 1_000_000 {
        println!("fewer than a million states: the bounds are too small");
        sound = false;
    }
    println!("{} in {:.0} s", if sound { "passed" } else { "FAILED" }, begun.elapsed().as_secs_f64());
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
