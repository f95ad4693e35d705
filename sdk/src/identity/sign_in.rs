//! A sign-in under way, and a finished one.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::ErrorCode;
use url::Url;
use zeroize::Zeroize;

use super::{Assurance, Subject, VerifiedToken};
use crate::{Error, Secret};

/// A sign-in under way: the address for the browser, and what must be kept until the browser comes back.
///
/// It belongs into the person's session *on the server*. Several application servers can hand it on with
/// [`SignIn::seal`] and [`SignIn::open`].
#[derive(Serialize, Deserialize)]
pub struct SignIn {
    address: Url,
    state: String,
    nonce: String,
    verifier: String,
}

impl SignIn {
    pub(super) fn new(address: Url, state: &str, nonce: &str, verifier: &str) -> Self {
        Self { address, state: state.to_owned(), nonce: nonce.to_owned(), verifier: verifier.to_owned() }
    }

    /// Where the browser goes.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// By which the answer is told from others; also a good key for the session.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The whole as secret bytes, for a session store.
    pub fn seal(&self) -> Secret {
        Secret::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Takes back what [`SignIn::seal`] gave.
    ///
    /// # Errors
    /// `identity.state_mismatch` when these are other bytes.
    pub fn open(sealed: &Secret) -> Result<Self, Error> {
        serde_json::from_slice(sealed.expose())
            .map_err(|error| Error::of(ErrorCode::IdentityStateMismatch).because(error))
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(super) fn verifier(&self) -> &str {
        &self.verifier
    }
}

impl Drop for SignIn {
    fn drop(&mut self) {
        self.verifier.zeroize();
        self.nonce.zeroize();
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// A person who has signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    verified: VerifiedToken,
    id_token: Secret,
    access_token: Secret,
}

impl SignedIn {
    pub(super) const fn new(verified: VerifiedToken, id_token: Secret, access_token: Secret) -> Self {
        Self { verified, id_token, access_token }
    }

    /// Who.
    pub const fn subject(&self) -> &Subject {
        self.verified.subject()
    }

    /// How sure the provider is, on its own scale.
    pub const fn assurance(&self) -> Option<&Assurance> {
        self.verified.assurance()
    }

    /// What was verified, and with how old keys.
    pub const fn verified(&self) -> &VerifiedToken {
        &self.verified
    }

    /// The ID token, which any process with the same keys can [verify](super::Identity::verify).
    pub const fn id_token(&self) -> &Secret {
        &self.id_token
    }

    /// The access token, for the provider's own services.
    pub const fn access_token(&self) -> &Secret {
        &self.access_token
    }
}
