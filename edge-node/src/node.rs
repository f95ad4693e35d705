//! A running node.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tongqiao::{Client, ClientBuilder, Credentials};

use crate::audit;
use crate::console::{self, Scheme};
use crate::courier::{Copies, Courier};
use crate::ferry::{self, Arrivals};
use crate::link::identity::{Dialling, Register, Speaks};
use crate::link::{Budget, LinkState, Measures, Shaper, Uplink, UplinkParts, Way};
use crate::local_api::{self, Desk};
use crate::{NodeSettings, StartError, settings};

/// The address by which the node's own client names the platform; the link leads to the hub, whatever it says.
const PLATFORM: &str = "https://platform.invalid";

/// Records of one request: half a minute of a link of 64 kbit/s once they are packed.
const BATCH_BYTES: u64 = 256 * 1024;

/// A node that serves until it is dropped or told to stop.
pub struct Node {
    address: SocketAddr,
    client: Client,
    uplink: Arc<Uplink>,
    register: Register,
    console: Option<console::Running>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Node {
    /// Starts a node with the credentials in its folder. Needs no network.
    ///
    /// # Errors
    /// [`StartError`]: settings, credentials without a key for links, a store that cannot be opened, an address that is taken.
    pub async fn start(settings: &NodeSettings) -> Result<Self, StartError> {
        let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
        let copies =
            Copies::open(&settings.data.join("copies")).map_err(|error| StartError::Io("the copies", error))?;
        let copies = Arc::new(copies);
        let register = Register::default();
        let (builder, uplink) =
            Self::prepare(settings, &credentials, Some(Arc::clone(&copies)), &register, Measures::default())?;
        let client = builder.build().await?;
        // Whose the hub's key is, must be known before the first request wants a link.
        client.carrier().directory().await?;
        register.open(client.clone());
        let listener =
            TcpListener::bind(settings.listen).await.map_err(|error| StartError::Io("the node's address", error))?;
        let address = listener.local_addr().map_err(|error| StartError::Io("the node's address", error))?;
        let desk = Desk::new(client.clone(), &credentials, Arc::clone(&uplink), copies, settings.clone());
        let tls = local_api::tls(&settings.data, settings.listen)?;
        let scheme = if tls.is_some() { Scheme::Https } else { Scheme::Http };
        let console = console::Running::start(
            &NodeSettings { listen: address, ..settings.clone() },
            &desk,
            &client,
            &uplink,
            scheme,
        )
        .await?;
        let pages = console.as_ref().map(console::Running::router);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(deliver_when_it_returns(client.clone(), uplink.returns(), stopped.clone()));
        tokio::spawn(ferry::deliver_when_something_arrives(
            client.clone(),
            Arrivals::of(&settings.data),
            stopped.clone(),
        ));
        tokio::spawn(audit::watch_revocations(client.clone(), desk.audit(), stopped.clone()));
        let serving = tokio::spawn(local_api::serve(listener, tls, desk, pages, stopped));
        Ok(Self { address, client, uplink, register, console, stop, serving })
    }

    /// The same client and link without a node: to look at its folder, beside it or in its place. Nothing is delivered.
    pub(crate) async fn at_rest(
        settings: &NodeSettings,
        credentials: &Credentials,
    ) -> Result<(Client, Arc<Uplink>, Register), StartError> {
        Self::at_rest_with(settings, credentials, Measures::default()).await
    }

    /// The same with some of the link's measures left out.
    pub(crate) async fn at_rest_with(
        settings: &NodeSettings,
        credentials: &Credentials,
        measures: Measures,
    ) -> Result<(Client, Arc<Uplink>, Register), StartError> {
        let register = Register::default();
        let (builder, uplink) = Self::prepare(settings, credentials, None, &register, measures)?;
        let client = builder.without_background().build().await?;
        register.open(client.clone());
        Ok((client, uplink, register))
    }

    fn prepare(
        settings: &NodeSettings,
        credentials: &Credentials,
        copies: Option<Arc<Copies>>,
        register: &Register,
        measures: Measures,
    ) -> Result<(ClientBuilder, Arc<Uplink>), StartError> {
        let dialling = |speaks| {
            Dialling::new(register.clone(), credentials, settings.hub_party.clone(), speaks)
                .map_err(|error| StartError::Tls(error.to_string()))
        };
        let shaper = Arc::new(Shaper::new(Instant::now()));
        let line_kbit = if measures.shaper.is_on() { settings.link_kbit } else { 0 };
        Budget { line_kbit, caps: settings.link_hours.clone() }.govern(&shaper);
        let uplink = Uplink::new(UplinkParts {
            hub: settings.hub.clone(),
            choice: settings.link,
            http2: dialling(Speaks::Http2)?,
            quic: dialling(Speaks::Quic)?,
            measures,
            shaper,
            // Who only looks leaves no trace.
            memory: copies.is_some().then(|| settings.data.join("links.json")),
        });
        let uplink = Arc::new(uplink.map_err(|error| StartError::Tls(error.to_string()))?);
        let arrivals = copies.is_some().then(|| Arrivals::of(&settings.data));
        let courier = Courier { uplink: Arc::clone(&uplink), copies, arrivals };
        let mut builder = Client::builder(PLATFORM, credentials.clone())
            .store(settings::store(&settings.data))
            .transport(Arc::new(courier))
            .batch_bytes(BATCH_BYTES)
            .retention_days(settings.retention_days)
            .numbers_in_stock(settings.number_stock);
        for division in &settings.number_divisions {
            builder = builder.division(division);
        }
        if settings.store_limit_bytes > 0 {
            builder = builder.store_limit_bytes(settings.store_limit_bytes);
        }
        Ok((builder, uplink))
    }

    /// Where systems in the office reach it.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the link to the city stands.
    pub fn link(&self) -> LinkState {
        self.uplink.state()
    }

    /// By which way the next request goes to the city.
    pub fn way(&self) -> Way {
        self.uplink.way()
    }

    /// How many connections to the city have begun with early data.
    pub fn early_dials(&self) -> u64 {
        self.uplink.early_dials()
    }

    /// The client by which the node delivers.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Serves nobody any more, gives up what is under way, and waits for that. What is in custody is delivered when the node is
    /// next started.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the node ended abnormally");
        }
        if let Some(console) = self.console {
            console.stop().await;
        }
        self.register.close();
        self.client.close().await;
    }
}

/// What waits for a later attempt is tried as soon as the link is heard again.
async fn deliver_when_it_returns(
    client: Client,
    mut returns: watch::Receiver<u64>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let has_returned = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => false,
            changed = returns.changed() => changed.is_ok(),
        };
        if !has_returned {
            return;
        }
        // Before the events that have these numbers: the platform would put them off.
        if let Err(error) = client.carrier().tell_numbers().await {
            tracing::info!(code = error.code().code(), "to whom numbers were passed on is told later");
        }
        client.outbox().nudge();
    }
}
