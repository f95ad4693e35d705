//! Signing people in: OpenID Connect, authorization code with PKCE, device flow, tokens verified offline; who they are, how
//! sure that is, and which of one's own accounts is theirs.

mod assurance;
mod bindings;
mod cas;
mod device;
mod keyring;
mod logout;
mod provider;
mod relying;
mod sessions;
mod sign_in;
mod subject;
mod verify;

use std::sync::Arc;

use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{
    AuthorizationCode, CsrfToken, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, Scope,
    TokenResponse as _,
};
use tongqiao_protocol::ErrorCode;
use url::Url;

use crate::client::Shared;
use crate::{Error, Secret};
pub use assurance::{Assurance, AssuranceFloor, AssuranceScale};
pub use bindings::{Binding, Bindings};
pub use cas::{CasProtocol, CasServer, CasSignIn, CasSignedIn};
pub use device::DeviceSignIn;
pub(crate) use keyring::Keyring;
pub use logout::{BackChannelLogout, Repetition, SignOut};
pub use provider::IdentityProvider;
use relying::Tokens;
pub use sessions::{SessionStanding, Sessions};
pub use sign_in::{SignIn, SignedIn};
pub use subject::{Mandate, Organisation, Principal, Subject, SubjectKind};
pub use verify::VerifiedToken;

/// Signing people in; see [`Client::identity`](crate::Client::identity).
///
/// ```no_run
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// // 1. Send the browser away, keep `sign_in` in the person's session.
/// let sign_in = client.identity().begin().await?;
/// println!("{}", sign_in.address());
/// // 2. The browser comes back to the redirect address.
/// let callback = "https://civil.example/back?code=…&state=…";
/// let signed_in = client.identity().finish(sign_in, callback).await?;
/// println!("{:?} {:?}", signed_in.subject(), signed_in.assurance());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Identity {
    shared: Arc<Shared>,
}

