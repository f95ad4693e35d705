//! The provider: its address, and what is cached of its metadata and keys.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthorizationCode, Client as RelyingParty, ClientId, ClientSecret, DiscoveryError, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IdToken, IdTokenFields, IssuerUrl, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{ErrorCode, Timestamp};
use url::Url;

use super::subject::Claims;
use crate::client::Shared;
use crate::transport::{Sending, TransportFailure};
use crate::{Error, Secret};

pub(super) type Token = IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(super) type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
pub(super) type Party = RelyingParty<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Keys older than this are fetched anew at the next sign-in or token.
const FRESH_FOR_MS: i64 = 24 * 3_600 * 1_000;
/// The provider is asked for newer keys at most this often: whoever invents key ids must not make us ask for each.
const ASK_PAUSE: Duration = Duration::from_secs(30);

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
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<Secret>,
    redirect: RedirectUrl,
    pub(super) scopes: Vec<String>,
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
}

/// What is known of the provider, with the time at which it was heard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CachedKeys {
    metadata: CoreProviderMetadata,
    keys: CoreJsonWebKeySet,
    pub(super) fetched_at: Timestamp,
}

/// The provider with its cached metadata and keys, in memory and in the store.
pub(crate) struct Keyring {
    provider: IdentityProvider,
    cached: RwLock<Option<Arc<CachedKeys>>>,
    /// Held while the provider is asked, with when that was last and what came of it.
    asking: Mutex<Option<(Instant, Result<(), ErrorCode>)>>,
}

impl Keyring {
    pub(crate) const fn new(provider: IdentityProvider) -> Self {
        Self { provider, cached: RwLock::new(None), asking: Mutex::const_new(None) }
    }

    pub(super) const fn provider(&self) -> &IdentityProvider {
        &self.provider
    }

    /// The relying party with keys that are fresh, or, without a network, with those there are.
    pub(super) async fn relying_party(&self, shared: &Shared) -> Result<Party, Error> {
        Ok(self.relying_party_with(&*self.fresh_or_cached(shared).await?))
    }

    /// Keys that are fresh; older ones when the provider cannot be asked.
    pub(super) async fn fresh_or_cached(&self, shared: &Shared) -> Result<Arc<CachedKeys>, Error> {
        let cached = self.cached(shared).await?;
        let now = shared.clock.local();
        match cached {
            Some(keys) if (0..FRESH_FOR_MS).contains(&now.millis_since(keys.fetched_at)) => Ok(keys),
            Some(keys) => Ok(self.newer_than(shared, Some(&keys)).await.unwrap_or(keys)),
            None => self.newer_than(shared, None).await,
        }
    }

    /// Newer keys than these. Many callers at once make one question; after it none is asked for a while.
    pub(super) async fn newer_than(
        &self,
        shared: &Shared,
        known: Option<&CachedKeys>,
    ) -> Result<Arc<CachedKeys>, Error> {
        let mut asking = self.asking.lock().await;
        let cached = self.cached(shared).await?;
        let is_newer = |keys: &Arc<CachedKeys>| known.is_none_or(|known| keys.keys != known.keys);
        if let Some(newer) = cached.clone().filter(is_newer) {
            return Ok(newer);
        }
        let unavailable = || Error::of(ErrorCode::IdentityKeysUnavailable);
        match (*asking, cached) {
            (Some((at, Ok(()))), Some(keys)) if at.elapsed() < ASK_PAUSE => return Ok(keys),
            (Some((at, Err(code))), Some(_)) if at.elapsed() < ASK_PAUSE => {
                return Err(unavailable().detail(format!("asked a moment ago: {}", code.code())));
            }
            _ => {}
        }
        let fetched = self.fetch(shared).await;
        // Only a search in vain makes a pause: a key that comes into use right after must be found.
        *asking = match &fetched {
            Ok(keys) if is_newer(keys) => None,
            Ok(_) => Some((Instant::now(), Ok(()))),
            Err(error) => Some((Instant::now(), Err(error.code()))),
        };
        fetched.map_err(|error| unavailable().because(error))
    }

