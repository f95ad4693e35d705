//! The CloudEvents 1.0 envelope of a case event: the bytes that are signed.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use super::CaseEventData;
use super::open_value::words;
use crate::identifier::CaseNumber;
use crate::reading::{self, Reading};
use crate::{CaseId, ErrorCode, EventId, Fault, Faults, IncarnationId, PartyId, ProducerId, Timestamp, limits};

words! {
    /// Who may see a record; the edge obeys it.
    DataClass {
        /// 公开
        Public = "public",
        /// 个人信息
        Personal = "personal",
        /// 商业秘密
        BusinessSecret = "business-secret",
        /// 不得缓存
        NotToBeCached = "not-to-be-cached",
    }
}

words! {
    /// How good the author's clock was.
    ClockStanding {
        /// Within the permitted skew of signed time.
        Attested = "attested",
        /// Free-running.
        Free = "free",
    }
}

/// What a replacement does with the refused event whose sequence it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// Says it anew, corrected.
    Supersedes(EventId),
    /// Gives it up.
    Abandons(EventId),
}

impl Replacement {
    /// The refused event.
    pub const fn refused(self) -> EventId {
        match self {
            Self::Supersedes(id) | Self::Abandons(id) => id,
        }
    }
}

/// A case event.
///
/// On the wire (the record's bytes) a CloudEvents 1.0 JSON object with `id`, `source`
/// (`urn:tongqiao:party:<party>`), `type` (`cn.tongqiao.case.<kind>.v1`), `subject` (the case), `time`,
/// `datacontenttype`, the extension attributes `producer`, `incarnation`, `sequence`, `revision`, `dataclass`, `clock`,
/// and where they apply `number`, `supersedes`, `abandons`; then `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEvent {
    /// Its id, made by the author before it is first sent.
    pub id: EventId,
    /// The author.
    pub party: PartyId,
    /// The case.
    pub case: CaseId,
    /// When it happened, by the author's clock.
    pub time: Timestamp,
    /// The author's installation.
    pub producer: ProducerId,
    /// The life of that installation's store.
    pub incarnation: IncarnationId,
    /// Its place in the stream (producer, incarnation, case), from 1.
    pub sequence: u64,
    /// How many effective events of the case the author had seen.
    pub revision: u64,
    /// The case's number; only an application carries it.
    pub number: Option<CaseNumber>,
    /// Who may see it.
    pub data_class: DataClass,
    /// How good the author's clock was.
    pub clock: ClockStanding,
    /// The refused event whose place it takes.
    pub replacement: Option<Replacement>,
    /// What happened.
    pub data: CaseEventData,
}

const SOURCE: &str = "urn:tongqiao:party:";
const TYPE_START: &str = "cn.tongqiao.case.";
const TYPE_END: &str = ".v1";

