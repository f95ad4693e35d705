//! Settings of a client that does not run yet. What is required is an argument of [`Client::builder`](crate::Client).

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tongqiao_engine::Retention;
use tongqiao_protocol::limits::{BATCH_BYTES_MAX, MATERIAL_CHUNK_BYTES_MAX};
use tongqiao_protocol::{DivisionCode, Language};
use tongqiao_store::{MemoryStore, SqliteOptions, SqliteStore, Store};
use url::Url;

use crate::arrangement::Arrangement;
use crate::cases::{CaseLocks, NumberPool};
use crate::client::{Client, Shared};
use crate::clock::{Clock, PlatformClock, SystemClock};
use crate::delivery::Traffic;
use crate::directory::Directory;
use crate::exchange::Exchange;
use crate::identity::{CasServer, IdentityProvider, Keyring};
use crate::items::Mirror;
use crate::materials::Uploads;
use crate::notices::NoticeBoard;
use crate::storage::Storage;
use crate::transport::{HttpTransport, Timeouts, Transport, Trust};
use crate::witness::Witness;
use crate::{Credentials, Error};

/// How many case numbers are kept in stock per division.
const NUMBERS_IN_STOCK: u32 = 200;

/// The smallest batch that may be set.
const BATCH_BYTES_MIN: u64 = 16 * 1024;

/// What may be set, in seconds.
const CONNECT_TIMEOUT: RangeInclusive<u64> = 1..=120;
const STALL_TIMEOUT: RangeInclusive<u64> = 5..=600;

/// Where accepted work is kept.
enum Place {
    File(PathBuf),
    Memory,
}

impl Place {
    /// Where copies of materials lie by default: beside the store.
    fn spool(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => {
                let mut folder = path.clone().into_os_string();
                folder.push(".materials");
                std::path::absolute(folder).ok()
            }
            Self::Memory => None,
        }
    }
}

/// Settings of a client; see [`Client::builder`](crate::Client::builder).
#[must_use]
pub struct ClientBuilder {
    endpoint: String,
    credentials: Credentials,
    store: Option<Place>,
    store_limit: Option<u64>,
    batch_bytes: u64,
    piece_bytes: usize,
    spool: Option<PathBuf>,
    trust: Trust,
    proxy: Option<String>,
    timeouts: Timeouts,
    clock: Arc<dyn Clock>,
    transport: Option<Arc<dyn Transport>>,
    identity: Option<IdentityProvider>,
    cas: Option<CasServer>,
    language: Language,
    divisions: Vec<String>,
    numbers: u32,
    plain: Plain,
    retention_days: u16,
    background: Background,
}

