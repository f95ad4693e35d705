//! A signed case event, as far as the model cares.

use tongqiao_engine::{Sequence, StreamKey, SubjectId};
use tongqiao_protocol::{CaseId, Digest, EpochId, IncarnationId, ProducerId, RecordId, Suite};

/// A signed case event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// Its id.
    pub id: RecordId,
    /// Which producer wrote it.
    pub producer: usize,
    /// In which life of its store.
    pub incarnation: u8,
    /// Its place in its stream.
    pub sequence: Sequence,
    /// The revision its author saw.
    pub revision: u64,
    /// What it says: its place in the producer's script.
    pub step: usize,
    /// The kind, by the tables' names.
    pub kind: &'static str,
    /// It only says that nothing happened in the place of this refused event.
    pub abandons: Option<RecordId>,
}

impl Event {
    /// Its stream; the model has one case.
    pub fn stream(&self) -> StreamKey {
        stream(self.producer, self.incarnation)
    }

    /// Its digest: a number that differs for each event.
    pub fn digest(&self) -> Digest {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.id.as_bytes());
        Digest::from_bytes(Suite::International, bytes)
    }
}

/// The stream of a producer's incarnation for the one case.
pub fn stream(producer: usize, incarnation: u8) -> StreamKey {
    StreamKey {
        producer: ProducerId::from_bytes([byte(producer); 16]),
        incarnation: IncarnationId::from_bytes([incarnation; 16]),
        subject: SubjectId::from(CaseId::from_bytes([1; 16])),
    }
}

/// The id of the n-th event that a producer has ever signed.
pub fn event_id(producer: usize, signed: u8) -> RecordId {
    let mut bytes = [0; 16];
    bytes[0] = byte(producer) + 1;
    bytes[1] = signed;
    RecordId::from_bytes(bytes)
}

/// The id of the platform's n-th epoch.
pub fn epoch_id(number: u8) -> EpochId {
    EpochId::from_bytes([number; 16])
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
