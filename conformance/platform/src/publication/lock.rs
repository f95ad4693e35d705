//! Locks case numbers against guessing of their query passwords.
//!
//! Failures are counted by number, whether or not there is such a case: a lock must not tell that there is one. A lock is
//! doubled with each further one; after a day without a failure, or with the right password, all is forgotten.

use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::limits::{QUERY_FAILURES_MAX, QUERY_LOCK_MS, QUERY_LOCK_MS_MAX};
use tongqiao_protocol::{CaseNumber, Timestamp};

use crate::database::DatabaseError;

/// At most so many numbers are watched; a flood of made-up numbers forgets the oldest first.
const WATCHED_MOST: i64 = 100_000;

/// Until when the number is locked, if it is.
pub(super) fn locked_until(
    connection: &Connection,
    number: &CaseNumber,
    now: Timestamp,
) -> Result<Option<Timestamp>, DatabaseError> {
    let until: Option<i64> = connection
        .prepare_cached("SELECT locked_until FROM query_failure WHERE number = ?1")?
        .query_row([number.as_str()], |row| row.get(0))
        .optional()?;
    Ok(until.filter(|until| *until > now.as_millis()).map(Timestamp::from_millis))
}

/// Counts a wrong password; until when the number is locked now, if it is.
pub(super) fn failed(
    connection: &Connection,
    number: &CaseNumber,
    now: Timestamp,
) -> Result<Option<Timestamp>, DatabaseError> {
    forget_old(connection, now)?;
    let known: Option<(u32, u32)> = connection
        .prepare_cached("SELECT failures, locks FROM query_failure WHERE number = ?1")?
        .query_row([number.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (failures, locks) = known.unwrap_or_default();
    let failures = failures + 1;
    let locks_now = failures >= QUERY_FAILURES_MAX;
    let until = if locks_now { now.as_millis() + lasts_ms(locks) } else { 0 };
    let (failures, locks) = if locks_now { (0, locks + 1) } else { (failures, locks) };
    connection
        .prepare_cached(
            "INSERT INTO query_failure (number, failures, locks, locked_until, last) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (number) DO UPDATE SET failures = ?2, locks = ?3, locked_until = ?4, last = ?5",
        )?
        .execute((number.as_str(), failures, locks, until, now.as_millis()))?;
    Ok(locks_now.then(|| Timestamp::from_millis(until)))
}

/// The right password: earlier failures count no more.
pub(super) fn succeeded(connection: &Connection, number: &CaseNumber) -> Result<(), DatabaseError> {
    connection.prepare_cached("DELETE FROM query_failure WHERE number = ?1")?.execute([number.as_str()])?;
    Ok(())
}

fn lasts_ms(locks_before: u32) -> i64 {
    QUERY_LOCK_MS.saturating_mul(1 << locks_before.min(20)).min(QUERY_LOCK_MS_MAX)
}

fn forget_old(connection: &Connection, now: Timestamp) -> Result<(), DatabaseError> {
    connection
        .prepare_cached("DELETE FROM query_failure WHERE last < ?1 AND locked_until <= ?2")?
        .execute((now.as_millis() - QUERY_LOCK_MS_MAX, now.as_millis()))?;
    connection
        .prepare_cached(
            "DELETE FROM query_failure WHERE number IN
                (SELECT number FROM query_failure ORDER BY last DESC LIMIT -1 OFFSET ?1)",
        )?
        .execute([WATCHED_MOST])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lock_is_twice_as_long_as_the_last_and_none_is_longer_than_a_day() {
        assert_eq!(lasts_ms(0), QUERY_LOCK_MS);
        assert_eq!(lasts_ms(1), 2 * QUERY_LOCK_MS);
        assert_eq!(lasts_ms(6), 64 * QUERY_LOCK_MS);
        assert_eq!(lasts_ms(7), QUERY_LOCK_MS_MAX);
        assert_eq!(lasts_ms(u32::MAX), QUERY_LOCK_MS_MAX);
    }
}
