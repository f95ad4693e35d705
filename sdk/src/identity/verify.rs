//! Checking a token with cached keys.

use std::time::{Duration, SystemTime};

use openidconnect::core::CoreGenderClaim;
use openidconnect::{ClaimsVerificationError, IdTokenClaims, Nonce, SignatureVerificationError};
use tongqiao_protocol::{ErrorCode, Timestamp};

use super::keyring::{CachedKeys, Keyring};
use super::relying::Token;
use super::subject::Claims;
use super::{Assurance, Subject};
use crate::Error;
use crate::client::Shared;

type TokenClaims = IdTokenClaims<Claims, CoreGenderClaim>;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    subject: Subject,
    assurance: Option<Assurance>,
    session: Option<String>,
    expires_at: Timestamp,
    keys_fetched_at: Timestamp,
    keys_age: Duration,
}

impl VerifiedToken {
    /// Who.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// How sure the provider is; `None` when it does not say.
    pub const fn assurance(&self) -> Option<&Assurance> {
        self.assurance.as_ref()
    }

    /// The provider's session (`sid`), by which it says later that the person has logged out; `None` when it does not say.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// When the token ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the keys that verified it were fetched: a key revoked since then is still believed here.
    pub const fn keys_fetched_at(&self) -> Timestamp {
        self.keys_fetched_at
    }

    /// How old they were when they verified it.
    pub const fn keys_age(&self) -> Duration {
        self.keys_age
    }
}

/// Verifies with keys that are fresh, or as fresh as can be had; when the token's key is not among them, asks for newer ones.
pub(super) async fn verify(
    shared: &Shared,
    keyring: &Keyring,
    token: &Token,
    nonce: Option<&Nonce>,
) -> Result<VerifiedToken, Error> {
    let keys = keyring.fresh_or_cached(shared).await?;
    match check(shared, keyring, &keys, token, nonce) {
        Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
            let newer = keyring.newer_than(shared, Some(&keys)).await?;
            let claims = check(shared, keyring, &newer, token, nonce).map_err(invalid)?;
            believed(shared, &newer, claims)
        }
        Ok(claims) => believed(shared, &keys, claims),
        Err(error) => Err(invalid(error)),
    }
}

fn check<'t>(
    shared: &Shared,
    keyring: &Keyring,
    keys: &CachedKeys,
    token: &'t Token,
    nonce: Option<&Nonce>,
) -> Result<&'t TokenClaims, ClaimsVerificationError> {
    let now = shared.clock.now();
    let party = keyring.relying_party_with(keys);
    // The crate asks for its own calendar's type; it is reached through the standard library's.
    let elapsed = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
    let verifier = party.id_token_verifier().set_time_fn(move || (SystemTime::UNIX_EPOCH + elapsed).into());
    let nonce_fits = |found: Option<&Nonce>| match nonce {
        Some(expected) if found.map(Nonce::secret) != Some(expected.secret()) => Err("another nonce".to_owned()),
        _ => Ok(()),
    };
    token.claims(&verifier, nonce_fits)
}

/// What a token says whose signature and claims were found good.
fn believed(shared: &Shared, keys: &CachedKeys, claims: &TokenClaims) -> Result<VerifiedToken, Error> {
    let more = claims.additional_claims();
    let age_ms = shared.clock.local().millis_since(keys.fetched_at);
    Ok(VerifiedToken {
        subject: more.subject(claims.issuer().as_str(), claims.subject().as_str(), shared.clock.now())?,
        assurance: more.assurance.clone(),
        session: more.sid.clone(),
        expires_at: Timestamp::from_millis(claims.expiration().timestamp_millis()),
        keys_fetched_at: keys.fetched_at,
        keys_age: Duration::from_millis(u64::try_from(age_ms).unwrap_or_default()),
    })
}

fn invalid(error: ClaimsVerificationError) -> Error {
    let code = match &error {
        ClaimsVerificationError::Expired(_) => ErrorCode::IdentityTokenExpired,
        _ => ErrorCode::IdentityTokenInvalid,
    };
    Error::of(code).because(error)
}
