//! What every handler shares.

use std::sync::{Arc, PoisonError, RwLock};

use tongqiao_protocol::Suite;

use crate::Clock;
use crate::bill::Bank;
use crate::database::Database;
use crate::epoch::CurrentEpoch;
use crate::explanation::Desk;
use crate::guide::GuideShelf;
use crate::keys::PlatformKeys;
use crate::life::CaseLife;
use crate::sandbox::FaultsOnRequest;
use crate::supervision::Arrangement;

/// Shared state; clones are handles on the same platform.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) life: CaseLife,
    pub(crate) arrangement: Arrangement,
    pub(crate) guide: GuideShelf,
    pub(crate) bank: Bank,
    pub(crate) faults: FaultsOnRequest,
    pub(crate) explanations: Desk,
    keys: RwLock<Arc<PlatformKeys>>,
    epoch: RwLock<CurrentEpoch>,
}

/// What the builder decided.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Whether `/sandbox/*` exists.
    pub(crate) sandbox: bool,
    /// The suite of what the platform signs for everybody: epoch, directory, catalogue.
    pub(crate) suite: Suite,
    /// Scheme and authority under which callers reach the platform, such as `http://127.0.0.1:8080`.
    pub(crate) base_url: String,
    /// By which machines are called that a party has named.
    pub(crate) outgoing: reqwest::Client,
}

impl std::ops::Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl AppState {
    pub(crate) fn new(
        database: Database,
        clock: Clock,
        settings: Settings,
        life: CaseLife,
        arrangement: Arrangement,
        keys: PlatformKeys,
        epoch: CurrentEpoch,
    ) -> Self {
        let (keys, epoch) = (RwLock::new(Arc::new(keys)), RwLock::new(epoch));
        Self(Arc::new(Shared {
            database,
            clock,
            settings,
            life,
            arrangement,
            guide: GuideShelf::default(),
            bank: Bank::default(),
            faults: FaultsOnRequest::default(),
            explanations: Desk::default(),
            keys,
            epoch,
        }))
    }
}

impl Shared {
    /// The platform's signing keys.
    pub(crate) fn keys(&self) -> Arc<PlatformKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The running epoch.
    pub(crate) fn epoch(&self) -> CurrentEpoch {
        *self.epoch.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a restored database says.
    pub(crate) fn reload(&self, keys: PlatformKeys, epoch: CurrentEpoch) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        *self.epoch.write().unwrap_or_else(PoisonError::into_inner) = epoch;
    }
}
