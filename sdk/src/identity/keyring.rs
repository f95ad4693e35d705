//! What is cached of the provider's metadata and keys, how old it may become, and when it is asked for anew.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{Client as RelyingParty, ClientSecret};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{ErrorCode, Timestamp};

use super::provider::IdentityProvider;
use super::relying::{Endpoints, Metadata, Party, discover, http_client};
use crate::client::Shared;
use crate::{Error, Secret};

/// The provider is asked for newer keys at most this often: whoever invents key ids must not make us ask for each.
const ASK_PAUSE: Duration = Duration::from_secs(30);

/// What is known of the provider, with the time at which it was heard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CachedKeys {
    metadata: Metadata,
    keys: CoreJsonWebKeySet,
    pub(super) fetched_at: Timestamp,
}

impl CachedKeys {
    /// The keys that the provider publishes.
    pub(super) fn keys(&self) -> &[CoreJsonWebKey] {
        self.keys.keys()
    }

    /// The algorithms that the provider says it signs with.
    pub(super) fn algorithms(&self) -> &[CoreJwsSigningAlgorithm] {
        self.metadata.id_token_signing_alg_values_supported()
    }
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
        let Some(keys) = self.cached(shared).await? else { return self.newer_than(shared, None).await };
        let age = shared.clock.local().millis_since(keys.fetched_at);
        let is_within = |longest: Duration| (0..millis(longest)).contains(&age);
        if is_within(self.provider.keys_fresh_for) {
            return Ok(keys);
        }
        match self.newer_than(shared, Some(&keys)).await {
            Ok(newer) if newer.fetched_at != keys.fetched_at => Ok(newer),
            // Asked in vain a moment ago, or not to be asked at all: what there is has to do, for as long as it may.
            _ if is_within(self.provider.keys_good_for) => Ok(keys),
            Ok(_) => Err(too_old(age)),
            Err(error) => Err(too_old(age).because(error)),
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

    /// What the provider says of endpoints beside those of signing in.
    pub(super) async fn endpoints(&self, shared: &Shared) -> Result<Endpoints, Error> {
        Ok(self.fresh_or_cached(shared).await?.metadata.additional_metadata().clone())
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

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn too_old(age_ms: i64) -> Error {
    Error::of(ErrorCode::IdentityKeysUnavailable)
        .detail(format!("the cached keys are {age_ms} ms old and no longer good"))
}
