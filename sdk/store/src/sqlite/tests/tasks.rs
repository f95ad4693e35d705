//! Changes that tasks hand in: who leads, and what becomes of them when somebody dies or goes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;

use tongqiao_protocol::Outcome;

use super::{empty, place};
use crate::contract::fixture::{append, id, pending, settle, stream};
use crate::contract::handed_in::{crew, wait};
use crate::{Crew, Lead, Reason, SqliteStore, Store, StoreError, Ticket, Wakers};

/// A crew that keeps its leads until the test wants them.
#[derive(Default)]
struct Slow {
    leads: Mutex<Vec<Lead>>,
    woken_together: AtomicUsize,
}

impl Crew for Slow {
    fn lead(&self, lead: Lead) {
        self.leads.lock().unwrap().push(lead);
    }

    fn wake(&self, tasks: Wakers) {
        self.woken_together.fetch_add(tasks.0.len(), Ordering::Relaxed);
    }
}

impl Slow {
    fn next(&self) -> Lead {
        self.leads.lock().unwrap().pop().unwrap()
    }

    fn called(&self) -> usize {
        self.leads.lock().unwrap().len()
    }
}

fn slow() -> (Arc<Slow>, Arc<dyn Crew>) {
    let slow = Arc::new(Slow::default());
    (Arc::clone(&slow), slow)
}

fn hand_in(store: &SqliteStore, number: u32, crew: &Arc<dyn Crew>) -> Ticket {
    store.hand_in(vec![append(number, stream(number), 1)], crew)
}

/// The outcome, as far as it is known.
fn heard(ticket: &mut Ticket) -> Option<Result<crate::Committed, StoreError>> {
    match std::pin::Pin::new(ticket).poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(outcome) => Some(outcome),
        std::task::Poll::Pending => None,
    }
}

#[test]
fn tasks_that_hand_in_together_share_one_synchronisation_and_are_woken_together() {
    let (_directory, store) = empty();
    let (slow, tasks) = slow();
    let mut tickets: Vec<Ticket> = (1..=40).map(|number| hand_in(&store, number, &tasks)).collect();
    assert_eq!(slow.called(), 1, "one lead for all");
    assert!(tickets.iter_mut().all(|ticket| heard(ticket).is_none()));
    assert_eq!(pending(&store), [0; 0], "nothing is done before somebody leads");
    slow.next().run();
    let ordinals: Vec<u64> = tickets.iter_mut().flat_map(|ticket| heard(ticket).unwrap().unwrap().ordinals).collect();
    assert_eq!(ordinals, (1..=40).collect::<Vec<_>>());
    assert_eq!((store.synchronisations(), slow.woken_together.load(Ordering::Relaxed)), (1, 40));
}

#[test]
fn a_task_that_gives_up_before_anybody_leads_has_never_asked() {
    let (_directory, store) = empty();
    let (slow, tasks) = slow();
    let (first, second) = (hand_in(&store, 1, &tasks), hand_in(&store, 2, &tasks));
    drop(first);
    slow.next().run();
    wait(second).unwrap();
    assert_eq!(pending(&store), [2]);
    // Nobody is left at all.
    drop(hand_in(&store, 3, &tasks));
    slow.next().run();
    assert_eq!((pending(&store), store.synchronisations()), (vec![2], 1));
    wait(hand_in(&store, 3, &crew())).unwrap();
}

#[test]
fn what_a_leader_has_begun_with_is_applied_whole_though_its_task_has_gone() {
    let (_directory, store) = empty();
    // The leader takes the queue and waits for the connection.
    let held = store.commits.writer();
    let ticket = store.hand_in(vec![append(1, stream(1), 1), append(2, stream(1), 2)], &crew());
    while store.commits.has_no_leader_at_work() {
        thread::yield_now();
    }
    drop(ticket);
    drop(held);
    store.commit(vec![append(3, stream(3), 1)]).unwrap();
    assert_eq!(pending(&store), [1, 2, 3]);
}