impl CaseEvent {
    /// The exact bytes to sign and to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut event = Map::new();
        let mut put = |name: &str, value: Value| event.insert(name.to_string(), value);
        put("specversion", json!("1.0"));
        put("id", json!(self.id));
        put("source", json!(format!("{SOURCE}{}", self.party)));
        put("type", json!(format!("{TYPE_START}{}{TYPE_END}", self.data.name())));
        put("subject", json!(self.case));
        put("time", json!(self.time));
        put("datacontenttype", json!("application/json"));
        put("producer", json!(self.producer));
        put("incarnation", json!(self.incarnation));
        put("sequence", json!(self.sequence));
        put("revision", json!(self.revision));
        put("dataclass", json!(self.data_class));
        put("clock", json!(self.clock));
        if let Some(number) = &self.number {
            put("number", json!(number));
        }
        match self.replacement {
            Some(Replacement::Supersedes(id)) => put("supersedes", json!(id)),
            Some(Replacement::Abandons(id)) => put("abandons", json!(id)),
            None => None,
        };
        put("data", Value::Object(self.data.to_json()));
        Value::Object(event).to_string().into_bytes()
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// Every fault, each with its path: `request.*` for the form, `identifier.*` for codes, `event.unknown_kind`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        Self::parse_with_remarks(bytes).map(|(event, _)| event)
    }

    /// The same, and what must be told though it is no mistake: every value that is kept but not known here
    /// (`identifier.unknown_set`), with its path.
    ///
    /// # Errors
    /// As [`CaseEvent::parse`].
    pub fn parse_with_remarks(bytes: &[u8]) -> Result<(Self, Faults), Faults> {
        if bytes.len() > limits::MESSAGE_BYTES_MAX {
            let fault = Fault::new("", ErrorCode::RequestTooLarge).with("limit_bytes", limits::MESSAGE_BYTES_MAX);
            return Err(Faults::one(fault));
        }
        let object = reading::object(bytes).map_err(Faults::one)?;
        let mut reading = Reading::new(&object, "");
        let event = Self::read(&mut reading);
        let clean = reading.is_clean();
        match event {
            Some(event) if clean => Ok((event, reading.take_remarks())),
            _ => Err(reading.into_faults()),
        }
    }

    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        if let Some(version) = reading.short_text("specversion")
            && version != "1.0"
        {
            reading.fault("specversion", ErrorCode::RequestInvalidValue);
        }
        // CloudEvents lets it be absent; another type than JSON cannot stand in `data`.
        if let Some(value) = reading.value("datacontenttype")
            && value.as_str() != Some("application/json")
        {
            reading.fault("datacontenttype", ErrorCode::RequestInvalidValue);
        }
        let id = reading.parsed("id");
        let party = reading.short_text("source").and_then(|source| {
            let party = source.strip_prefix(SOURCE).and_then(|party| party.parse().ok());
            if party.is_none() {
                reading.fault("source", ErrorCode::RequestInvalidValue);
            }
            party
        });
        let name = reading.short_text("type").and_then(|text| {
            let name = text.strip_prefix(TYPE_START).and_then(|rest| rest.strip_suffix(TYPE_END)).map(str::to_string);
            let known = name.filter(|n| n == "abandoned" || super::CaseEventKind::from_name(n).is_some());
            if known.is_none() {
                reading.fault("type", ErrorCode::EventUnknownKind);
            }
            known
        });
        let (case, time) = (reading.parsed("subject"), reading.parsed("time"));
        let (producer, incarnation) = (reading.parsed("producer"), reading.parsed("incarnation"));
        let sequence = reading.number("sequence", 1, limits::SEQUENCE_MAX);
        let revision = reading.number("revision", 0, limits::SEQUENCE_MAX);
        let (data_class, clock) = (reading.parsed("dataclass"), reading.parsed("clock"));
        let number = reading.optional_identifier("number");
        let replacement = Self::read_replacement(reading, name.as_deref());
        let data = name.as_deref().and_then(|name| reading.nested("data", |data| CaseEventData::read(name, data)));
        Self::check_number(reading, name.as_deref(), number.is_some());
        if let (Some(CaseEventData::Applied(application)), Some(case)) = (&data, case)
            && application.joint.as_ref().is_some_and(|joint| joint.named().contains(&case))
        {
            // A case that waits for itself would never be decided.
            let fault = Fault::new("/data/joint", ErrorCode::RequestInvalidValue);
            reading.push(fault.with("expected", "other cases"));
        }
        Some(Self {
            id: id?,
            party: party?,
            case: case?,
            time: time?,
            producer: producer?,
            incarnation: incarnation?,
            sequence: sequence?,
            revision: revision?,
            number,
            data_class: data_class?,
            clock: clock?,
            replacement,
            data: data?,
        })
    }

    fn read_replacement(reading: &mut Reading<'_>, name: Option<&str>) -> Option<Replacement> {
        let supersedes = reading.optional_parsed("supersedes").map(Replacement::Supersedes);
        let abandons = reading.optional_parsed("abandons").map(Replacement::Abandons);
        let fits = match (&supersedes, &abandons) {
            (Some(_), Some(_)) => false,
            (_, abandons) => name.is_none_or(|name| (name == "abandoned") == abandons.is_some()),
        };
        if !fits {
            reading.fault("abandons", ErrorCode::EventReplacementInvalid);
        }
        supersedes.or(abandons)
    }

    /// Every application has a number, and nothing else has.
    fn check_number(reading: &mut Reading<'_>, name: Option<&str>, given: bool) {
        let Some(name) = name else { return };
        match (name == "applied", given || reading.value("number").is_some()) {
            (true, false) => reading.fault("number", ErrorCode::RequestMissingField),
            (false, true) => reading.fault("number", ErrorCode::RequestInvalidValue),
            _ => {}
        }
    }
}
