//! A running hub.

mod health;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tongqiao::{Client, Credentials, HttpTransport, Transport, Trust};

use crate::link::QuicDoor;
use crate::link::identity::{self, Register, Speaks};
use crate::link::{self, Counts};
use crate::{HubSettings, StartError, settings};

/// Where the system chose the port, it may be free for TCP alone.
const TRIES: usize = 16;

/// TCP and UDP at the same port.
async fn bind(listen: SocketAddr, tls: rustls::ServerConfig) -> Result<(TcpListener, QuicDoor), StartError> {
    let failed = |error| StartError::Io("the hub's address", error);
    for left in (0..TRIES).rev() {
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        match QuicDoor::open(listener.local_addr().map_err(failed)?, tls.clone()) {
            Ok(quic) => return Ok((listener, quic)),
            Err(error) if left == 0 || listen.port() != 0 => return Err(failed(error)),
            Err(_) => {}
        }
    }
    Err(failed(std::io::ErrorKind::AddrInUse.into()))
}

/// A client of the platform that speaks as the hub, and whom it believes.
pub(crate) async fn platform_client(
    settings: &HubSettings,
    credentials: &Credentials,
) -> Result<(Client, Trust), StartError> {
    let trust = settings::trust(settings.platform_authority.as_deref())?;
    let builder = Client::builder(&settings.platform, credentials.clone()).trust(trust.clone());
    Ok((builder.in_memory().build().await?, trust))
}

/// A hub that serves until it is dropped or told to stop.
pub struct Hub {
    address: SocketAddr,
    watched_at: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Hub {
    /// Starts a hub with the credentials in its folder.
    ///
    /// # Errors
    /// [`StartError`]: settings, credentials without a key for links, or an address that is taken.
    pub async fn start(settings: &HubSettings) -> Result<Self, StartError> {
        Self::start_before(
            settings,
            Arc::new(HttpTransport::direct(&settings::trust(settings.platform_authority.as_deref())?)?),
        )
        .await
    }

    /// Starts a hub before a platform that is reached in another way.
    ///
    /// # Errors
    /// As [`Hub::start`].
    pub async fn start_before(settings: &HubSettings, platform: Arc<dyn Transport>) -> Result<Self, StartError> {
        let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
        let builder = Client::builder(&settings.platform, credentials.clone()).transport(Arc::clone(&platform));
        let client = builder.in_memory().build().await?;
        // Without it nobody would be known; a platform that is away for the moment is asked again with every handshake.
        if let Err(error) = client.refresh_directory().await {
            tracing::warn!(%error, "the platform's directory cannot be had yet");
        }
        let register = Register::default();
        register.open(client.clone());
        let tls = |speaks| {
            identity::listening(register.clone(), &credentials, speaks)
                .map_err(|error| StartError::Tls(error.to_string()))
        };
        let (listener, door) = bind(settings.listen, tls(Speaks::Quic)?).await?;
        let address = listener.local_addr().map_err(|error| StartError::Io("the hub's address", error))?;
        let watcher = |error| StartError::Io("the address at which the hub is watched", error);
        let watched = TcpListener::bind(settings.watch).await.map_err(watcher)?;
        let watched_at = watched.local_addr().map_err(watcher)?;
        let (stop, stopped) = watch::channel(false);
        let origin = settings.platform.trim_end_matches('/').to_owned();
        let tls = tls(Speaks::Http2)?;
        let hub = Arc::new(link::Hub { client, register, platform, origin, counts: Counts::default() });
        let serving = tokio::spawn(async move {
            let quic = link::serve_quic(door, Arc::clone(&hub), stopped.clone());
            let health = health::serve(watched, Arc::clone(&hub), stopped.clone());
            tokio::join!(link::serve(listener, tls, hub, stopped), quic, health);
        });
        Ok(Self { address, watched_at, stop, serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is watched.
    pub const fn watched_at(&self) -> SocketAddr {
        self.watched_at
    }

    /// Ends all connections and waits for that.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the hub ended abnormally");
        }
    }
}
