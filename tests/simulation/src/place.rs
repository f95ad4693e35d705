//! Who and where.

use std::fmt;

/// One of the machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A department's system.
    Department(usize),
    /// A township's node.
    Node(usize),
    /// A hub.
    Hub(usize),
    /// The platform.
    Platform,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Department(number) => write!(f, "department-{number}"),
            Self::Node(number) => write!(f, "node-{number}"),
            Self::Hub(number) => write!(f, "hub-{number}"),
            Self::Platform => f.write_str("platform"),
        }
    }
}

/// Who waits for an answer: a process, by the number of its start, and the number of its question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asker {
    /// Where.
    pub place: Place,
    /// Which start of the process there.
    pub life: u64,
    /// Which question.
    pub question: u64,
}
