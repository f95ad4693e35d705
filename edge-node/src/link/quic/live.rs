//! A connection to the hub, and whether the line below it is alive.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quinn::{Connection, ReadError, ReadToEndError, RecvStream, SendStream, VarInt, WriteError};
use tokio::sync::watch;
use tokio::time::Instant;
use tongqiao::{Arrival, Silence, TransportFailure};

use super::echo::Echo;
use super::measures::Measures;
use super::nudge::Unconfirmed;
use super::order::Order;
use super::{ANSWERED, NO_DICTIONARY, NO_FRAME, NOT_REACHED, echo};
use crate::link::Lane;
use crate::link::answer::Answered;
use crate::link::silence::{answer_lost, not_connected, patience, timed_out};

/// The largest answer: its first byte and a frame.
const ANSWER_MOST: usize = crate::link::http2::ANSWER_MOST + 1;
/// A line is silent when nothing came back for so long, or for some round trips.
const SILENT_AFTER: Duration = Duration::from_secs(2);
const SILENT_AFTER_ROUND_TRIPS: u32 = 4;
/// Whoever waits for an answer on a silent line waits no longer.
const SILENT_MOST: Duration = Duration::from_secs(25);
/// A line that was heard is dialled without another call, within this time.
const ECHO_GOOD_FOR: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A payment is sent a second time when its answer is not there after this part of a round trip.
const TWIN_AFTER_PART: u32 = 4;
const TWIN_AFTER_LEAST: Duration = Duration::from_millis(25);
/// A stream looks for itself so often. When a hub takes no early data, numbers of streams begin anew, and quinn 0.11 lets the end
/// of an old stream take away the waking of the new one with its number.
const WAKE_EVERY: Duration = Duration::from_millis(250);
/// What is longest ahead of cases gets its turn with them: bulk has a floor.
const BULK_FLOOR_AFTER: Duration = Duration::from_secs(5);
/// How the line below a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// What is sent is confirmed.
    Well,
    /// Nothing comes back.
    Silent,
    /// The connection is given up.
    Gone,
}

/// How far the hub has said who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Not yet: only what may be said twice is said.
    Early,
    /// It has.
    Given,
}

/// Why there is no answer.
pub(super) enum Unanswered {
    /// The hub took no early data: say it again on the same connection.
    TooEarly,
    /// Everything else.
    Failed(TransportFailure),
}

/// A connection to the hub.
pub(super) struct Live {
    connection: Connection,
    proof: watch::Receiver<Proof>,
    health: watch::Sender<Health>,
    order: Order,
    /// Frames of which the hub has not confirmed everything.
    unconfirmed: Unconfirmed,
    measures: Measures,
    /// By which call the line was heard again, and when.
    heard: Mutex<Option<(Echo, Instant)>>,
}

impl Live {
    pub(super) fn new(connection: Connection, proof: watch::Receiver<Proof>, measures: Measures) -> Arc<Self> {
        let live = Arc::new(Self {
            connection,
            proof,
            health: watch::Sender::new(Health::Well),
            order: Order::default(),
            unconfirmed: Unconfirmed::new(),
            measures,
            heard: Mutex::new(None),
        });
        if measures.nudges.is_on() {
            live.unconfirmed.nudge(live.connection.clone());
        }
        if measures.watchdog.is_on() {
            tokio::spawn(watch_over(Arc::clone(&live)));
        }
        live
    }

    pub(super) fn health(&self) -> Health {
        if self.connection.close_reason().is_some() { Health::Gone } else { *self.health.borrow() }
    }

    /// Waits until a silent line is well again, or given up.
    pub(super) async fn decided(&self) -> Health {
        let mut health = self.health.subscribe();
        tokio::select! {
            _ = health.wait_for(|health| *health != Health::Silent) => {}
            _ = self.connection.closed() => {}
        }
        self.health()
    }

    /// The echo that ended it, if it is so fresh that the line may be dialled on its word.
    pub(super) fn fresh_echo(&self) -> Option<Echo> {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.filter(|(_, at)| at.elapsed() < ECHO_GOOD_FOR).map(|(echo, _)| echo)
    }

    /// Gives the connection up: whoever waits for an answer on it learns that none will come.
    pub(super) fn give_up(&self, reason: &str) {
        self.health.send_replace(Health::Gone);
        self.connection.close(VarInt::from_u32(0), reason.as_bytes());
    }

