//! The bytes of a material: stored in the pieces in which they came, read in any.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use rusqlite::Connection;
use tongqiao_protocol::limits::{MATERIAL_BYTES_MAX, MATERIAL_CHUNK_BYTES_MAX};
use tongqiao_protocol::material::MaterialState;
use tongqiao_protocol::{ErrorCode, Fault, MaterialId};

use super::row::MaterialRow;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::refusal::Refusal;

/// A number of the address, between bounds.
pub(super) fn number(
    asked: &HashMap<String, String>,
    name: &str,
    bounds: std::ops::RangeInclusive<u64>,
    otherwise: Option<u64>,
    faults: &mut Vec<Fault>,
) -> u64 {
    let path = format!("/query/{name}");
    let (text, otherwise) = match (asked.get(name), otherwise) {
        (Some(text), otherwise) => (text, otherwise.unwrap_or_default()),
        (None, Some(otherwise)) => return otherwise,
        (None, None) => {
            faults.push(Fault::new(&path, ErrorCode::RequestMissingField));
            return 0;
        }
    };
    text.parse().ok().filter(|number| bounds.contains(number)).unwrap_or_else(|| {
        let expected = format!("{} to {}", bounds.start(), bounds.end());
        faults.push(Fault::new(&path, ErrorCode::RequestOutOfRange).with("expected", expected));
        otherwise
    })
}

/// A range of a complete material. Its bytes are somebody's upload: they are never shown as a page of this address.
pub(super) async fn give(
    State(app): State<AppState>,
    Path(material): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    Signed { caller, .. }: Signed,
) -> Result<Response, Refusal> {
    let id = super::id(&material)?;
    let most = MATERIAL_CHUNK_BYTES_MAX as u64;
    let mut faults = Vec::new();
    let offset = number(&asked, "offset", 0..=MATERIAL_BYTES_MAX - 1, Some(0), &mut faults);
    let limit = number(&asked, "limit", 1..=most, Some(most), &mut faults);
    if !faults.is_empty() {
        return Err(Refusal::of_faults(faults));
    }
    let bytes = app.database.read(move |connection| {
        let row = MaterialRow::readable_by(connection, id, &caller.party)?;
        if row.state != MaterialState::Complete {
            return Err(Refusal::new(ErrorCode::MaterialIncomplete)
                .with("offset", row.received)
                .with("size", row.size));
        }
        if offset >= row.size {
            let fault = Fault::new("/query/offset", ErrorCode::RequestOutOfRange);
            return Err(Refusal::of_faults(vec![fault.with("expected", format!("0 to {}", row.size - 1))]));
        }
        Ok(read(connection, row.content, offset, limit.min(row.size - offset))?)
    });
    let mut response = bytes.await?.into_response();
    for (name, value) in [
        (CONTENT_TYPE, "application/octet-stream"),
        (CONTENT_DISPOSITION, "attachment"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// `length` bytes from `start`, all of which must be there.
pub(super) fn read(
    connection: &Connection,
    content: MaterialId,
    start: u64,
    length: u64,
) -> Result<Vec<u8>, DatabaseError> {
    let corrupt = || DatabaseError::Corrupt("material");
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(|_| corrupt())?);
    let mut statement = connection.prepare_cached(
        "SELECT start, bytes FROM material_chunk WHERE content = ?1 AND start < ?3 AND start >=
            (SELECT max(start) FROM material_chunk WHERE content = ?1 AND start <= ?2) ORDER BY start",
    )?;
    let end = start + length;
    let mut pieces = statement.query((content.as_bytes(), start.cast_signed(), end.cast_signed()))?;
    while let Some(piece) = pieces.next()? {
        let begin: i64 = piece.get(0)?;
        let begin = begin.cast_unsigned();
        let held = piece.get_ref(1)?.as_blob().map_err(|_| corrupt())?;
        let place = start + bytes.len() as u64;
        let from = place.checked_sub(begin).and_then(|from| usize::try_from(from).ok()).ok_or_else(corrupt)?;
        let wanted = usize::try_from(end - place).map_err(|_| corrupt())?;
        let rest = held.get(from..).ok_or_else(corrupt)?;
        bytes.extend_from_slice(&rest[..rest.len().min(wanted)]);
    }
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(corrupt()) }
}
