//! A running hub.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tongqiao::{Client, Credentials, HttpTransport, Trust};

use crate::link;
use crate::link::identity::{self, Register};
use crate::{HubSettings, SettingsError, StartError, settings};

/// A hub that serves until it is dropped or told to stop.
pub struct Hub {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Hub {
    /// Starts a hub with the credentials in its folder.
    ///
    /// # Errors
    /// [`StartError`]: settings, credentials without a key for links, or an address that is taken.
    pub async fn start(settings: &HubSettings) -> Result<Self, StartError> {
        let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
        let trust = match &settings.platform_authority {
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| SettingsError::Unreadable(path.clone(), error))?;
                Trust::only(&pem)?
            }
            None => Trust::system(),
        };
        let client =
            Client::builder(&settings.platform, credentials.clone()).trust(trust.clone()).in_memory().build().await?;
        // Without it nobody would be known; a platform that is away for the moment is asked again with every handshake.
        if let Err(error) = client.refresh_directory().await {
            tracing::warn!(%error, "the platform's directory cannot be had yet");
        }
        let register = Register::default();
        register.open(client.clone());
        let tls =
            identity::listening(register.clone(), &credentials).map_err(|error| StartError::Tls(error.to_string()))?;
        let listener =
            TcpListener::bind(settings.listen).await.map_err(|error| StartError::Io("the hub's address", error))?;
        let address = listener.local_addr().map_err(|error| StartError::Io("the hub's address", error))?;
        let (stop, stopped) = watch::channel(false);
        let platform = Arc::new(HttpTransport::direct(&trust)?);
        let origin = settings.platform.trim_end_matches('/').to_owned();
        let serving = tokio::spawn(link::serve(listener, tls, client, register, platform, origin, stopped));
        Ok(Self { address, stop, serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections and waits for that.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the hub ended abnormally");
        }
    }
}
