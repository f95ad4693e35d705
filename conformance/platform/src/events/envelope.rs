//! The CloudEvents envelope of a case event.

use serde_json::Value;
use tongqiao_protocol::{
    CaseId, CaseNumber, ErrorCode, EventId, Fault, IncarnationId, KeyId, PartyId, ProducerId, RecordId, Timestamp,
};

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
    pub(crate) case: CaseId,
    pub(crate) stream: StreamKey,
    pub(crate) sequence: i64,
    /// What the author saw; 0 when unreadable, and then there is a fault.
    pub(crate) revision: i64,
    /// The part of `type` between prefix and version; empty when there is none.
    pub(crate) kind: String,
    pub(crate) source: Option<PartyId>,
    pub(crate) number: Option<CaseNumber>,
    pub(crate) replaces: Option<Replacement>,
    /// The day in China on which it happened, `2026-11-23`; empty when unreadable, and then there is a fault.
    pub(crate) day: String,
    pub(crate) data: Value,
    /// What is wrong with the envelope beyond its place.
    pub(crate) faults: Vec<Fault>,
}

/// First-in-first-out holds within one of these, for each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StreamKey {
    pub(crate) producer: ProducerId,
    pub(crate) incarnation: IncarnationId,
}

/// What an event says of a refused one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replacement {
    /// This stands in its place.
    Supersedes(EventId),
    /// Nothing happened there.
    Abandons(EventId),
}

impl Replacement {
    pub(crate) const fn target(self) -> EventId {
        match self {
            Self::Supersedes(id) | Self::Abandons(id) => id,
        }
    }
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
        let faults = Faults::default();
        let Some(members) = Members::of(&document, &faults) else {
            return Err((None, faults.into_refusal()));
        };
        let id = members.parsed::<EventId>("id");
        let case = members.parsed::<CaseId>("subject");
        let producer = members.parsed::<ProducerId>("producer");
        let incarnation = members.parsed::<IncarnationId>("incarnation");
        let sequence = members.integer("sequence", 1, i64::MAX);
        let rest = Rest::read(&members, &faults);
        match (id, case, producer, incarnation, sequence) {
            (Some(id), Some(case), Some(producer), Some(incarnation), Some(sequence)) => Ok(Self {
                id,
                case,
                stream: StreamKey { producer, incarnation },
                sequence,
                revision: rest.revision,
                kind: rest.kind,
                source: rest.source,
                number: rest.number,
                replaces: rest.replaces,
                day: rest.day,
                data: document.get("data").cloned().unwrap_or_default(),
                faults: faults.into_vec(),
            }),
            _ => Err((id, faults.into_refusal())),
        }
    }

    pub(crate) fn record_id(&self) -> RecordId {
        self.id.into()
    }
}

/// What does not decide the place in the stream.
struct Rest {
    day: String,
    revision: i64,
    kind: String,
    source: Option<PartyId>,
    number: Option<CaseNumber>,
    replaces: Option<Replacement>,
}

impl Rest {
    fn read(members: &Members<'_>, faults: &Faults) -> Self {
        expect(members, faults, "specversion", &["1.0"]);
        expect(members, faults, "datacontenttype", &["application/json"]);
        expect(members, faults, "clock", &["attested", "free"]);
        expect(members, faults, "dataclass", &["public", "personal", "business-secret", "not-to-be-cached"]);
        let time = members.parsed::<Timestamp>("time");
        members.object("data");
        let number = members.value("number").and_then(|_| members.identifier("number", CaseNumber::parse));
        let supersedes = members.optional_parsed("supersedes");
        let abandons = members.optional_parsed("abandons");
        if supersedes.is_some() && abandons.is_some() {
            members.fault("abandons", ErrorCode::EventReplacementInvalid);
        }
        Self {
            day: time.map(|time| time.to_string().chars().take(10).collect()).unwrap_or_default(),
            revision: members.integer("revision", 0, i64::MAX).unwrap_or(0),
            kind: kind(members),
            source: source(members),
            number,
            replaces: abandons.map(Replacement::Abandons).or(supersedes.map(Replacement::Supersedes)),
        }
    }
}

fn expect(members: &Members<'_>, faults: &Faults, name: &str, allowed: &[&str]) {
    if let Some(text) = members.text(name)
        && !allowed.contains(&text)
    {
        let fault = Fault::new(&members.path_of(name), ErrorCode::RequestInvalidValue);
        faults.add(fault.with("expected", allowed.join(" ")));
    }
}

fn kind(members: &Members<'_>) -> String {
    let Some(text) = members.text("type") else { return String::new() };
    let kind = text.strip_prefix(TYPE_PREFIX).and_then(|rest| rest.strip_suffix(TYPE_SUFFIX));
    if kind.is_none() {
        members.fault("type", ErrorCode::EventUnknownKind);
    }
    kind.unwrap_or_default().to_owned()
}

fn source(members: &Members<'_>) -> Option<PartyId> {
    let party = members.text("source")?.strip_prefix(SOURCE_PREFIX).and_then(|party| party.parse().ok());
    if party.is_none() {
        members.fault("source", ErrorCode::RequestInvalidValue);
    }
    party
}

/// The key that signed, for the row of the event.
pub(super) fn key_of(authentic: &Authentic) -> &KeyId {
    &authentic.signed.signature.keyid
}
