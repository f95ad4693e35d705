//! Which of several processes on one store delivers: a document taken by compare-and-swap, with an expiry.
//!
//! Every commit of the deliverer requires the document's version. So a process that was stopped for a minute and wakes
//! up believing that it still delivers cannot write anything: its first commit fails and it steps down.

use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{RequestId, Timestamp};
use tongqiao_store::{Reason, Store, StoreError};

/// The document's key in [`Collection::Role`].
const KEY: &str = "delivery";
/// How long the role is held without a sign of life. After a kill, another process takes over this much later.
const HELD_MS: i64 = 5_000;
/// How often the holder shows that it lives.
pub(super) const RENEWAL_MS: u64 = 1_500;

#[derive(Serialize, Deserialize)]
struct Holding {
    holder: RequestId,
    expires: Timestamp,
}

/// The role, held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role {
    holder: RequestId,
    version: u64,
}

impl Role {
    /// Takes the role if nobody holds it at `now`; `None` when somebody does.
    pub(super) fn take(store: &dyn Store, holder: RequestId, now: Timestamp) -> Result<Option<Self>, StoreError> {
        let found = match store.document(Collection::Role, KEY) {
            // Nobody can show that he holds a role whose document is damaged; writing it again mends it.
            Err(error) if *error.reason() == Reason::CorruptRow => return take_anew(store, holder, now),
            found => found?,
        };
        let expected = match found {
            None => Expected::Absent,
            Some(document) => {
                let holding = serde_json::from_slice::<Holding>(&document.bytes).ok();
                // A clock that was set back must not keep the role from everybody for ever.
                let held = holding.is_some_and(|holding| {
                    holding.holder != holder && (0..=HELD_MS).contains(&holding.expires.millis_since(now))
                });
                if held {
                    return Ok(None);
                }
                Expected::Version(document.version)
            }
        };
        match put(store, holder, expected, now) {
            Ok(version) => Ok(Some(Self { holder, version })),
            Err(error) if is_conflict(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Shows that the holder lives. `Ok(false)` when somebody else has taken the role.
    pub(super) fn renew(&mut self, store: &dyn Store, now: Timestamp) -> Result<bool, StoreError> {
        match put(store, self.holder, Expected::Version(self.version), now) {
            Ok(version) => {
                self.version = version;
                Ok(true)
            }
            Err(error) if is_conflict(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives the role back, so that another process need not wait for its expiry. The document stays, with an expiry long
    /// past: its versions must never begin anew, or an old fence could fit again.
    pub(super) fn give_back(self, store: &dyn Store) -> Result<(), StoreError> {
        match put(store, self.holder, Expected::Version(self.version), Timestamp::from_millis(0)) {
            Err(error) if !is_conflict(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// What makes a commit void when the role has passed to somebody else.
    pub(super) fn fence(&self) -> Change {
        Change::RequireDocument { collection: Collection::Role, key: KEY.to_owned(), version: self.version }
    }
}

/// Takes the role over a document that cannot be read. The store counts its versions on, so an old fence fits no more.
fn take_anew(store: &dyn Store, holder: RequestId, now: Timestamp) -> Result<Option<Role>, StoreError> {
    tracing::warn!("the document of the delivery role was damaged and is written anew");
    put(store, holder, Expected::Any, now).map(|version| Some(Role { holder, version }))
}

/// Whether a commit failed because the role has passed to somebody else.
pub(super) fn is_conflict(error: &StoreError) -> bool {
    matches!(error.reason(), Reason::VersionConflict { collection: Collection::Role, .. })
}

fn put(store: &dyn Store, holder: RequestId, expected: Expected, now: Timestamp) -> Result<u64, StoreError> {
    let bytes = serde_json::to_vec(&Holding { holder, expires: now.plus_millis(HELD_MS) }).unwrap_or_default();
    let change = Change::PutDocument { collection: Collection::Role, key: KEY.to_owned(), expected, bytes };
    let committed = store.commit(vec![change])?;
    Ok(committed.versions.first().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_store::MemoryStore;

    use super::*;

    fn holder(number: u8) -> RequestId {
        RequestId::from_time_and_random(Timestamp::from_millis(1_790_000_000_000), [number; 10])
    }

    #[test]
    fn only_one_of_two_processes_delivers_and_the_other_takes_over_when_it_dies() {
        let store = MemoryStore::new().unwrap();
        let start = Timestamp::from_millis(1_790_000_000_000);
        let mut first = Role::take(&store, holder(1), start).unwrap().unwrap();
        assert!(Role::take(&store, holder(2), start).unwrap().is_none());
        assert!(first.renew(&store, start.plus_millis(3_000)).unwrap());
        assert!(Role::take(&store, holder(2), start.plus_millis(7_000)).unwrap().is_none());

        let second = Role::take(&store, holder(2), start.plus_millis(8_001)).unwrap().unwrap();
        assert!(is_conflict(&store.commit(vec![first.fence()]).unwrap_err()));
        assert!(!first.renew(&store, start.plus_millis(8_002)).unwrap());
        store.commit(vec![second.fence()]).unwrap();
    }

    #[test]
    fn a_role_given_back_is_free_at_once() {
        let store = MemoryStore::new().unwrap();
        let start = Timestamp::from_millis(1_790_000_000_000);
        Role::take(&store, holder(1), start).unwrap().unwrap().give_back(&store).unwrap();
        assert!(Role::take(&store, holder(2), start).unwrap().is_some());
    }
}
