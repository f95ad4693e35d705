//! What the platform has for a party: entries of its inbox, repeated until the *addressee* acknowledges them.
//!
//! An entry is a CloudEvents 1.0 object that the platform signs ([`RecordKind::InboxEntry`](crate::RecordKind::InboxEntry));
//! the acknowledgement is a record that the addressee signs
//! ([`RecordKind::InboxAcknowledgement`](crate::RecordKind::InboxAcknowledgement)), so that nobody who carries entries can acknowledge them for him.
//! An entry's id follows from what caused it: a platform that was restored says the same thing under the same id.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use crate::case::{DataClass, OpenValue, words};
use crate::reading::{self, Reading};
use crate::{ErrorCode, Fault, Faults, InboxEntryId, PartyId, Timestamp, limits};

words! {
    /// What an entry tells.
    InboxKind {
        /// 分发：a case that the addressee is to handle.
        CaseDispatched = "case-dispatched",
        /// An event of somebody else took effect on a case of the addressee.
        CaseChanged = "case-changed",
        /// 评价：the applicant has evaluated a case of the addressee.
        CaseEvaluated = "case-evaluated",
        /// 投诉：the applicant has complained about a case of the addressee.
        ComplaintFiled = "complaint-filed",
        /// 督办：the supervisor asks the addressee for an answer.
        SupervisionOrdered = "supervision-ordered",
        /// 联办：another case of the addressee's joint procedure has moved.
        JointChanged = "joint-changed",
        /// 缴款到账：a bill of the addressee is paid.
        BillPaid = "bill-paid",
        /// Money came in that is owed back.
        RefundOwed = "refund-owed",
        /// 退款：a refund has ended, done or failed.
        RefundEnded = "refund-ended",
        /// 事项目录变更：there is a later edition of the catalogue.
        CatalogueChanged = "catalogue-changed",
        /// 通知：words of the operator.
        OperatorNotice = "operator-notice",
    }
}

/// An entry of a party's inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxEntry {
    /// By which it is known for ever, also after a restore of the platform.
    pub id: InboxEntryId,
    /// Whose it is.
    pub addressee: PartyId,
    /// Its place in the addressee's inbox, from 1; places are those of one epoch.
    pub position: u64,
    /// What it tells; a kind that is not known here is kept.
    pub kind: OpenValue<InboxKind>,
    /// What it is about: the id of a case, bill or refund, the digest of an edition; `-` for the party itself.
    pub subject: String,
    /// When what it tells happened, by the platform's clock.
    pub time: Timestamp,
    /// Who may see it.
    pub data_class: DataClass,
    /// By kind; see the specification, 16.2.
    pub data: Map<String, Value>,
}

const SOURCE: &str = "urn:tongqiao:platform";
const TYPE_START: &str = "cn.tongqiao.inbox.";
const TYPE_END: &str = ".v1";

impl InboxEntry {
    /// The exact bytes to sign and to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let kind = self.kind.as_str();
        json!({
            "specversion": "1.0", "id": self.id, "source": SOURCE, "type": format!("{TYPE_START}{kind}{TYPE_END}"),
            "subject": self.subject, "time": self.time, "datacontenttype": "application/json",
            "addressee": self.addressee, "position": self.position, "dataclass": self.data_class, "data": self.data,
        })
        .to_string()
        .into_bytes()
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        let object = read_object(bytes)?;
        let mut reading = Reading::new(&object, "");
        let entry = Self::read(&mut reading);
        match entry {
            Some(entry) if reading.is_clean() => Ok(entry),
            _ => Err(reading.into_faults()),
        }
    }

    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        for (member, wanted) in [("specversion", "1.0"), ("source", SOURCE)] {
            if reading.short_text(member).is_some_and(|text| text != wanted) {
                reading.fault(member, ErrorCode::RequestInvalidValue);
            }
        }
        let kind = reading.short_text("type").and_then(|text| {
            let word = text.strip_prefix(TYPE_START).and_then(|rest| rest.strip_suffix(TYPE_END)).map(str::to_string);
            if word.is_none() {
                reading.fault("type", ErrorCode::RequestInvalidValue);
            }
            word?.parse::<OpenValue<InboxKind>>().ok()
        });
        let (id, addressee) = (reading.parsed("id"), reading.parsed("addressee"));
        let position = reading.number("position", 1, limits::SEQUENCE_MAX);
        let (subject, time) = (reading.short_text("subject"), reading.parsed("time"));
        let data_class = reading.parsed("dataclass");
        let data = reading.free_object("data");
        Some(Self {
            id: id?,
            addressee: addressee?,
            position: position?,
            kind: kind?,
            subject: subject?,
            time: time?,
            data_class: data_class?,
            data: data?,
        })
    }
}

