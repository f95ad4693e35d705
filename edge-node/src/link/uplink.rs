//! The node's end of the link: by QUIC where UDP gets through, by HTTP/2 where not.
//!
//! Which of them works is found out, remembered for each link, and tried anew now and then: networks that drop UDP are changed,
//! and boxes are carried from one network to another.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Semaphore, watch};
use tongqiao::TransportFailure;

use super::answer::Answered;
use super::call::Call;
use super::dictionary::Dictionary;
use super::http2::Http2;
use super::identity::Dialling;
use super::memory::{Memory, Remembered};
use super::quic::{Measures, Quic, Shaper};
use super::silence::not_connected;
use super::{Lane, Way};

/// Requests under way at once: urgent ones, cases, bulk.
const UNDER_WAY_QUIC: [usize; 3] = [16, 8, 8];
const UNDER_WAY_HTTP2: [usize; 3] = [16, 4, 3];
/// HTTP/2 is taken after so many times that it was reached and QUIC was not; where QUIC has worked before, it takes more.
const STRIKES: u32 = 1;
const STRIKES_WHERE_IT_WORKED: u32 = 3;
/// How soon QUIC is tried again, at first and at last.
const PROBE_FIRST: Duration = Duration::from_secs(5);
const PROBE_LAST: Duration = Duration::from_secs(300);
const PROBE_MOST: Duration = Duration::from_secs(5);

/// While the link is down it is listened for so often, at first and at last, and for so long each time.
const LISTEN_FIRST: Duration = Duration::from_secs(1);
const LISTEN_LAST: Duration = Duration::from_secs(10);
const LISTEN_FOR: Duration = Duration::from_secs(2);

/// How the link stands, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing has been tried yet.
    Unknown,
    /// The last request was answered by the platform.
    Up,
    /// The hub or the platform was not reached.
    Down,
}

/// By which ways a node may reach its hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkChoice {
    /// QUIC where it gets through, HTTP/2 where not.
    #[default]
    Auto,
    /// QUIC alone.
    Quic,
    /// HTTP/2 alone.
    Http2,
}

/// What an uplink is made of.
pub(crate) struct UplinkParts {
    /// Host and port.
    pub(crate) hub: String,
    pub(crate) choice: LinkChoice,
    pub(crate) http2: Dialling,
    pub(crate) quic: Dialling,
    pub(crate) measures: Measures,
    pub(crate) shaper: Arc<Shaper>,
    /// Where it is remembered what is learnt.
    pub(crate) memory: Option<PathBuf>,
}

/// The way to a hub.
pub struct Uplink(Arc<Inside>);

struct Inside {
    choice: LinkChoice,
    http2: Http2,
    quic: Quic,
    places: [[Semaphore; 3]; 2],
    state: watch::Sender<LinkState>,
    /// Counts how often a link that was down was heard again.
    returns: watch::Sender<u64>,
    way: watch::Sender<Way>,
    memory: Memory,
    remembered: std::sync::Mutex<Remembered>,
    strikes: AtomicU32,
    /// Whether the hub has the dictionary, as far as is known.
    dictionary: AtomicBool,
}

impl Uplink {
    /// Must be called where tasks can be started.
    pub(crate) fn new(parts: UplinkParts) -> Result<Self, TransportFailure> {
        let memory = Memory::new(parts.memory);
        let remembered = memory.recall();
        let way = match parts.choice {
            LinkChoice::Auto => remembered.way,
            LinkChoice::Quic => Way::Quic,
            LinkChoice::Http2 => Way::Http2,
        };
        let quic = Quic::new(parts.hub.clone(), parts.quic, parts.measures, Arc::clone(&parts.shaper))?;
        let inside = Arc::new(Inside {
            choice: parts.choice,
            http2: Http2::new(parts.hub, parts.http2.fresh(), parts.shaper),
            quic,
            places: [UNDER_WAY_QUIC.map(Semaphore::new), UNDER_WAY_HTTP2.map(Semaphore::new)],
            state: watch::Sender::new(LinkState::Unknown),
            returns: watch::Sender::new(0),
            way: watch::Sender::new(way),
            memory,
            remembered: std::sync::Mutex::new(remembered),
            strikes: AtomicU32::new(0),
            dictionary: AtomicBool::new(parts.measures.dictionary.is_on()),
        });
        if parts.choice == LinkChoice::Auto && way == Way::Http2 {
            Inside::probe_from_now_on(&inside);
        }
        Ok(Self(inside))
    }

    /// How the link stands.
    pub fn state(&self) -> LinkState {
        *self.0.state.borrow()
    }

    /// Changes whenever a link that was down is heard again.
    pub(crate) fn returns(&self) -> watch::Receiver<u64> {
        self.0.returns.subscribe()
    }

    /// By which way the next request goes.
    pub fn way(&self) -> Way {
        *self.0.way.borrow()
    }

    /// How many connections have begun with early data that the hub took.
    pub fn early_dials(&self) -> u64 {
        self.0.quic.early_dials()
    }