impl ClientBuilder {
    pub(crate) fn new(endpoint: &str, credentials: Credentials) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            credentials,
            store: None,
            store_limit: None,
            batch_bytes: BATCH_BYTES_MAX as u64,
            piece_bytes: MATERIAL_CHUNK_BYTES_MAX,
            spool: None,
            trust: Trust::system(),
            proxy: None,
            timeouts: Timeouts::default(),
            clock: Arc::new(SystemClock),
            transport: None,
            identity: None,
            cas: None,
            language: Language::Chinese,
            divisions: Vec::new(),
            numbers: NUMBERS_IN_STOCK,
            plain: Plain::LoopbackOnly,
            retention_days: Retention::default().days(),
            background: Background::Works,
        }
    }

    /// The file of the durable outbox; created when absent, shared by any number of processes of this machine. Required,
    /// unless [`ClientBuilder::in_memory`] says that nothing need last.
    pub fn store(mut self, path: impl Into<PathBuf>) -> Self {
        self.store = Some(Place::File(path.into()));
        self
    }

    /// Keeps everything in memory, where accepted work is lost with the process: for tests, and for programs that only
    /// read or sign people in.
    pub fn in_memory(mut self) -> Self {
        self.store = Some(Place::Memory);
        self
    }

    /// How many bytes the store may take: beyond them new work is refused with `store.full`, while what was accepted is still
    /// delivered. Only the disk limits it by default, and a store in memory not at all.
    pub const fn store_limit_bytes(mut self, bytes: u64) -> Self {
        self.store_limit = Some(bytes);
        self
    }

    /// How many bytes of records one request carries at most; 4 MiB by default, the most that the platform takes, and 16 KiB at
    /// least. On a slow link less is better: a request that breaks is sent again as a whole.
    pub const fn batch_bytes(mut self, bytes: u64) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// How many bytes a piece of a material has at most; 4 MiB by default, the most that the platform takes, and 16 KiB at least.
    /// Pieces go with the line in any case; on one that is slow and lossy a payment never waits behind a large one.
    pub const fn piece_bytes(mut self, bytes: usize) -> Self {
        self.piece_bytes = bytes;
        self
    }

    /// The folder for copies of materials that are to be sent; by default the store's path with `.materials` at its end. All
    /// processes on one store use the same.
    pub fn spool(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool = Some(folder.into());
        self
    }

    /// Whose server certificates are believed; those of the operating system by default.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// An HTTP proxy for all requests, such as `http://10.0.0.1:3128`. The environment's proxy variables are not read.
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(url.to_owned());
        self
    }

    /// The longest wait for a connection; 10 seconds by default, 1 to 120.
    pub const fn connect_timeout(mut self, longest: Duration) -> Self {
        self.timeouts.connect = longest;
        self
    }

    /// The longest silence: after a request is away until its answer begins (for large records longer, by the slowest upload
    /// that is waited for, 2 KiB a second), and between two pieces of an answer. 60 seconds by default, 5 to 600. A request
    /// that is given up is sent again later, and counts once.
    pub const fn stall_timeout(mut self, longest: Duration) -> Self {
        self.timeouts.stall = longest;
        self
    }

    /// Accepts an `http://` address of another machine: records then travel readable for everybody on the way. For trials in
    /// closed networks; loopback needs no leave.
    pub const fn danger_accept_plain_http(mut self) -> Self {
        self.plain = Plain::Anywhere;
        self
    }

    /// Another clock than the operating system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another transport than HTTP over reqwest; `trust`, `proxy` and the timeouts have no effect then.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The provider at which people sign in.
    pub fn identity(mut self, provider: IdentityProvider) -> Self {
        self.identity = Some(provider);
        self
    }

    /// The CAS server at which people sign in, beside an OpenID provider or instead of one.
    pub fn cas(mut self, server: CasServer) -> Self {
        self.cas = Some(server);
        self
    }

    /// The language in which the platform is asked to explain itself; Chinese by default.
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// A division (six digits or more) for which case numbers are kept in stock from the start, so that a case can be
    /// opened without a network. Other divisions are stocked when they are first used.
    pub fn division(mut self, division: &str) -> Self {
        self.divisions.push(division.to_owned());
        self
    }

    /// How many case numbers are kept in stock per division; 200 by default, 1,000 at most.
    pub const fn numbers_in_stock(mut self, count: u32) -> Self {
        self.numbers = count;
        self
    }

    /// For how many days settled records and their receipts are kept, by the platform's clock; 30 by default, 7 to 3,660. A
    /// platform that was restored from a backup asks for what it lost, and gets no more than is kept.
    pub const fn retention_days(mut self, days: u16) -> Self {
        self.retention_days = days;
        self
    }

    /// Nothing happens by itself: no delivery, no renewal, no forgetting. For a tool that looks at a store on which a service works,
    /// or should; what it accepts, the service delivers.
    pub const fn without_background(mut self) -> Self {
        self.background = Background::Rests;
        self
    }

    /// Opens the store and starts the background tasks. Needs no network: a client that was enrolled once can be built,
    /// and cases can be opened, while the platform is out of reach.
    ///
    /// # Errors
    /// `client.configuration` for a setting that cannot work, or a `store.` code when the file cannot be opened.
    pub async fn build(self) -> Result<Client, Error> {
        let endpoint = endpoint(&self.endpoint, self.plain)?;
        if !(1..=1_000).contains(&self.numbers) {
            return Err(Error::configuration("numbers_in_stock", "1 to 1,000"));
        }
        let Some(retention) = Retention::of_days(self.retention_days) else {
            return Err(Error::configuration("retention_days", "7 to 3,660"));
        };
        if !(BATCH_BYTES_MIN..=BATCH_BYTES_MAX as u64).contains(&self.batch_bytes) {
            return Err(Error::configuration("batch_bytes", "16 KiB to 4 MiB"));
        }
        within("connect_timeout", self.timeouts.connect, CONNECT_TIMEOUT)?;
        within("stall_timeout", self.timeouts.stall, STALL_TIMEOUT)?;
        let Some(place) = self.store else {
            return Err(Error::configuration("store", "a file is needed, or in_memory()"));
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(HttpTransport::new(&self.trust, self.proxy.as_deref(), self.timeouts)?),
        };
        let clock = Arc::new(PlatformClock::new(self.clock));
        let numbers = NumberPool::new(self.numbers);
        for division in &self.divisions {
            let division = DivisionCode::parse(division)
                .map_err(|faults| Error::configuration("division", format!("{division}: {faults}")))?;
            numbers.expect(&division);
        }
        let hop = self.credentials.hop_signer();
        let exchange = Exchange::new(transport, endpoint, Some(hop), Arc::clone(&clock), self.language);
        let spool = self.spool.or_else(|| place.spool());
        let storage = Storage::new(open(place, self.store_limit).await?);
        let directory = Directory::new(self.credentials.platform_keys().to_vec());
        let shared = Arc::new(Shared {
            storage,
            exchange,
            clock,
            credentials: self.credentials,
            directory,
            mirror: Mirror::default(),
            arrangement: Arrangement::default(),
            witness: Witness::default(),
            keyring: self.identity.map(Keyring::new),
            cas: self.cas,
            numbers,
            retention,
            batch_bytes: self.batch_bytes,
            piece_bytes: self.piece_bytes,
            case_locks: CaseLocks::default(),
            notices: NoticeBoard::new(),
            uploads: Uploads::default(),
            spool,
            traffic: Traffic::default(),
            appended: Notify::new(),
            inbox_news: Notify::new(),
            nudged: Notify::new(),
            upkeep: Notify::new(),
            stop: watch::Sender::new(false),
        });
        Ok(match self.background {
            Background::Works => Client::start(shared),
            Background::Rests => Client::at_rest(shared),
        })
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Whether a client works by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Background {
    Works,
    Rests,
}

/// Where requests without TLS may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    /// To this machine.
    LoopbackOnly,
    /// Wherever the caller says.
    Anywhere,
}

