//! What a seed makes of the world: how many there are, what they do, and what goes wrong.

use crate::place::Place;

/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;
/// A year in milliseconds.
pub const YEAR: i64 = 365 * 24 * 60 * MINUTE;
/// From then on nothing goes wrong any more.
pub const CALM_AT: i64 = 20 * MINUTE;
/// By then everything must have settled.
pub const END_AT: i64 = 4 * 60 * MINUTE;

/// What somebody in a department wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// So many further events in one of its cases, accepted together.
    Events {
        /// Which of its cases.
        case: usize,
        /// How many.
        count: usize,
    },
    /// A bill of so many fen.
    Bill {
        /// The amount.
        fen: i64,
    },
}

/// Something that goes wrong, or right again, at a fixed time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The process dies, and stands up again so much later.
    Crash(Place, i64),
    /// The node's link is down for so long.
    Outage(usize, i64),
    /// The machine's clock is moved.
    ClockMoves(Place, i64),
    /// The disk refuses for so long.
    DiskRefuses(Place, i64),
    /// The platform's database is copied away.
    BackUp,
    /// The platform is restored from that copy.
    Restore,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Departments; each stands behind the node `number % nodes`.
    pub departments: usize,
    /// Nodes.
    pub nodes: usize,
    /// Hubs.
    pub hubs: usize,
    /// Who wants what when.
    pub wishes: Vec<(i64, usize, Wish)>,
    /// What goes wrong when.
    pub troubles: Vec<(i64, Trouble)>,
    /// In 1,000 messages on the link: lost, twice, cut off.
    pub link: [u32; 3],
    /// In 1,000 messages elsewhere: lost.
    pub lan_lost: u32,
    /// The longest way over the link.
    pub link_ms: i64,
    /// In 10,000 steps of a process: it dies there.
    pub crash_at_step: u32,
    /// In 1,000 frames: a hub answers with receipts that somebody else has signed.
    pub forged: u32,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(chance: &mut fastrand::Rng) -> Self {
        let (nodes, hubs) = (chance.usize(1..=2), 2);
        let departments = chance.usize(nodes..=3);
        let mut plan = Self {
            departments,
            nodes,
            hubs,
            wishes: Vec::new(),
            troubles: Vec::new(),
            link: [chance.u32(0..120), chance.u32(0..60), chance.u32(0..40)],
            lan_lost: chance.u32(0..30),
            link_ms: chance.i64(20..2_000),
            crash_at_step: chance.u32(0..40),
            forged: chance.u32(0..60),
        };
        for department in 0..departments {
            for _ in 0..chance.usize(4..10) {
                let wish = if chance.u32(0..3) == 0 {
                    Wish::Bill { fen: chance.i64(1..1_000_000) }
                } else {
                    Wish::Events { case: chance.usize(0..2), count: chance.usize(1..4) }
                };
                plan.wishes.push((chance.i64(0..CALM_AT), department, wish));
            }
        }
        plan.troubles(chance);
        plan
    }

    fn troubles(&mut self, chance: &mut fastrand::Rng) {
        let (departments, nodes, hubs) = (self.departments, self.nodes, self.hubs);
        let office = |chance: &mut fastrand::Rng| {
            let one = chance.usize(0..departments + nodes);
            if one < departments { Place::Department(one) } else { Place::Node(one - departments) }
        };
        let times = chance.usize(0..10);
        for _ in 0..times {
            let at = chance.i64(0..CALM_AT);
            let trouble = match chance.u32(0..8) {
                0 | 1 => Trouble::Crash(office(chance), chance.i64(50..2 * MINUTE)),
                2 => Trouble::Crash(Place::Hub(chance.usize(0..hubs)), chance.i64(50..3 * MINUTE)),
                3 => Trouble::Crash(Place::Platform, chance.i64(50..2 * MINUTE)),
                4 | 5 => Trouble::Outage(chance.usize(0..nodes), chance.i64(1_000..4 * MINUTE)),
                6 => Trouble::ClockMoves(office(chance), if chance.bool() { YEAR } else { -YEAR }),
                _ => Trouble::DiskRefuses(office(chance), chance.i64(100..MINUTE)),
            };
            self.troubles.push((at, trouble));
        }
        for _ in 0..chance.usize(0..3) {
            let (first, second) = (chance.i64(0..CALM_AT), chance.i64(0..CALM_AT));
            self.troubles.push((first.min(second), Trouble::BackUp));
            self.troubles.push((first.max(second), Trouble::Restore));
        }
    }
}
