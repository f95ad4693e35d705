//! Starting and stopping a platform.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tongqiao_protocol::Suite;

use crate::Clock;
use crate::app::{AppState, Settings};
use crate::database::Database;
use crate::life::CaseLife;
use crate::server::TlsListener;
use crate::supervision::Arrangement;
use crate::transparency::LogTree;
use crate::{CodeWish, bill, catalogue, enrolment, epoch, inbox, keys, oidc, outgoing, people, routes};

/// How long [`Running::shutdown`] waits for requests under way before it cuts them off.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(2);

/// The platform could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the platform could not start: {0}")]
pub struct StartError(String);

/// A platform; see [`Platform::builder`].
#[derive(Debug)]
pub struct Platform;

impl Platform {
    /// Somebody who can sign in at a sandbox: a synthetic person's stable user id.
    pub fn sandbox_login() -> &'static str {
        people::EVERYBODY.first().map_or("", |person| person.sub)
    }

    /// What to set before a platform starts; every setting has a default but the database.
    pub fn builder() -> Builder {
        Builder {
            database: None,
            clock: Clock::system(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            suite: Suite::International,
            sandbox: false,
            tls: None,
            base_url: None,
        }
    }
}

/// Settings of a platform that does not run yet.
#[derive(Debug)]
pub struct Builder {
    database: Option<PathBuf>,
    clock: Clock,
    listen: SocketAddr,
    suite: Suite,
    sandbox: bool,
    tls: Option<Arc<rustls::ServerConfig>>,
    base_url: Option<String>,
}

impl Builder {
    /// The database file; created when absent. Required.
    #[must_use]
    pub fn database(mut self, path: impl Into<PathBuf>) -> Self {
        self.database = Some(path.into());
        self
    }

    /// The clock; the machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where to listen; 127.0.0.1 and any free port by default.
    #[must_use]
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The suite of what the platform signs for everybody (epoch, directory, catalogue); international by default.
    /// Receipts are signed in the suite of the caller's key.
    #[must_use]
    pub const fn suite(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// Opens `/sandbox/*`: clock, faults, ledger, backup and restore, enrolment codes. Never in production.
    #[must_use]
    pub const fn sandbox(mut self) -> Self {
        self.sandbox = true;
        self
    }

    /// Serves TLS.
    #[must_use]
    pub fn tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// The address that callers know, when it is not the one listened on (behind a proxy, say).
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Makes a one-time enrolment code in the database without serving, as an operator does; a platform may be running on
    /// it.
    ///
    /// # Errors
    /// [`StartError`] with every fault of the wish, or when the database cannot be written.
    pub async fn enrolment_code(self, wish: &CodeWish) -> Result<String, StartError> {
        let grant = wish.grant().map_err(failed)?;
        let path = self.database.ok_or_else(|| StartError("no database file was named".to_owned()))?;
        let expires = self.clock.now().plus_millis(enrolment::CODE_LIFE_MILLIS);
        let database =
            tokio::task::spawn_blocking(move || Database::open(&path)).await.map_err(failed)?.map_err(failed)?;
        let code = database.write(move |connection| enrolment::make_code(connection, &grant, expires)).await;
        database.close().await;
        code.map_err(failed)
    }

    /// Opens the database, listens and serves in the background of the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] when the database cannot be opened or the address is taken.
    pub async fn start(self) -> Result<Running, StartError> {
        let path = self.database.ok_or_else(|| StartError("no database file was named".to_owned()))?;
        let database =
            tokio::task::spawn_blocking(move || Database::open(&path)).await.map_err(failed)?.map_err(failed)?;
        let life = CaseLife::from_specification().map_err(failed)?;
        let arrangement = Arrangement::from_tables().map_err(failed)?;
        let now = self.clock.now();
        let suite = self.suite;
        let (keys, epoch) = database
            .write(move |connection| {
                let keys = keys::PlatformKeys::load(connection)?;
                catalogue::ensure(connection, &keys, suite, now)?;
                oidc::ensure_signing_key(connection)?;
                LogTree::ensure(connection, suite)?;
                Ok::<_, catalogue::CatalogueError>((keys, epoch::current_or_first(connection, now)?))
            })
            .await
            .map_err(failed)?;
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let base_url = self.base_url.unwrap_or_else(|| format!("{scheme}://{}", reachable(address)));
        let outgoing = outgoing::client(self.sandbox).map_err(failed)?;
        let settings = Settings { sandbox: self.sandbox, suite: self.suite, base_url, outgoing };
        let app = AppState::new(database, self.clock.clone(), settings, life, arrangement, keys, epoch);
        // Refunds that were pending when the process ended are paid back now.
        bill::wake_bank(&app);
        // Whoever was owed word of a logout is told now.
        oidc::wake_logouts(&app).await;
        let (stop, stopping) = watch::channel(());
        tokio::spawn(inbox::bring_to_webhooks(app.clone(), stopping.clone()));
        let server = tokio::spawn(serve(listener, self.tls, routes::all(&app), stopping));
        Ok(Running { address, clock: self.clock, app, stop, server })
    }
}

/// "All addresses" is nobody's address: links and the issuer of identities name this machine instead, unless
/// [`Builder::base_url`] knows better.
const fn reachable(listening: SocketAddr) -> SocketAddr {
    match listening {
        SocketAddr::V4(address) if address.ip().is_unspecified() => {
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
        }
        SocketAddr::V6(address) if address.ip().is_unspecified() => {
            SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), address.port())
        }
        other => other,
    }
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError(error.to_string())
}