pub(crate) fn endpoint(text: &str, plain: Plain) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|error| Error::configuration("endpoint", error))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::configuration("endpoint", "an http or https address without query"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if plain == Plain::Anywhere || is_loopback(&url) => Ok(url),
        "http" => Err(Error::configuration(
            "endpoint",
            "http without TLS to another machine; use https, or danger_accept_plain_http() in a closed network",
        )),
        _ => Err(Error::configuration("endpoint", "an http or https address without query")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn within(setting: &'static str, value: Duration, seconds: RangeInclusive<u64>) -> Result<(), Error> {
    let limits = Duration::from_secs(*seconds.start())..=Duration::from_secs(*seconds.end());
    if limits.contains(&value) {
        return Ok(());
    }
    Err(Error::configuration(setting, format!("{} to {} seconds", seconds.start(), seconds.end())))
}

async fn open(place: Place, limit_bytes: Option<u64>) -> Result<Arc<dyn Store>, Error> {
    let options = limit_bytes.map_or_else(SqliteOptions::default, |bytes| SqliteOptions::default().limit_bytes(bytes));
    let opened = tokio::task::spawn_blocking(move || -> Result<Arc<dyn Store>, tongqiao_store::StoreError> {
        Ok(match place {
            Place::File(path) => Arc::new(SqliteStore::open_with(&path, options)?),
            Place::Memory => Arc::new(MemoryStore::new()?),
        })
    });
    Ok(opened.await.map_err(Error::internal)??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_allowed_to_its_limits_and_no_millisecond_beyond() {
        let millis = Duration::from_millis;
        for (seconds, least, most) in [(CONNECT_TIMEOUT, 1_000, 120_000), (STALL_TIMEOUT, 5_000, 600_000)] {
            let allowed = |value| within("timeout", millis(value), seconds.clone()).is_ok();
            assert_eq!([least - 1, least, most, most + 1].map(allowed), [false, true, true, false]);
        }
        let Timeouts { connect, stall } = Timeouts::default();
        assert!(within("connect", connect, CONNECT_TIMEOUT).and(within("stall", stall, STALL_TIMEOUT)).is_ok());
    }

    #[test]
    fn an_address_without_tls_is_of_this_machine_or_said_aloud() {
        for text in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "https://platform.example/city"] {
            assert!(endpoint(text, Plain::LoopbackOnly).is_ok(), "{text}");
        }
        for text in
            ["http://platform.example", "http://10.0.0.1:8080", "http://127.0.0.1.example", "http://localhost.example"]
        {
            let refused = endpoint(text, Plain::LoopbackOnly).map_err(|error| error.code());
            assert_eq!(refused, Err(tongqiao_protocol::ErrorCode::ClientConfiguration), "{text}");
            assert!(endpoint(text, Plain::Anywhere).is_ok(), "{text}");
        }
        assert!(endpoint("ftp://127.0.0.1", Plain::Anywhere).is_err());
    }
}
