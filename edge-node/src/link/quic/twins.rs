//! A payment that comes twice is passed on once.
//!
//! A node sends what is urgent on two streams, so that a lost packet costs no second. Both streams get the answer of the one
//! request. It is kept for some seconds only; after that the platform recognises what comes again, as always.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

/// For how long a twin is waited for.
const KEPT_FOR: Duration = Duration::from_secs(20);
/// Payments of one connection whose twin is waited for; what is beyond them is passed on as it comes.
const KEPT_MOST: usize = 64;

type Answer = Arc<OnceCell<Vec<u8>>>;

/// The payments of one connection that came a moment ago.
#[derive(Default)]
pub(super) struct Twins(Mutex<HashMap<[u8; 32], (Instant, Answer)>>);

impl Twins {
    /// The answer to a frame: of `pass`, unless its twin has asked already.
    pub(super) async fn answer(&self, frame: &[u8], pass: impl Future<Output = Vec<u8>>) -> Vec<u8> {
        let Some(answer) = self.place(frame, Instant::now()) else { return pass.await };
        // Where the first is given up before it has the answer, the second asks.
        answer.get_or_init(|| pass).await.clone()
    }

    fn place(&self, frame: &[u8], now: Instant) -> Option<Answer> {
        let digest = Sha256::digest(frame).into();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (since, _)| now.duration_since(*since) < KEPT_FOR);
        if let Some((_, answer)) = known.get(&digest) {
            return Some(Arc::clone(answer));
        }
        if known.len() >= KEPT_MOST {
            return None;
        }
        let answer = Answer::default();
        known.insert(digest, (now, Arc::clone(&answer)));
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn of_two_that_are_the_same_one_is_passed_on_and_both_are_answered() {
        let (twins, passed) = (Twins::default(), AtomicUsize::new(0));
        let pass = || async {
            tokio::task::yield_now().await;
            passed.fetch_add(1, Ordering::Relaxed);
            vec![7]
        };
        let (first, second) = tokio::join!(twins.answer(b"bill", pass()), twins.answer(b"bill", pass()));
        assert_eq!((first, second, passed.load(Ordering::Relaxed)), (vec![7], vec![7], 1));
        assert_eq!(twins.answer(b"another bill", pass()).await, vec![7]);
        assert_eq!(passed.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_is_kept_is_bounded_in_time_and_number() {
        let (twins, start) = (Twins::default(), Instant::now());
        let kept = (0..100_u32).filter(|number| twins.place(&number.to_be_bytes(), start).is_some()).count();
        assert_eq!(kept, KEPT_MOST);
        assert!(twins.place(b"later", start + KEPT_FOR).is_some());
        assert_eq!(twins.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 1);
    }
}
