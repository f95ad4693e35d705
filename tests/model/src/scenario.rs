//! Who writes what, and how much may go wrong.

use tongqiao_engine::Bug;

use crate::property;

/// One event that a producer will sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The kind, by the tables' names.
    pub kind: &'static str,
    /// The revision its author has seen; it is signed only when the platform has that much, or its author wrote it.
    pub revision: u64,
}

/// How often each misfortune may strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Budget {
    /// A message is lost.
    pub losses: u8,
    /// A message is delivered and stays under way.
    pub repeats: u8,
    /// A producer gives a request up although its answer would still come.
    pub impatience: u8,
    /// A producer's process dies.
    pub crashes: u8,
    /// A commit fails.
    pub disk_failures: u8,
    /// Somebody between answers with a receipt that proves nothing.
    pub forgeries: u8,
    /// The platform is restored from a backup.
    pub restores: u8,
    /// A producer's store is taken over by a new incarnation.
    pub incarnations: u8,
    /// A producer's store is set back to an earlier copy, which begins a new incarnation.
    pub rollbacks: u8,
    /// Time passes to a producer's next deadline. Not a misfortune; bounded so that the search ends.
    pub ticks: u8,
}

/// When a producer's store answers a request to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// At once.
    Prompt,
    /// Later, with what was true when it was asked.
    Late,
}

/// A bounded world to search.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// The script of each producer.
    pub scripts: Vec<Vec<Step>>,
    /// How much may go wrong.
    pub budget: Budget,
    /// How stores read.
    pub reading: Reading,
    /// Records per request.
    pub batch_records: u32,
    /// Entries in memory.
    pub window_entries: u32,
    /// After how long the machine reads its store again unasked. The search lets that happen only where it is less than
    /// [`Scenario::SOON_MS`]; when nothing goes wrong any more it always does.
    pub reread_ms: u64,
    /// The planted bug, if any.
    pub bug: Option<Bug>,
}

const fn step(kind: &'static str, revision: u64) -> Step {
    Step { kind, revision }
}

impl Scenario {
    /// The search lets time pass to deadlines that are nearer than this.
    pub const SOON_MS: i64 = 100;

    /// The worlds that together make a check.
    pub fn all() -> Vec<Self> {
        let one = Self {
            name: "one producer, three events",
            scripts: vec![vec![step("applied", 0), step("accepted", 1), step("decided", 2)]],
            budget: Budget { losses: 1, repeats: 1, crashes: 1, restores: 1, ticks: 2, ..Budget::default() },
            reading: Reading::Prompt,
            batch_records: 2,
            window_entries: 8,
            reread_ms: 1_000,
            bug: None,
        };
        // A loss and a repeat in one world would be five million states more; together they come in the random schedules.
        let repeated = Self {
            name: "two producers in conflict, something comes twice",
            scripts: vec![vec![step("applied", 0), step("accepted", 1)], vec![step("withdrawn", 1)]],
            budget: Budget { repeats: 1, restores: 1, ticks: 1, ..Budget::default() },
            ..one.clone()
        };
        let lost = Self {
            name: "two producers in conflict, something is lost",
            budget: Budget { losses: 1, restores: 1, ticks: 1, ..Budget::default() },
            ..repeated.clone()
        };
        let refused = Self {
            name: "a refusal and what stands behind it",
            scripts: vec![vec![step("applied", 0), step("accepted", 1)], vec![step("applied", 0)]],
            budget: Budget { repeats: 1, restores: 1, ticks: 1, ..Budget::default() },
            ..one.clone()
        };
        let disk = Self {
            name: "late reads, failing commits, forged receipts",
            budget: Budget { disk_failures: 1, forgeries: 1, impatience: 1, crashes: 1, ticks: 2, ..Budget::default() },
            reading: Reading::Late,
            ..one.clone()
        };
        let incarnations = Self {
            name: "a new incarnation takes the store over",
            budget: Budget { losses: 1, crashes: 1, incarnations: 1, ticks: 1, ..Budget::default() },
            window_entries: 2,
            ..one.clone()
        };
        let rolled_back = Self {
            name: "a producer is restored from a backup",
            scripts: vec![vec![step("applied", 0), step("accepted", 1)]],
            budget: Budget { losses: 1, repeats: 1, restores: 1, rollbacks: 1, ticks: 1, ..Budget::default() },
            ..one.clone()
        };
        vec![one, repeated, lost, refused, disk, incarnations, rolled_back]
    }

    /// Small worlds, each with a bug that must be found, and the property that it breaks.
    pub fn planted() -> Vec<(Self, &'static str)> {
        let all = Self::all();
        let with = |at: usize, bug: Bug, name: &'static str| Self { bug: Some(bug), name, ..all[at].clone() };
        vec![
            (with(0, Bug::TransmitBeforeDurable, "planted: transmit before durable"), property::DURABLE_FIRST),
            (with(1, Bug::DeferredAsSettled, "planted: deferred taken for settled"), property::NOTHING_LOST),
            (with(0, Bug::ForgetAtEpochChange, "planted: forget at epoch change"), property::NOTHING_LOST),
            (
                with(4, Bug::UnverifiableAsSettled, "planted: unverifiable receipt taken for settled"),
                property::NOTHING_LOST,
            ),
        ]
    }
}
