//! What the client decides, without what it waits for: the same code that runs between store and network, for a simulation that
//! has a store, a clock and a network of its own. No part of the public interface.

use std::collections::BTreeMap;
use std::future::Future;
use std::task::{Context, Poll, Waker};

use tongqiao_engine::delivery::{EpochNotice, RecordAnswer};
use tongqiao_engine::{Change, EntryKind, EpochBook, Failure};
use tongqiao_protocol::case::ClockStanding;
use tongqiao_protocol::epoch::EpochStatement;
use tongqiao_protocol::{
    ErrorCode, KeyId, KeyRecord, PartyId, RecordId, RecordKind, SignatureValue, SignedRecord, Suite, Timestamp,
    Verifier as _,
};
use tongqiao_store::{Store, StoreError};

use crate::carrier::standing::{self, Known};
use crate::carrier::{Carried, Checked, KeySought, check};
use crate::classify::classify;
use crate::delivery::transmit::{self, Stored};
use crate::delivery::{answer, session};
use crate::exchange::Ask;
use crate::keys::Keys;
use crate::transport::{Response, TransportFailure};
use crate::{Error, SoftwareVerifier, epoch};

/// A key directory that is known from the beginning.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys(BTreeMap<KeyId, KeyRecord>);

impl KnownKeys {
    /// Of these rows.
    pub fn new(rows: impl IntoIterator<Item = KeyRecord>) -> Self {
        Self(rows.into_iter().map(|row| (row.keyid.clone(), row)).collect())
    }

    fn platform(&self, keyid: &KeyId, at: Timestamp) -> Result<&KeyRecord, Error> {
        let row = self.0.get(keyid).filter(|row| row.speaks_for_platform() && row.is_valid_at(at));
        row.ok_or_else(|| Error::of(ErrorCode::SignatureUnknownKey))
    }

    /// The platform's statement of its epoch, if it is the platform's.
    pub fn epoch(&self, body: &[u8]) -> Option<EpochNotice> {
        let record = serde_json::from_slice::<SignedRecord>(body).ok()?;
        let statement = serde_json::from_slice::<EpochStatement>(&record.record).ok()?;
        let keyid = &record.signature.keyid;
        let row = self.platform(keyid, statement.started).ok()?;
        let message = SignedRecord::message(RecordKind::Epoch, keyid, &record.record);
        SoftwareVerifier.verify(&row.public_key, &message, &record.signature.value).ok()?;
        Some(epoch::notice(statement))
    }
}

impl Keys for KnownKeys {
    async fn suite(&self, keyid: &KeyId, at: Timestamp) -> Result<Suite, Error> {
        Ok(self.platform(keyid, at)?.public_key.suite())
    }

    async fn verify(
        &self,
        keyid: &KeyId,
        at: Timestamp,
        message: &[u8],
        signature: &SignatureValue,
    ) -> Result<Suite, Error> {
        let key = &self.platform(keyid, at)?.public_key;
        let verified = SoftwareVerifier.verify(key, message, signature);
        verified.map_err(|error| Error::of(ErrorCode::SignatureMismatch).because(error))?;
        Ok(key.suite())
    }

    async fn record(&self, keyid: &KeyId) -> KeySought {
        self.0.get(keyid).cloned().map_or(KeySought::Unknown, |row| KeySought::Found(Box::new(row)))
    }
}

/// Nothing is waited for where all keys are known.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// The epoch book that a delivery begins with.
///
/// # Errors
/// As the store says.
pub fn epoch_book(store: &dyn Store) -> Result<EpochBook, StoreError> {
    session::read_book(store)
}

/// Whether a commit was refused for what it asks, so that asking again is in vain.
pub fn can_never_succeed(error: &StoreError) -> bool {
    session::can_never_succeed(error)
}

/// One request with records.
pub struct Outgoing {
    kind: EntryKind,
    records: Vec<Stored>,
    damaged: Vec<RecordAnswer>,
    ask: Ask,
}

impl Outgoing {
    /// Reads the records from the store.
    ///
    /// # Errors
    /// As the store says.
    pub fn load(store: &dyn Store, kind: EntryKind, ids: &[RecordId]) -> Result<Self, StoreError> {
        let loaded = transmit::load(store, ids)?;
        let ask = transmit::ask(kind, &loaded.records);
        Ok(Self { kind, records: loaded.records, damaged: loaded.damaged, ask })
    }

    /// Whether there is nothing to send.
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records, in their order.
    pub fn records(&self) -> Vec<RecordId> {
        self.records.iter().map(|record| record.entry.id).collect()
    }

    /// The address.
    pub fn target(&self) -> &str {
        self.ask.path()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.ask.body()
    }

    /// What came of it.
    ///
    /// # Errors
    /// What the delivery takes for a failure of the whole request.
    pub fn judge(
        &self,
        keys: &KnownKeys,
        answer: Result<Response, TransportFailure>,
        now: Timestamp,
    ) -> Result<Vec<RecordAnswer>, Failure> {
        let response = classify(answer, now).map_err(Failure::from)?;
        let mut answers = match self.kind {
            EntryKind::CaseEvent => at_once(answer::case_events(keys, &self.records, response.body())),
            _ => at_once(answer::payment(keys, &self.records, response.body())),
        }?;
        answers.extend(self.damaged.iter().cloned());
        Ok(answers)
    }
}

/// Records of others that a node is offered.
pub struct Taking {
    checked: Vec<Checked>,
    known: Vec<Option<Known>>,
}

impl Taking {
    /// The checks that need no state.
    pub fn check(keys: &KnownKeys, records: Vec<SignedRecord>, may_carry: impl Fn(&PartyId) -> bool) -> Self {
        let check = |record| at_once(check::genuine(keys, record, &may_carry));
        Self { checked: records.into_iter().map(check).collect(), known: Vec::new() }
    }

    /// Looks where each stands; gives what has to be written for those that are new.
    ///
    /// # Errors
    /// As the store says.
    pub fn look(&mut self, store: &dyn Store, now: Timestamp) -> Result<Vec<Change>, StoreError> {
        let (known, changes) = standing::look(store, &self.checked, now)?;
        self.known = known;
        Ok(changes)
    }

    /// What the node says of each, when all is written.
    pub fn tell(self, edge: &PartyId, clock: ClockStanding, now: Timestamp) -> Vec<Carried> {
        standing::tell(edge, clock, self.checked, self.known, now)
    }

    /// Whether looking again helps after this error.
    pub fn was_overtaken(error: &StoreError) -> bool {
        standing::was_overtaken(error)
    }
}
