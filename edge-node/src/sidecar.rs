//! The sidecar: a department's own keys and outbox beside its system, for any language that can send JSON.
//!
//! It listens on this machine only, behind a token in a file. A request is plain JSON without signatures; an answer 2xx means that
//! it is on disk, signed and on its way. What the library does for a program in Rust it does for a shell script: numbers, signing,
//! order, retries, receipts. It decides nothing of its own.
//!
//! What must never happen: that it is reached from another machine, that the token is logged, or that yes is said before the disk
//! has confirmed.

mod cases;
mod fault;
mod health;
mod money;
mod reading;
mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tongqiao::{Client, Credentials};
use tongqiao_protocol::ErrorCode;

use self::fault::Fault;
use self::token::Token;
pub(crate) use self::token::file as token_file;
use crate::settings::{self, SettingsError};
use crate::{SidecarSettings, StartError};

/// The largest body of a request.
const BODY_MOST: usize = 1024 * 1024;

/// What every handler needs.
#[derive(Clone)]
pub(crate) struct Beside {
    pub(crate) client: Client,
    token: Arc<Token>,
}

/// A sidecar that serves until it is told to stop.
pub struct Sidecar {
    address: SocketAddr,
    client: Client,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Sidecar {
    /// Starts a sidecar with the credentials in its folder; makes the token where there is none.
    ///
    /// # Errors
    /// [`StartError`]: an address of another machine's reach, credentials, a store that cannot be opened.
    pub async fn start(settings: &SidecarSettings) -> Result<Self, StartError> {
        if !settings.listen.ip().is_loopback() {
            return Err(StartError::Settings(SettingsError::NotLoopback(settings.listen)));
        }
        let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
        let token = Token::of(&settings.data).map_err(|error| StartError::Io("the token", error))?;
        let mut builder = Client::builder(&settings.platform, credentials).store(settings::store(&settings.data));
        if settings.platform_authority.is_some() {
            builder = builder.trust(settings::trust(settings.platform_authority.as_deref())?);
        }
        for division in &settings.divisions {
            builder = builder.division(division);
        }
        let client = builder.build().await?;
        let address = |error| StartError::Io("the sidecar's address", error);
        let listener = TcpListener::bind(settings.listen).await.map_err(address)?;
        let local = listener.local_addr().map_err(address)?;
        let beside = Beside { client: client.clone(), token: Arc::new(token) };
        let (stop, mut stopped) = watch::channel(false);
        let serving = tokio::spawn(async move {
            let stopped = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
            if let Err(error) = axum::serve(listener, router(beside)).with_graceful_shutdown(stopped).await {
                tracing::error!(%error, "the sidecar's interface has ended");
            }
        });
        Ok(Self { address: local, client, stop, serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves nobody any more; what was accepted is delivered when it is next started.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the sidecar ended abnormally");
        }
        self.client.close().await;
    }
}

fn router(beside: Beside) -> Router {
    Router::new()
        .route("/cases", post(cases::open))
        .route("/cases/check", post(cases::check))
        .route("/cases/{case}", get(cases::show))
        .route("/cases/{case}/events", post(cases::append))
        .route("/events/{event}", get(cases::event))
        .route("/events/{event}/replacement", post(cases::replace))
        .route("/items", get(reading::items))
        .route("/inbox", get(reading::inbox))
        .route("/inbox/{entry}/acknowledgement", post(reading::acknowledge))
        .route("/outbox", get(reading::outbox))
        .route("/bills", post(money::create))
        .route("/bills/{bill}", get(money::show))
        .route("/bills/{bill}/void", post(money::void))
        .route("/bills/{bill}/refunds", post(money::refund))
        .fallback(|| async { Fault::of(ErrorCode::RequestUnknownRoute) })
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(middleware::from_fn_with_state(beside.clone(), known))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .with_state(beside)
}

/// Lets in who has the token.
async fn known(State(beside): State<Beside>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shown.is_some_and(|shown| beside.token.is(shown)) {
        return next.run(request).await;
    }
    Fault::of(ErrorCode::SidecarTokenInvalid).into_response()
}

/// An answer that something is on disk.
fn accepted(body: serde_json::Value) -> Response {
    (StatusCode::CREATED, Json(body)).into_response()
}
