//! Which papers the events of a case cite, and which of them are here.
//!
//! An event that cites a digest is never held up by bytes that have not come: the case shows them as missing until they do.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::case::{CaseEvent, CaseEventData, Material};
use tongqiao_protocol::material::MaterialState;
use tongqiao_protocol::{CaseId, Digest, MaterialId};

use crate::database::DatabaseError;

/// Notes what an effective event cites.
pub(crate) fn cite(
    connection: &Connection,
    author: &str,
    event: &CaseEvent,
    revision: i64,
) -> Result<(), DatabaseError> {
    let materials: &[Material] = match &event.data {
        CaseEventData::Applied(application) => &application.materials,
        CaseEventData::Corrected(correction) => &correction.materials,
        _ => &[],
    };
    let mut insert = connection.prepare_cached(
        "INSERT INTO case_material (case_id, revision, place, party, digest, citation) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (place, material) in (0_i64..).zip(materials) {
        let citation = json!(material).to_string();
        let digest = material.digest.map(|digest| digest.to_string());
        insert.execute((event.case.as_bytes(), revision, place, author, digest, citation))?;
    }
    Ok(())
}

/// The papers of a case in the order in which they were cited, each with how far it is here.
pub(crate) fn of_case(connection: &Connection, case: CaseId) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT revision, party, digest, citation FROM case_material WHERE case_id = ?1 ORDER BY revision, place",
    )?;
    let cited: Vec<(i64, String, Option<String>, String)> = statement
        .query_map([case.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    let mut materials = Vec::with_capacity(cited.len());
    for (revision, party, digest, citation) in cited {
        let mut material: Value =
            serde_json::from_str(&citation).map_err(|_| DatabaseError::Corrupt("cited material"))?;
        material["revision"] = json!(revision);
        if let Some(digest) = digest {
            let digest: Digest = digest.parse().map_err(|_| DatabaseError::Corrupt("digest of a material"))?;
            let brought = brought(connection, &digest, &party)?;
            material["state"] = brought.as_ref().map_or(json!("missing"), |(_, state)| json!(state));
            if let Some((id, MaterialState::Complete)) = brought {
                material["material"] = json!(id);
            }
        }
        materials.push(material);
    }
    Ok(materials)
}

/// What the citing party has brought of a content: the complete upload before one that is on its way.
fn brought(
    connection: &Connection,
    digest: &Digest,
    party: &str,
) -> Result<Option<(MaterialId, MaterialState)>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT material, state FROM material WHERE party = ?1 AND digest = ?2 AND state IN ('complete', 'receiving')
         ORDER BY state, material LIMIT 1",
    )?;
    let mut rows = statement.query((party, digest.to_string()))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let state: String = row.get(1)?;
    let state = state.parse().map_err(|_| DatabaseError::Corrupt("state of a material"))?;
    Ok(Some((MaterialId::from_bytes(row.get(0)?), state)))
}
