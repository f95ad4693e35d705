//! What an application must agree with: its number's lease, and the item's published guide.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::case::{Application, CaseEvent};
use tongqiao_protocol::{ErrorCode, Fault};

use super::form;
use crate::app::AppState;
use crate::case::{self, Opening};
use crate::catalogue::Item;
use crate::database::DatabaseError;
use crate::dispatch;
use crate::joint;
use crate::lease;
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
        if !lease::covers(connection, &authentic.author.id, event.producer, event.incarnation, number)? {
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
    let day: String = event.time.to_string().chars().take(10).collect();
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
            required_materials(item, application, faults);
            form::judge(item, application, faults);
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

/// Kind and name with all but the first character hidden: enough for a trace, too little for a stranger.
fn masked(application: &Application) -> Value {
    let name = application.applicant.name.chars().enumerate();
    let name: String = name.map(|(index, one)| if index == 0 { one } else { '*' }).collect();
    json!({ "kind": application.applicant.kind, "name": name })
}

fn required_materials(item: &Item, application: &Application, faults: &mut Vec<Fault>) {
    for material in item.materials.iter().filter(|material| material.required) {
        if !application.materials.iter().any(|given| given.guide.as_deref() == Some(material.key.as_str())) {
            faults.push(
                Fault::new("/data/materials", ErrorCode::CaseMaterialMissing)
                    .with("material", &material.key)
                    .with("name", &material.name.zh),
            );
        }
    }
    for (index, given) in application.materials.iter().enumerate() {
        if let Some(key) = &given.guide
            && !item.has_material(key)
        {
            let path = format!("/data/materials/{index}/guide");
            faults.push(Fault::new(&path, ErrorCode::ItemMaterialUnknown).with("material", key));
        }
    }
}
