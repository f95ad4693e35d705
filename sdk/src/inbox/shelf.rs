//! The inbox on disk.
//!
//! Three shelves in one collection: `open/<id>` holds entries that the application has not acknowledged, `unsent/<id>` names
//! those that it has and the platform has not heard of, `done/<id>` names the others, for ever: by them an entry that comes
//! once more is known.

use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Document, Expected};
use tongqiao_protocol::inbox::InboxEntry;
use tongqiao_protocol::limits::INBOX_ACKNOWLEDGED_MAX;
use tongqiao_protocol::{EpochId, ErrorCode, InboxEntryId, Timestamp};
use tongqiao_store::{Store, StoreError};

use crate::Error;
use crate::client::Shared;
use crate::storage::repeatedly;

const OPEN: &str = "open/";
const UNSENT: &str = "unsent/";
const DONE: &str = "done/";
/// Where the reading of the platform's inbox stands.
const PLACE: &str = "inbox";
/// How long an entry is kept from others than who was shown it.
const CLAIM_MS: i64 = 5 * 60_000;
/// How many open entries are looked at.
const OPEN_MOST: u32 = 1_000;

/// An entry that has come, as it is read and as it was signed.
pub(super) struct Arrived {
    pub(super) entry: InboxEntry,
    pub(super) record: Vec<u8>,
}

/// By which way entries have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// In the order of their places, from where the reading stood.
    Asked,
    /// By a webhook: there may be others before them, so the reading stays where it stands.
    Brought,
}

/// An open entry as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The order of arrival here.
    order: u64,
    /// The exact bytes that the platform signed, which are JSON text.
    record: String,
    /// Whose it is until then, if anybody's.
    #[serde(default)]
    taken_until: Option<Timestamp>,
}

/// Where the reading stands.
#[derive(Serialize, Deserialize)]
struct Place {
    epoch: EpochId,
    after: u64,
}

