//! Which event of which stream a record is, and what else it says.

use serde_json::Value;
use tongqiao_protocol::case::{CaseEvent, Replacement};
use tongqiao_protocol::{CaseId, ErrorCode, EventId, Fault, IncarnationId, KeyId, PartyId, ProducerId, RecordId};

use super::Arrival;
use crate::json::{self, Faults, Members};
use crate::record::Authentic;
use crate::refusal::Refusal;

const SOURCE_PREFIX: &str = "urn:tongqiao:party:";
const TYPE_PREFIX: &str = "cn.tongqiao.case.";
const TYPE_SUFFIX: &str = ".v1";

/// A case event whose place in its stream is known; the rest of it may still be faulty.
pub(crate) struct Envelope {
    pub(crate) id: EventId,
    /// Whose event it says it is. Another's signature under it is worth nothing.
    pub(crate) source: PartyId,
    pub(crate) case: CaseId,
    pub(crate) stream: StreamKey,
    pub(crate) sequence: i64,
    /// The part of `type` between prefix and version; empty when there is none.
    pub(crate) kind: String,
    /// Which refused event's place it takes.
    pub(crate) replaces: Option<Replacement>,
    /// The whole event, or all that is wrong with it.
    pub(crate) event: Result<CaseEvent, Vec<Fault>>,
    /// Its data as it came, for the conditions of the transition table.
    pub(crate) data: Value,
}

/// First-in-first-out holds within one of these, for each party and case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StreamKey {
    pub(crate) producer: ProducerId,
    pub(crate) incarnation: IncarnationId,
}

impl Envelope {
    /// Reads the envelope of a genuine record.
    pub(super) fn arrival(authentic: Authentic) -> Arrival {
        match Self::read(&authentic.signed.record) {
            Ok(envelope) => Arrival::Event { authentic: Box::new(authentic), envelope: Box::new(envelope) },
            Err((id, refusal)) => Arrival::Unreadable { id, refusal },
        }
    }

    fn read(record: &[u8]) -> Result<Self, (Option<EventId>, Refusal)> {
        let document = json::document(record).map_err(|refusal| (None, refusal))?;
        let event = CaseEvent::parse(record).map_err(|faults| faults.0);
        let faults = Faults::default();
        let Some(members) = Members::of(&document, &faults) else {
            return Err((None, faults.into_refusal()));
        };
        let id = members.parsed::<EventId>("id");
        let source = document.get("source").and_then(Value::as_str).and_then(|text| text.strip_prefix(SOURCE_PREFIX));
        let source = source.and_then(|name| name.parse::<PartyId>().ok());
        if source.is_none() {
            members.fault("source", ErrorCode::RequestInvalidValue);
        }
        let case = members.parsed::<CaseId>("subject");
        let producer = members.parsed::<ProducerId>("producer");
        let incarnation = members.parsed::<IncarnationId>("incarnation");
        let sequence = members.integer("sequence", 1, i64::MAX);
        match (id, source, case, producer, incarnation, sequence) {
            (Some(id), Some(source), Some(case), Some(producer), Some(incarnation), Some(sequence)) => Ok(Self {
                id,
                source,
                case,
                stream: StreamKey { producer, incarnation },
                sequence,
                kind: kind(&document),
                replaces: replacement(&members),
                event,
                data: document.get("data").cloned().unwrap_or_default(),
            }),
            // The stream is not known, so nothing can be recorded; the sender still hears everything that is wrong.
            _ => Err((id, Refusal::of_faults(event.err().unwrap_or_else(|| faults.into_vec())))),
        }
    }

    pub(crate) fn record_id(&self) -> RecordId {
        self.id.into()
    }
}

fn kind(document: &Value) -> String {
    let text = document.get("type").and_then(Value::as_str).unwrap_or_default();
    text.strip_prefix(TYPE_PREFIX).and_then(|rest| rest.strip_suffix(TYPE_SUFFIX)).unwrap_or_default().to_owned()
}

/// Read apart from the rest: a replacement that is faulty itself must still be known for one.
fn replacement(members: &Members<'_>) -> Option<Replacement> {
    let supersedes = members.value("supersedes").and_then(|_| members.optional_parsed("supersedes"));
    let abandons = members.value("abandons").and_then(|_| members.optional_parsed("abandons"));
    abandons.map(Replacement::Abandons).or(supersedes.map(Replacement::Supersedes))
}

/// The key that signed, for the row of the event.
pub(super) fn key_of(authentic: &Authentic) -> &KeyId {
    &authentic.signed.signature.keyid
}
