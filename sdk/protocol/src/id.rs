//! Ids that the starter of a thing makes and stores before it is first sent.
//!
//! Each is a UUID version 7 in a newtype of its own, so that a bill id cannot stand where a case id belongs. What comes
//! from outside is read by the parser, which takes only version 7 (RFC 9562) in its one canonical form: lower case with
//! hyphens. So two texts are the same id only when they are the same bytes, also for a reader that compares texts, and an
//! id sorts by the time of its making. New ids are made by `from_time_and_random`, because this crate has neither clock
//! nor randomness.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::Timestamp;

/// The text is not a UUID of version 7 in its canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a UUID of version 7, 36 characters in lower case with hyphens")]
pub struct InvalidId;

/// The UUID that `text` writes canonically, if it is of version 7.
fn read_version_7(text: &str) -> Option<Uuid> {
    let has_form = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let id = Uuid::try_parse(text).ok().filter(|_| has_form)?;
    let is_version_7 = id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122;
    is_version_7.then_some(id)
}

macro_rules! uuid_id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Builds a UUIDv7 from the time of making (milliseconds) and ten random bytes.
            pub fn from_time_and_random(now: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.as_millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The sixteen bytes, as a store keeps them.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Rebuilds an id from the sixteen bytes that [`Self::as_bytes`] gave, whatever they are: what a store keeps was
            /// read by the parser before.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                read_version_7(text).map(Self).ok_or(InvalidId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

uuid_id! {
    /// One case event (`id` of its CloudEvents envelope).
    EventId
}
uuid_id! {
    /// One case 办件 for its whole life, whoever numbers it.
    CaseId
}
uuid_id! {
    /// One bill, made by the department before it first asks for payment.
    BillId
}
uuid_id! {
    /// One refund of (part of) a bill.
    RefundId
}
uuid_id! {
    /// One running installation of a department's system: the owner of an outbox.
    ProducerId
}
uuid_id! {
    /// One uninterrupted life of a producer's store; a restored or cloned store begins another.
    IncarnationId
}
uuid_id! {
    /// One uninterrupted life of the platform's log; a platform restored from backup begins another.
    EpochId
}
uuid_id! {
    /// One block of case numbers handed to a producer.
    LeaseId
}
uuid_id! {
    /// One request that must take effect at most once (leases, enrolment).
    RequestId
}
uuid_id! {
    /// One bundle that is carried between node and hub.
    BundleId
}
uuid_id! {
    /// One entry of a party's inbox, made from what caused it.
    InboxEntryId
}
uuid_id! {
    /// One upload of a material 材料, made by whoever has the bytes before it first announces them.
    MaterialId
}
uuid_id! {
    /// Anything that receipts speak of: an event, a bill, a void, a refund or a material.
    RecordId
}

macro_rules! is_record {
    ($($name:ident),*) => { $(
        impl From<$name> for RecordId {
            fn from(id: $name) -> Self { Self(id.0) }
        }
        impl From<RecordId> for $name {
            fn from(id: RecordId) -> Self { Self(id.0) }
        }
    )* };
}
is_record!(EventId, BillId, RefundId, MaterialId);

/// The name of a party: `platform`, a hub, an edge node, a department's system or a terminal.
///
/// Lower-case letters, digits and hyphens, 2 to 63 characters, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PartyId(String);

/// The text is not a party's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a party is named by 2 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit")]
pub struct InvalidPartyId;

impl PartyId {
    /// The name as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PartyId {
    type Err = InvalidPartyId;

    fn from_str(text: &str) -> Result<Self, InvalidPartyId> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let shape = (2..=63).contains(&bytes.len()) && bytes.iter().all(|&b| legal(b) || b == b'-');
        if shape && bytes.first().is_some_and(|&b| legal(b)) { Ok(Self(text.to_string())) } else { Err(InvalidPartyId) }
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PartyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_version_7_in_lower_case_with_hyphens_is_an_id() {
        let right = "01936b2e-7f5a-7c3e-9f10-00000000000a";
        assert!(right.parse::<EventId>().is_ok_and(|id| id.to_string() == right));
        for wrong in [
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "01936b2e-7f5a-4c3e-9f10-00000000000a",
            "01936b2e-7f5a-1c3e-9f10-00000000000a",
            "01936b2e-7f5a-7c3e-cf10-00000000000a",
            "01936B2E-7F5A-7C3E-9F10-00000000000A",
            "01936b2e7f5a7c3e9f1000000000000a",
            "{01936b2e-7f5a-7c3e-9f10-00000000000a}",
            "urn:uuid:01936b2e-7f5a-7c3e-9f10-00000000000a",
            "01936b2e-7f5a-7c3e-9f10-00000000000",
            "",
        ] {
            assert_eq!(wrong.parse::<EventId>(), Err(InvalidId), "{wrong}");
            assert_eq!(wrong.parse::<EpochId>(), Err(InvalidId), "{wrong}");
        }
    }

    #[test]
    fn an_id_that_was_made_is_read_again_at_both_ends_of_time_and_chance() {
        for now in [Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX)] {
            for random in [[0; 10], [u8::MAX; 10]] {
                let id = CaseId::from_time_and_random(now, random);
                assert_eq!(id.to_string().parse(), Ok(id));
            }
        }
    }
}
