//! Leases of case numbers in the store.

use serde::{Deserialize, Serialize};
use tongqiao_engine::number_lease::{LeasedBlock, NoNumber};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::number_lease::{NumberLease, NumberLeaseRequest};
use tongqiao_protocol::{DivisionCode, IncarnationId, RequestId, Timestamp};
use tongqiao_store::{Reason, Store, StoreError};

use super::number_part;
use super::number_pool::Piece;
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, entropy};

const PAGE: u32 = 100;

/// A block as it is kept, beside the year of its numbers. The division stands in the key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) year: u16,
    pub(super) block: LeasedBlock,
}

impl Kept {
    /// What can be claimed of it now, and the block as it must be written back.
    pub(super) fn claim(
        &self,
        count: u64,
        incarnation: IncarnationId,
        now: Timestamp,
        years: Years,
    ) -> Option<(Piece, Self)> {
        if !years.hold(self.year, now) {
            return None;
        }
        let (part, block) = self.block.claim(count, incarnation, now).ok()?;
        Some((Piece { year: self.year, part }, Self { year: self.year, block }))
    }
}

/// Of which years numbers may be taken. The year is a part of the number; how long it may be taken, the lease's expiry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Years {
    This,
    Any,
}

impl Years {
    pub(super) fn hold(self, year: u16, now: Timestamp) -> bool {
        self == Self::Any || year == year_of(now)
    }
}

/// The year in China.
fn year_of(now: Timestamp) -> u16 {
    now.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or_default()
}

/// Claims up to `count` numbers for this process; `None` when nothing is left.
pub(super) async fn claim(
    shared: &Shared,
    six: &str,
    count: u64,
    now: Timestamp,
    years: Years,
) -> Result<Option<Piece>, Error> {
    let prefix = format!("lease/{six}/");
    shared
        .storage
        .ask(move |store| {
            let incarnation = store.identity()?.incarnation;
            loop {
                let mut found = kept(store, &prefix)?.into_iter();
                let claimed = found.find_map(|(key, version, kept)| {
                    kept.claim(count, incarnation, now, years).map(|(piece, rest)| (key, version, piece, rest))
                });
                let Some((key, version, piece, rest)) = claimed else { return Ok(None) };
                match store.commit(vec![put(key, &rest, Expected::Version(version))]) {
                    Ok(_) => return Ok(Some(piece)),
                    // Another process was faster; look again.
                    Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        })
        .await
}

/// Puts aside what nothing can be claimed of any more, so that claiming stays quick. A used block leaves its name behind
/// until it has expired: a process that asked for it in the same request and is slow must not put it back.
pub(super) async fn sweep(shared: &Shared, six: &str, now: Timestamp) -> Result<(), Error> {
    let (leases, spent) = (format!("lease/{six}/"), format!("spent/{six}/"));
    let swept = shared.storage.run(move |store| {
        let incarnation = store.identity()?.incarnation;
        let mut changes = Vec::new();
        for (key, version, kept) in self::kept(store, &leases)? {
            match kept.block.claim(1, incarnation, now) {
                Ok(_) => continue,
                Err(NoNumber::Exhausted) => {
                    let lease = kept.block.lease();
                    changes.push(put(format!("{spent}{lease}"), &kept, Expected::Any));
                }
                Err(NoNumber::Expired | NoNumber::Burnt) => {}
            }
            changes.push(delete(key, Expected::Version(version)));
        }
        for (key, version, kept) in self::kept(store, &spent)? {
            if kept.block.claim(1, incarnation, now) == Err(NoNumber::Expired) {
                changes.push(delete(key, Expected::Version(version)));
            }
        }
        if changes.is_empty() { Ok(()) } else { store.commit(changes).map(|_| ()) }
    });
    match swept.await {
        // Another process sweeps or claims; the next round sees what is left.
        Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => Ok(()),
        other => other.map_err(Error::from),
    }
}

/// How many numbers of this year are left to be claimed.
pub(super) async fn left(shared: &Shared, six: &str, now: Timestamp) -> Result<u64, Error> {
    let prefix = format!("lease/{six}/");
    shared
        .storage
        .ask(move |store| {
            let incarnation = store.identity()?.incarnation;
            let usable = kept(store, &prefix)?
                .into_iter()
                .filter(|(_, _, kept)| kept.claim(1, incarnation, now, Years::This).is_some());
            Ok(usable.map(|(_, _, kept)| kept.block.left()).sum())
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
    let block = LeasedBlock::new(lease.lease, request.incarnation, lease.first..=lease.last, lease.expires)
        .ok_or_else(|| Error::malformed_answer("a lease without numbers"))?;
    let kept = Kept { year: lease.year, block };
    let lease_key = format!("lease/{six}/{}", lease.lease);
    let spent_key = format!("spent/{six}/{}", lease.lease);
    let mut changes = vec![
        // Absent: two processes that sent the same request get the same lease, and only the first keeps it; nor
        // may it come back once its numbers are used up.
        put(spent_key.clone(), &kept, Expected::Absent),
        delete(spent_key, Expected::Any),
        put(lease_key, &kept, Expected::Absent),
        delete(key, Expected::Any),
    ];
    changes.extend(number_part::received(&lease)?);
    match shared.storage.commit(changes).await {
        Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => Ok(()),
        other => other.map(drop).map_err(Error::from),
    }
}

pub(super) fn delete(key: String, expected: Expected) -> Change {
    Change::DeleteDocument { collection: Collection::NumberLease, key, expected }
}

pub(super) fn put(key: String, kept: &Kept, expected: Expected) -> Change {
    let bytes = serde_json::to_vec(kept).unwrap_or_default();
    Change::PutDocument { collection: Collection::NumberLease, key, expected, bytes }
}

pub(super) type Found = (String, u64, Kept);

/// The leases of a division, oldest first (their ids sort by age).
pub(super) fn kept(store: &dyn Store, prefix: &str) -> Result<Vec<Found>, StoreError> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_protocol::LeaseId;

    use super::*;

    /// Regression: at New Year all numbers in stock were void, and a department without a network could open nothing.
    #[test]
    fn last_year_s_numbers_may_be_taken_as_long_as_their_lease_holds() {
        let incarnation = IncarnationId::from_bytes([1; 16]);
        let (eve, morning): (Timestamp, Timestamp) =
            ("2026-12-31T23:59:00+08:00".parse().unwrap(), "2027-01-01T08:00:00+08:00".parse().unwrap());
        let expires = eve.plus_millis(7 * 86_400_000);
        let block = LeasedBlock::new(LeaseId::from_bytes([2; 16]), incarnation, 1..=10, expires).unwrap();
        let kept = Kept { year: 2026, block };
        assert!(kept.claim(1, incarnation, eve, Years::This).is_some());
        assert!(kept.claim(1, incarnation, morning, Years::This).is_none());
        let (piece, rest) = kept.claim(1, incarnation, morning, Years::Any).unwrap();
        assert_eq!((piece.year, rest.year, rest.block.left()), (2026, 2026, 9));
        assert!(kept.claim(1, incarnation, expires, Years::Any).is_none());
    }
}
