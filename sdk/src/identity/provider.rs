//! The provider: its address, how this system is registered there, and how long its keys are believed.

use std::time::Duration;

use openidconnect::{ClientId, IssuerUrl, RedirectUrl};
use tongqiao_protocol::ErrorCode;
use url::Url;

use super::AssuranceScale;
use crate::{Error, Secret};

/// Keys older than this are fetched anew at the next sign-in or token.
const FRESH_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Without a provider to ask, keys are good for so long.
const GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The OpenID provider at which people sign in, and how this system is registered there.
///
/// ```
/// use tongqiao::IdentityProvider;
///
/// let provider = IdentityProvider::new("https://login.example", "civil-affairs", "https://civil.example/back")?;
/// # Ok::<(), tongqiao::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    pub(super) issuer: IssuerUrl,
    pub(super) client_id: ClientId,
    pub(super) client_secret: Option<Secret>,
    pub(super) redirect: RedirectUrl,
    pub(super) scopes: Vec<String>,
    pub(super) assurance_scales: Vec<AssuranceScale>,
    pub(super) keys_fresh_for: Duration,
    pub(super) keys_good_for: Duration,
}

impl IdentityProvider {
    /// The provider's issuer address, our client id there, and the address to which browsers come back.
    ///
    /// # Errors
    /// `client.configuration` when an address is not a URL.
    pub fn new(issuer: &str, client_id: &str, redirect: &str) -> Result<Self, Error> {
        Ok(Self {
            issuer: IssuerUrl::new(issuer.to_owned()).map_err(|error| Error::configuration("issuer", error))?,
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: None,
            redirect: RedirectUrl::new(redirect.to_owned()).map_err(|error| Error::configuration("redirect", error))?,
            scopes: vec!["openid".to_owned()],
            assurance_scales: Vec::new(),
            keys_fresh_for: FRESH_FOR,
            keys_good_for: GOOD_FOR,
        })
    }

    /// The client's secret, for a provider that wants one beside PKCE.
    #[must_use]
    pub fn client_secret(mut self, secret: Secret) -> Self {
        self.client_secret = Some(secret);
        self
    }

    /// The address to which the browser came back, whole.
    pub(super) fn callback(&self, text: &str) -> Result<Url, Error> {
        let address = match Url::parse(text) {
            Err(url::ParseError::RelativeUrlWithoutBase) => self.redirect.url().join(text),
            other => other,
        };
        address.map_err(|error| Error::of(ErrorCode::IdentityStateMismatch).because(error))
    }

    /// Asks for another scope.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.scopes.push(scope.to_owned());
        self
    }

    /// A scale of assurance that the protocol's table does not have.
    #[must_use]
    pub fn assurance_scale(mut self, scale: AssuranceScale) -> Self {
        self.assurance_scales.push(scale);
        self
    }

    /// How old cached keys may become before they are asked for anew; a day by default. A key that the provider has withdrawn
    /// is believed here so long.
    #[must_use]
    pub const fn keys_fresh_for(mut self, longest: Duration) -> Self {
        self.keys_fresh_for = longest;
        self
    }

    /// How old cached keys may become while the provider cannot be reached, before no token is verified with them any more;
    /// seven days by default. How old they were, each [`VerifiedToken`](super::VerifiedToken) says.
    #[must_use]
    pub const fn keys_good_for(mut self, longest: Duration) -> Self {
        self.keys_good_for = longest;
        self
    }
}