async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    routes: Router,
    mut stopping: watch::Receiver<()>,
) -> std::io::Result<()> {
    // An error means that the sender is gone, which is as good a reason to stop.
    let stopped = async move { drop(stopping.changed().await) };
    match tls {
        Some(config) => axum::serve(TlsListener::new(listener, config)?, routes).with_graceful_shutdown(stopped).await,
        None => axum::serve(listener, routes).with_graceful_shutdown(stopped).await,
    }
}

/// A platform that runs. Dropping it stops listening; [`Running::shutdown`] also waits.
pub struct Running {
    address: SocketAddr,
    clock: Clock,
    app: AppState,
    stop: watch::Sender<()>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Running {
    /// Where it listens; the port is the one really taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme and authority under which callers reach it.
    pub fn base_url(&self) -> &str {
        &self.app.settings.base_url
    }

    /// Makes a one-time enrolment code that is good for a week. `party` binds it to one name; `divisions` are the
    /// divisions within which the party may write, such as `340700000000`.
    ///
    /// # Errors
    /// [`StartError`] when a name or division is not well formed, or the database fails.
    pub async fn enrolment_code(&self, party: Option<&str>, divisions: &[&str]) -> Result<String, StartError> {
        let grant = enrolment::Grant::department(party, divisions).map_err(failed)?;
        let expires = self.clock.now().plus_millis(enrolment::CODE_LIFE_MILLIS);
        let code = move |connection: &rusqlite::Connection| enrolment::make_code(connection, &grant, expires);
        self.app.database.write(code).await.map_err(failed)
    }

    /// A whole authorization request, to be opened with a browser: somebody is chosen on the sandbox's page, which then
    /// leads to `/callback` of this platform, where the answer is shown. The verifier of its challenge is the example of
    /// RFC 7636, appendix B, so the code can be exchanged by hand.
    pub fn sandbox_sign_in(&self) -> String {
        oidc::example_request(&self.app.settings.base_url, self.address.port())
    }

    /// Its clock, to move it.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Stops listening, lets requests under way finish for two seconds, closes the database.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(());
        if tokio::time::timeout(SHUTDOWN_PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
        self.app.database.close().await;
    }

    /// Serves until the process is told to stop.
    ///
    /// # Errors
    /// When the listening socket failed.
    pub async fn wait(&mut self) -> std::io::Result<()> {
        (&mut self.server).await.map_err(std::io::Error::other)?
    }
}