    /// A frame to the hub, and the answer.
    pub(super) async fn exchange(&self, lane: Lane, frame: &[u8], when: Proof) -> Result<Option<Answered>, Unanswered> {
        let mut stream = Unfinished(None);
        let exchanged = tokio::time::timeout(patience(frame.len()), async {
            if when == Proof::Given {
                let mut proof = self.proof.clone();
                let given = proof.wait_for(|proof| *proof == Proof::Given).await;
                drop(given.map_err(|_| Unanswered::Failed(not_connected("the hub has not proved itself")))?);
            }
            let (send, receive) = self.open().await?;
            let first = self.speak(stream.0.insert(send), receive, lane, frame);
            if lane != Lane::Payment || !self.measures.twin.is_on() {
                return first.await;
            }
            tokio::pin!(first);
            match tokio::time::timeout(self.twin_after(), &mut first).await {
                Ok(answered) => answered,
                Err(_) => self.with_twin(first, frame).await,
            }
        });
        tokio::pin!(exchanged);
        let mut health = self.health.subscribe();
        let mut looks = tokio::time::interval(WAKE_EVERY);
        loop {
            tokio::select! {
                exchanged = &mut exchanged => {
                    return exchanged.unwrap_or_else(|_| Err(Unanswered::Failed(timed_out())));
                }
                _ = health.wait_for(|health| *health == Health::Gone) => {
                    let lost = answer_lost("the line was dark, and the connection given up");
                    return Err(Unanswered::Failed(lost));
                }
                _ = looks.tick() => {}
            }
        }
    }

    async fn open(&self) -> Result<(SendStream, RecvStream), Unanswered> {
        self.connection.open_bi().await.map_err(|error| Unanswered::Failed(not_connected(&error.to_string())))
    }

    /// So late that both are not in one packet, nor lost in one burst.
    fn twin_after(&self) -> Duration {
        (self.connection.rtt() / TWIN_AFTER_PART).max(TWIN_AFTER_LEAST)
    }

    /// The same frame once more, on another stream: the hub makes one request of both, and the first answer counts.
    async fn with_twin(
        &self,
        first: impl Future<Output = Result<Option<Answered>, Unanswered>>,
        frame: &[u8],
    ) -> Result<Option<Answered>, Unanswered> {
        let mut stream = Unfinished(None);
        let twin = async {
            let (send, receive) = self.open().await?;
            self.speak(stream.0.insert(send), receive, Lane::Payment, frame).await
        };
        tokio::pin!(first, twin);
        let (answered, other) = tokio::select! {
            answered = &mut first => (answered, None),
            answered = &mut twin => (answered, Some(first)),
        };
        match (answered, other) {
            // What the twin met says nothing of the first.
            (Err(_), Some(first)) => first.await,
            (answered, _) => answered,
        }
    }

    async fn speak(
        &self,
        send: &mut SendStream,
        mut receive: RecvStream,
        lane: Lane,
        frame: &[u8],
    ) -> Result<Option<Answered>, Unanswered> {
        let unconfirmed = self.unconfirmed.wait();
        self.prefer(send, self.order.next(lane));
        // A frame without its end is none: the hub has not acted upon it.
        send.write_all(frame).await.map_err(|error| match error {
            WriteError::ZeroRttRejected => Unanswered::TooEarly,
            other => Unanswered::Failed(TransportFailure::new(Silence::Broken, Arrival::No, other)),
        })?;
        send.finish().map_err(|error| Unanswered::Failed(answer_lost(&error.to_string())))?;
        let confirmed = send.stopped();
        let answer = receive.read_to_end(ANSWER_MOST);
        tokio::pin!(answer, confirmed);
        // The frame is there, and its answer may take its time; until then silence is a sign.
        let answered = tokio::select! {
            answer = &mut answer => Some(answer),
            _ = self.confirmed(confirmed, send, lane) => None,
        };
        drop(unconfirmed);
        let answer = match answered {
            Some(answer) => answer,
            None => answer.await,
        };
        let answer = answer.map_err(|error| match error {
            ReadToEndError::Read(ReadError::ZeroRttRejected) => Unanswered::TooEarly,
            other => Unanswered::Failed(answer_lost(&other.to_string())),
        })?;
        read(&answer).map_err(Unanswered::Failed)
    }

    /// Until the hub has all of the frame. Bulk that takes long gets its turn with cases meanwhile.
    async fn confirmed<T>(&self, confirmed: impl Future<Output = T>, send: &SendStream, lane: Lane) {
        tokio::pin!(confirmed);
        if lane == Lane::Bulk {
            if tokio::time::timeout(BULK_FLOOR_AFTER, &mut confirmed).await.is_ok() {
                return;
            }
            self.prefer(send, self.order.next(Lane::Case));
        }
        confirmed.await;
    }

    fn prefer(&self, send: &SendStream, priority: i32) {
        if self.measures.priorities.is_on() {
            // A stream that is closed already needs none.
            drop(send.set_priority(priority));
        }
    }
}

/// A stream that is given up before its end says so: dropped, it would say that what was written is all.
struct Unfinished(Option<SendStream>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(stream) = &mut self.0 {
            // Where the end was said, the stream stays as it is or is not needed any more.
            drop(stream.reset(VarInt::from_u32(0)));
        }
    }
}

