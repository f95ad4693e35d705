//! Who writes, and in which life of the store.

use std::time::{SystemTime, UNIX_EPOCH};

use tongqiao_protocol::{IncarnationId, ProducerId, Timestamp};

use crate::{Reason, StoreError};

/// The producer that a store belongs to, and the store's present life.
///
/// The producer's id is made when the store is created and never changes. The incarnation changes when the store was
/// copied or restored, because then two files could give out the same sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreIdentity {
    /// The installation.
    pub producer: ProducerId,
    /// The life of its store.
    pub incarnation: IncarnationId,
}

/// The wall clock; ids carry it so that they sort by age.
#[allow(
    clippy::disallowed_methods,
    reason = "the store's one clock: it makes ids itself and takes no time from callers"
)]
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

fn random() -> Result<[u8; 10], StoreError> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::new(Reason::Io).with_detail(error))?;
    Ok(bytes)
}

pub(crate) fn new_producer() -> Result<ProducerId, StoreError> {
    Ok(ProducerId::from_time_and_random(now(), random()?))
}

pub(crate) fn new_incarnation() -> Result<IncarnationId, StoreError> {
    Ok(IncarnationId::from_time_and_random(now(), random()?))
}
