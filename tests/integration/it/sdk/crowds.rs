//! Many callers at once, callers who change their minds, and a delivery that panics.

use std::backtrace::Backtrace;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tongqiao::{Clock, SystemClock};
use tongqiao_protocol::{Suite, Timestamp};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

/// One thread for blocking work is enough: whoever waits for a commit needs none.
#[tokio::test]
async fn many_cases_are_opened_at_once_over_one_blocking_thread() {
    const CASES: usize = 100;
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let builder = sandbox.builder(&credentials).store(sandbox.path("crowd.sqlite")).numbers_in_stock(200);
    let crowd = std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).max_blocking_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let client = builder.build().await.unwrap();
            let draft = draft(&client).await;
            let mut opening = JoinSet::new();
            for _ in 0..CASES {
                let (client, draft) = (client.clone(), draft.clone());
                opening.spawn(async move { client.cases().open(&draft).await.unwrap().number() });
            }
            let numbers = tokio::time::timeout(PATIENCE, opening.join_all()).await.unwrap();
            tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
            client.close().await;
            numbers
        })
    });
    let mut numbers = tokio::task::spawn_blocking(|| crowd.join().unwrap()).await.unwrap();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), CASES);
    let ledger = sandbox.ledger().await;
    assert_eq!((&ledger["counts"]["cases"], &ledger["counts"]["events_effective"]), (&CASES.into(), &CASES.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opening_that_is_broken_off_is_whole_or_has_never_been() {
    const CASES: u32 = 60;
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let draft = draft(&client).await;
    let mut heard = 0;
    for round in 0..CASES {
        let (opener, draft) = (client.clone(), draft.clone());
        let opening = tokio::spawn(async move { opener.cases().open(&draft).await });
        // Broken off at another place each time; some are faster than that.
        tokio::time::sleep(Duration::from_micros(u64::from(round) * 40)).await;
        opening.abort();
        if let Ok(opened) = opening.await {
            opened.unwrap();
            heard += 1;
        }
    }
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    let ledger = sandbox.ledger().await;
    let file = rusqlite::Connection::open(sandbox.path("civil-affairs.sqlite")).unwrap();
    let count = |query: &str| file.query_row(query, [], |row| row.get::<_, u32>(0)).unwrap();
    let kept = count("SELECT count(*) FROM entry");
    assert!(kept >= heard, "{heard} openings were acknowledged, {kept} are there");
    assert_eq!(count("SELECT count(*) FROM document WHERE collection = 'case'"), kept);
    assert_eq!(ledger["counts"]["cases"], kept);
    // And nothing is held up by what was broken off.
    client.cases().open(&draft).await.unwrap().settled().await.unwrap();
}

/// A clock that, while it is broken, panics in the background tasks, and counts in which.
#[derive(Default)]
struct Faulty {
    is_broken: AtomicBool,
    deliveries: AtomicU32,
    upkeeps: AtomicU32,
}

impl Clock for Faulty {
    fn now(&self) -> Timestamp {
        if self.is_broken.load(Ordering::Relaxed) {
            let callers = Backtrace::force_capture().to_string();
            for (task, count) in [("tongqiao::delivery", &self.deliveries), ("tongqiao::upkeep", &self.upkeeps)] {
                if callers.contains(task) {
                    count.fetch_add(1, Ordering::Relaxed);
                    panic!("planted: the clock is broken");
                }
            }
        }
        SystemClock.now()
    }
}

/// Regression: a panic ended the upkeep for ever.
#[tokio::test]
async fn a_client_survives_panics_of_its_delivery_and_of_its_upkeep() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let clock = Arc::new(Faulty::default());
    // From the start: an upkeep whose first round was well done would not come again for minutes.
    clock.is_broken.store(true, Ordering::Relaxed);
    let builder = sandbox.builder(&credentials).store(sandbox.path("survivor.sqlite"));
    let client = builder.clock(Arc::clone(&clock) as Arc<dyn Clock>).build().await.unwrap();
    let waiting = client.cases().open(&draft(&client).await).await.unwrap();
    let both_have_panicked = async {
        while clock.deliveries.load(Ordering::Relaxed) < 2 || clock.upkeeps.load(Ordering::Relaxed) < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, both_have_panicked).await.unwrap();
    clock.is_broken.store(false, Ordering::Relaxed);
    tokio::time::timeout(PATIENCE, waiting.settled()).await.unwrap().unwrap();
    client.close().await;
}
