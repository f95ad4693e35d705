//! One file that is coming, piece by piece, by the rules of chapter 15.2.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use tongqiao_protocol::limits::MATERIAL_CHUNK_BYTES_MIN;
use tongqiao_protocol::material::MaterialAnnouncement;

/// An upload that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) announcement: MaterialAnnouncement,
    /// The file of what has come.
    pub(crate) path: PathBuf,
    /// How much that is.
    pub(crate) received: u64,
}

/// What was made of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So much is on disk now.
    Here(u64),
    /// It does not begin where this ends, or is too short.
    OtherOffset(u64),
    /// Its beginning is here with other bytes.
    OtherBytes,
    /// It goes beyond what was announced.
    TooLong,
}

impl Part {
    pub(super) const fn new(announcement: MaterialAnnouncement, path: PathBuf, received: u64) -> Self {
        Self { announcement, path, received }
    }

    /// Whether nothing is missing.
    pub(crate) const fn is_whole(&self) -> bool {
        self.received == self.announcement.size
    }

    /// Takes a piece; what is new of it is on disk when this returns.
    pub(crate) fn append(&self, offset: u64, bytes: &[u8]) -> io::Result<Piece> {
        if offset > self.received {
            return Ok(Piece::OtherOffset(self.received));
        }
        let end = offset.saturating_add(bytes.len() as u64);
        if end > self.announcement.size {
            return Ok(Piece::TooLong);
        }
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&self.path)?;
        let known = usize::try_from(self.received - offset).unwrap_or(usize::MAX).min(bytes.len());
        let (before, new) = bytes.split_at(known);
        if !before.is_empty() {
            let mut here = vec![0; before.len()];
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut here)?;
            if here != before {
                return Ok(Piece::OtherBytes);
            }
        }
        if new.is_empty() {
            return Ok(Piece::Here(self.received));
        }
        if new.len() < MATERIAL_CHUNK_BYTES_MIN && end < self.announcement.size {
            return Ok(Piece::OtherOffset(self.received));
        }
        file.seek(SeekFrom::Start(self.received))?;
        let written = file.write_all(new).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // The length says how much is here: what was written in part is not.
            file.set_len(self.received)?;
            return Err(error);
        }
        Ok(Piece::Here(end))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_protocol::{Digest, Suite};

    use super::super::Incoming;
    use super::*;

    fn announcement(content: &[u8]) -> MaterialAnnouncement {
        let document = serde_json::json!({
            "material": "018f9f3a-7c00-7000-8000-000000000001", "party": "civil-affairs",
            "digest": Digest::of(Suite::International, content).to_string(), "size": content.len(),
            "media_type": "application/pdf", "name": "scan.pdf", "dataclass": "personal",
        });
        MaterialAnnouncement::parse(document.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn pieces_join_where_the_disk_ends_whatever_was_repeated_or_torn() {
        let folder = tempfile::tempdir().unwrap();
        let content = (0..5_000_u32).flat_map(u32::to_be_bytes).collect::<Vec<_>>();
        let announcement = announcement(&content);
        let incoming = Incoming::open(folder.path()).unwrap();
        let id = announcement.material;
        let part = incoming.begin(&announcement).unwrap();
        assert_eq!(part.append(0, &content[..4_096]).unwrap(), Piece::Here(4_096));
        // After a power cut.
        let incoming = Incoming::open(folder.path()).unwrap();
        let found = || incoming.find(id).unwrap().unwrap();
        assert_eq!((found().announcement, found().received), (announcement.clone(), 4_096));
        assert_eq!(found().append(4_097, &content[4_097..]).unwrap(), Piece::OtherOffset(4_096));
        assert_eq!(found().append(4_096, &content[4_096..4_100]).unwrap(), Piece::OtherOffset(4_096), "too short");
        assert_eq!(found().append(0, &[9; 2_000]).unwrap(), Piece::OtherBytes);
        assert_eq!(found().append(0, &content[..4_096]).unwrap(), Piece::Here(4_096), "a repetition");
        assert_eq!(found().append(4_096, &vec![0; content.len()]).unwrap(), Piece::TooLong);
        assert_eq!(found().append(u64::MAX, &[1]).unwrap(), Piece::OtherOffset(4_096));
        let expected = incoming.expected(&announcement.party).unwrap();
        assert_eq!((expected.of_party, expected.missing_bytes), (1, content.len() as u64 - 4_096));
        assert_eq!(incoming.expected(&"other".parse().unwrap()).unwrap().of_party, 0);
        assert_eq!(found().append(2_000, &content[2_000..]).unwrap(), Piece::Here(content.len() as u64));
        assert!(found().is_whole());
        assert_eq!(std::fs::read(found().path).unwrap(), content);
        assert!(incoming.idle(std::time::Duration::from_secs(3_600)).unwrap().is_empty());
        incoming.forget(id).unwrap();
        assert_eq!(incoming.find(id).unwrap(), None);
    }
}
