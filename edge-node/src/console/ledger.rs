//! What was taken at the counter: one file a case, beside the hall's store.
//!
//! The store keeps what was signed; these files keep what a clerk needs besides: what was filled in, to print or to mend it, who took
//! it, how often it was printed, and what others have done since. A file is written *before* its case is opened, under the case's
//! id, so that a form that is sent again after a crash opens the same case.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongqiao_protocol::{BillId, CaseId, CaseNumber, EventId, InboxEntryId, MaterialId, Timestamp};

/// A case that was taken, or was about to be.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) case: CaseId,
    /// Known once the case is opened.
    pub(super) number: Option<CaseNumber>,
    /// The event that opened it, or took the place of that one.
    pub(super) event: Option<EventId>,
    pub(super) item: String,
    pub(super) item_version: u32,
    /// Name of the item, as it was then.
    pub(super) item_name: String,
    /// The application's `data` (specification, 5.2).
    pub(super) data: Map<String, Value>,
    /// Who took it: sign-in name and name to show.
    pub(super) clerk: (String, String),
    pub(super) taken_at: Timestamp,
    /// When the paper was handed in, where that was before it was entered here: `2026-11-27T09:30`.
    #[serde(default)]
    pub(super) paper_at: Option<String>,
    /// Files that were added with it.
    #[serde(default)]
    pub(super) materials: Vec<MaterialId>,
    /// How often a receipt was printed.
    #[serde(default)]
    pub(super) prints: u32,
    #[serde(default)]
    pub(super) bill: Option<BillId>,
    /// The correction notice that waits for an answer, as the department signed it.
    #[serde(default)]
    pub(super) notice: Option<Map<String, Value>>,
    /// What others did, as the platform told.
    #[serde(default)]
    pub(super) news: Vec<News>,
}

/// Something that another party did in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct News {
    pub(super) entry: InboxEntryId,
    /// The kind of event.
    pub(super) kind: String,
    pub(super) at: Timestamp,
    /// Who did it.
    pub(super) party: String,
}

impl Taken {
    fn text(&self, pointer: &str) -> &str {
        let mut steps = pointer.split('/');
        let first = steps.next().and_then(|step| self.data.get(step));
        steps.fold(first, |value, step| value.and_then(|value| value.get(step))).and_then(Value::as_str).unwrap_or("")
    }

    pub(super) fn applicant(&self) -> &str {
        self.text("applicant/name")
    }

    pub(super) fn applicant_number(&self) -> &str {
        self.text("applicant/identity/number")
    }

    pub(super) fn agent(&self) -> Option<(&str, &str)> {
        let name = self.text("applicant/agent/name");
        (!name.is_empty()).then(|| (name, self.text("applicant/agent/identity/number")))
    }

    pub(super) fn division(&self) -> &str {
        self.text("division")
    }
}

/// All of them, in memory and on disk.
pub(super) struct Ledger {
    folder: PathBuf,
    taken: Mutex<BTreeMap<CaseId, Arc<Taken>>>,
}

impl Ledger {
    /// Reads the folder. A file that cannot be read is left where it is and told of.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut taken = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match std::fs::read(&path)
                .map_err(serde_json::Error::io)
                .and_then(|bytes| serde_json::from_slice::<Taken>(&bytes))
            {
                Ok(one) => drop(taken.insert(one.case, Arc::new(one))),
                Err(error) => tracing::error!(path = %path.display(), %error, "a file of the console cannot be read"),
            }
        }
        Ok(Self { folder: folder.to_owned(), taken: Mutex::new(taken) })
    }

    pub(super) fn get(&self, case: CaseId) -> Option<Arc<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).get(&case).cloned()
    }

    /// All, newest first.
    pub(super) fn all(&self) -> Vec<Arc<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).values().rev().cloned().collect()
    }

    /// Keeps one; on disk when this returns.
    pub(super) fn keep(&self, one: Taken) -> std::io::Result<()> {
        // Held while writing: what is on disk is what is in memory.
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(&one)?;
        taken.insert(one.case, Arc::new(one));
        Ok(())
    }

    /// Changes one that is here; `None` where there is none.
    pub(super) fn change(&self, case: CaseId, change: impl FnOnce(&mut Taken)) -> std::io::Result<Option<Arc<Taken>>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(one) = taken.get(&case) else { return Ok(None) };
        let mut one = one.as_ref().clone();
        change(&mut one);
        self.write(&one)?;
        let one = Arc::new(one);
        taken.insert(case, Arc::clone(&one));
        Ok(Some(one))
    }

    /// Takes one out: it was never opened, or everything about it is over and its time to be kept is too.
    pub(super) fn forget(&self, case: CaseId) -> std::io::Result<()> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.remove(&case).is_some() {
            std::fs::remove_file(self.path(case))?;
        }
        Ok(())
    }

    fn path(&self, case: CaseId) -> PathBuf {
        self.folder.join(format!("{case}.json"))
    }

    fn write(&self, one: &Taken) -> std::io::Result<()> {
        // Made readable by its owner only.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(one)?)?;
        file.as_file().sync_all()?;
        file.persist(self.path(one.case)).map_err(|error| error.error)?;
        std::fs::File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use serde_json::json;

    use super::*;

    fn taken(random: u8) -> Taken {
        let data =
            json!({ "division": "340705000000", "applicant": { "name": "测试用户", "identity": { "number": "1" } } });
        Taken {
            case: CaseId::from_time_and_random(
                Timestamp::from_millis(1_790_000_000_000 + i64::from(random)),
                [random; 10],
            ),
            number: None,
            event: None,
            item: "1".to_owned(),
            item_version: 1,
            item_name: "测试事项".to_owned(),
            data: data.as_object().unwrap().clone(),
            clerk: ("li".to_owned(), "测试经办".to_owned()),
            taken_at: Timestamp::from_millis(1_790_000_000_000),
            paper_at: None,
            materials: Vec::new(),
            prints: 0,
            bill: None,
            notice: None,
            news: Vec::new(),
        }
    }

    #[test]
    fn what_was_kept_is_there_after_a_restart_newest_first_and_a_torn_file_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let (first, second) = (taken(1), taken(2));
        ledger.keep(first.clone()).unwrap();
        ledger.keep(second.clone()).unwrap();
        ledger.change(first.case, |one| one.prints += 1).unwrap().unwrap();
        assert!(ledger.change(taken(3).case, |one| one.prints += 1).unwrap().is_none());
        std::fs::write(folder.path().join("torn.json"), b"{\"case\"").unwrap();
        let again = Ledger::open(folder.path()).unwrap();
        assert_eq!(again.all().iter().map(|one| one.case).collect::<Vec<_>>(), [second.case, first.case]);
        assert_eq!(again.get(first.case).unwrap().prints, 1);
        again.forget(second.case).unwrap();
        assert_eq!(Ledger::open(folder.path()).unwrap().all().len(), 1);
        assert!(folder.path().join("torn.json").exists());
    }

    #[test]
    fn what_a_page_needs_is_found_in_the_application() {
        let one = taken(1);
        assert_eq!((one.applicant(), one.applicant_number(), one.division()), ("测试用户", "1", "340705000000"));
        assert_eq!(one.agent(), None);
    }
}
