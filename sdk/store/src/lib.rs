//! What must survive a crash: the durable outbox, in memory and on SQLite.
//!
//! # The promise
//! [`Store::commit`] takes a group of [`Change`](tongqiao_engine::Change)s and returns only when all of them are on disk,
//! or says that none of them is. Work that was acknowledged by a return survives the death of the process, of the
//! operating system and of the machine, as far as the disk keeps what it confirmed.
//!
//! # The rules every store keeps
//! * A group is applied whole or not at all; other groups are not hurt by its failure.
//! * The sequences of a stream have neither holes nor doubles, also after old entries were forgotten.
//! * Ordinals grow in the order of commits and are never used twice.
//! * A stream stands still behind a refused, dead or expired entry; the first two let it go when they are replaced.
//! * Work that was accepted is forgotten only when it has its terminal receipt.
//!
//! [`SqliteStore`] is the store to use; [`MemoryStore`] is the same promise without the disk, for tests, and the reference
//! against which the other is tested. Both pass the one contract in `contract.rs`.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod error;
pub mod identity;
pub mod memory;
pub mod query;
pub mod report;
pub mod sqlite;
pub mod store;
pub mod ticket;

pub use error::{Reason, StoreError};
pub use identity::StoreIdentity;
pub use memory::MemoryStore;
pub use query::PendingQuery;
pub use report::{CorruptRow, IntegrityReport, Statistics};
pub use sqlite::{SalvageReport, SqliteOptions, SqliteStore};
pub use store::{Committed, Store};
pub use ticket::{Crew, Lead, Ticket, Wakers};
