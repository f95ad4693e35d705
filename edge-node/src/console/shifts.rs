//! The book of handovers: what each shift leaves to the next, one line of JSON each.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::Timestamp;

/// What a shift hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handover {
    pub(super) at: Timestamp,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) taken: usize,
    pub(super) settled: usize,
    pub(super) waiting: usize,
    pub(super) stuck: usize,
    pub(super) remark: String,
}

/// The book. Nothing is ever taken out of it.
pub(super) struct Shifts(PathBuf);

impl Shifts {
    pub(super) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// All handovers, oldest first. A line that was torn by a power cut is none.
    pub(super) fn all(&self) -> std::io::Result<Vec<Handover>> {
        match std::fs::read_to_string(&self.0) {
            Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Writes one; on disk when this returns.
    pub(super) fn note(&self, handover: &Handover) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(handover)?;
        // Behind a torn line the next one begins anew.
        line.insert(0, b'\n');
        line.push(b'\n');
        let mut file = File::options().append(true).create(true).mode(0o600).open(&self.0)?;
        file.write_all(&line)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_book_keeps_every_handover_and_a_torn_line_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shifts.jsonl");
        let shifts = Shifts::at(path.clone());
        assert_eq!(shifts.all().unwrap(), []);
        let at = |second: i64| Timestamp::from_millis(1_790_000_000_000 + second * 1_000);
        let one = |second: i64| Handover {
            at: at(second),
            from: "测试经办".to_owned(),
            to: String::new(),
            taken: 2,
            settled: 1,
            waiting: 1,
            stuck: 0,
            remark: String::new(),
        };
        shifts.note(&one(1)).unwrap();
        std::fs::write(&path, [std::fs::read(&path).unwrap(), b"{\"at\":\"20".to_vec()].concat()).unwrap();
        shifts.note(&one(2)).unwrap();
        assert_eq!(shifts.all().unwrap(), [one(1), one(2)]);
    }
}