fn put(key: String, expected: Expected, bytes: Vec<u8>) -> Change {
    Change::PutDocument { collection: Collection::Inbox, key, expected, bytes }
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// The epoch and place up to which entries are here.
pub(super) async fn place(shared: &Shared) -> Result<(Option<EpochId>, u64), Error> {
    let document = shared.storage.ask(|store| store.document(Collection::Checkpoint, PLACE)).await?;
    let place = document.and_then(|document| serde_json::from_slice::<Place>(&document.bytes).ok());
    Ok(place.map_or((None, 0), |place| (Some(place.epoch), place.after)))
}

/// Keeps what is new; how many entries that were.
pub(super) async fn keep(
    shared: &Shared,
    epoch: EpochId,
    arrived: Vec<Arrived>,
    arrival: Arrival,
) -> Result<usize, Error> {
    if arrived.is_empty() {
        return Ok(0);
    }
    let arrived: Vec<(InboxEntryId, u64, String)> = arrived
        .into_iter()
        .map(|one| {
            let record =
                String::from_utf8(one.record).map_err(|_| Error::malformed_answer("an entry that is no text"))?;
            Ok((one.entry.id, one.entry.position, record))
        })
        .collect::<Result<_, Error>>()?;
    shared.storage.ask(move |store| repeatedly(|| keep_once(store, epoch, &arrived, arrival))).await
}

fn keep_once(
    store: &dyn Store,
    epoch: EpochId,
    arrived: &[(InboxEntryId, u64, String)],
    arrival: Arrival,
) -> Result<usize, StoreError> {
    // Every keeping writes the place, and this one holds only when nobody kept meanwhile: an entry that another process has
    // kept, shown and seen acknowledged since the shelves were looked at would else be put back.
    let place = store.document(Collection::Checkpoint, PLACE)?;
    let stood = place.as_ref().and_then(|place| serde_json::from_slice::<Place>(&place.bytes).ok());
    let unchanged = place.map_or(Expected::Absent, |document| Expected::Version(document.version));
    let mut order = open_entries(store)?.iter().map(|(_, _, kept)| kept.order).max().unwrap_or_default();
    let (mut changes, mut new) = (Vec::new(), 0);
    for (id, _, record) in arrived {
        if store.document(Collection::Inbox, &format!("{OPEN}{id}"))?.is_some()
            || store.document(Collection::Inbox, &format!("{UNSENT}{id}"))?.is_some()
        {
            continue;
        }
        if let Some(done) = store.document(Collection::Inbox, &format!("{DONE}{id}"))? {
            changes.extend(moved(store, DONE, UNSENT, *id, done.version)?);
            continue;
        }
        order += 1;
        new += 1;
        let kept = Kept { order, record: record.clone(), taken_until: None };
        changes.push(put(format!("{OPEN}{id}"), Expected::Absent, written(&kept)));
    }
    let last = arrived.iter().map(|(_, position, _)| *position).max().unwrap_or_default();
    let place = match (arrival, stood) {
        (Arrival::Asked, _) => Place { epoch, after: last },
        (Arrival::Brought, Some(stood)) => stood,
        (Arrival::Brought, None) => Place { epoch, after: 0 },
    };
    let place = written(&place);
    let (collection, key) = (Collection::Checkpoint, PLACE.to_owned());
    changes.push(Change::PutDocument { collection, key, expected: unchanged, bytes: place });
    store.commit(changes)?;
    Ok(new)
}

/// Gives the oldest entry that nobody is at work on to the caller.
pub(super) async fn claim(shared: &Shared) -> Result<Option<InboxEntry>, Error> {
    let now = shared.clock.local();
    let claimed = shared.storage.ask(move |store| {
        repeatedly(|| {
            let mut entries = open_entries(store)?;
            entries.retain(|(_, _, kept)| kept.taken_until.is_none_or(|until| is_over(until, now)));
            let Some((key, version, mut kept)) = entries.into_iter().next() else { return Ok(None) };
            kept.taken_until = Some(now.plus_millis(CLAIM_MS));
            store.commit(vec![put(key, Expected::Version(version), written(&kept))])?;
            Ok(Some(kept.record))
        })
    });
    claimed.await?.map(|record| read(&record)).transpose()
}

/// A claim ends when its time is over; one that lies much further ahead than any claim was made by a clock that was wrong. Not at once
/// further ahead: another process may have made it after this one looked at its clock.
fn is_over(until: Timestamp, now: Timestamp) -> bool {
    until <= now || until.millis_since(now) > 2 * CLAIM_MS
}

/// Everything that is open, oldest first.
pub(super) async fn open(shared: &Shared) -> Result<Vec<InboxEntry>, Error> {
    let entries = shared.storage.ask(open_entries).await?;
    entries.iter().map(|(_, _, kept)| read(&kept.record)).collect()
}

fn read(record: &str) -> Result<InboxEntry, Error> {
    InboxEntry::parse(record.as_bytes()).map_err(|faults| Error::of(ErrorCode::StoreCorrupt).because(faults))
}

fn open_entries(store: &dyn Store) -> Result<Vec<(String, u64, Kept)>, StoreError> {
    let mut entries = Vec::new();
    for (key, Document { version, bytes }) in store.documents(Collection::Inbox, OPEN, "", OPEN_MOST)? {
        if let Ok(kept) = serde_json::from_slice::<Kept>(&bytes) {
            entries.push((key, version, kept));
        }
    }
    entries.sort_by_key(|(_, _, kept)| kept.order);
    Ok(entries)
}

/// Moves an entry from open to acknowledged.
pub(super) async fn acknowledge(shared: &Shared, id: InboxEntryId) -> Result<(), Error> {
    let known = shared.storage.ask(move |store| {
        repeatedly(|| {
            for shelf in [UNSENT, DONE] {
                if store.document(Collection::Inbox, &format!("{shelf}{id}"))?.is_some() {
                    return Ok(true);
                }
            }
            let Some(open) = store.document(Collection::Inbox, &format!("{OPEN}{id}"))? else { return Ok(false) };
            store.commit(moved(store, OPEN, UNSENT, id, open.version)?)?;
            Ok(true)
        })
    });
    if known.await? { Ok(()) } else { Err(Error::of(ErrorCode::ClientUnknownInboxEntry)) }
}

/// Entries of which the platform is to hear; at most as many as one acknowledgement holds.
pub(super) async fn unsent(shared: &Shared) -> Result<Vec<InboxEntryId>, Error> {
    let most = u32::try_from(INBOX_ACKNOWLEDGED_MAX).unwrap_or(u32::MAX);
    let found = shared.storage.ask(move |store| store.documents(Collection::Inbox, UNSENT, "", most)).await?;
    Ok(found.iter().filter_map(|(key, _)| key.strip_prefix(UNSENT)?.parse().ok()).collect())
}

/// The platform has heard of them.
pub(super) async fn sent(shared: &Shared, entries: Vec<InboxEntryId>) -> Result<(), Error> {
    shared
        .storage
        .ask(move |store| {
            repeatedly(|| {
                let mut changes = Vec::new();
                for id in &entries {
                    if let Some(unsent) = store.document(Collection::Inbox, &format!("{UNSENT}{id}"))? {
                        changes.extend(moved(store, UNSENT, DONE, *id, unsent.version)?);
                    }
                }
                if changes.is_empty() { Ok(()) } else { store.commit(changes).map(|_| ()) }
            })
        })
        .await
}

/// The changes by which an entry leaves one shelf for another; only its name goes on.
fn moved(store: &dyn Store, from: &str, to: &str, id: InboxEntryId, version: u64) -> Result<Vec<Change>, StoreError> {
    let there = store.document(Collection::Inbox, &format!("{to}{id}"))?;
    let expected = there.map_or(Expected::Absent, |document| Expected::Version(document.version));
    Ok(vec![
        Change::DeleteDocument {
            collection: Collection::Inbox,
            key: format!("{from}{id}"),
            expected: Expected::Version(version),
        },
        put(format!("{to}{id}"), expected, b"{}".to_vec()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: of two processes that looked at the same time, the one that was held up for a moment between looking at its clock
    /// and looking at the shelf took a claim of the other for one of a clock that is wrong, and was shown the same entry.
    #[test]
    fn a_claim_made_after_the_clock_was_read_holds() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        for late in [0, 1, 1_000, CLAIM_MS] {
            let until = now.plus_millis(late + CLAIM_MS);
            assert!(!is_over(until, now), "made {late} ms later");
        }
        assert!(is_over(now, now) && is_over(now.plus_millis(-1), now));
        assert!(is_over(now.plus_millis(2 * CLAIM_MS + 1), now), "no clock that is right has made it");
    }
}
