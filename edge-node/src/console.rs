//! The clerk's console: pages for the people at the counter of a township office.
//!
//! It is a *system behind the node* and not the node itself: it has credentials and an outbox of its own, and speaks to the node as
//! any department's system does, only without a socket between them. What it says is signed by the hall's own party, taken into
//! custody, passed on and judged like everything else, so that nothing here can accept what another system could not.
//!
//! It is there when `console/credentials.json` stands in the node's folder, under `/console` at the node's own address.
//!
//! What must never happen: that a clerk reads yes before the disk has confirmed; that a form that is sent twice is two cases; that
//! a page shows what identifies a person without a line in the audit file.

mod accounts;
mod desk_transport;
mod entropy;
mod fields;
mod history;
mod ledger;
mod lookup;
mod mask;
mod page;
mod pages;
mod posted;
mod sessions;
mod settings;
mod shifts;
mod stage;
mod upkeep;
mod visitor;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tongqiao::{Client, Credentials};

pub use self::accounts::{AccountFault, Accounts, Role};
use self::history::History;
use self::ledger::Ledger;
use self::sessions::Sessions;
pub use self::settings::ConsoleSettings;
use self::shifts::Shifts;
use crate::audit::Audit;
use crate::link::Uplink;
use crate::local_api::Desk;
use crate::{NodeSettings, StartError};

/// The folder of the console, in the node's.
const FOLDER: &str = "console";
/// The address by which the console's client names its platform; the transport leads to the node, whatever it says.
const NODE: &str = "https://node.invalid";

/// The folder of the console in a node's folder of data.
pub fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// What every page needs; clones are handles.
#[derive(Clone)]
pub(crate) struct Console(Arc<Inside>);

pub(crate) struct Inside {
    /// The hall's own client: its outbox, its numbers, its mirror of the catalogue.
    client: Client,
    /// The node's client, to see what is in custody.
    node: Client,
    uplink: Arc<Uplink>,
    settings: NodeSettings,
    accounts: Accounts,
    sessions: Sessions,
    ledger: Ledger,
    audit: Arc<Audit>,
    history: History,
    shifts: Shifts,
    scheme: Scheme,
    /// Held while something is accepted, so that two presses of a button see each other.
    sending: tokio::sync::Mutex<()>,
    /// Rung when somebody does not want to wait for the next look at the inbox.
    asked: Notify,
}

/// How browsers reach the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// On this machine only.
    Http,
    /// From other machines.
    Https,
}

/// A console that runs.
pub(crate) struct Running {
    console: Console,
    upkeep: JoinHandle<()>,
}

impl Running {
    /// Starts the console of a node; `None` where no credentials for one are in its folder. Needs no network.
    pub(crate) async fn start(
        settings: &NodeSettings,
        desk: &Desk,
        node: &Client,
        uplink: &Arc<Uplink>,
        scheme: Scheme,
    ) -> Result<Option<Self>, StartError> {
        let folder = folder(&settings.data);
        let path = crate::settings::credentials(&folder);
        if !path.is_file() {
            return Ok(None);
        }
        let credentials = Credentials::from_file(path)?;
        let mut builder = Client::builder(NODE, credentials)
            .store(crate::settings::store(&folder))
            .transport(Arc::new(desk_transport::DeskTransport::new(desk.clone())))
            .retention_days(settings.retention_days);
        for division in &settings.console.divisions {
            builder = builder.division(division);
        }
        let client = builder.build().await?;
        let failed = |error| StartError::Io("the console's folder", error);
        let console = Console(Arc::new(Inside {
            client,
            node: node.clone(),
            uplink: Arc::clone(uplink),
            settings: settings.clone(),
            accounts: Accounts::of(&settings.data),
            sessions: Sessions::new(settings.console.idle_minutes),
            ledger: Ledger::open(&folder.join("cases")).map_err(failed)?,
            audit: desk.audit(),
            history: History::default(),
            shifts: Shifts::at(folder.join("shifts.jsonl")),
            scheme,
            sending: tokio::sync::Mutex::new(()),
            asked: Notify::new(),
        }));
        let upkeep = tokio::spawn(upkeep::keep_up(console.clone()));
        Ok(Some(Self { console, upkeep }))
    }

    /// The pages.
    pub(crate) fn router(&self) -> Router {
        pages::router(self.console.clone())
    }

    /// Ends the background work. What was accepted stays in the store.
    pub(crate) async fn stop(self) {
        self.upkeep.abort();
        // Ended by us: there is nothing to learn from it.
        drop(self.upkeep.await);
        self.console.0.client.clone().close().await;
    }
}
