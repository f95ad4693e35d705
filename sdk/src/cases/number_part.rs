//! Numbers of one's own leases, passed on: what an edge node does for the systems behind it while the platform is away.
//!
//! The part is cut off the lease and written down, with the node's signature and for whom it is, in one commit before anybody hears
//! of it. So no number is ever two parties', and a request that is repeated gets the same part. The platform is told afterwards; until
//! then it puts off what has such a number.

use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::number_lease::{NumberLease, NumberLeaseRequest, NumberPart};
use tongqiao_protocol::{DivisionCode, ErrorCode, LeaseId, PartyId, RecordKind, RequestId, SignedRecord, Timestamp};
use tongqiao_store::{Reason, Store, StoreError};

use super::lease::{self, Kept, Years};
use super::number_pool::Piece;
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, entropy};

/// Documents read at a time.
const PAGE: u32 = 100;
const GIVEN: &str = "given/";
/// Beside a part of which the platform has not heard yet.
const UNTOLD: &str = "untold/";
/// A part that a node has passed on to this party, of which the platform may not have heard.
const RECEIVED: &str = "received/";

/// What was passed on, under the id of the request.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Given {
    to: PartyId,
    wish: NumberLeaseRequest,
    lease: NumberLease,
}

/// What a look at the store has found.
enum Found {
    /// The request was answered before.
    Before(Box<Given>),
    /// This can be cut off the lease that stands under `key`.
    Free { key: String, version: u64, lease: LeaseId, piece: Piece, rest: Kept },
    /// No number is left.
    Nothing,
}

/// The answer to a request, if it was given here, and to whom.
pub(crate) async fn passed_on(shared: &Shared, request: RequestId) -> Result<Option<(PartyId, NumberLease)>, Error> {
    let given = shared.storage.ask(move |store| before(store, request)).await?;
    Ok(given.map(|given| (given.to, given.lease)))
}