#[test]
fn a_lead_that_is_dropped_rejects_the_waiting_and_hurts_nobody_later() {
    let (_directory, store) = empty();
    let (slow, tasks) = slow();
    let mut tickets = [1, 2].map(|number| hand_in(&store, number, &tasks));
    drop(slow.next());
    for ticket in &mut tickets {
        let error = heard(ticket).unwrap().unwrap_err();
        assert_eq!((error.reason(), error.outcome()), (&Reason::Io, Outcome::Rejected));
    }
    assert_eq!(pending(&store), [0; 0]);
    wait(hand_in(&store, 1, &crew())).unwrap();
    store.commit(vec![append(2, stream(2), 1)]).unwrap();
    assert_eq!(pending(&store), [1, 2]);
}

/// Regression: a crew whose only thread waits in the queue could never bring its own lead to a thread.
#[test]
fn a_thread_that_comes_while_a_crew_is_slow_leads_itself() {
    let (_directory, store) = empty();
    let (slow, tasks) = slow();
    let ticket = hand_in(&store, 1, &tasks);
    store.commit(vec![append(2, stream(2), 1)]).unwrap();
    wait(ticket).unwrap();
    assert_eq!(store.synchronisations(), 1);
    // By now it has nothing to do; nor does it reject anybody.
    let late = slow.next();
    let ticket = hand_in(&store, 3, &tasks);
    drop(late);
    slow.next().run();
    wait(ticket).unwrap();
    assert_eq!(pending(&store), [1, 2, 3]);
}

#[test]
fn when_the_leader_of_tasks_dies_they_hear_that_nobody_knows_and_the_next_lead_works() {
    let (_directory, store) = empty();
    let (slow, tasks) = slow();
    let tickets = [1, 2].map(|number| hand_in(&store, number, &tasks));
    store.commits.writer().transactions_to_death = 1;
    let lead = slow.next();
    assert!(thread::spawn(move || lead.run()).join().is_err());
    for ticket in tickets {
        assert_eq!(wait(ticket).unwrap_err().outcome(), Outcome::Unknown);
    }
    let ticket = hand_in(&store, 1, &tasks);
    slow.next().run();
    wait(ticket).unwrap();
    store.commit(vec![append(2, stream(2), 1)]).unwrap();
}

#[test]
fn those_behind_a_transaction_whose_leader_died_are_led_by_the_next() {
    let (_directory, store) = empty();
    let (slow, tasks) = slow();
    let mut tickets: Vec<Ticket> = (1..=520).map(|number| hand_in(&store, number, &tasks)).collect();
    store.commits.writer().transactions_to_death = 1;
    let lead = slow.next();
    assert!(thread::spawn(move || lead.run()).join().is_err());
    assert_eq!(slow.called(), 1, "a new lead for the rest");
    assert!(tickets.iter_mut().skip(512).all(|ticket| heard(ticket).is_none()));
    slow.next().run();
    let outcomes: Vec<bool> = tickets.iter_mut().map(|ticket| heard(ticket).unwrap().is_ok()).collect();
    assert_eq!(outcomes.iter().filter(|kept| **kept).count(), 8);
    assert_eq!(pending(&store), (513..=520).collect::<Vec<_>>());
}

#[test]
fn threads_and_tasks_that_share_a_store_are_all_heard() {
    const CALLERS: u32 = 12;
    const ROUNDS: u32 = 40;
    let (_directory, path) = place();
    let stores = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let store = &stores[caller as usize % 2];
            scope.spawn(move || {
                let tasks = crew();
                for round in 0..ROUNDS {
                    let number = caller * ROUNDS + round;
                    let change = append(number, stream(caller), u64::from(round) + 1);
                    match caller % 3 {
                        0 => store.commit(vec![change]).unwrap(),
                        1 => wait(store.hand_in(vec![change], &tasks)).unwrap(),
                        _ => {
                            // One more, which is given up in the middle of everything.
                            let other = append(10_000 + number, stream(10_000 + number), 1);
                            drop(store.hand_in(vec![other, settle(10_000 + number, 1)], &tasks));
                            wait(store.hand_in(vec![change], &tasks)).unwrap()
                        }
                    };
                }
            });
        }
    });
    let entries = stores[0].entries(0, u32::MAX).unwrap();
    let kept = entries.iter().filter(|entry| entry.state == tongqiao_engine::EntryState::Pending);
    assert_eq!(kept.count() as u32, CALLERS * ROUNDS, "what was given up is settled, or is not there");
    assert!(stores[1].entry(&id(CALLERS * ROUNDS - 1)).unwrap().is_some());
    assert!(stores[1].check().unwrap().is_sound());
}
