//! A sign-in at a device without keyboard or browser (RFC 8628).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use openidconnect::{
    DeviceAuthorizationResponse, DeviceCodeErrorResponse, DeviceCodeErrorResponseType,
    EmptyExtraDeviceAuthorizationFields, RequestTokenError, Scope,
};
use tongqiao_protocol::{ErrorCode, Timestamp};

use super::keyring::Keyring;
use super::relying::{Asking, Party, Tokens, http_client, token_error};
use super::{SignedIn, signed_in};
use crate::Error;
use crate::client::Shared;
use crate::transport::TransportFailure;

type Answer = DeviceAuthorizationResponse<EmptyExtraDeviceAuthorizationFields>;

/// A sign-in that a device has begun: the code to show, and until when.
///
/// ```no_run
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// let sign_in = client.identity().device_sign_in().await?;
/// println!("{} {}", sign_in.verification_address(), sign_in.user_code());
/// let signed_in = sign_in.wait().await?;
/// println!("{:?}", signed_in.subject().kind());
/// # Ok(()) }
/// ```
pub struct DeviceSignIn {
    shared: Arc<Shared>,
    answer: Answer,
    expires_at: Timestamp,
    pace: Arc<Mutex<Pace>>,
}

/// When the provider may be asked next, and how often from then on.
#[derive(Debug, Clone, Copy)]
struct Pace {
    interval: Duration,
    not_before: Timestamp,
}

impl Pace {
    fn next(interval: Duration, now: Timestamp) -> Self {
        Self { interval, not_before: now.plus_millis(i64::try_from(interval.as_millis()).unwrap_or(i64::MAX)) }
    }
}

impl DeviceSignIn {
    pub(super) async fn begin(shared: Arc<Shared>, keyring: &Keyring) -> Result<Self, Error> {
        let endpoint = keyring.endpoints(&shared).await?.device_authorization_endpoint;
        let endpoint = endpoint
            .ok_or_else(|| Error::of(ErrorCode::IdentityNotOffered).detail("no device_authorization_endpoint"))?;
        let party = keyring.relying_party(&shared).await?.set_device_authorization_url(endpoint);
        let scopes: Vec<_> = keyring.provider().scopes.iter().cloned().map(Scope::new).collect();
        let http = http_client(&shared);
        let asking: Asking<Answer> = Box::pin(async move {
            let request = party.exchange_device_code().add_scopes(scopes);
            request.request_async(&http).await.map_err(token_error)
        });
        let answer = asking.await?;
        let now = shared.clock.local();
        let expires_at = now.plus_millis(i64::try_from(answer.expires_in().as_millis()).unwrap_or(i64::MAX));
        let pace = Arc::new(Mutex::new(Pace::next(answer.interval(), now)));
        Ok(Self { shared, answer, expires_at, pace })
    }

    /// The code to show, as it is to be shown.
    pub fn user_code(&self) -> &str {
        self.answer.user_code().secret()
    }

    /// Where the person types it.
    pub fn verification_address(&self) -> &str {
        self.answer.verification_uri().as_str()
    }

    /// The same address with the code in it, for a QR code beside the shown code; `None` when the provider has none.
    pub fn verification_address_complete(&self) -> Option<&str> {
        self.answer.verification_uri_complete().map(|address| address.secret().as_str())
    }

    /// Until when, by this machine's clock.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// How long is waited between two questions, as the provider last said.
    pub fn interval(&self) -> Duration {
        self.pace().interval
    }

    /// Waits until the person has decided or the code is over, asking as often as the provider allows and not oftener. A broken
    /// connection is waited out.
    ///
    /// Dropping the future asks no longer; a later call goes on, no sooner than the provider allows. The code is good for one
    /// sign-in: should the answer be lost on its way, begin again.
    ///
    /// # Errors
    /// `identity.denied` when the person said no, `identity.sign_in_expired` when nobody decided in time, and what
    /// [`Identity::finish`](super::Identity::finish) may say of the token.
    pub async fn wait(&self) -> Result<SignedIn, Error> {
        self.wait_by(tokio::time::sleep).await
    }

