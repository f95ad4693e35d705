//! Logging out: at the provider when the person leaves here, and here when the provider says so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyId, JwsSigningAlgorithm as _};
use serde::Deserialize;
use serde_json::{Map, Value};
use tongqiao_protocol::limits::CLOCK_SKEW_MS_MAX;
use tongqiao_protocol::{ErrorCode, Timestamp};
use url::Url;

use super::keyring::{CachedKeys, Keyring};
use super::sessions::{self, Ending, Leaver};
use crate::client::Shared;
use crate::storage::repeatedly;
use crate::{Error, Secret};

/// The longest logout token that is looked at.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// A logout token without an end is taken for so long after it was made.
const LIFE_MS: i64 = 600_000;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout at the provider: where the browser goes.
#[derive(Debug, Clone)]
pub struct SignOut {
    address: Url,
    state: Option<String>,
}

impl SignOut {
    pub(super) fn new(mut address: Url, client_id: &str, id_token: &str, back: Option<(&str, String)>) -> Self {
        let mut query = address.query_pairs_mut();
        query.append_pair("id_token_hint", id_token).append_pair("client_id", client_id);
        if let Some((return_to, state)) = &back {
            query.append_pair("post_logout_redirect_uri", return_to).append_pair("state", state);
        }
        drop(query);
        Self { address, state: back.map(|(_, state)| state) }
    }

    /// Where the browser goes. The address holds the ID token: it belongs into no log.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// What the provider gives back with the browser; `None` when it is not sent back.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Looks whether the browser came back from this logout. By then the provider's session is over, and so must be one's own.
    ///
    /// # Errors
    /// `identity.state_mismatch` when it came from elsewhere.
    pub fn returned(&self, callback: &str) -> Result<(), Error> {
        let query = callback.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let found = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state");
        match (&self.state, found) {
            (Some(state), Some((_, found))) if *state == found => Ok(()),
            _ => Err(Error::of(ErrorCode::IdentityStateMismatch)),
        }
    }
}

/// What a logout token of the provider has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackChannelLogout {
    handles: Vec<String>,
    repetition: Repetition,
}

/// Whether a logout token came for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repetition {
    /// It did.
    First,
    /// It came before; nothing was changed now.
    Again,
}

impl BackChannelLogout {
    /// The sessions of one's own to end now, by the handles with which they were [opened](super::Sessions::open). The same
    /// once more when the token is repeated, in case the first time ended before all of them were.
    pub fn handles(&self) -> &[String] {
        &self.handles
    }

    /// Whether the token came for the first time.
    pub const fn repetition(&self) -> Repetition {
        self.repetition
    }
}

/// The claims of a logout token (OpenID Connect Back-Channel Logout 1.0, 2.4).
#[derive(Debug, Deserialize)]
struct LogoutClaims {
    iss: String,
    aud: Audience,
    iat: f64,
    exp: Option<f64>,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    events: Map<String, Value>,
    nonce: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<JsonWebKeyId>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// A token taken apart, of which nothing is believed yet.
struct Compact<'t> {
    header: Header,
    signed: &'t str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

fn invalid(reason: &str) -> Error {
    Error::of(ErrorCode::IdentityTokenInvalid).detail(reason)
}

impl<'t> Compact<'t> {
    fn read(token: &'t str) -> Result<Self, Error> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(invalid("the logout token is longer than 16 KiB"));
        }
        let malformed = || invalid("not a signed token in compact form");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
        Ok(Self { header, signed, claims: decode(claims)?, signature: decode(signature)? })
    }

    fn judge_header(&self, allowed: &[CoreJwsSigningAlgorithm]) -> Result<(), Error> {
        let typ = self.header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        if !["jwt", "logout+jwt", "application/logout+jwt"].contains(&typ.as_str()) {
            return Err(invalid("another kind of token"));
        }
        if self.header.crit.is_some() {
            return Err(invalid("a critical header that is not known"));
        }
        let alg = &self.header.alg;
        if alg.uses_shared_secret() || alg.key_type().is_none() || !allowed.contains(alg) {
            return Err(invalid("not an algorithm of the provider's public keys"));
        }
        Ok(())
    }

