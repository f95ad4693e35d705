//! Checking a token with cached keys.

use std::time::{Duration, SystemTime};

use openidconnect::{ClaimsVerificationError, Nonce, SignatureVerificationError};
use tongqiao_protocol::{ErrorCode, Timestamp};

use super::provider::{CachedKeys, Keyring, Token};
use super::{Assurance, Subject};
use crate::Error;
use crate::client::Shared;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    subject: Subject,
    assurance: Option<Assurance>,
    expires_at: Timestamp,
    keys_fetched_at: Timestamp,
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

    /// When the token ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the keys that verified it were fetched: a key revoked since then is still believed here.
    pub const fn keys_fetched_at(&self) -> Timestamp {
        self.keys_fetched_at
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
            check(shared, keyring, &newer, token, nonce).map_err(invalid)
        }
        other => other.map_err(invalid),
    }
}

fn check(
    shared: &Shared,
    keyring: &Keyring,
    keys: &CachedKeys,
    token: &Token,
    nonce: Option<&Nonce>,
) -> Result<VerifiedToken, ClaimsVerificationError> {
    let now = shared.clock.now();
    let party = keyring.relying_party_with(keys);
    // The crate asks for its own calendar's type; it is reached through the standard library's.
    let elapsed = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
    let verifier = party.id_token_verifier().set_time_fn(move || (SystemTime::UNIX_EPOCH + elapsed).into());
    let nonce_fits = |found: Option<&Nonce>| match nonce {
        Some(expected) if found.map(Nonce::secret) != Some(expected.secret()) => Err("another nonce".to_owned()),
        _ => Ok(()),
    };
    let claims = token.claims(&verifier, nonce_fits)?;
    Ok(VerifiedToken {
        subject: Subject { id: claims.subject().to_string(), kind: claims.additional_claims().kind() },
        assurance: claims.additional_claims().assurance.clone(),
        expires_at: Timestamp::from_millis(claims.expiration().timestamp_millis()),
        keys_fetched_at: keys.fetched_at,
    })
}

fn invalid(error: ClaimsVerificationError) -> Error {
    let code = match &error {
        ClaimsVerificationError::Expired(_) => ErrorCode::IdentityTokenExpired,
        _ => ErrorCode::IdentityTokenInvalid,
    };
    Error::of(code).because(error)
}
