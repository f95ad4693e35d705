//! Randomness: the one file that asks the operating system for it.

use tongqiao_protocol::Timestamp;

use crate::Error;

/// `N` unpredictable bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::no_randomness)?;
    Ok(bytes)
}

/// An unpredictable number, to spread retries.
pub(crate) fn number() -> Result<u64, Error> {
    bytes().map(u64::from_be_bytes)
}

/// A new id of any kind: `id(now, EventId::from_time_and_random)`.
pub(crate) fn id<T>(now: Timestamp, make: fn(Timestamp, [u8; 10]) -> T) -> Result<T, Error> {
    Ok(make(now, bytes()?))
}
