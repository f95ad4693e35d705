//! What the data of an event must hold, besides an application's own rules.

use rusqlite::Connection;
use tongqiao_protocol::{ErrorCode, Fault};

use super::envelope::Envelope;
use crate::app::AppState;
use crate::case::CaseFile;
use crate::database::DatabaseError;
use crate::json::{Faults, Members};

/// Lines of one correction notice.
const LINES_MOST: usize = 200;

/// The faults of the data, all of them.
pub(super) fn faults(
    app: &AppState,
    connection: &Connection,
    envelope: &Envelope,
    file: Option<&CaseFile>,
) -> Result<Vec<Fault>, DatabaseError> {
    let faults = Faults::default();
    let document = serde_json::json!({ "data": envelope.data });
    let Some(data) = Members::of(&document, &faults).and_then(|members| members.optional_object("data")) else {
        return Ok(faults.into_vec());
    };
    for member in app.life.required(&envelope.kind) {
        data.require(member);
    }
    if envelope.kind == "correction-requested"
        && let Some(file) = file
    {
        let guide = app.guide.open(connection)?;
        if let Some(item) = guide.item(&file.item_code, file.item_version) {
            cited(&data, &faults, |key| item.has_material(key), |key| item.has_condition(key));
        }
    }
    Ok(faults.into_vec())
}

/// Nothing may be demanded that the published guide does not say: every line cites a material or a condition.
fn cited(data: &Members<'_>, faults: &Faults, is_material: impl Fn(&str) -> bool, is_condition: impl Fn(&str) -> bool) {
    let Some(lines) = data.value("lines").and_then(|_| data.objects("lines", LINES_MOST)) else { return };
    for line in lines {
        let material = line.value("material").and_then(|_| line.optional_text("material"));
        let condition = line.value("condition").and_then(|_| line.optional_text("condition"));
        match (material, condition) {
            (Some(key), _) if !is_material(key) => line.fault("material", ErrorCode::CaseCorrectionUncited),
            (_, Some(key)) if !is_condition(key) => line.fault("condition", ErrorCode::CaseCorrectionUncited),
            (None, None) => faults.add(Fault::new(&line.path(), ErrorCode::CaseCorrectionUncited)),
            _ => {}
        }
    }
}
