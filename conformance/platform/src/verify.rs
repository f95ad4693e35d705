//! The page on which anybody verifies a printed receipt: does the platform's log hold it, and since when.
//!
//! A receipt's code names an event and the digest of its record. Only who holds the paper knows both, and what the page says of them
//! is nothing of a person. Whoever does not want to take the platform's word takes the printed proof to the stand-alone verifier.

use std::collections::HashMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::receipt::{Receipt, ReceiptBody, ReceiptKind};
use tongqiao_protocol::transparency::ReceiptProof;
use tongqiao_protocol::{Digest, EventId, Language};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::html::{escape, page, pick};
use crate::receipt;
use crate::refusal::{Refusal, language_of};

/// A proof is a few kilobytes.
const PROOF_BYTES_MOST: usize = 64 * 1024;

/// The page; it is for everybody, on every platform.
pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/verify", get(show).post(compare)).layer(DefaultBodyLimit::max(PROOF_BYTES_MOST))
}

/// What the log says.
enum Found {
    /// Nothing was asked.
    NotAsked,
    /// There is no such receipt.
    Nothing,
    There(Box<ReceiptBody>),
}

async fn show(
    State(app): State<AppState>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let language = language_of(&headers);
    if asked.is_empty() {
        return written(language, &Found::NotAsked);
    }
    let event = asked.get("event").and_then(|text| text.parse::<EventId>().ok());
    let digest = asked.get("digest").and_then(|text| text.parse::<Digest>().ok());
    let Some((event, digest)) = event.zip(digest) else { return written(language, &Found::Nothing) };
    answered(language, app.database.read(move |connection| by_digest(connection, event, digest)).await)
}

/// A whole proof, as it was read from the paper: is it what the log holds at its place?
async fn compare(State(app): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let language = language_of(&headers);
    let text = form_field(&body, "proof");
    let proof = text.and_then(|text| serde_json::from_str::<ReceiptProof>(&text).ok());
    let Some(proof) = proof else { return written(language, &Found::Nothing) };
    answered(language, app.database.read(move |connection| at_its_place(connection, &proof.receipt)).await)
}

fn answered(language: Language, found: Result<Found, DatabaseError>) -> Response {
    match found {
        Ok(found) => written(language, &found),
        Err(error) => Refusal::from(error).into_response(),
    }
}

fn by_digest(connection: &Connection, event: EventId, digest: Digest) -> Result<Found, DatabaseError> {
    let position = connection
        .prepare_cached("SELECT position FROM event WHERE id = ?1 AND digest = ?2")?
        .query_row((event.as_bytes(), digest.to_string()), |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(position) = position else { return Ok(Found::Nothing) };
    Ok(body_at(connection, position)?.map_or(Found::Nothing, |(_, body)| Found::There(Box::new(body))))
}

fn at_its_place(connection: &Connection, shown: &Receipt) -> Result<Found, DatabaseError> {
    let position = shown.body().ok().and_then(|body| i64::try_from(body.position).ok());
    let Some(position) = position else { return Ok(Found::Nothing) };
    Ok(match body_at(connection, position)? {
        Some((kept, body)) if kept.receipt == shown.receipt => Found::There(Box::new(body)),
        _ => Found::Nothing,
    })
}

/// The receipt at a position; `None` where the log ends before it.
fn body_at(connection: &Connection, position: i64) -> Result<Option<(Receipt, ReceiptBody)>, DatabaseError> {
    let last = connection.query_row("SELECT max(position) FROM log", [], |row| row.get::<_, Option<i64>>(0))?;
    if last.is_none_or(|last| position > last || position < 0) {
        return Ok(None);
    }
    let kept = serde_json::from_value::<Receipt>(receipt::at(connection, position)?);
    let kept = kept.map_err(|_| DatabaseError::Corrupt("receipt"))?;
    let body = kept.body().map_err(|_| DatabaseError::Corrupt("receipt"))?;
    Ok(Some((kept, body)))
}

fn form_field(body: &[u8], name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(body);
    pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

fn written(language: Language, found: &Found) -> Response {
    let title = pick(language, "核验回执", "Verify a receipt");
    let (status, said) = match found {
        Found::NotAsked => (StatusCode::OK, String::new()),
        Found::Nothing => (
            StatusCode::NOT_FOUND,
            notice(
                "bad",
                pick(
                    language,
                    "市级平台没有这份回执。若办理时链路中断，恢复后再核验；仍查不到的，请到出具回执的大厅询问。",
                    "The platform has no such receipt. If the link was down when it was printed, try again later; else ask at the hall that gave it.",
                ),
            ),
        ),
        Found::There(body) => (StatusCode::OK, standing(language, body)),
    };
    let form = format!(
        "<form method=\"post\" action=\"/verify\"><p><label for=\"proof\">{}</label></p>\
         <p><textarea id=\"proof\" name=\"proof\" rows=\"6\" cols=\"60\" required></textarea></p><button>{}</button></form><p><small>{}</small></p>",
        pick(language, "或粘贴扫描存证码得到的文本：", "Or paste the text of the printed proof:"),
        pick(language, "核验", "Verify"),
        pick(
            language,
            "不愿只听平台一面之词的，可用公开密钥和独立脚本离线验证存证（verify_receipt.py）。",
            "Whoever does not want to take our word verifies the proof offline with the public keys (verify_receipt.py).",
        ),
    );
    page(status, language, title, &format!("{said}{form}"), "")
}

fn notice(class: &str, text: &str) -> String {
    format!("<p class=\"notice {class}\">{}</p>", escape(text))
}

fn standing(language: Language, body: &ReceiptBody) -> String {
    let said = match body.kind {
        ReceiptKind::Settled => notice(
            "done",
            pick(
                language,
                "回执真实：市级平台已签收，并记入日志。",
                "Genuine: the platform has signed for it, and its log holds it.",
            ),
        ),
        _ => notice(
            "",
            pick(
                language,
                "回执真实：市级平台收到后退回，有待更正。",
                "Genuine: the platform received it and sent it back to be mended.",
            ),
        ),
    };
    format!(
        "{said}<dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd></dl>",
        pick(language, "签收时间", "Signed at"),
        body.time,
        pick(language, "日志位置", "Position in the log"),
        body.position,
        pick(language, "纪元", "Epoch"),
        body.epoch,
        pick(language, "摘要", "Digest"),
        escape(&body.digest.to_string()),
    )
}
