//! What is to be sent, before anybody has looked at it.

use std::io::Read;
use std::path::PathBuf;

use tongqiao_protocol::case::DataClass;
use tongqiao_protocol::material::{FileName, MediaType};
use tongqiao_protocol::{CaseId, ErrorCode, Fault, Faults};

use crate::Error;

/// A file that is to be sent; see [`Materials::add`](crate::Materials::add).
///
/// ```
/// use tongqiao::MaterialDraft;
/// let scan = MaterialDraft::file("/srv/scans/0001.pdf").named("身份证.pdf");
/// let made = MaterialDraft::reader("说明.txt", &b"text"[..]).media_type("text/plain");
/// ```
#[must_use]
pub struct MaterialDraft {
    pub(super) bytes: Bytes,
    name: Option<String>,
    media_type: Option<String>,
    case: Option<CaseId>,
    data_class: DataClass,
}

/// Where the bytes come from.
pub(super) enum Bytes {
    /// A file that stays where it is, unchanged, until it is delivered.
    File(PathBuf),
    /// A file that is copied first.
    Copied(PathBuf),
    /// A reader, which is read to its end and copied.
    Reader(Box<dyn Read + Send>),
}

/// What is announced of a file beside its content.
pub(super) struct Facts {
    pub(super) name: FileName,
    pub(super) media_type: MediaType,
    pub(super) case: Option<CaseId>,
    pub(super) data_class: DataClass,
}

impl MaterialDraft {
    /// A file that stays where it is until it is delivered, and for the retention of settled records after that: a platform
    /// that was restored from a backup may ask for it again.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::of(Bytes::File(path.into()), None)
    }

    /// What a reader gives until its end. It is copied into the spool, the folder beside the store, and removed from there
    /// with the retention of settled records.
    pub fn reader(name: &str, reader: impl Read + Send + 'static) -> Self {
        Self::of(Bytes::Reader(Box::new(reader)), Some(name.to_owned()))
    }

    const fn of(bytes: Bytes, name: Option<String>) -> Self {
        Self { bytes, name, media_type: None, case: None, data_class: DataClass::Personal }
    }

    /// Copies the file into the spool, so that it may be changed or removed as soon as it is added.
    pub fn copied(mut self) -> Self {
        if let Bytes::File(path) = self.bytes {
            self.bytes = Bytes::Copied(path);
        }
        self
    }

    /// The name under which people see it; the file's own by default.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The media type, such as `application/pdf`; by the name's ending by default.
    pub fn media_type(mut self, media_type: &str) -> Self {
        self.media_type = Some(media_type.to_owned());
        self
    }

    /// For which case it is, when that is known already. Cases cite the digest; this is only said along.
    pub const fn for_case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// Who may see and keep it; personal by default.
    pub const fn data_class(mut self, data_class: DataClass) -> Self {
        self.data_class = data_class;
        self
    }

    /// Name and media type, or all that is wrong with them.
    pub(super) fn facts(&self) -> Result<Facts, Error> {
        let own = match &self.bytes {
            Bytes::File(path) | Bytes::Copied(path) => path.file_name().and_then(|name| name.to_str()),
            Bytes::Reader(_) => None,
        };
        let text = self.name.as_deref().or(own).unwrap_or_default();
        let mut faults = Faults::new();
        let mut fault = |path: &str, expected: String| {
            faults.push(Fault::new(path, ErrorCode::RequestInvalidValue).with("expected", expected));
        };
        let name = text.parse::<FileName>().map_err(|error| fault("/name", error.to_string())).ok();
        let media_type = match &self.media_type {
            Some(text) => text.parse::<MediaType>().map_err(|error| fault("/media_type", error.to_string())).ok(),
            None => Some(MediaType::of_file_name(text)),
        };
        match (name, media_type) {
            (Some(name), Some(media_type)) => {
                Ok(Facts { name, media_type, case: self.case, data_class: self.data_class })
            }
            _ => Err(Error::from_faults(faults).unwrap_or_else(|| Error::internal("no fault"))),
        }
    }
}

impl std::fmt::Debug for MaterialDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MaterialDraft").field("media_type", &self.media_type).finish_non_exhaustive()
    }
}
