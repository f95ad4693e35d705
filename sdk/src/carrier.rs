//! Records of others, kept and passed on: what an edge node does beside what every client does.
//!
//! A record that is taken here goes into the same outbox as one's own, and the same delivery brings it to the platform, in the
//! order in which it came. Its author's bytes and signature stay as they are. What is wrong in itself (form, signature, author)
//! is refused at once and leaves no trace; what depends on the state of a case is the platform's to judge.

pub(crate) mod check;
mod ferry;
mod materials;
mod numbers;
pub(crate) mod standing;

use std::sync::Arc;

use tongqiao_protocol::case::{CaseEvent, ClockStanding};
use tongqiao_protocol::custody::{self, CustodyBody};
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{EpochId, EventId, KeyDirectory, KeyId, KeyRecord, PartyId, Problem, SignedRecord, Timestamp};

use self::check::Genuine;
pub use self::ferry::Waiting;
pub use self::materials::{CarriedMaterial, MaterialStanding, MaterialTaken};
pub use self::standing::Carried;
use crate::client::Running;
pub use crate::directory::KeySought;
use crate::{Error, entropy};

/// What carries the records of others; see [`Client::carrier`](crate::Client::carrier).
///
/// ```no_run
/// # async fn run(client: tongqiao::Client, records: Vec<tongqiao::protocol::SignedRecord>) -> Result<(), tongqiao::Error> {
/// use tongqiao::Carried;
///
/// for carried in client.carrier().take(records, |author| author.as_str() == "civil-affairs").await? {
///     if let Carried::InCustody(body) = carried {
///         println!("{} is safe here since {}", body.record, body.time);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Carrier {
    shared: Arc<Running>,
}

impl Carrier {
    pub(crate) const fn new(shared: Arc<Running>) -> Self {
        Self { shared }
    }

    /// Takes case events of authors whom `may_carry` names; says of each, in their order, where it stands. What is new is on disk
    /// when this returns. Offering a record again is harmless and gives the platform's receipt once that is here.
    ///
    /// # Errors
    /// A `store.` code, of which nothing was taken that was not here before; or `client.closed`.
    pub async fn take(
        &self,
        records: Vec<SignedRecord>,
        may_carry: impl Fn(&PartyId) -> bool,
    ) -> Result<Vec<Carried>, Error> {
        self.shared.still_open()?;
        let mut checked = Vec::with_capacity(records.len());
        for record in records {
            checked.push(check::genuine(&**self.shared, record, &may_carry).await);
        }
        let (taken, offered) = standing::settle(&self.shared, checked).await?;
        if taken > 0 {
            self.shared.appended.notify_one();
        }
        Ok(offered)
    }

    /// The platform's receipt of an event that was taken here, as it came; `None` while there is none.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn receipt(&self, event: EventId) -> Result<Option<Receipt>, Error> {
        let bytes = self.shared.storage.ask(move |store| store.receipt(&event.into())).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Who wrote an event that was taken here; `None` when it is not here.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn author(&self, event: EventId) -> Result<Option<PartyId>, Error> {
        let bytes = self.shared.storage.ask(move |store| store.bytes(&event.into())).await?;
        let record = bytes.and_then(|bytes| serde_json::from_slice::<SignedRecord>(&bytes).ok());
        Ok(record.and_then(|record| CaseEvent::parse(&record.record).ok()).map(|event| event.party))
    }

    /// Signs custody receipts, one for each body.
    ///
    /// # Errors
    /// `client.signing_failed`.
    pub fn sign(&self, bodies: &[CustodyBody]) -> Result<Vec<Receipt>, Error> {
        Ok(custody::sign(bodies, self.shared.credentials.author(), &entropy::bytes()?)?)
    }

    /// A key of the platform's directory, whatever its standing; looked up at the platform, now and then, when it is not known
    /// here.
    pub async fn key(&self, keyid: &KeyId) -> KeySought {
        self.shared.directory.key_record(&self.shared, keyid).await
    }

    /// The row of a public key, by its bytes: as whom a peer may be known that has proved to hold it. Only what is known here is
    /// looked at.
    pub fn holder(&self, public_key: &[u8]) -> Option<KeyRecord> {
        self.shared.directory.holder(public_key)
    }

    /// The key directory in use, of this process or of another on the same store; `None` before the first. Nobody is asked.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn directory(&self) -> Result<Option<KeyDirectory>, Error> {
        self.shared.directory.in_use(&self.shared).await
    }

    /// The epoch of the platform that was last heard of.
    pub fn epoch(&self) -> Option<EpochId> {
        *self.shared.exchange.epochs().borrow()
    }

    /// How good the clock is.
    pub fn clock(&self) -> ClockStanding {
        standing_of(&self.shared)
    }
}

/// A record that was looked at, or why it is not taken.
pub(crate) type Checked = Result<Genuine, NotTaken>;

/// Why a record is not taken.
pub(crate) enum NotTaken {
    /// It is wrong in itself.
    Refused(Box<Problem>),
    /// Its key could not be looked up yet.
    KeyNotLookedUp(KeyId),
}

fn standing_of(shared: &Running) -> ClockStanding {
    if shared.clock.is_attested() { ClockStanding::Attested } else { ClockStanding::Free }
}

/// What the node `edge` says of a record that it keeps since `time`.
fn body(edge: &PartyId, genuine: &Genuine, time: Timestamp, clock: ClockStanding) -> CustodyBody {
    let record = genuine.event.id.into();
    CustodyBody::new(record, genuine.digest, edge.clone(), time, clock)
}
