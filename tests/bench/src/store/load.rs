//! Callers who each do one thing after the other, and how long each thing took.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::median;

/// An error that may come out of a caller's thread.
pub(crate) type Trouble = Box<dyn Error + Send + Sync>;

/// When the callers stop.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// When this time has passed.
    Passed(Duration),
    /// When they have done so many things together.
    Done(u32),
}

/// What the callers did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) things: u64,
    pub(crate) per_second: f64,
    pub(crate) latency: Latency,
}

/// How long one thing took, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) median: f64,
    /// All but one in a hundred took at most this.
    pub(crate) most: f64,
}

impl Latency {
    fn of(mut micros: Vec<f64>) -> Self {
        let median = median(&mut micros);
        let most = micros.get(micros.len() * 99 / 100).copied().unwrap_or(f64::NAN);
        Self { median, most }
    }
}

/// Lets each caller prepare what it needs and then act again and again. Nobody sleeps until the end: the callers themselves
/// look at the clock.
pub(crate) fn drive<A>(
    callers: usize,
    until: Until,
    prepare: impl Fn() -> Result<A, Trouble> + Sync,
) -> Result<Load, Trouble>
where
    A: FnMut() -> Result<(), Trouble>,
{
    let (stop, left) = (AtomicBool::new(false), AtomicU32::new(0));
    if let Until::Done(things) = until {
        left.store(things, Ordering::Relaxed);
    }
    let began = Instant::now();
    let goes_on = || match until {
        Until::Passed(_) => !stop.load(Ordering::Relaxed),
        Until::Done(_) => left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok(),
    };
    let caller = || -> Result<Vec<f64>, Trouble> {
        let mut act = prepare()?;
        let mut micros = Vec::new();
        while goes_on() {
            let started = Instant::now();
            act()?;
            micros.push(started.elapsed().as_secs_f64() * 1e6);
            if let Until::Passed(time) = until
                && began.elapsed() >= time
            {
                stop.store(true, Ordering::Relaxed);
            }
        }
        Ok(micros)
    };
    let all = thread::scope(|scope| {
        let callers: Vec<_> = (0..callers).map(|_| scope.spawn(caller)).collect();
        let mut all = Vec::new();
        for caller in callers {
            all.extend(caller.join().map_err(|_| "a caller panicked")??);
        }
        Ok::<_, Trouble>(all)
    })?;
    let (things, seconds) = (all.len() as u64, began.elapsed().as_secs_f64());
    Ok(Load { things, per_second: things as f64 / seconds, latency: Latency::of(all) })
}

#[cfg(test)]
mod tests {
    use super::{Trouble, Until, drive};

    #[test]
    fn callers_do_exactly_as_much_as_was_asked_for_and_an_error_comes_out() {
        let nothing = || Ok(|| Ok::<(), Trouble>(()));
        assert_eq!(drive(3, Until::Done(100), nothing).map(|load| load.things).ok(), Some(100));
        let failing = || Ok(|| Err::<(), Trouble>("no".into()));
        assert!(drive(3, Until::Done(100), failing).is_err());
    }
}
