//! No log line says who applied, whoever writes it: everything that this process and those that it starts log during the whole run
//! is searched for the persons whom the tests make up.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::process::Child;
use std::sync::{Mutex, Once, PoisonError};
use std::thread::JoinHandle;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Names, numbers and telephones of the tests' persons. Of a citizen number the last place is left away: some tests get it wrong.
const CANARIES: [&str; 7] =
    ["测试用户", "测试甲", "测试乙", "测试代办", "34070219680229021", "13800000000", "办理入职手续"];

/// What is logged: everything of ours, and of libraries what somebody could switch on to find a fault.
const FILTER: &str = "debug,tongqiao=trace";

/// Lines in which a canary stands.
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// What is logged while a test wants to see it.
static KEPT: Mutex<Option<String>> = Mutex::new(None);

fn locked<T>(held: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As it is, or as it stands in an address.
fn has_canary(line: &str) -> bool {
    CANARIES.iter().any(|canary| {
        let in_address = || canary.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        line.contains(canary) || (!canary.is_ascii() && line.to_uppercase().contains(&in_address()))
    })
}

/// Searches what this process logs, from now to its end.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let logging = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(FILTER)).with_ansi(false);
        logging.with_writer(Sieve(&FOUND)).init();
    });
}

/// Fails when anything was found until now, in whichever test.
pub(crate) fn check() {
    let found = locked(&FOUND);
    assert!(found.is_empty(), "a log says who applied: {found:#?}");
}

/// Keeps what this process logs until [`kept`] is asked; one test at a time.
pub(crate) fn keep() {
    watch();
    *locked(&KEPT) = Some(String::new());
}

/// What was logged since.
pub(crate) fn kept() -> String {
    locked(&KEPT).take().unwrap_or_default()
}

/// Looks at each line that is logged, and writes it nowhere.
#[derive(Clone, Copy)]
struct Sieve(&'static Mutex<Vec<String>>);

impl Write for Sieve {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        if has_canary(&line) {
            locked(self.0).push(line.trim_end().to_owned());
        }
        if let Some(kept) = locked(&KEPT).as_mut() {
            kept.push_str(&line);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Sieve {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

/// The log of a process that a test started with its standard error as a pipe.
pub(crate) struct ProcessLog(Option<JoinHandle<Vec<String>>>);

impl ProcessLog {
    pub(crate) fn of(child: &mut Child) -> Self {
        let errors = child.stderr.take().unwrap();
        Self(Some(std::thread::spawn(move || lines_with_canaries(errors))))
    }
}

fn lines_with_canaries(log: impl Read) -> Vec<String> {
    BufReader::new(log).lines().map_while(Result::ok).filter(|line| has_canary(line)).collect()
}

/// To be dropped when the process has ended.
impl Drop for ProcessLog {
    fn drop(&mut self) {
        // A test that fails may leave its process behind, whose log does not end then.
        if std::thread::panicking() {
            return;
        }
        if let Some(Ok(found)) = self.0.take().map(JoinHandle::join) {
            locked(&FOUND).extend(found);
        }
        check();
    }
}

#[test]
fn a_planted_leak_is_found_in_an_event_a_span_and_a_process() {
    static PLANTED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let logging = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(FILTER)).with_ansi(false);
    tracing::subscriber::with_default(logging.with_writer(Sieve(&PLANTED)).finish(), || {
        tracing::info!(name = "张三", "nobody of the tests");
        assert!(locked(&PLANTED).is_empty());
        tracing::debug!(target: "hyper", path = "/cases?name=%E6%b5%8B%e8%AF%95%E7%94%A8%E6%88%B7", "in an address");
        tracing::trace!(target: "tongqiao_edge", field = ?["测试用户"], "in a field");
        tracing::info_span!("taking", number = crate::sdk::sandbox::CITIZEN).in_scope(|| tracing::warn!("in a span"));
    });
    assert_eq!(locked(&PLANTED).len(), 3, "{:?}", locked(&PLANTED));
    let log = "2026-09-21 a case is opened\npanicked at: 13800000000\n".as_bytes();
    assert_eq!(lines_with_canaries(log), ["panicked at: 13800000000"]);
}
