//! What an application must agree with: its number's lease, and the item's published guide.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::case::{Application, CaseEvent};
use tongqiao_protocol::{DivisionCode, ErrorCode, Fault, OverrideRecord, Timestamp};

use super::form;
use crate::app::AppState;
use crate::case::{self, Opening};
use crate::catalogue::Item;
use crate::database::DatabaseError;
use crate::dispatch;
use crate::joint;
use crate::lease::{self, Holding};
use crate::record::Authentic;

/// What the case begins with; adds every fault.
pub(super) fn open(
    app: &AppState,
    connection: &Connection,
    authentic: &Authentic,
    event: &CaseEvent,
    application: &Application,
    faults: &mut Vec<Fault>,
) -> Result<Opening, DatabaseError> {
    let number = event.number.map(|number| number.as_str().to_owned()).unwrap_or_default();
    if let Some(number) = &event.number {
        let party = authentic.author.id.as_str();
        if lease::holding(connection, party, event.producer, event.incarnation, number)? == Holding::Foreign {
            faults.push(Fault::new("/number", ErrorCode::CaseNumberNotLeased));
        } else if case::holder_of(connection, number.as_str())?.is_some_and(|holder| holder != event.case) {
            faults.push(Fault::new("/number", ErrorCode::CaseNumberTaken));
        }
        if number.division() != application.division.as_six() {
            faults.push(Fault::new("/number", ErrorCode::CaseNumberInvalid).with("division", number.division()));
        }
    }
    let (code, version) = (application.item.code.as_str(), i64::from(application.item.version));
    // The version that counts is that of the day of application: a message may have travelled long.
    let day = day_of(event.time);
    let refer = |fault: Fault| fault.with("code", code).with("version", version);
    match app.guide.open(connection)?.item(code, version) {
        None => faults.push(refer(Fault::new("/data/item", ErrorCode::ItemUnknown))),
        Some(item) => {
            if !item.holds_on(&day) {
                faults.push(refer(Fault::new("/data/item", ErrorCode::ItemNotInForce)));
            }
            if !item.is_handled_in(&application.division) {
                faults.push(refer(Fault::new("/data/division", ErrorCode::ItemDivisionMismatch)));
            }
            let guides = application.materials.iter().map(|given| given.guide.as_deref());
            required_materials(item, guides, faults);
            form::judge(item, &application.form, &application.overrides, faults);
        }
    }
    faults.extend(joint::opening_faults(connection, &authentic.author, event, application)?);
    let responsible = dispatch::in_charge_of(connection, code, &application.division, &authentic.author)?;
    Ok(Opening {
        responsible,
        number,
        division: application.division.as_twelve().to_owned(),
        item_code: code.to_owned(),
        item_version: version,
        applicant_masked: masked(application),
    })
}

/// The number of an application, while it may still become known that a node has passed it on to the author.
pub(super) fn awaited_number(
    connection: &Connection,
    authentic: &Authentic,
    event: &CaseEvent,
) -> Result<Option<String>, DatabaseError> {
    let Some(number) = &event.number else { return Ok(None) };
    let party = authentic.author.id.as_str();
    let holding = lease::holding(connection, party, event.producer, event.incarnation, number)?;
    Ok((holding == Holding::PartAwaited).then(|| number.as_str().to_owned()))
}

/// Kind and name with all but the first character hidden: enough for a trace, too little for a stranger.
fn masked(application: &Application) -> Value {
    let name = application.applicant.name.chars().enumerate();
    let name: String = name.map(|(index, one)| if index == 0 { one } else { '*' }).collect();
    json!({ "kind": application.applicant.kind, "name": name })
}

/// What the guide says of an application that is wrong in itself: as far as that can be read, so that its author hears of everything
/// at once. What is told already is not told twice.
pub(super) fn guide_faults(
    app: &AppState,
    connection: &Connection,
    record: &[u8],
    data: &Value,
    told: &[Fault],
) -> Result<Vec<Fault>, DatabaseError> {
    let is_told =
        |path: &str| told.iter().any(|fault| fault.path == path || fault.path.starts_with(&format!("{path}/")));
    let item = &data["item"];
    let (Some(code), Some(version)) = (item["code"].as_str(), item["version"].as_i64()) else { return Ok(Vec::new()) };
    if is_told("/data/item") {
        return Ok(Vec::new());
    }
    let refer = |fault: Fault| fault.with("code", code).with("version", version);
    let guide = app.guide.open(connection)?;
    let Some(item) = guide.item(code, version) else {
        return Ok(vec![refer(Fault::new("/data/item", ErrorCode::ItemUnknown))]);
    };
    let mut faults = Vec::new();
    let time = serde_json::from_slice::<Value>(record).ok().and_then(|event| event["time"].as_str()?.parse().ok());
    if time.is_some_and(|time: Timestamp| !item.holds_on(&day_of(time))) {
        faults.push(refer(Fault::new("/data/item", ErrorCode::ItemNotInForce)));
    }
    let division = data["division"].as_str().and_then(|text| DivisionCode::parse(text).ok());
    if division.is_some_and(|division| !item.is_handled_in(&division)) {
        faults.push(refer(Fault::new("/data/division", ErrorCode::ItemDivisionMismatch)));
    }
    if let Some(materials) = data["materials"].as_array() {
        required_materials(item, materials.iter().map(|given| given["guide"].as_str()), &mut faults);
    }
    if let Some(form) = data["form"].as_object() {
        // A decision about a number is only heard of where all of them can be read.
        let overrides = serde_json::from_value::<Vec<OverrideRecord>>(data["overrides"].clone()).unwrap_or_default();
        form::judge(item, form, &overrides, &mut faults);
    }
    faults.retain(|fault| !told.iter().any(|before| before.path == fault.path && before.code == fault.code));
    Ok(faults)
}

/// The day of an application in China.
fn day_of(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

fn required_materials<'a>(item: &Item, guides: impl Iterator<Item = Option<&'a str>>, faults: &mut Vec<Fault>) {
    let guides = guides.collect::<Vec<_>>();
    for material in item.materials.iter().filter(|material| material.required) {
        if !guides.contains(&Some(material.key.as_str())) {
            faults.push(
                Fault::new("/data/materials", ErrorCode::CaseMaterialMissing)
                    .with("material", &material.key)
                    .with("name", &material.name.zh),
            );
        }
    }
    for (index, guide) in guides.into_iter().enumerate() {
        if let Some(key) = guide
            && !item.has_material(key)
        {
            let path = format!("/data/materials/{index}/guide");
            faults.push(Fault::new(&path, ErrorCode::ItemMaterialUnknown).with("material", key));
        }
    }
}