/// Passes on up to as many numbers as `to` wishes, of one lease; `None` when none is left. What is returned is on disk.
pub(crate) async fn pass_on(
    shared: &Shared,
    to: &PartyId,
    wish: &NumberLeaseRequest,
) -> Result<Option<NumberLease>, Error> {
    loop {
        let now = shared.clock.now();
        let wished = wish.clone();
        let found = shared.storage.ask(move |store| look(store, &wished, now)).await?;
        let (key, version, lease, piece, rest) = match found {
            Found::Before(given) if given.to == *to && given.wish == *wish => return Ok(Some(given.lease)),
            Found::Before(_) => return Err(Error::of(ErrorCode::LeaseRequestConflict)),
            Found::Nothing => return Ok(None),
            Found::Free { key, version, lease, piece, rest } => (key, version, lease, piece, rest),
        };
        let lease = signed(shared, to, wish, lease, &piece, now)?;
        let given = Given { to: to.clone(), wish: wish.clone(), lease: lease.clone() };
        let changes = vec![
            lease::put(key, &rest, Expected::Version(version)),
            document(format!("{GIVEN}{}", wish.request), &given)?,
            document(format!("{UNTOLD}{}", wish.request), &())?,
        ];
        match shared.storage.commit(changes).await {
            Ok(_) => {
                shared.upkeep.notify_one();
                return Ok(Some(lease));
            }
            // Somebody else has cut the same lease, or answered the same request; look again.
            Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The part as its holder gets it, with the node's word.
fn signed(
    shared: &Shared,
    to: &PartyId,
    wish: &NumberLeaseRequest,
    lease: LeaseId,
    piece: &Piece,
    now: Timestamp,
) -> Result<NumberLease, Error> {
    let id = entropy::id(now, LeaseId::from_time_and_random)?;
    let (first, last) = piece.part.serials().into_inner();
    let (producer, incarnation) = (wish.producer, wish.incarnation);
    let part = NumberPart { part: id, lease, to: to.clone(), producer, incarnation, first, last, given: now };
    let bytes = serde_json::to_vec(&part).map_err(Error::internal)?;
    let record = SignedRecord::sign(RecordKind::NumberPart, bytes, shared.credentials.author(), &entropy::bytes()?)?;
    let division = DivisionCode::parse(wish.division.as_six()).map_err(Error::internal)?;
    let expires = piece.part.expires();
    Ok(NumberLease { lease: id, division, year: piece.year, first, last, expires, part: Some(record) })
}

fn before(store: &dyn Store, request: RequestId) -> Result<Option<Given>, StoreError> {
    let document = store.document(Collection::NumberLease, &format!("{GIVEN}{request}"))?;
    Ok(document.and_then(|document| serde_json::from_slice(&document.bytes).ok()))
}

fn look(store: &dyn Store, wish: &NumberLeaseRequest, now: Timestamp) -> Result<Found, StoreError> {
    if let Some(given) = before(store, wish.request)? {
        return Ok(Found::Before(Box::new(given)));
    }
    let incarnation = store.identity()?.incarnation;
    let leases = lease::kept(store, &format!("lease/{}/", wish.division.as_six()))?;
    for years in [Years::This, Years::Any] {
        let free = leases.iter().find_map(|(key, version, kept)| {
            let (piece, rest) = kept.claim(wish.count, incarnation, now, years)?;
            Some(Found::Free { key: key.clone(), version: *version, lease: kept.block.lease(), piece, rest })
        });
        if let Some(free) = free {
            return Ok(free);
        }
    }
    Ok(Found::Nothing)
}

/// Tells the platform what was passed on, and forgets what nobody can take numbers of any more. Of several failures the first is
/// given; none keeps the other parts waiting.
pub(crate) async fn tell(shared: &Shared) -> Result<(), Error> {
    let mut failed = None;
    for request in shared.storage.ask(|store| names(store, UNTOLD)).await? {
        if let Err(error) = tell_one(shared, &request).await {
            failed = failed.or(Some(error));
        }
    }
    for part in shared.storage.ask(|store| names(store, RECEIVED)).await? {
        if let Err(error) = tell_received(shared, &part).await {
            failed = failed.or(Some(error));
        }
    }
    let now = shared.clock.now();
    let changes = shared.storage.ask(move |store| stale(store, now)).await?;
    if !changes.is_empty() {
        shared.storage.commit(changes).await?;
    }
    failed.map_or(Ok(()), Err)
}

async fn tell_one(shared: &Shared, request: &str) -> Result<(), Error> {
    let key = format!("{GIVEN}{request}");
    let given = shared.storage.ask(move |store| store.document(Collection::NumberLease, &key)).await?;
    let given = given.and_then(|document| serde_json::from_slice::<Given>(&document.bytes).ok());
    if let Some(part) = given.and_then(|given| given.lease.part) {
        bring(shared, &part).await?;
    }
    shared.storage.commit(vec![lease::delete(format!("{UNTOLD}{request}"), Expected::Any)]).await?;
    Ok(())
}

/// The node tells it too; it may be lost before it can.
async fn tell_received(shared: &Shared, part: &str) -> Result<(), Error> {
    let key = format!("{RECEIVED}{part}");
    let name = key.clone();
    let part = shared.storage.ask(move |store| store.document(Collection::NumberLease, &name)).await?;
    if let Some(part) = part.and_then(|document| serde_json::from_slice::<SignedRecord>(&document.bytes).ok()) {
        bring(shared, &part).await?;
    }
    shared.storage.commit(vec![lease::delete(key, Expected::Any)]).await?;
    Ok(())
}

async fn bring(shared: &Shared, part: &SignedRecord) -> Result<(), Error> {
    let body = serde_json::to_vec(part).map_err(Error::internal)?;
    match shared.exchange.ask(Ask::post("/v1/case-number-parts", body)).await {
        Ok(_) => Ok(()),
        // Nothing that we could say would change it, and the platform has an alarm where one is due.
        Err(error) if matches!(error.code(), ErrorCode::LeasePartInvalid | ErrorCode::LeasePartConflict) => {
            tracing::error!(%error, "the platform does not accept that numbers were passed on");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Notes a part that was received, to be told; nothing where the numbers are of the platform's own lease.
pub(super) fn received(lease: &NumberLease) -> Result<Option<Change>, Error> {
    let Some(part) = &lease.part else { return Ok(None) };
    let bytes = serde_json::to_vec(part).map_err(Error::internal)?;
    let key = format!("{RECEIVED}{}", lease.lease);
    Ok(Some(Change::PutDocument { collection: Collection::NumberLease, key, expected: Expected::Any, bytes }))
}

/// What is removed: answers that hold numbers which may no longer be taken, and of which the platform has heard.
fn stale(store: &dyn Store, now: Timestamp) -> Result<Vec<Change>, StoreError> {
    let untold = names(store, UNTOLD)?;
    let mut changes = Vec::new();
    for request in names(store, GIVEN)?.into_iter().filter(|request| !untold.contains(request)) {
        let key = format!("{GIVEN}{request}");
        let document = store.document(Collection::NumberLease, &key)?;
        let given = document.and_then(|document| serde_json::from_slice::<Given>(&document.bytes).ok());
        if given.is_some_and(|given| given.lease.expires <= now) {
            changes.push(lease::delete(key, Expected::Any));
        }
    }
    Ok(changes)
}

/// The documents under a prefix, without it.
fn names(store: &dyn Store, prefix: &str) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = store.documents(Collection::NumberLease, prefix, &after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(names) };
        after.clone_from(last);
        names.extend(page.iter().filter_map(|(key, _)| key.strip_prefix(prefix).map(str::to_owned)));
    }
}

fn document(key: String, value: &impl Serialize) -> Result<Change, Error> {
    let bytes = serde_json::to_vec(value).map_err(Error::internal)?;
    Ok(Change::PutDocument { collection: Collection::NumberLease, key, expected: Expected::Absent, bytes })
}