    /// The same with waiting of the caller's own, for a device that shows how long is left or has another idea of time than
    /// tokio's.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub async fn wait_by<F, S>(&self, sleep: F) -> Result<SignedIn, Error>
    where
        F: Fn(Duration) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let keyring = self.shared.keyring.as_ref().ok_or_else(|| Error::of(ErrorCode::ClientConfiguration))?;
        let party = keyring.relying_party(&self.shared).await?;
        let early = self.pace().not_before.millis_since(self.shared.clock.local());
        if let Ok(early @ 1..) = u64::try_from(early) {
            sleep(Duration::from_millis(early)).await;
        }
        let left = self.expires_at.millis_since(self.shared.clock.local());
        let Ok(left) = u64::try_from(left) else { return Err(Error::of(ErrorCode::IdentitySignInExpired)) };
        let question = self.question(party, Duration::from_millis(left), sleep)?;
        signed_in(&self.shared, keyring, &question.await?, None).await
    }

    /// The crate's loop of questions, boxed; it notes each pause, so that another call keeps it too.
    fn question<F, S>(&self, party: Party, left: Duration, sleep: F) -> Result<Asking<Tokens>, Error>
    where
        F: Fn(Duration) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let answer = self.answer_at(self.pace().interval)?;
        let (shared, pace) = (Arc::clone(&self.shared), Arc::clone(&self.pace));
        let pause = move |interval: Duration| {
            *pace.lock().unwrap_or_else(PoisonError::into_inner) = Pace::next(interval, shared.clock.local());
            sleep(interval)
        };
        Ok(ask(Arc::clone(&self.shared), party, answer, left, pause))
    }

    /// The provider's answer with the interval that holds by now.
    fn answer_at(&self, interval: Duration) -> Result<Answer, Error> {
        let mut answer = serde_json::to_value(&self.answer).map_err(Error::internal)?;
        answer["interval"] = interval.as_secs().into();
        serde_json::from_value(answer).map_err(Error::internal)
    }

    fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for DeviceSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceSignIn").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Asks until there is an answer; everything is owned, so that the future is `Send` for every lifetime.
fn ask<S>(
    shared: Arc<Shared>,
    party: Party,
    answer: Answer,
    left: Duration,
    pause: impl Fn(Duration) -> S + Send + Sync + 'static,
) -> Asking<Tokens>
where
    S: Future<Output = ()> + Send + 'static,
{
    let http = http_client(&shared);
    Box::pin(async move {
        let question = party
            .exchange_device_access_token(&answer)
            .map_err(|error| Error::of(ErrorCode::IdentityTokenInvalid).because(error))?
            .set_time_fn(move || {
                // The crate's calendar is reached through the standard library's.
                let elapsed = u64::try_from(shared.clock.local().as_millis()).unwrap_or_default();
                (SystemTime::UNIX_EPOCH + Duration::from_millis(elapsed)).into()
            });
        question.request_async(&http, pause, Some(left)).await.map_err(refused)
    })
}

fn refused(error: RequestTokenError<TransportFailure, DeviceCodeErrorResponse>) -> Error {
    match error {
        RequestTokenError::Request(failure) => Error::from(failure),
        RequestTokenError::ServerResponse(refusal) => match refusal.error() {
            DeviceCodeErrorResponseType::ExpiredToken => Error::of(ErrorCode::IdentitySignInExpired),
            other => Error::of(ErrorCode::IdentityDenied).detail(other.to_string()),
        },
        // The crate's own error may hold the answer with its tokens: only its words are kept.
        RequestTokenError::Parse(error, _) => Error::of(ErrorCode::IdentityTokenInvalid).detail(error.to_string()),
        other => Error::of(ErrorCode::IdentityTokenInvalid).detail(other.to_string()),
    }
}
