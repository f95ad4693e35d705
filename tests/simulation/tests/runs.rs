//! The simulation is what it says: repeatable, clean, and able to find what is wrong. More runs and all planted bugs are a part of
//! `cargo verify`.

use tongqiao_simulation::{Plant, Telling, run, seeds};

#[test]
fn a_seed_is_a_run_and_another_seed_another() {
    let once = run(7, None, Telling::Nothing);
    assert_eq!(run(7, None, Telling::Nothing), once);
    assert_ne!(run(8, None, Telling::Nothing).digest, once.digest);
}

#[test]
fn seeds_that_found_something_once_find_nothing_any_more() {
    for seed in seeds::kept() {
        assert_eq!(run(seed, None, Telling::Nothing).faults, Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn a_few_runs_lose_nothing_and_double_nothing() {
    for seed in 0..8 {
        let verdict = run(seed, None, Telling::Nothing);
        assert_eq!(verdict.faults, Vec::<String>::new(), "seed {seed}");
        assert!(verdict.accepted > 0 && verdict.logged >= verdict.accepted, "seed {seed}: {verdict:?}");
    }
}

#[test]
fn planted_bugs_are_seen() {
    for plant in [Plant::SilenceSettles, Plant::MoneyTwice, Plant::EventsSwapped, Plant::AnotherKeyIsBelieved] {
        let seen = (0..50).any(|seed| !run(seed, Some(plant), Telling::Nothing).faults.is_empty());
        assert!(seen, "{plant}");
    }
}
