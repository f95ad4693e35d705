//! What is going to happen, decided from the seed before anything does: the department's own record of its business.
//!
//! A real department has this in its own database; here it is a file, written and synced before the first case is opened.
//! Ids are made and stored *before* anything is sent, so a department that was killed knows what it was doing.

mod applicant;
mod bill;
mod course;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{CaseId, Timestamp};

pub(crate) use applicant::Person;
pub(crate) use bill::{BillEnding, PlannedBill};
pub(crate) use course::Step;

use crate::error::DemoError;
use crate::ledger::Id;

/// Everything one department will do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) department: String,
    pub(crate) cases: Vec<PlannedCase>,
}

/// One case from application to its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlannedCase {
    pub(crate) id: Id,
    pub(crate) item: PlannedItem,
    pub(crate) division: String,
    pub(crate) applicant: Person,
    /// What follows the application, in this order.
    pub(crate) steps: Vec<Step>,
    pub(crate) bill: Option<PlannedBill>,
}

/// The item of the catalogue, as far as the plan needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlannedItem {
    pub(crate) code: String,
    pub(crate) version: u32,
    pub(crate) name: String,
    /// A division that its agency serves, twelve digits.
    pub(crate) division: String,
    pub(crate) promised_days: u32,
    /// The materials that must be handed in: key and name.
    pub(crate) materials: Vec<(String, String)>,
    /// The form's required fields: key and a value of the right kind.
    pub(crate) form: Vec<(String, serde_json::Value)>,
    /// Charges: code, name, price in fen, usual quantity.
    pub(crate) fees: Vec<(String, String, i64, u32)>,
}

impl Plan {
    /// Decides `count` cases from the seed, over `items`.
    pub(crate) fn make(
        department: &str,
        items: &[PlannedItem],
        count: usize,
        seed: u64,
        now: Timestamp,
    ) -> Result<Self, DemoError> {
        let mut chance = fastrand::Rng::with_seed(seed);
        let (charged, free): (Vec<_>, Vec<_>) = items.iter().partition(|item| !item.fees.is_empty());
        if charged.is_empty() && free.is_empty() {
            return Err(DemoError::broken(format!("the catalogue has no items of {department}")));
        }
        let cases = (0..count).map(|index| {
            // Every third case costs something where the department has charges at all.
            let pool =
                if (index.is_multiple_of(3) && !charged.is_empty()) || free.is_empty() { &charged } else { &free };
            let item = pool[chance.usize(..pool.len())].clone();
            let moment = now.plus_millis(i64::try_from(index).unwrap_or(0));
            Ok(PlannedCase {
                id: *CaseId::from_time_and_random(moment, random(&mut chance)).as_bytes(),
                division: item.division.clone(),
                applicant: Person::invent(&mut chance, &item.division)?,
                steps: course::course(&mut chance, item.materials.len()),
                bill: PlannedBill::draw(&mut chance, &item, moment),
                item,
            })
        });
        Ok(Self { department: department.to_owned(), cases: cases.collect::<Result<_, DemoError>>()? })
    }

    /// Writes the plan so that it survives whatever comes.
    pub(crate) fn save(&self, path: &Path) -> Result<(), DemoError> {
        let write = || {
            let draft = path.with_extension("draft");
            let mut file = File::create(&draft)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_all()?;
            std::fs::rename(&draft, path)
        };
        write().map_err(|source| DemoError::io("write the plan", source))
    }

    /// Reads a saved plan; `None` when there is none yet.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, DemoError> {
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(DemoError::broken),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DemoError::io("read the plan", source)),
        }
    }
}

/// Ten bytes for an id.
fn random(chance: &mut fastrand::Rng) -> [u8; 10] {
    let mut bytes = [0; 10];
    chance.fill(&mut bytes);
    bytes
}
