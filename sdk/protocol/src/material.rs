//! The files of materials 材料: announced by digest, sent in pieces, whole when the digest says so.
//!
//! A digest is no permission. Whoever announces a content that somebody else has brought sends it all the same, or proves
//! by [`possession_proof`] that he has it.
//!
//! ```
//! use tongqiao_protocol::material::possession_proof;
//! use tongqiao_protocol::{Digest, Suite};
//! let content = b"scan of a document";
//! let proof = possession_proof(Suite::International, &[7; 32], content);
//! assert_ne!(proof, Digest::of(Suite::International, content), "knowing the digest is not enough");
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::case::{DataClass, OpenValue, words};
use crate::reading::{self, Reading};
use crate::{CaseId, Digest, ErrorCode, Fault, Faults, MaterialId, PartyId, Suite, Timestamp, limits};

/// What begins the bytes under a proof of possession.
const POSSESSION: &[u8] = b"tongqiao-possession-v1\n";
/// The bytes of a salt.
pub const SALT_BYTES: usize = 32;

/// The digest that only somebody who has the content can give: over a fixed line, the platform's salt and the content.
pub fn possession_proof(suite: Suite, salt: &[u8; SALT_BYTES], content: &[u8]) -> Digest {
    Digest::of_parts(suite, &[POSSESSION, salt, content])
}

/// What precedes the content under the proof, for whoever reads it in pieces.
pub fn possession_prefix(salt: &[u8; SALT_BYTES]) -> Vec<u8> {
    [POSSESSION, salt].concat()
}

/// A media type such as `application/pdf`: two words joined by a slash, in lower case, without parameters, at most 100
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaType(String);

/// The text is no media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a media type such as `application/pdf`: lower case, without parameters, at most 100 characters")]
pub struct InvalidMediaType;

impl MediaType {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a file with such a name usually is; `application/octet-stream` where the ending says nothing.
    pub fn of_file_name(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        let text = match ending.as_str() {
            "pdf" => "application/pdf",
            "ofd" => "application/ofd",
            "jpg" | "jpeg" => "image/jpeg",
            "png" => "image/png",
            "tif" | "tiff" => "image/tiff",
            "xml" => "application/xml",
            "zip" => "application/zip",
            "txt" => "text/plain",
            _ => "application/octet-stream",
        };
        Self(text.to_string())
    }
}

impl FromStr for MediaType {
    type Err = InvalidMediaType;

    fn from_str(text: &str) -> Result<Self, InvalidMediaType> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$&-^_.+".contains(&byte);
        let word = |word: &str| !word.is_empty() && word.bytes().all(legal);
        let fits = text.len() <= 100 && text.split_once('/').is_some_and(|(left, right)| word(left) && word(right));
        if fits { Ok(Self(text.to_string())) } else { Err(InvalidMediaType) }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for MediaType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MediaType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The name of a file: a short text without a path and without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

/// The text is no name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a file: 1 to 200 characters, no slash or backslash, no control character, not only dots")]
pub struct InvalidFileName;

impl FileName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = InvalidFileName;

    fn from_str(text: &str) -> Result<Self, InvalidFileName> {
        let short = text.chars().count() <= limits::SHORT_TEXT_CHARS_MAX;
        let only_dots = text.trim().chars().all(|letter| letter == '.');
        let path = text.chars().any(|letter| matches!(letter, '/' | '\\') || letter.is_control());
        if short && !only_dots && !path { Ok(Self(text.to_string())) } else { Err(InvalidFileName) }
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What `POST /v1/materials` says. Said again with the same content, it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaterialAnnouncement {
    /// The upload, for ever.
    pub material: MaterialId,
    /// Whose it is: the caller, or an author that he carries.
    pub party: PartyId,
    /// The digest of the content; its algorithm is the announcer's choice.
    pub digest: Digest,
    /// The bytes of the content, 1 to [`MATERIAL_BYTES_MAX`](limits::MATERIAL_BYTES_MAX).
    pub size: u64,
    /// What kind of file it is.
    pub media_type: MediaType,
    /// What the file is called.
    pub name: FileName,
    /// For which case it was brought, when that is known already. It gives nobody access: the events of a case do, which
    /// cite the digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Who may see and keep it.
    #[serde(rename = "dataclass")]
    pub data_class: DataClass,
}

impl MaterialAnnouncement {
    /// Reads an announcement and tells every fault.
    ///
    /// # Errors
    /// All faults, each with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        let object = reading::object(bytes).map_err(Faults::one)?;
        Self::read_whole(&Value::Object(object))
    }

    fn read_whole(value: &Value) -> Result<Self, Faults> {
        let Some(object) = value.as_object() else {
            return Err(Faults::one(Fault::new("", ErrorCode::RequestWrongType).with("expected", "object")));
        };
        let mut reading = Reading::new(object, "");
        match Self::read(&mut reading) {
            Some(announcement) if reading.is_clean() => Ok(announcement),
            _ => Err(reading.into_faults()),
        }
    }

    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (material, party, digest) = (reading.parsed("material"), reading.parsed("party"), reading.parsed("digest"));
        let size = reading.number("size", 1, limits::MATERIAL_BYTES_MAX);
        let (media_type, name) = (reading.parsed("media_type"), reading.parsed("name"));
        let case = reading.optional_parsed("case");
        let data_class = reading.parsed("dataclass");
        Some(Self {
            material: material?,
            party: party?,
            digest: digest?,
            size: size?,
            media_type: media_type?,
            name: name?,
            case,
            data_class: data_class?,
        })
    }

    /// The announcement as it travels; equal announcements have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for MaterialAnnouncement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read_whole(&value).map_err(|faults| serde::de::Error::custom(faults.0.len()))
    }
}

words! {
    /// How far a material is.
    MaterialState {
        /// Bytes are missing, or nobody has said that it is complete.
        Receiving = "receiving",
        /// Whole, and never changed again.
        Complete = "complete",
        /// The bytes had another digest than was announced; they are gone.
        Refused = "refused",
    }
}

/// How a material stands at the platform: the answer to everything that is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MaterialView {
    /// What was announced.
    #[serde(flatten)]
    pub announcement: MaterialAnnouncement,
    /// How far it is; a word of a later version is kept.
    #[serde(deserialize_with = "state")]
    pub state: OpenValue<MaterialState>,
    /// How many bytes the platform has on disk: where the next piece begins.
    pub offset: u64,
    /// What a proof of possession is to be made with, base64 of [`SALT_BYTES`] bytes; while one may be tried.
    #[serde(default)]
    pub salt: Option<String>,
    /// Until when it is kept unfinished.
    #[serde(default)]
    pub kept_until: Option<Timestamp>,
    /// The digest that was found in place of the announced one.
    #[serde(default)]
    pub found: Option<Digest>,
    /// The platform's receipt of what is complete.
    #[serde(default)]
    pub receipt: Option<Value>,
    /// The receipt of a node that has the whole content and is bringing it to the platform.
    #[serde(default)]
    pub custody: Option<Value>,
}

fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OpenValue<MaterialState>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.parse().map_or(OpenValue::Unknown(text), OpenValue::Known))
}
