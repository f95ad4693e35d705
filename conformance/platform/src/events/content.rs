//! What an event's data must agree with: the published guide.

use rusqlite::Connection;
use tongqiao_protocol::case::{CaseEvent, CaseEventData, Citation};
use tongqiao_protocol::{ErrorCode, Fault};

use crate::app::AppState;
use crate::case::CaseFile;
use crate::database::DatabaseError;

/// Nothing may be demanded that the guide does not say: every line of a notice cites a material or a condition of it.
pub(super) fn faults(
    app: &AppState,
    connection: &Connection,
    event: &CaseEvent,
    file: Option<&CaseFile>,
) -> Result<Vec<Fault>, DatabaseError> {
    let (CaseEventData::CorrectionRequested(notice), Some(file)) = (&event.data, file) else {
        return Ok(Vec::new());
    };
    let guide = app.guide.open(connection)?;
    let Some(item) = guide.item(&file.item_code, file.item_version) else { return Ok(Vec::new()) };
    let uncited = notice.lines.iter().enumerate().filter(|(_, line)| match line.cites {
        Citation::Material => !item.has_material(&line.id),
        Citation::Condition => !item.has_condition(&line.id),
    });
    Ok(uncited
        .map(|(index, line)| {
            let fault = Fault::new(&format!("/data/lines/{index}/id"), ErrorCode::CaseCorrectionUncited);
            fault.with("cites", line.cites.as_str()).with("id", &line.id)
        })
        .collect())
}
