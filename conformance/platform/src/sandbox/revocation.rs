//! Revoking a key: what an operator does when a box was stolen or a clerk has left.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tongqiao_protocol::{ErrorCode, KeyId};

use crate::app::AppState;
use crate::directory;
use crate::json::{self, Faults, Members};
use crate::refusal::Refusal;

/// `POST /sandbox/revoke {"keyid", "reason"?, "compromised"?}`: the key signs nothing from now on. What it signed and has
/// not arrived yet is kept for a human.
pub(super) async fn revoke(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let (keyid, reason) = wish(&body)?;
    let now = app.clock.now();
    let (key, why) = (keyid.clone(), reason.clone());
    let known = app.database.write(move |connection| directory::revoke(connection, &key, &why, now)).await?;
    if !known {
        return Err(Refusal::new(ErrorCode::RecordUnknownKey).with("keyid", &keyid));
    }
    Ok(Json(json!({ "keyid": keyid, "revoked": now, "reason": reason })))
}

fn wish(body: &[u8]) -> Result<(KeyId, String), Refusal> {
    let document = json::document(body)?;
    let faults = Faults::default();
    let wish = Members::of(&document, &faults).and_then(|members| {
        let keyid = members.parsed("keyid");
        let reason = match members.value("reason") {
            Some(_) => members.bounded_text("reason", 200),
            None => Some("unspecified"),
        };
        let compromised = match members.value("compromised") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => {
                members.fault("compromised", ErrorCode::RequestWrongType);
                return None;
            }
        };
        let reason = reason?;
        Some((keyid?, if compromised { format!("compromised: {reason}") } else { reason.to_owned() }))
    });
    wish.filter(|_| faults.is_empty()).ok_or_else(|| faults.into_refusal())
}
