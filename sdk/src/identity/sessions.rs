//! Which sessions of a vendor's own system belong to which session at the provider, so that a logout there ends them here.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{Digest, ErrorCode, Suite, Timestamp};
use tongqiao_store::{Store, StoreError};

use super::VerifiedToken;
use crate::Error;
use crate::client::Shared;
use crate::storage::repeatedly;

/// The longest handle of a vendor's session, in characters.
const HANDLE_CHARS_MAX: usize = 500;
/// How many outlived entries one call clears away.
const SWEPT_MOST: u32 = 32;
/// One page of sessions of a person.
const PAGE: u32 = 500;
/// How long it is remembered that a session at the provider is over: longer than a sign-in may be under way.
const OVER_FOR_MS: i64 = 24 * 3_600 * 1_000;

/// A session of the vendor's own system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    handle: String,
    issuer: String,
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    until: Timestamp,
}

/// The book of sessions; kept in the store, so that any process of this system can end what another began.
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn run(client: tongqiao::Client, signed_in: tongqiao::SignedIn) -> Result<(), tongqiao::Error> {
/// let sessions = client.identity().sessions();
/// sessions.open("cookie-of-this-browser", signed_in.verified(), Duration::from_secs(8 * 3600)).await?;
/// // The person leaves here:
/// sessions.close("cookie-of-this-browser").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

impl Sessions {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Notes that a session of one's own has begun with this sign-in, and how long it lasts at most. `handle` is whatever ends the
    /// session later; the same handle once more takes the place of what was noted.
    ///
    /// # Errors
    /// `identity.login_required` when the provider has said meanwhile that the person has logged out: end the session.
    /// `client.configuration` when the handle is empty or longer than 500 characters.
    pub async fn open(&self, handle: &str, verified: &VerifiedToken, lasts: Duration) -> Result<(), Error> {
        if handle.is_empty() || handle.chars().count() > HANDLE_CHARS_MAX {
            return Err(Error::configuration("handle", "1 to 500 characters"));
        }
        let now = self.shared.clock.local();
        let session = Session {
            handle: handle.to_owned(),
            issuer: verified.subject().issuer().to_owned(),
            subject: verified.subject().id().to_owned(),
            sid: verified.session().map(str::to_owned),
            until: now.plus_millis(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX)),
        };
        let opened = self.shared.storage.ask(move |store| {
            sweep(store, now)?;
            repeatedly(|| open(store, &session))
        });
        match opened.await? {
            Opened::Noted => Ok(()),
            Opened::Over => Err(Error::of(ErrorCode::IdentityLoginRequired)),
        }
    }

    /// Forgets a session that was ended here. One that is not in the book stays so.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn close(&self, handle: &str) -> Result<(), Error> {
        let key = session_key(handle);
        let closed = self.shared.storage.ask(move |store| {
            repeatedly(|| {
                let Some(session) = read(store, &key)? else { return Ok(()) };
                store.commit(gone(&session)).map(drop)
            })
        });
        closed.await
    }

    /// Whether a session is in the book: it was opened, has not outlived its time, and nobody has ended it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn standing(&self, handle: &str) -> Result<SessionStanding, Error> {
        let (key, now) = (session_key(handle), self.shared.clock.local());
        let session = self.shared.storage.ask(move |store| read(store, &key)).await?;
        let runs = session.is_some_and(|session| now < session.until);
        Ok(if runs { SessionStanding::Running } else { SessionStanding::Over })
    }
}

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionStanding {
    /// It does.
    Running,
    /// It does not: ended here, ended by the provider, outlived, or never opened.
    Over,
}

enum Opened {
    Noted,
    Over,
}

/// Whose sessions a logout ends.
#[derive(Debug, Clone)]
pub(super) struct Leaver {
    pub(super) issuer: String,
    pub(super) subject: Option<String>,
    pub(super) sid: Option<String>,
}

impl Leaver {
    /// Under this prefix stand the handles of all sessions that end.
    fn prefix(&self) -> Option<String> {
        match (&self.sid, &self.subject) {
            (Some(sid), _) => Some(place_prefix("sid", &self.issuer, sid)),
            (None, Some(subject)) => Some(place_prefix("sub", &self.issuer, subject)),
            (None, None) => None,
        }
    }

    fn includes(&self, session: &Session) -> bool {
        self.subject.as_ref().is_none_or(|subject| *subject == session.subject)
    }
}

/// A logout that was heard: kept so that the same token once more does nothing new, and says the same again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Heard {
    pub(super) handles: Vec<String>,
}

/// What came of a logout token.
pub(super) enum Ending {
    First(Heard),
    Again(Heard),
}