    /// Passes a request on, and brings the platform's answer.
    ///
    /// # Errors
    /// A [`TransportFailure`] that says whether the platform may have heard it.
    pub async fn pass(&self, call: &Call) -> Result<Answered, TransportFailure> {
        let passed = Inside::send(&self.0, call).await;
        let state = if passed.is_ok() { LinkState::Up } else { LinkState::Down };
        let has_changed = self.0.state.send_if_modified(|known| {
            let changed = *known != state;
            *known = state;
            if changed {
                tracing::info!(?state, "the link");
            }
            changed
        });
        if has_changed && state == LinkState::Down {
            Inside::listen_until_it_returns(&self.0);
        }
        passed
    }
}

impl Inside {
    async fn send(inside: &Arc<Self>, call: &Call) -> Result<Answered, TransportFailure> {
        let lane = call.lane();
        let way = *inside.way.borrow();
        let places = &inside.places[usize::from(way == Way::Http2)];
        let place = match lane {
            Lane::Control | Lane::Payment => &places[0],
            Lane::Case => &places[1],
            Lane::Bulk => &places[2],
        };
        // The semaphores are never closed.
        let _place = place.acquire().await.map_err(|_| not_connected("the link is closed"))?;
        let dictionary = inside.dictionary.load(Ordering::Relaxed).then_some(Dictionary::NEWEST);
        if let Some(answered) = Self::send_frame(inside, call, call.encode_with(dictionary)).await? {
            return Ok(answered);
        }
        // Nothing has reached the platform: the hub has said that it cannot read the frame. It may be an older one.
        tracing::info!("the hub has not this version's dictionary");
        inside.dictionary.store(false, Ordering::Relaxed);
        let answered = Self::send_frame(inside, call, call.encode()).await?;
        answered.ok_or_else(|| not_connected("the hub misses a dictionary that was not used"))
    }

    async fn send_frame(inside: &Arc<Self>, call: &Call, frame: Vec<u8>) -> Result<Option<Answered>, TransportFailure> {
        let lane = call.lane();
        // Whoever waited for a place may find the way changed.
        if *inside.way.borrow() == Way::Http2 {
            return inside.http2.exchange(lane, frame).await;
        }
        match (inside.quic.connect().await, inside.choice) {
            (Ok(_), _) => {
                let passed = inside.quic.exchange(lane, &frame, call.early()).await;
                if passed.is_ok() {
                    inside.quic_works();
                }
                passed
            }
            (Err(failure), LinkChoice::Auto) => match inside.http2.connection(lane).await {
                Ok(_) => {
                    Self::strike(inside).await;
                    inside.http2.exchange(lane, frame).await
                }
                Err(_) => Err(failure),
            },
            (Err(failure), _) => Err(failure),
        }
    }

    fn quic_works(&self) {
        self.strikes.store(0, Ordering::Relaxed);
        let works = Remembered { way: Way::Quic, quic_worked: true };
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if *remembered != works {
            *remembered = works;
            self.memory.keep(&works);
        }
    }

    /// HTTP/2 was reached and QUIC was not.
    async fn strike(inside: &Arc<Self>) {
        let strikes = inside.strikes.fetch_add(1, Ordering::Relaxed) + 1;
        let has_worked = inside.remembered.lock().unwrap_or_else(PoisonError::into_inner).quic_worked;
        if strikes < if has_worked { STRIKES_WHERE_IT_WORKED } else { STRIKES } {
            return;
        }
        let changed = inside.way.send_if_modified(|way| {
            let changed = *way != Way::Http2;
            *way = Way::Http2;
            changed
        });
        if !changed {
            return;
        }
        tracing::info!("UDP does not get through here: the link goes over HTTP/2");
        inside.quic.give_up().await;
        {
            let mut remembered = inside.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            remembered.way = Way::Http2;
            inside.memory.keep(&remembered);
        }
        Self::probe_from_now_on(inside);
    }

    /// Listens until the hub is heard, or somebody else has got through.
    fn listen_until_it_returns(inside: &Arc<Self>) {
        let inside = Arc::downgrade(inside);
        tokio::spawn(async move {
            let mut pause = LISTEN_FIRST;
            loop {
                tokio::time::sleep(pause).await;
                let Some(inside) = inside.upgrade() else { return };
                let way = *inside.way.borrow();
                let is_heard = match way {
                    Way::Quic if inside.quic.is_heard(LISTEN_FOR).await => true,
                    Way::Quic if inside.choice == LinkChoice::Quic => false,
                    _ => inside.http2.connection(Lane::Control).await.is_ok(),
                };
                if is_heard || *inside.state.borrow() == LinkState::Up {
                    inside.returns.send_modify(|count| *count += 1);
                    return;
                }
                pause = (pause * 2).min(LISTEN_LAST);
            }
        });
    }

    /// Tries QUIC again and again, until it gets through or nobody needs the link any more.
    fn probe_from_now_on(inside: &Arc<Self>) {
        let inside = Arc::downgrade(inside);
        tokio::spawn(async move {
            let mut pause = PROBE_FIRST;
            loop {
                tokio::time::sleep(pause).await;
                let Some(inside) = inside.upgrade() else { return };
                if inside.quic.is_heard(PROBE_MOST).await && inside.quic.connect().await.is_ok() {
                    tracing::info!("UDP gets through again: the link goes over QUIC");
                    inside.strikes.store(0, Ordering::Relaxed);
                    inside.way.send_replace(Way::Quic);
                    return;
                }
                pause = (pause * 2).min(PROBE_LAST);
            }
        });
    }
}
