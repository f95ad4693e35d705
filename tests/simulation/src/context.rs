//! Time, chance, the network and the trace: what everybody in the world shares.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use sha2::{Digest as _, Sha256};
use tongqiao_protocol::Timestamp;

use crate::happening::Happening;
use crate::keys::Keys;
use crate::plan::Plan;
use crate::plant::Plant;
use crate::recorder::Recorder;

/// When every run begins.
const BEGINNING: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Inside the office.
    Office,
    /// The weak link of a node.
    Link(usize),
    /// Inside the city.
    City,
}

struct Queued {
    at: i64,
    number: u64,
    happening: Happening,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// What everybody shares.
pub struct Context {
    /// Milliseconds since the beginning.
    pub now: i64,
    /// The one source of chance.
    pub chance: fastrand::Rng,
    /// The plan.
    pub plan: Plan,
    /// The bug, if one is planted.
    pub plant: Option<Plant>,
    /// Everybody's keys.
    pub keys: Keys,
    /// The judge.
    pub recorder: Recorder,
    /// Which links are down.
    pub dark: Vec<bool>,
    /// Whether anything may still go wrong.
    pub is_calm: bool,
    queue: BinaryHeap<Reverse<Queued>>,
    number: u64,
    digest: Sha256,
    is_told: bool,
}

impl Context {
    /// At the beginning of a run. `is_told` prints the trace.
    pub fn new(chance: fastrand::Rng, plan: Plan, plant: Option<Plant>, telling: Telling) -> Self {
        let keys = Keys::new(plan.departments, plan.nodes, plant);
        Self {
            now: 0,
            chance,
            plant,
            keys,
            recorder: Recorder::default(),
            dark: vec![false; plan.nodes],
            is_calm: false,
            plan,
            queue: BinaryHeap::new(),
            number: 0,
            digest: Sha256::new(),
            is_told: telling == Telling::All,
        }
    }

    /// The true time.
    pub fn time(&self) -> Timestamp {
        BEGINNING.plus_millis(self.now)
    }

    /// Whether this bug is planted.
    pub fn has(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }

    /// Lets something happen in so many milliseconds.
    pub fn after(&mut self, wait_ms: i64, happening: Happening) {
        self.number += 1;
        let at = self.now.saturating_add(wait_ms.max(0));
        self.queue.push(Reverse(Queued { at, number: self.number, happening }));
    }

    /// The next thing, with the time moved there.
    pub fn next_happening(&mut self) -> Option<Happening> {
        let Reverse(Queued { at, happening, .. }) = self.queue.pop()?;
        self.now = at;
        self.note(&happening.line());
        Some(happening)
    }

    /// Writes a line into the trace.
    pub fn note(&mut self, line: &str) {
        self.digest.update(self.now.to_be_bytes());
        self.digest.update(line.as_bytes());
        self.digest.update([0]);
        if self.is_told {
            println!("{:>9} {line}", self.now);
        }
    }

    /// What the whole trace comes to.
    pub fn digest(&self) -> String {
        self.digest.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether something that happens so many times in 1,000 happens now.
    pub fn happens(&mut self, in_thousand: u32) -> bool {
        !self.is_calm && self.chance.u32(0..1_000) < in_thousand
    }

    /// Whether a process dies at this step.
    pub fn dies_here(&mut self) -> bool {
        !self.is_calm && self.chance.u32(0..10_000) < self.plan.crash_at_step
    }

    /// Sixteen or fewer bytes of chance.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.chance.u8(..))
    }

    /// Sends something over a line: it comes late, twice or never.
    pub fn send(&mut self, line: Line, happening: Happening) {
        let (lost, twice, most) = match line {
            Line::Office => (self.plan.lan_lost, 0, 20),
            Line::City => (self.plan.lan_lost, 0, 40),
            Line::Link(node) => {
                if self.dark[node] {
                    return;
                }
                (self.plan.link[0], self.plan.link[1], self.plan.link_ms)
            }
        };
        if self.happens(lost) {
            self.note("lost");
            return;
        }
        if self.happens(twice) {
            let wait = self.chance.i64(1..=most * 4);
            self.after(wait, happening.clone());
        }
        let wait = self.chance.i64(1..=most);
        self.after(wait, happening);
    }

    /// Cuts bytes off that travel over a link, now and then.
    pub fn cut(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        if !bytes.is_empty() && self.happens(self.plan.link[2]) {
            bytes.truncate(self.chance.usize(0..bytes.len()));
            self.note("cut off");
        }
        bytes
    }
}

/// How much of a run is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Nothing.
    Nothing,
    /// Everything that happens.
    All,
}