    pub(super) fn relying_party_with(&self, keys: &CachedKeys) -> Party {
        let metadata = keys.metadata.clone().set_jwks(keys.keys.clone());
        let secret = self.provider.client_secret.as_ref().and_then(Secret::expose_text).map(str::to_owned);
        RelyingParty::from_provider_metadata(metadata, self.provider.client_id.clone(), secret.map(ClientSecret::new))
            .set_redirect_uri(self.provider.redirect.clone())
    }

    async fn cached(&self, shared: &Shared) -> Result<Option<Arc<CachedKeys>>, Error> {
        if let Some(keys) = self.cached.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(Some(keys));
        }
        let key = self.document_key();
        let stored = shared.storage.ask(move |store| store.document(Collection::Identity, &key)).await?;
        let keys = stored.and_then(|document| serde_json::from_slice::<CachedKeys>(&document.bytes).ok()).map(Arc::new);
        if let Some(keys) = &keys {
            self.remember(keys);
        }
        Ok(keys)
    }

    /// Asks the provider for metadata and keys and keeps them.
    pub(super) async fn fetch(&self, shared: &Shared) -> Result<Arc<CachedKeys>, Error> {
        let metadata = discover(self.provider.issuer.clone(), http_client(shared)).await?;
        let keys = metadata.jwks().clone();
        let cached = Arc::new(CachedKeys { metadata, keys, fetched_at: shared.clock.local() });
        let bytes = serde_json::to_vec(cached.as_ref()).map_err(Error::internal)?;
        let change = Change::PutDocument {
            collection: Collection::Identity,
            key: self.document_key(),
            expected: Expected::Any,
            bytes,
        };
        shared.storage.commit(vec![change]).await?;
        self.remember(&cached);
        Ok(cached)
    }

    fn remember(&self, keys: &Arc<CachedKeys>) {
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(keys));
    }

    fn document_key(&self) -> String {
        format!("keys {}", self.provider.issuer.as_str())
    }
}

/// A question to the provider under way.
type Asking<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Metadata and keys from the provider; boxed so that callers' futures are `Send` for every lifetime.
fn discover(
    issuer: IssuerUrl,
    http: impl Fn(HttpRequest) -> Sending<'static> + Send + Sync + 'static,
) -> Asking<CoreProviderMetadata> {
    Box::pin(async move { CoreProviderMetadata::discover_async(issuer, &http).await.map_err(discovery_error) })
}

/// The tokens for a code; boxed likewise.
pub(super) fn exchange_code(
    party: Party,
    code: AuthorizationCode,
    verifier: PkceCodeVerifier,
    http: impl Fn(HttpRequest) -> Sending<'static> + Send + Sync + 'static,
) -> Asking<StandardTokenResponse<Fields, CoreTokenType>> {
    Box::pin(async move {
        let exchange = party
            .exchange_code(code)
            .map_err(|error| Error::of(ErrorCode::IdentityTokenInvalid).because(error))?
            .set_pkce_verifier(verifier);
        exchange.request_async(&http).await.map_err(token_error)
    })
}

/// The crate's way to our transport.
///
/// It owns what it needs: a future that borrowed it would be `Send` for some lifetimes only, and could not be spawned.
pub(super) fn http_client(shared: &Shared) -> impl Fn(HttpRequest) -> Sending<'static> + use<> {
    let transport = shared.exchange.shared_transport();
    move |request: HttpRequest| {
        let transport = Arc::clone(&transport);
        Box::pin(async move { transport.send(request).await })
    }
}

fn discovery_error(error: DiscoveryError<TransportFailure>) -> Error {
    match error {
        DiscoveryError::Request(failure) => Error::from(failure),
        other => Error::of(ErrorCode::IdentityKeysUnavailable).detail(other.to_string()),
    }
}

/// The code is spent in any case: a sign-in whose exchange failed begins again.
fn token_error(error: RequestTokenError<TransportFailure, StandardErrorResponse<CoreErrorResponseType>>) -> Error {
    match error {
        RequestTokenError::Request(failure) => Error::from(failure),
        RequestTokenError::ServerResponse(refusal) => {
            Error::of(ErrorCode::IdentityDenied).detail(refusal.error().to_string())
        }
        // The crate's own error may hold the answer with its tokens: only its words are kept.
        RequestTokenError::Parse(error, _) => Error::of(ErrorCode::IdentityTokenInvalid).detail(error.to_string()),
        other => Error::of(ErrorCode::IdentityTokenInvalid).detail(other.to_string()),
    }
}
