//! What an application must hold: item, division, applicant, form, materials, channel and number.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{CaseNumber, DivisionCode, ErrorCode, Fault};

use super::envelope::Envelope;
use crate::app::AppState;
use crate::case::{self, Opening};
use crate::catalogue::Item;
use crate::database::DatabaseError;
use crate::json::{Faults, Members};
use crate::lease;
use crate::record::Authentic;

/// Materials of one application.
const MATERIALS_MOST: usize = 200;

/// Reads an application; adds every fault. The opening is there when nothing is wrong.
pub(super) fn read(
    app: &AppState,
    connection: &Connection,
    authentic: &Authentic,
    envelope: &Envelope,
    found: &mut Vec<Fault>,
) -> Result<Option<Opening>, DatabaseError> {
    let number = number(connection, authentic, envelope, found)?;
    let faults = Faults::default();
    let document = json!({ "data": envelope.data });
    let opening = match Members::of(&document, &faults).and_then(|members| members.optional_object("data")) {
        Some(data) => data_of(app, connection, envelope, &data, &faults)?,
        None => None,
    };
    found.extend(faults.into_vec());
    Ok(opening.zip(number).map(|(opening, number)| Opening { number: number.as_str().to_owned(), ..opening }))
}

fn number(
    connection: &Connection,
    authentic: &Authentic,
    envelope: &Envelope,
    faults: &mut Vec<Fault>,
) -> Result<Option<CaseNumber>, DatabaseError> {
    let Some(number) = envelope.number else {
        // A number that cannot be read is a fault of the envelope already.
        if !envelope.faults.iter().any(|fault| fault.path == "/number") {
            faults.push(Fault::new("/number", ErrorCode::RequestMissingField));
        }
        return Ok(None);
    };
    if !lease::covers(connection, &authentic.author.id, &number)? {
        faults.push(Fault::new("/number", ErrorCode::CaseNumberNotLeased));
    } else if case::holder_of(connection, number.as_str())?.is_some_and(|holder| holder != envelope.case) {
        faults.push(Fault::new("/number", ErrorCode::CaseNumberTaken));
    }
    Ok(Some(number))
}

fn data_of(
    app: &AppState,
    connection: &Connection,
    envelope: &Envelope,
    data: &Members<'_>,
    faults: &Faults,
) -> Result<Option<Opening>, DatabaseError> {
    let reference = data.optional_object("item");
    let code = reference.as_ref().and_then(|item| item.bounded_text("code", 64));
    let version = reference.as_ref().and_then(version);
    let division = data.value("division").and_then(|_| data.identifier("division", DivisionCode::parse));
    let applicant = data.optional_object("applicant");
    let masked = applicant.as_ref().and_then(masked);
    let (Some(code), Some(version)) = (code, version) else { return Ok(None) };
    let guide = app.guide.open(connection)?;
    match guide.item(code, version) {
        None => {
            faults.add(Fault::new("/data/item", ErrorCode::ItemUnknown).with("code", code).with("version", version))
        }
        Some(item) => {
            if !item.holds_on(&envelope.day) {
                let fault = Fault::new("/data/item", ErrorCode::ItemNotInForce);
                faults.add(fault.with("code", code).with("version", version));
            }
            required_materials(item, data, faults);
            required_fields(item, data, faults);
        }
    }
    let (Some(division), Some(applicant_masked)) = (division, masked) else { return Ok(None) };
    Ok(Some(Opening {
        number: String::new(),
        division: division.as_twelve().to_owned(),
        item_code: code.to_owned(),
        item_version: version,
        applicant_masked,
    }))
}

fn version(item: &Members<'_>) -> Option<i64> {
    match item.value("version") {
        Some(Value::String(text)) if text.parse::<u32>().is_ok() => text.parse().ok(),
        _ => item.integer("version", 1, i64::from(u32::MAX)),
    }
}

/// Kind and name with all but the first character hidden: enough for a trace, too little for a stranger.
fn masked(applicant: &Members<'_>) -> Option<Value> {
    let kind = applicant.text("kind");
    if kind.is_some_and(|kind| !["person", "organisation"].contains(&kind)) {
        applicant.fault("kind", ErrorCode::RequestUnknownValue);
    }
    let name = applicant.bounded_text("name", 200);
    applicant.object("id");
    let name: String = name?.chars().enumerate().map(|(index, one)| if index == 0 { one } else { '*' }).collect();
    Some(json!({ "kind": kind?, "name": name }))
}

fn required_materials(item: &Item, data: &Members<'_>, faults: &Faults) {
    let Some(given) = data.value("materials").and_then(|_| data.objects("materials", MATERIALS_MOST)) else { return };
    let names: Vec<&str> = given
        .iter()
        .flat_map(|material| ["key", "name"].map(|member| material.value(member).and_then(Value::as_str)))
        .flatten()
        .collect();
    for material in item.materials.iter().filter(|material| material.required) {
        if !names.iter().any(|name| *name == material.key || *name == material.name.zh) {
            faults.add(
                Fault::new("/data/materials", ErrorCode::CaseMaterialMissing)
                    .with("material", &material.key)
                    .with("name", &material.name.zh),
            );
        }
    }
}

fn required_fields(item: &Item, data: &Members<'_>, faults: &Faults) {
    let Some(form) = data.optional_object("form") else { return };
    for field in item.form.iter().filter(|field| field.required) {
        if form.value(&field.key).is_none() {
            faults
                .add(Fault::new(&form.path_of(&field.key), ErrorCode::ItemFormFieldMissing).with("field", &field.key));
        }
    }
}
