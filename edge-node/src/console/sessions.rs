//! Who is signed in, and who may not try again for now. All of it ends with the process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tongqiao_protocol::Timestamp;

use super::accounts::{Known, Role};
use super::entropy;

const MINUTE_MS: i64 = 60_000;
/// A session ends then, whatever is done in it: a working day.
const LIFE_MS: i64 = 12 * 60 * MINUTE_MS;
/// So many failures lock a name.
const FAILURES_MOST: u32 = 5;
/// For so long.
const LOCKED_MS: i64 = 15 * MINUTE_MS;
/// Names of which failures are remembered; the oldest makes room.
const NAMES_MOST: usize = 1_000;
/// Sessions at one time.
const SESSIONS_MOST: usize = 1_000;

/// Somebody's session.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) name: String,
    pub(super) shown: String,
    pub(super) role: Role,
    /// Stands in every form, so that another site's form is none of ours.
    pub(super) csrf: String,
    pub(super) began: Timestamp,
    seen: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// Sessions by the hash of their token: what is in memory opens nothing.
pub(super) struct Sessions {
    idle_ms: i64,
    open: Mutex<HashMap<[u8; 32], Session>>,
    failures: Mutex<HashMap<String, Failures>>,
}

fn key(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Sessions {
    pub(super) fn new(idle_minutes: u16) -> Self {
        let idle_ms = i64::from(idle_minutes.max(1)) * MINUTE_MS;
        Self { idle_ms, open: Mutex::default(), failures: Mutex::default() }
    }

    /// Begins a session; the token is for the browser's cookie.
    pub(super) fn begin(&self, known: Known, now: Timestamp) -> std::io::Result<String> {
        let token = entropy::token()?;
        let Known { name, shown, role } = known;
        let session = Session { name, shown, role, csrf: entropy::token()?, began: now, seen: now };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| self.lives(session, now));
        if open.len() >= SESSIONS_MOST {
            return Err(std::io::Error::other("too many sessions"));
        }
        open.insert(key(&token), session);
        Ok(token)
    }

    /// The session of a token, if it has not ended.
    pub(super) fn find(&self, token: &str, now: Timestamp) -> Option<Session> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(token);
        let session = open.get_mut(&key)?;
        if !self.lives(session, now) {
            open.remove(&key);
            return None;
        }
        session.seen = now;
        Some(session.clone())
    }

    pub(super) fn end(&self, token: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(token));
    }

    fn lives(&self, session: &Session, now: Timestamp) -> bool {
        // A clock that was set back ends nothing early; one that jumps ahead only makes people sign in again.
        now.millis_since(session.seen) < self.idle_ms && now.millis_since(session.began) < LIFE_MS
    }

    /// Whether a name may be tried now.
    pub(super) fn may_try(&self, name: &str, now: Timestamp) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let is_locked = failures.get(name).is_some_and(|failures| {
            failures.count >= FAILURES_MOST && now.millis_since(failures.last).abs() < LOCKED_MS
        });
        !is_locked
    }

    /// Notes that a password was wrong; whether the name is locked from now on.
    pub(super) fn failed(&self, name: &str, now: Timestamp) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, failures| now.millis_since(failures.last).abs() < LOCKED_MS);
        if failures.len() >= NAMES_MOST && !failures.contains_key(name) {
            let oldest = failures.iter().min_by_key(|(_, failures)| failures.last).map(|(name, _)| name.clone());
            oldest.and_then(|name| failures.remove(&name));
        }
        let entry = failures.entry(name.to_owned()).or_insert(Failures { count: 0, last: now });
        *entry = Failures { count: entry.count.saturating_add(1), last: now };
        entry.count >= FAILURES_MOST
    }

    /// Forgets the failures of somebody who got in.
    pub(super) fn succeeded(&self, name: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + minutes * MINUTE_MS)
    }

    fn known() -> Known {
        Known { name: "li".to_owned(), shown: "测试经办".to_owned(), role: Role::Clerk }
    }

    #[test]
    fn a_session_ends_with_silence_and_after_a_day_and_when_it_is_ended() {
        let sessions = Sessions::new(15);
        let token = sessions.begin(known(), at(0)).unwrap();
        assert!(sessions.find(&token, at(14)).is_some());
        assert!(sessions.find(&token, at(28)).is_some(), "each request begins the time anew");
        assert!(sessions.find(&token, at(43)).is_none());
        assert!(sessions.find(&token, at(29)).is_none(), "what has ended does not come back");
        let token = sessions.begin(known(), at(0)).unwrap();
        for minute in (0..720).step_by(10) {
            assert!(sessions.find(&token, at(minute)).is_some(), "{minute}");
        }
        assert!(sessions.find(&token, at(720)).is_none());
        let token = sessions.begin(known(), at(0)).unwrap();
        sessions.end(&token);
        assert!(sessions.find(&token, at(0)).is_none() && sessions.find("", at(0)).is_none());
    }

    #[test]
    fn five_failures_lock_a_name_for_a_quarter_of_an_hour_and_no_other() {
        let sessions = Sessions::new(15);
        let locked = (0..5).map(|_| sessions.failed("li", at(0))).collect::<Vec<_>>();
        assert_eq!(locked, [false, false, false, false, true]);
        assert!(!sessions.may_try("li", at(14)) && sessions.may_try("wang", at(0)));
        assert!(sessions.may_try("li", at(15)));
        sessions.failed("wang", at(0));
        sessions.succeeded("wang");
        assert!((0..4).all(|_| !sessions.failed("wang", at(0))));
    }
}
