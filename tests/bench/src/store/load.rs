//! Callers who each do one thing after the other, and how long each thing took.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinSet;

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

/// What all callers look at between two things. Nobody sleeps until the end: the callers themselves look at the clock.
struct Pace {
    until: Until,
    stop: AtomicBool,
    left: AtomicU32,
    began: Instant,
}

impl Pace {
    fn begin(until: Until) -> Self {
        let left = AtomicU32::new(if let Until::Done(things) = until { things } else { 0 });
        Self { until, stop: AtomicBool::new(false), left, began: Instant::now() }
    }

    fn goes_on(&self) -> bool {
        match self.until {
            Until::Passed(_) => !self.stop.load(Ordering::Relaxed),
            Until::Done(_) => {
                let one_less = |left: u32| left.checked_sub(1);
                self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
            }
        }
    }

    /// Notes how long one thing took.
    fn note(&self, started: Instant, micros: &mut Vec<f64>) {
        micros.push(started.elapsed().as_secs_f64() * 1e6);
        if let Until::Passed(time) = self.until
            && self.began.elapsed() >= time
        {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn end(&self, all: Vec<f64>) -> Load {
        let (things, seconds) = (all.len() as u64, self.began.elapsed().as_secs_f64());
        Load { things, per_second: things as f64 / seconds, latency: Latency::of(all) }
    }
}

/// Callers on a thread each: each prepares what it needs and then acts again and again.
pub(crate) fn drive<A>(
    callers: usize,
    until: Until,
    prepare: impl Fn() -> Result<A, Trouble> + Sync,
) -> Result<Load, Trouble>
where
    A: FnMut() -> Result<(), Trouble>,
{
    let pace = Pace::begin(until);
    let caller = || -> Result<Vec<f64>, Trouble> {
        let mut act = prepare()?;
        let mut micros = Vec::new();
        while pace.goes_on() {
            let started = Instant::now();
            act()?;
            pace.note(started, &mut micros);
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
    Ok(pace.end(all))
}

/// A caller that is a task.
pub(crate) trait Acts: Send + 'static {
    /// Does one thing.
    fn act(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// A runtime with two workers, whose tasks are callers.
pub(crate) struct Tasks(Runtime);

impl Tasks {
    pub(crate) fn new() -> Result<Self, Trouble> {
        Ok(Self(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_io().build()?))
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.0.handle()
    }

    /// The same as [`drive`], with tasks for threads.
    pub(crate) fn drive<A: Acts>(
        &self,
        callers: usize,
        until: Until,
        prepare: impl Fn() -> Result<A, Trouble>,
    ) -> Result<Load, Trouble> {
        let _inside = self.0.enter();
        let prepared = (0..callers).map(|_| prepare()).collect::<Result<Vec<A>, Trouble>>()?;
        let pace = Arc::new(Pace::begin(until));
        let mut tasks = JoinSet::new();
        for mut caller in prepared {
            let pace = Arc::clone(&pace);
            tasks.spawn(async move {
                let mut micros = Vec::new();
                while pace.goes_on() {
                    let started = Instant::now();
                    caller.act().await?;
                    pace.note(started, &mut micros);
                }
                Ok::<_, Trouble>(micros)
            });
        }
        let all = self.0.block_on(async move {
            let mut all = Vec::new();
            while let Some(ended) = tasks.join_next().await {
                all.extend(ended??);
            }
            Ok::<_, Trouble>(all)
        })?;
        Ok(pace.end(all))
    }
}

#[cfg(test)]
mod tests {
    use super::{Acts, Tasks, Trouble, Until, drive};

    struct Nothing(bool);

    impl Acts for Nothing {
        async fn act(&mut self) -> Result<(), Trouble> {
            if self.0 { Ok(()) } else { Err("no".into()) }
        }
    }

    #[test]
    fn callers_do_exactly_as_much_as_was_asked_for_and_an_error_comes_out() {
        let nothing = || Ok(|| Ok::<(), Trouble>(()));
        assert_eq!(drive(3, Until::Done(100), nothing).map(|load| load.things).ok(), Some(100));
        let failing = || Ok(|| Err::<(), Trouble>("no".into()));
        assert!(drive(3, Until::Done(100), failing).is_err());
        let tasks = Tasks::new().unwrap_or_else(|error| panic!("{error}"));
        let by_tasks = |works| tasks.drive(3, Until::Done(100), || Ok(Nothing(works))).map(|load| load.things).ok();
        assert_eq!((by_tasks(true), by_tasks(false)), (Some(100), None));
    }
}