/// The addressee's word that it has taken entries over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxAcknowledgement {
    /// The addressee, who signs it.
    pub party: PartyId,
    /// Whose entries need not be repeated; 1 to `INBOX_ACKNOWLEDGED_MAX`.
    pub entries: Vec<InboxEntryId>,
    /// When it was said, by the addressee's clock.
    pub time: Timestamp,
}

impl InboxAcknowledgement {
    /// The exact bytes to sign.
    pub fn to_bytes(&self) -> Vec<u8> {
        json!({ "party": self.party, "entries": self.entries, "time": self.time }).to_string().into_bytes()
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        let object = read_object(bytes)?;
        let mut reading = Reading::new(&object, "");
        let (party, time) = (reading.parsed("party"), reading.parsed("time"));
        let entries = reading.parsed_list("entries", 1, limits::INBOX_ACKNOWLEDGED_MAX);
        match (party, entries, time) {
            (Some(party), Some(entries), Some(time)) if reading.is_clean() => Ok(Self { party, entries, time }),
            _ => Err(reading.into_faults()),
        }
    }
}

fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, Faults> {
    if bytes.len() > limits::MESSAGE_BYTES_MAX {
        let fault = Fault::new("", ErrorCode::RequestTooLarge).with("limit_bytes", limits::MESSAGE_BYTES_MAX);
        return Err(Faults::one(fault));
    }
    reading::object(bytes).map_err(Faults::one)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use alloc::vec;

    use super::*;

    fn entry() -> InboxEntry {
        InboxEntry {
            id: InboxEntryId::from_time_and_random(Timestamp::from_millis(1_795_406_400_000), [7; 10]),
            addressee: "civil-affairs".parse().unwrap(),
            position: 3,
            kind: OpenValue::Known(InboxKind::BillPaid),
            subject: "01936b2e-7f5a-7c3e-9f10-0000000000ff".to_string(),
            time: Timestamp::from_millis(1_795_406_400_000),
            data_class: DataClass::Personal,
            data: Map::from_iter([("amount".to_string(), json!("12.34"))]),
        }
    }

    #[test]
    fn an_entry_is_read_back_and_a_kind_of_a_later_version_is_kept() {
        assert_eq!(InboxEntry::parse(&entry().to_bytes()), Ok(entry()));
        let later = InboxEntry { kind: OpenValue::Unknown("drone-landed".to_string()), ..entry() };
        assert_eq!(InboxEntry::parse(&later.to_bytes()), Ok(later));
    }

    #[test]
    fn every_fault_of_an_entry_is_told() {
        let faults =
            InboxEntry::parse(br#"{"specversion":"2","source":"x","type":"y","id":1,"position":0}"#).unwrap_err();
        let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
        let wanted =
            ["/specversion", "/source", "/type", "/id", "/addressee", "/position", "/subject", "/time", "/dataclass"];
        assert_eq!(paths, wanted);
    }

    #[test]
    fn an_acknowledgement_names_one_to_the_limit_of_entries() {
        let one = |entries| InboxAcknowledgement {
            party: "civil-affairs".parse().unwrap(),
            entries,
            time: Timestamp::from_millis(0),
        };
        let most = one(vec![entry().id; limits::INBOX_ACKNOWLEDGED_MAX]);
        assert_eq!(InboxAcknowledgement::parse(&most.to_bytes()), Ok(most));
        for entries in [vec![], vec![entry().id; limits::INBOX_ACKNOWLEDGED_MAX + 1]] {
            let faults = InboxAcknowledgement::parse(&one(entries).to_bytes()).unwrap_err();
            assert_eq!(faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), ["/entries"]);
        }
    }
}