impl Identity {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Begins a sign-in: gives the address to send the browser to, and what must be kept until it comes back.
    ///
    /// # Errors
    /// `client.configuration` without [`ClientBuilder::identity`](crate::ClientBuilder::identity); an error of the
    /// connection when the provider's metadata is not cached and cannot be fetched.
    pub async fn begin(&self) -> Result<SignIn, Error> {
        let keyring = self.keyring()?;
        let party = keyring.relying_party(&self.shared).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = keyring.provider().scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new);
        let (address, state, nonce) = party
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        Ok(SignIn::new(address, state.secret(), nonce.secret(), verifier.secret()))
    }

    /// Ends a sign-in with the address to which the browser came back: whole, or path and query as a web framework gives them. A `sign_in` is good for one attempt.
    ///
    /// # Errors
    /// `identity.state_mismatch` when the answer belongs to another sign-in, `identity.denied` when the person or the
    /// provider said no, `identity.token_invalid` when the token does not verify, `identity.mandate_ended` for an agent past
    /// his end date, or an error of the connection.
    pub async fn finish(&self, sign_in: SignIn, callback: &str) -> Result<SignedIn, Error> {
        let keyring = self.keyring()?;
        let code = code_of(&keyring.provider().callback(callback)?, &sign_in)?;
        let party = keyring.relying_party(&self.shared).await?;
        let verifier = PkceCodeVerifier::new(sign_in.verifier().to_owned());
        let http = relying::http_client(&self.shared);
        let tokens = relying::exchange_code(party, AuthorizationCode::new(code), verifier, http).await?;
        let nonce = Nonce::new(sign_in.nonce().to_owned());
        signed_in(&self.shared, keyring, &tokens, Some(&nonce)).await
    }

    /// Begins a sign-in at a device without keyboard or browser, such as a terminal in a hall: gives the code that the device
    /// shows. The person types it on his own phone; meanwhile the device [waits](DeviceSignIn::wait).
    ///
    /// # Errors
    /// `identity.not_offered` when the provider has no device flow, `identity.denied` when it refuses this system, or an error of
    /// the connection.
    pub async fn device_sign_in(&self) -> Result<DeviceSignIn, Error> {
        DeviceSignIn::begin(Arc::clone(&self.shared), self.keyring()?).await
    }

    /// Begins a sign-in at the CAS server: gives the address to send the browser to.
    ///
    /// # Errors
    /// `client.configuration` without [`ClientBuilder::cas`](crate::ClientBuilder::cas).
    pub fn cas_begin(&self) -> Result<CasSignIn, Error> {
        Ok(cas::begin(cas::server(&self.shared)?))
    }

    /// Ends a sign-in with the address to which the CAS server has sent the browser back: validates the ticket, which is good once.
    /// A `sign_in` is good for one attempt.
    ///
    /// # Errors
    /// `identity.state_mismatch` when the answer belongs to another sign-in, `identity.denied` when there is no ticket,
    /// `identity.token_invalid` or `identity.token_expired` when the server refuses it or says what cannot be believed,
    /// `identity.mandate_ended` for an agent past his end date, `identity.provider_failed`, or an error of the connection.
    pub async fn cas_finish(&self, sign_in: CasSignIn, callback: &str) -> Result<CasSignedIn, Error> {
        cas::finish(&self.shared, cas::server(&self.shared)?, sign_in, callback).await
    }

    /// Judges how sure a sign-in is: each scale by its own order, never one scale by another.
    ///
    /// # Errors
    /// `identity.assurance_too_low` when it is less than `floor`, on another scale, or not said at all; `client.configuration` when
    /// `floor` names what no table has.
    pub fn require(&self, found: Option<&Assurance>, floor: &AssuranceFloor) -> Result<(), Error> {
        let own = self.shared.keyring.as_ref().map(|keyring| keyring.provider().assurance_scales.as_slice());
        floor.admits(found, own.unwrap_or_default())
    }

    /// Which of one's own accounts belongs to whom.
    pub fn bindings(&self) -> Bindings {
        Bindings::new(Arc::clone(&self.shared))
    }

    /// Verifies an ID token of this relying party with the cached keys, also without a network. Keys older than a day are
    /// fetched anew where that is possible, and an unknown key is asked for, both at most once in half a minute; the answer
    /// says how old the keys are. Without a network they are good for seven days
    /// ([`IdentityProvider::keys_good_for`](crate::IdentityProvider::keys_good_for)).
    ///
    /// # Errors
    /// `identity.token_invalid` when it does not verify, `identity.token_expired`, `identity.mandate_ended` for an agent past his
    /// end date, `identity.keys_unavailable` when no keys are cached, they are too old, or the token's key is not among
    /// them, and the provider cannot be asked.
    pub async fn verify(&self, id_token: &str) -> Result<VerifiedToken, Error> {
        let keyring = self.keyring()?;
        let token = id_token
            .parse::<relying::Token>()
            .map_err(|error| Error::of(ErrorCode::IdentityTokenInvalid).because(error))?;
        verify::verify(&self.shared, keyring, &token, None).await
    }

    /// Fetches the provider's metadata and keys now, so that tokens can be verified without a network later.
    ///
    /// # Errors
    /// An error of the connection, or `client.configuration`.
    pub async fn refresh(&self) -> Result<(), Error> {
        self.keyring()?.fetch(&self.shared).await.map(|_| ())
    }

    /// Which sessions of one's own belong to which session at the provider.
    pub fn sessions(&self) -> Sessions {
        Sessions::new(Arc::clone(&self.shared))
    }

    /// Logs the person out at the provider: gives the address to send the browser to. `return_to` must be registered there as an
    /// address to return to after logging out. [Close](Sessions::close) the session here as well; the provider may say so
    /// once more, which changes nothing.
    ///
    /// # Errors
    /// `identity.not_offered` when the provider has no logout, or an error of the connection.
    pub async fn sign_out(&self, id_token: &Secret, return_to: Option<&str>) -> Result<SignOut, Error> {
        let keyring = self.keyring()?;
        let endpoint = keyring.endpoints(&self.shared).await?.end_session_endpoint;
        let endpoint =
            endpoint.ok_or_else(|| Error::of(ErrorCode::IdentityNotOffered).detail("no end_session_endpoint"))?;
        let back = return_to.map(|address| (address, CsrfToken::new_random().secret().clone()));
        let client_id = keyring.provider().client_id.as_str();
        Ok(SignOut::new(endpoint.url().clone(), client_id, logout::hint(id_token)?, back))
    }

    /// Hears that somebody has logged out at the provider: what it posts to the registered back-channel address, the field
    /// `logout_token`. Verifies it, ends the sessions in the [book](Sessions) and gives their handles; end them, then
    /// answer 200. A repeated token changes nothing and gives the same handles again. Answer 400 on an error that is not
    /// to be [tried again](Error::retry).
    ///
    /// # Errors
    /// `identity.token_invalid` and `identity.token_expired` for what is no logout token for this system, `identity.keys_unavailable`
    /// when its key is not known and the provider cannot be asked.
    pub async fn back_channel_logout(&self, logout_token: &str) -> Result<BackChannelLogout, Error> {
        logout::hear(&self.shared, self.keyring()?, logout_token).await
    }

    fn keyring(&self) -> Result<&Keyring, Error> {
        self.shared.keyring.as_ref().ok_or_else(|| Error::of(ErrorCode::ClientConfiguration))
    }
}

/// Verifies what the provider has sent for a code.
async fn signed_in(
    shared: &Shared,
    keyring: &Keyring,
    tokens: &Tokens,
    nonce: Option<&Nonce>,
) -> Result<SignedIn, Error> {
    let Some(id_token) = tokens.id_token() else {
        return Err(Error::of(ErrorCode::IdentityTokenInvalid).detail("the provider sent no ID token"));
    };
    let verified = verify::verify(shared, keyring, id_token, nonce).await?;
    let access_token = Secret::new(tokens.access_token().secret().as_str());
    Ok(SignedIn::new(verified, Secret::new(id_token.to_string()), access_token))
}

/// The code in the address to which the browser came back.
fn code_of(address: &Url, sign_in: &SignIn) -> Result<String, Error> {
    let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    // The state first: an error that belongs to another sign-in says nothing about this one.
    if value("state").as_deref() != Some(sign_in.state()) {
        return Err(Error::of(ErrorCode::IdentityStateMismatch));
    }
    if let Some(reason) = value("error") {
        return Err(Error::of(ErrorCode::IdentityDenied).detail(reason));
    }
    value("code").ok_or_else(|| Error::of(ErrorCode::IdentityStateMismatch))
}
