//! What is going to happen, decided from the seed before anything does: the department's own record of its business.
//!
//! A real department has this in its own database; here it is a file, written and synced before the first case is opened.
//! Ids are made and stored *before* anything is sent, so a department that was killed knows what it was doing.

mod applicant;
mod bill;
mod course;
pub(crate) mod place;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{CaseId, Timestamp};

pub(crate) use applicant::Person;
pub(crate) use bill::{BillEnding, PlannedBill};
pub(crate) use course::{APPLIED, Step, end_of};

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
    /// How the application comes in: a value of `handle_form`.
    pub(crate) channel: String,
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
    /// How one may apply: values of `handle_form`.
    pub(crate) channels: Vec<String>,
    pub(crate) promised_days: u32,
    /// The materials that must be handed in: key and name.
    pub(crate) materials: Vec<(String, String)>,
    /// The form's required fields: key and a value of the right kind.
    pub(crate) form: Vec<(String, serde_json::Value)>,
    /// Charges: code, name, price in fen, usual quantity.
    pub(crate) fees: Vec<(String, String, i64, u32)>,
}

impl Plan {
    /// Decides `count` cases from the seed, over `items`; `citizens` are those who can sign in.
    pub(crate) fn make(
        department: &str,
        items: &[PlannedItem],
        citizens: &[Person],
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
            let division = place::of(&mut chance, &item.division);
            let channel = channel(&mut chance, &item.channels)?;
            let applicant = match ONLINE.contains(&channel.as_str()) && !citizens.is_empty() {
                true => citizens[chance.usize(..citizens.len())].clone(),
                false => Person::invent(&mut chance, &division)?,
            };
            Ok(PlannedCase {
                id: *CaseId::from_time_and_random(moment, random(&mut chance)).as_bytes(),
                division,
                channel,
                applicant,
                steps: course::course(&mut chance, item.materials.len()),
                bill: PlannedBill::draw(&mut chance, &item, moment),
                item,
            })
        });
        Ok(Self { department: department.to_owned(), cases: cases.collect::<Result<_, DemoError>>()? })
    }

    /// How many records the department will call accepted, all told.
    pub(crate) fn records(&self) -> usize {
        self.cases.iter().map(PlannedCase::records).sum()
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

impl PlannedCase {
    /// Every kind of event in the order of the log.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        std::iter::once(APPLIED).chain(self.steps.iter().map(|step| step.kind())).collect()
    }

    fn records(&self) -> usize {
        // A void has no id that a caller sees.
        let money = self.bill.as_ref().map_or(0, |bill| match bill.ending {
            BillEnding::Refunded { .. } => 2,
            BillEnding::Paid | BillEnding::Voided => 1,
        });
        1 + self.steps.len() + money
    }
}

/// Channels on which people sign in before they apply: online 网上办理 and mobile 移动端.
const ONLINE: [&str; 2] = ["2", "3"];

fn channel(chance: &mut fastrand::Rng, offered: &[String]) -> Result<String, DemoError> {
    if offered.is_empty() {
        return Err(DemoError::broken("an item of the catalogue names no way to apply"));
    }
    Ok(offered[chance.usize(..offered.len())].clone())
}

/// Ten bytes for an id.
fn random(chance: &mut fastrand::Rng) -> [u8; 10] {
    let mut bytes = [0; 10];
    chance.fill(&mut bytes);
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;

    fn item() -> PlannedItem {
        PlannedItem {
            code: "item".to_owned(),
            version: 1,
            name: "事项".to_owned(),
            division: "340706000000".to_owned(),
            channels: vec!["1".to_owned(), "2".to_owned()],
            promised_days: 5,
            materials: vec![("id-card".to_owned(), "居民身份证".to_owned())],
            form: Vec::new(),
            fees: vec![("line".to_owned(), "收费".to_owned(), 2_800, 2)],
        }
    }

    fn plan(seed: u64, now: i64) -> Plan {
        let citizen = Person { name: "测试甲".to_owned(), number: String::new(), user: Some("u-0001".to_owned()) };
        Plan::make("civil-affairs", &[item()], &[citizen], 40, seed, Timestamp::from_millis(now)).unwrap()
    }

    /// Everything but the ids, whose first half is the time.
    fn decisions(plan: &Plan) -> Vec<String> {
        let of = |case: &PlannedCase| {
            let bill = case.bill.as_ref().map(|bill| (bill.total_fen, bill.ending));
            format!("{} {} {:?} {:?} {bill:?}", case.division, case.channel, case.applicant, case.steps)
        };
        plan.cases.iter().map(of).collect()
    }

    #[test]
    fn the_same_seed_decides_the_same_at_any_time_and_another_seed_otherwise() {
        assert_eq!(decisions(&plan(7, 1)), decisions(&plan(7, 1_800_000_000_000)));
        assert_ne!(decisions(&plan(7, 1)), decisions(&plan(8, 1)));
    }

    #[test]
    fn whoever_applies_online_is_somebody_who_can_sign_in() {
        let plan = plan(7, 1);
        assert!(plan.cases.iter().any(|case| case.channel == "2"));
        for case in &plan.cases {
            assert_eq!(case.channel == "2", case.applicant.user.is_some(), "{}", case.channel);
        }
    }

    #[test]
    fn cases_are_spread_over_townships_of_the_items_own_county() {
        let plan = plan(7, 1);
        let places: std::collections::BTreeSet<&str> = plan.cases.iter().map(|case| case.division.as_str()).collect();
        assert!(places.len() > 3, "{places:?}");
        assert!(places.iter().all(|place| place.starts_with("340706") && !place.ends_with("000000")), "{places:?}");
    }
}
