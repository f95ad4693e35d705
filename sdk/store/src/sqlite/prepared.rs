//! A caller's group, with everything computed that does not need the file: it is done on the caller's thread.

use tongqiao_engine::{Change, Entry, EntryState};

use super::row::{seal_of_bytes, seal_of_entry};
use crate::{Reason, StoreError};

#[derive(Debug, Clone)]
pub(super) enum Step {
    Append { entry: Entry, bytes: Vec<u8>, bytes_seal: i64, seal: i64 },
    Other(Change),
}

/// One caller's changes: applied whole or not at all.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) steps: Vec<Step>,
    /// New work is what a full or damaged store refuses while it still finishes the old.
    pub(super) is_new_work: bool,
}

impl Group {
    pub(super) fn prepare(changes: Vec<Change>) -> Result<Self, StoreError> {
        let mut is_new_work = false;
        let mut steps = Vec::with_capacity(changes.len());
        for change in changes {
            steps.push(match change {
                Change::Append { entry, bytes } => {
                    if entry.state != EntryState::Pending {
                        let what = "only a pending entry can be appended";
                        return Err(StoreError::new(Reason::InvalidChange { what }));
                    }
                    is_new_work = true;
                    let bytes_seal = seal_of_bytes(&bytes);
                    let seal = seal_of_entry(&entry, bytes_seal);
                    Step::Append { entry, bytes, bytes_seal, seal }
                }
                Change::Settle { state: EntryState::Settled { .. } | EntryState::Refused { .. }, .. } => {
                    Step::Other(change)
                }
                Change::Settle { .. } => {
                    return Err(StoreError::new(Reason::InvalidChange { what: "a receipt settles or refuses" }));
                }
                other => Step::Other(other),
            });
        }
        Ok(Self { steps, is_new_work })
    }
}
