//! Leases of case numbers in the store.

use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::number_lease::{NumberLease, NumberLeaseRequest};
use tongqiao_protocol::{DivisionCode, IncarnationId, RequestId, Timestamp};
use tongqiao_store::{Reason, Store, StoreError};

use super::number_pool::Piece;
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, entropy};

const PAGE: u32 = 100;

/// A lease as it is kept, with how far it is used.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    lease: NumberLease,
    /// The life of the store that asked for it; another one burns what is left.
    incarnation: IncarnationId,
    next: u64,
}

impl Kept {
    fn usable(&self, incarnation: IncarnationId, now: Timestamp) -> bool {
        self.incarnation == incarnation
            && self.next <= self.lease.last
            && now < self.lease.expires
            && self.lease.year == year_of(now)
    }
}

/// The year in China.
pub(super) fn year_of(now: Timestamp) -> u16 {
    now.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or_default()
}

/// Claims up to `count` numbers for this process; `None` when nothing is left.
pub(super) async fn claim(shared: &Shared, six: &str, count: u64, now: Timestamp) -> Result<Option<Piece>, Error> {
    let prefix = format!("lease/{six}/");
    shared
        .storage
        .ask(move |store| {
            let incarnation = store.identity()?.incarnation;
            loop {
                let found = kept(store, &prefix)?;
                let Some((key, version, mut kept)) =
                    found.into_iter().find(|(_, _, kept)| kept.usable(incarnation, now))
                else {
                    return Ok(None);
                };
                let next = kept.next;
                kept.next = (next + count).min(kept.lease.last + 1);
                let piece = Piece { year: kept.lease.year, next, end: kept.next, expires: kept.lease.expires };
                match store.commit(vec![put(key, &kept, Expected::Version(version))]) {
                    Ok(_) => return Ok(Some(piece)),
                    // Another process was faster; look again.
                    Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        })
        .await
}

/// How many numbers are left to be claimed.
pub(super) async fn left(shared: &Shared, six: &str, now: Timestamp) -> Result<u64, Error> {
    let prefix = format!("lease/{six}/");
    shared
        .storage
        .ask(move |store| {
            let incarnation = store.identity()?.incarnation;
            let usable = kept(store, &prefix)?.into_iter().filter(|(_, _, kept)| kept.usable(incarnation, now));
            Ok(usable.map(|(_, _, kept)| kept.lease.last + 1 - kept.next).sum())
        })
        .await
}

/// Leases `count` numbers. The request is stored before it is sent, so that a lost answer does not lose a block.
pub(super) async fn fetch(shared: &Shared, six: &str, count: u64) -> Result<(), Error> {
    let key = format!("request/{six}");
    let fresh = entropy::id(shared.clock.now(), RequestId::from_time_and_random)?;
    let division = DivisionCode::parse(six).map_err(Error::internal)?;
    let stored_key = key.clone();
    let request = shared
        .storage
        .ask(move |store| {
            let identity = store.identity()?;
            if let Some(document) = store.document(Collection::NumberLease, &stored_key)?
                && let Ok(request) = serde_json::from_slice::<NumberLeaseRequest>(&document.bytes)
                && request.incarnation == identity.incarnation
            {
                return Ok(request);
            }
            let request = NumberLeaseRequest {
                request: fresh,
                division,
                count,
                producer: identity.producer,
                incarnation: identity.incarnation,
            };
            let bytes = serde_json::to_vec(&request).unwrap_or_default();
            store.commit(vec![Change::PutDocument {
                collection: Collection::NumberLease,
                key: stored_key,
                expected: Expected::Any,
                bytes,
            }])?;
            Ok(request)
        })
        .await?;
    let body = serde_json::to_vec(&request).map_err(Error::internal)?;
    let answer = shared.exchange.ask(Ask::post("/v1/case-number-leases", body)).await?;
    let lease = serde_json::from_slice::<NumberLease>(answer.body()).map_err(Error::malformed_answer)?;
    let kept = Kept { incarnation: request.incarnation, next: lease.first, lease };
    let lease_key = format!("lease/{six}/{}", kept.lease.lease);
    shared
        .storage
        .run(move |store| {
            store.commit(vec![
                // Absent: two processes that sent the same request get the same lease, and only the first keeps it.
                put(lease_key, &kept, Expected::Absent),
                Change::DeleteDocument { collection: Collection::NumberLease, key, expected: Expected::Any },
            ])
        })
        .await
        .map(|_| ())
        .or_else(|error| match error.reason() {
            Reason::VersionConflict { .. } => Ok(()),
            _ => Err(error.into()),
        })
}

fn put(key: String, kept: &Kept, expected: Expected) -> Change {
    let bytes = serde_json::to_vec(kept).unwrap_or_default();
    Change::PutDocument { collection: Collection::NumberLease, key, expected, bytes }
}

type Found = (String, u64, Kept);

/// The leases of a division, oldest first (their ids sort by age).
fn kept(store: &dyn Store, prefix: &str) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page = store.documents(Collection::NumberLease, prefix, &after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after.clone_from(last);
        let read = page
            .into_iter()
            .filter_map(|(key, document)| Some((key, document.version, serde_json::from_slice(&document.bytes).ok()?)));
        found.extend(read);
    }
}