/// Ends the sessions and notes the token, in one commit.
pub(super) fn end(
    store: &dyn Store,
    leaver: &Leaver,
    jti: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<Ending, StoreError> {
    let key = heard_key(&leaver.issuer, jti);
    if let Some(document) = store.document(Collection::Identity, &key)? {
        let heard = serde_json::from_slice(&document.bytes).unwrap_or(Heard { handles: Vec::new() });
        return Ok(Ending::Again(heard));
    }
    let sessions = sessions_of(store, leaver)?;
    let heard = Heard { handles: sessions.iter().map(|session| session.handle.clone()).collect() };
    let mut changes: Vec<Change> = sessions.iter().flat_map(gone).collect();
    changes.push(put(key.clone(), &heard, Expected::Absent));
    changes.push(outlives(until, &[key]));
    if let Some(sid) = &leaver.sid {
        // Whoever is about to open a session by this very sign-in must learn that it is over.
        let over = over_key(&leaver.issuer, sid);
        let until = now.plus_millis(OVER_FOR_MS);
        changes.push(put(over.clone(), &until, Expected::Any));
        changes.push(outlives(until, &[over]));
    }
    store.commit(changes)?;
    Ok(Ending::First(heard))
}

fn sessions_of(store: &dyn Store, leaver: &Leaver) -> Result<Vec<Session>, StoreError> {
    let Some(prefix) = leaver.prefix() else { return Ok(Vec::new()) };
    let mut sessions = Vec::new();
    let mut after = String::new();
    loop {
        let page = store.documents(Collection::Identity, &prefix, &after, PAGE)?;
        for (key, document) in &page {
            after.clone_from(key);
            let Ok(handle) = serde_json::from_slice::<String>(&document.bytes) else { continue };
            sessions.extend(read(store, &session_key(&handle))?.filter(|session| leaver.includes(session)));
        }
        if page.len() < PAGE as usize {
            return Ok(sessions);
        }
    }
}

fn open(store: &dyn Store, session: &Session) -> Result<Opened, StoreError> {
    if let Some(sid) = &session.sid
        && store.document(Collection::Identity, &over_key(&session.issuer, sid))?.is_some()
    {
        return Ok(Opened::Over);
    }
    let key = session_key(&session.handle);
    let known = store.document(Collection::Identity, &key)?;
    let former = known.as_ref().and_then(|document| serde_json::from_slice::<Session>(&document.bytes).ok());
    // The places of what was noted before go first; what is written after them stands.
    let mut changes: Vec<Change> = former.iter().flat_map(|former| places(former).map(delete)).collect();
    let expected = known.map_or(Expected::Absent, |document| Expected::Version(document.version));
    changes.push(put(key, session, expected));
    changes.extend(places(session).map(|place| put(place, &session.handle, Expected::Any)));
    changes.push(outlives(session.until, &all_keys(session)));
    store.commit(changes)?;
    Ok(Opened::Noted)
}

/// Clears away what has outlived its time, the oldest first.
fn sweep(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    for (key, document) in store.documents(Collection::Identity, EXPIRY, "", SWEPT_MOST)? {
        if key.as_str() >= expiry_prefix(now).as_str() {
            break;
        }
        let keys = serde_json::from_slice::<Vec<String>>(&document.bytes).unwrap_or_default();
        // A handle that was opened anew lives longer than this entry says.
        let first = keys.first().map_or(Ok(None), |key| read(store, key))?;
        let lives_on = first.is_some_and(|session| now < session.until);
        let mut changes = vec![delete(key)];
        changes.extend(keys.into_iter().filter(|_| !lives_on).map(delete));
        store.commit(changes)?;
    }
    Ok(())
}

fn read(store: &dyn Store, key: &str) -> Result<Option<Session>, StoreError> {
    let document = store.document(Collection::Identity, key)?;
    Ok(document.and_then(|document| serde_json::from_slice(&document.bytes).ok()))
}

fn gone(session: &Session) -> Vec<Change> {
    all_keys(session).into_iter().map(delete).collect()
}

fn all_keys(session: &Session) -> Vec<String> {
    std::iter::once(session_key(&session.handle)).chain(places(session)).collect()
}

/// Where the session is found by the person, and by the provider's session.
fn places(session: &Session) -> impl Iterator<Item = String> + use<> {
    let own = hash(&[&session.handle]);
    let by_person = format!("{}{own}", place_prefix("sub", &session.issuer, &session.subject));
    let by_sid = session.sid.as_ref().map(|sid| format!("{}{own}", place_prefix("sid", &session.issuer, sid)));
    std::iter::once(by_person).chain(by_sid)
}

const EXPIRY: &str = "expiry ";

/// Sorts by time: all digits of any time stand in it.
fn expiry_prefix(until: Timestamp) -> String {
    format!("{EXPIRY}{:020}", until.as_millis().max(0))
}

/// Notes that these go after `until`.
fn outlives(until: Timestamp, keys: &[String]) -> Change {
    let parts: Vec<&str> = keys.iter().map(String::as_str).collect();
    put(format!("{} {}", expiry_prefix(until), hash(&parts)), &keys, Expected::Any)
}

fn put(key: String, value: &impl Serialize, expected: Expected) -> Change {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    Change::PutDocument { collection: Collection::Identity, key, expected, bytes }
}

fn delete(key: String) -> Change {
    Change::DeleteDocument { collection: Collection::Identity, key, expected: Expected::Any }
}

fn session_key(handle: &str) -> String {
    format!("session {}", hash(&[handle]))
}

fn place_prefix(by: &str, issuer: &str, value: &str) -> String {
    format!("session-by-{by} {} ", hash(&[issuer, value]))
}

fn heard_key(issuer: &str, jti: &str) -> String {
    format!("logout {}", hash(&[issuer, jti]))
}

fn over_key(issuer: &str, sid: &str) -> String {
    format!("over {}", hash(&[issuer, sid]))
}

/// Each part with its length, so that no two lists of parts are one text.
fn hash(parts: &[&str]) -> String {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    Digest::of(Suite::International, text.as_bytes()).to_string()
}