    /// Whether one of the keys that fit has signed it; `None` when none fits.
    fn is_signed_by(&self, keys: &[CoreJsonWebKey]) -> Option<bool> {
        let kind = self.header.alg.key_type()?;
        let fits = |key: &&CoreJsonWebKey| {
            let is_named = self.header.kid.as_ref().is_none_or(|kid| key.key_id() == Some(kid));
            is_named && *key.key_type() == kind
        };
        let verifies = |key: &CoreJsonWebKey| {
            key.verify_signature(&self.header.alg, self.signed.as_bytes(), &self.signature).is_ok()
        };
        let mut fitting = keys.iter().filter(fits).peekable();
        fitting.peek()?;
        Some(fitting.any(verifies))
    }
}

/// Verifies a logout token and ends what it names.
pub(super) async fn hear(shared: &Shared, keyring: &Keyring, token: &str) -> Result<BackChannelLogout, Error> {
    let compact = Compact::read(token)?;
    let keys = keyring.fresh_or_cached(shared).await?;
    if !signed(shared, keyring, &compact, &keys).await? {
        return Err(invalid("the signature is not the provider's"));
    }
    let claims: LogoutClaims = serde_json::from_slice(&compact.claims)
        .map_err(|error| invalid("not the claims of a logout token").because(error))?;
    let now = shared.clock.now();
    let until = judge(&claims, keyring, now)?;
    let leaver = Leaver { issuer: claims.iss, subject: claims.sub, sid: claims.sid };
    let (jti, local) = (claims.jti, shared.clock.local());
    let ended =
        shared.storage.ask(move |store| repeatedly(|| sessions::end(store, &leaver, &jti, until, local))).await?;
    Ok(match ended {
        Ending::First(heard) => BackChannelLogout { handles: heard.handles, repetition: Repetition::First },
        Ending::Again(heard) => BackChannelLogout { handles: heard.handles, repetition: Repetition::Again },
    })
}

async fn signed(shared: &Shared, keyring: &Keyring, compact: &Compact<'_>, keys: &CachedKeys) -> Result<bool, Error> {
    compact.judge_header(keys.algorithms())?;
    if let Some(known) = compact.is_signed_by(keys.keys()) {
        return Ok(known);
    }
    let newer = keyring.newer_than(shared, Some(keys)).await?;
    Ok(compact.is_signed_by(newer.keys()).unwrap_or(false))
}

/// Checks what a logout token must say; gives until when its id must be remembered.
fn judge(claims: &LogoutClaims, keyring: &Keyring, now: Timestamp) -> Result<Timestamp, Error> {
    let provider = keyring.provider();
    if claims.iss != provider.issuer.as_str() {
        return Err(invalid("another issuer"));
    }
    let is_for_us = |audience: &String| *audience == *provider.client_id.as_str();
    let fits = match &claims.aud {
        Audience::One(audience) => is_for_us(audience),
        Audience::Several(audiences) => audiences.iter().any(is_for_us),
    };
    if !fits {
        return Err(invalid("for another system"));
    }
    if claims.nonce.is_some() {
        return Err(invalid("a logout token has no nonce"));
    }
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(invalid("no logout event"));
    }
    let is_empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
    if claims.jti.is_empty() || (is_empty(&claims.sub) && is_empty(&claims.sid)) {
        return Err(invalid("it names neither a person nor a session, or has no id"));
    }
    let made = instant(claims.iat);
    let ends = claims.exp.map_or_else(|| made.plus_millis(LIFE_MS), instant).plus_millis(CLOCK_SKEW_MS_MAX);
    if made > now.plus_millis(CLOCK_SKEW_MS_MAX) {
        return Err(invalid("made in the future"));
    }
    if ends < now {
        return Err(Error::of(ErrorCode::IdentityTokenExpired));
    }
    Ok(ends)
}

/// Seconds since 1970, as JWT counts; what is no time at all is clamped to one long past or far away.
#[allow(clippy::cast_possible_truncation, reason = "a float is cut to the nearest whole number that there is")]
fn instant(seconds: f64) -> Timestamp {
    Timestamp::from_millis((seconds * 1_000.0) as i64)
}

pub(super) fn hint(id_token: &Secret) -> Result<&str, Error> {
    id_token.expose_text().ok_or_else(|| invalid("the ID token is no text"))
}
