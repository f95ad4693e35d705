//! What the mirrored catalogue says of an application.

use tongqiao_protocol::case::{ApplicantKind, Application, CaseEventData, Citation, CorrectionLine};
use tongqiao_protocol::{DivisionCode, ErrorCode, Fault, Faults, Timestamp};

use super::writing::Ground;
use super::{form, joint, past};
use crate::Error;
use crate::client::Shared;
use crate::items::{Catalogue, Item, today};

/// The service targets that are organisations are all but this one.
const NATURAL_PERSON: &str = "1";

/// Every fault of the application that the guide shows.
pub(super) fn judge(catalogue: &Catalogue, application: &Application, now: Timestamp) -> Faults {
    let mut faults = Faults::new();
    let (code, version) = (application.item.code.as_str(), application.item.version);
    let Some(item) = catalogue.item(code, version) else {
        let fault = Fault::new("/data/item", ErrorCode::ItemUnknown).with("code", code).with("version", version);
        return Faults::one(fault);
    };
    if !item.is_in_force(&today(now)) {
        let fault = Fault::new("/data/item", ErrorCode::ItemNotInForce);
        faults.push(fault.with("code", code).with("version", version));
    }
    if !serves(item, &application.division) {
        let fault = Fault::new("/data/division", ErrorCode::ItemDivisionMismatch);
        faults.push(fault.with("item_division", item.division.as_deref().unwrap_or_default()));
    }
    target(item, application, &mut faults);
    if !item.channels.codes.iter().any(|channel| channel == application.channel.code()) {
        let fault = Fault::new("/data/channel", ErrorCode::ItemChannelNotOffered);
        faults.push(fault.with("offered", item.channels.codes.join(" ")));
    }
    materials(item, application, &mut faults);
    form::judge(item, &application.form, &mut faults);
    faults
}

/// What the case's past and the mirrored guide say of a further event: a correction notice is given once and may demand only
/// what the guide names. Where the mirror does not have the version under which the case was taken, the platform is left to
/// say it.
pub(super) async fn judge_change(shared: &Shared, ground: &Ground, data: &CaseEventData) -> Result<(), Error> {
    ground.past.judge(data)?;
    let file = &ground.file;
    Error::from_faults(joint::judge_change(file.joint.as_ref(), data)).map_or(Ok(()), Err)?;
    let CaseEventData::CorrectionRequested(notice) = data else { return Ok(()) };
    let Some(catalogue) = shared.mirror.current(shared).await? else { return Ok(()) };
    let Some(item) = catalogue.item(&file.item, file.item_version) else { return Ok(()) };
    let faults = notice.lines.iter().enumerate().filter_map(|(index, line)| uncited(item, index, line)).collect();
    Error::from_faults(Faults(faults)).map_or(Ok(()), Err)
}

fn uncited(item: &Item, index: usize, line: &CorrectionLine) -> Option<Fault> {
    let cited = match line.cites {
        Citation::Material => item.materials.iter().any(|one| one.key == line.id),
        Citation::Condition => item.conditions.iter().any(|one| one.key == line.id),
    };
    (!cited).then(|| past::uncited(index, line))
}

/// An agency's item is for its own division and those inside; a township may take in what its county handles.
fn serves(item: &Item, division: &DivisionCode) -> bool {
    let Some(place) = item.division.as_deref() else { return true };
    DivisionCode::parse(place).is_ok_and(|place| place.contains(division) || division.contains(&place))
}

fn target(item: &Item, application: &Application, faults: &mut Faults) {
    let persons = item.targets.codes.iter().any(|code| code == NATURAL_PERSON);
    let organisations = item.targets.codes.iter().any(|code| code != NATURAL_PERSON);
    let served = match application.applicant.kind {
        ApplicantKind::Person => persons,
        ApplicantKind::Organisation => organisations,
    };
    if !served {
        let fault = Fault::new("/data/applicant/kind", ErrorCode::ItemTargetMismatch);
        faults.push(fault.with("targets", item.targets.codes.join(" ")));
    }
}

fn materials(item: &Item, application: &Application, faults: &mut Faults) {
    let given = |key: &str| application.materials.iter().any(|one| one.guide.as_deref() == Some(key));
    for material in item.materials.iter().filter(|material| material.required && !given(&material.key)) {
        let fault = Fault::new("/data/materials", ErrorCode::CaseMaterialMissing);
        faults.push(fault.with("material", &material.key).with("name", &material.name.zh));
    }
    for (index, one) in application.materials.iter().enumerate() {
        let Some(key) = &one.guide else { continue };
        if !item.materials.iter().any(|material| material.key == *key) {
            let path = format!("/data/materials/{index}/guide");
            faults.push(Fault::new(&path, ErrorCode::ItemMaterialUnknown).with("material", key));
        }
    }
}
