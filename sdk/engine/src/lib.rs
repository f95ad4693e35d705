//! The pure state machines: case life, deadlines, bill life, delivery of the outbox, number leases, retention.
//!
//! Nothing here touches a socket, a file, a clock or a source of randomness: `now` and random numbers are arguments, and
//! `no_std` makes that a compile error. A crash is "drop the machine, load the store, go on".
#![no_std]

extern crate alloc;

pub mod bill_life;
pub mod case_life;
pub mod change;
pub mod classify;
pub mod deadline;
pub mod delivery;
pub mod document;
pub mod entry;
pub mod epoch_book;
pub mod joint;
pub mod number_lease;
pub mod patience;
pub mod reconciliation;
pub mod retention;
pub mod supervision;
pub mod upload;
pub mod working_days;

pub use bill_life::{BillLife, BillNotice, NoRefund, Question};
pub use case_life::{Actor, CaseLife, CaseState, Happening, NoEffect, Winner};
pub use change::Change;
pub use classify::{Failure, FailureScope, Outcome, Retry};
pub use deadline::{CaseDeadlines, CaseLimits, DeadlineClock, Due, Duty, TimeLimit};
#[cfg(feature = "planted")]
pub use delivery::Bug;
pub use delivery::{
    BatchId, Broken, Delivery, EpochNotice, Input, KeptPart, Missing, Notice, Output, RecordAnswer, RequestNumber,
    Settings, TerminalReceipt, Verdict, check,
};
pub use document::{Collection, Document, Expected};
pub use entry::{Entry, EntryKind, EntryState, Lane, LogPlace, Sequence, StreamKey, SubjectId};
pub use epoch_book::{EpochBook, InvalidEpochBook, ReceiptStanding};
pub use number_lease::{ClaimedPart, LeasedBlock, NoNumber};
pub use retention::Retention;
pub use working_days::WorkingDays;