/// The answer; `None` when the hub has not the dictionary of the frame.
fn read(answer: &[u8]) -> Result<Option<Answered>, TransportFailure> {
    let broken = |arrival, detail: &str| TransportFailure::new(Silence::Broken, arrival, detail);
    match answer.split_first() {
        Some((&ANSWERED, frame)) => {
            Answered::decode(frame).map(Some).map_err(|error| broken(Arrival::Perhaps, &error.to_string()))
        }
        Some((&NO_DICTIONARY, _)) => Ok(None),
        Some((&NOT_REACHED, _)) => Err(broken(Arrival::No, "the platform is not reached")),
        Some((&NO_FRAME, _)) => Err(broken(Arrival::No, "the hub cannot read the frame")),
        _ => Err(broken(Arrival::Perhaps, "the platform gave no answer")),
    }
}

/// Looks whether what is sent is confirmed; calls the hub when not, and gives the connection up when the hub answers the call.
///
/// QUIC by itself waits ever longer between its attempts and misses short clear spells. That something is heard of the hub
/// meanwhile says little: it may be an attempt of its own, while ours are still waiting.
async fn watch_over(live: Arc<Live>) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut ear = Ear::default();
    loop {
        tokio::select! {
            _ = live.connection.closed() => return,
            _ = looks.tick() => {}
        }
        let silent_after = SILENT_AFTER.max(live.connection.rtt() * SILENT_AFTER_ROUND_TRIPS);
        if ear.silent_for(&live, Instant::now()) >= silent_after {
            break;
        }
    }
    live.health.send_replace(Health::Silent);
    tracing::info!("nothing comes back over the link");
    let (hub, since) = ([live.connection.remote_address()], Instant::now());
    while since.elapsed() < SILENT_MOST {
        let heard = tokio::select! {
            _ = live.connection.closed() => return,
            heard = echo::listen(&hub, LOOK_EVERY * 10) => heard,
        };
        if let Some(echo) = heard {
            *live.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some((echo, Instant::now()));
            break;
        }
        // Where the call is refused at once, there is no hurry either.
        looks.tick().await;
    }
    live.give_up("silence");
}

/// What was heard of the other end last.
#[derive(Default)]
struct Ear {
    heard: u64,
    /// How much had been said, that wants an answer, when something was heard last.
    said: u64,
    waiting_since: Option<Instant>,
}

impl Ear {
    /// For how long something has been waiting for a sign; zero when nothing is.
    fn silent_for(&mut self, live: &Live, now: Instant) -> Duration {
        let stats = live.connection.stats();
        let frames = stats.frame_tx;
        let said = frames.stream + frames.ping + frames.crypto;
        let is_waiting = live.unconfirmed.is_any();
        self.listen(stats.udp_rx.datagrams, said, is_waiting, now)
    }

    fn listen(&mut self, heard: u64, said: u64, is_waiting: bool, now: Instant) -> Duration {
        if heard != self.heard {
            *self = Self { heard, said, waiting_since: is_waiting.then_some(now) };
        } else if said != self.said || is_waiting {
            self.waiting_since.get_or_insert(now);
        }
        self.waiting_since.map_or(Duration::ZERO, |since| now.duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_something_said_and_nothing_heard_since() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut ear = Ear::default();
        assert_eq!(ear.listen(1, 1, false, at(0)), Duration::ZERO);
        assert_eq!(ear.listen(1, 1, false, at(60)), Duration::ZERO, "nothing was said: nothing is missed");
        assert_eq!(ear.listen(1, 2, false, at(61)), Duration::ZERO);
        assert_eq!(
            ear.listen(1, 5, false, at(64)),
            Duration::from_secs(3),
            "what is said again does not begin it anew"
        );
        assert_eq!(ear.listen(2, 6, false, at(65)), Duration::ZERO);
        assert_eq!(ear.listen(2, 6, false, at(99)), Duration::ZERO);
        assert_eq!(ear.listen(3, 6, true, at(100)), Duration::ZERO);
        assert_eq!(ear.listen(3, 6, true, at(103)), Duration::from_secs(3), "a frame is not confirmed");
        assert_eq!(ear.listen(4, 6, true, at(104)), Duration::ZERO);
    }

    #[test]
    fn an_answer_says_whether_the_platform_was_reached() {
        let arrival = |bytes: &[u8]| read(bytes).err().map(|failure| failure.may_have_arrived());
        assert_eq!(arrival(&[NOT_REACHED]), Some(Arrival::No));
        assert_eq!(arrival(&[NO_FRAME]), Some(Arrival::No));
        assert!(matches!(read(&[NO_DICTIONARY]), Ok(None)));
        for unclear in [&[][..], &[super::super::PERHAPS_REACHED], &[ANSWERED], &[9, 9]] {
            assert_eq!(arrival(unclear), Some(Arrival::Perhaps), "{unclear:?}");
        }
    }
}
