//! `GET /v1/directory`: the signed list of keys, the platform's own among them.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tongqiao_protocol::{PublicKey, RecordKind, SignedRecord, Suite};

use super::{PartyKey, all_keys};
use crate::app::AppState;
use crate::crypto::PlatformKey;
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/directory", get(directory))
}

async fn directory(State(app): State<AppState>) -> Result<Json<SignedRecord>, Refusal> {
    let keys = app.database.read(all_keys).await?;
    let own = app.keys();
    let platform = [Suite::International, Suite::ShangMi].map(|suite| platform_entry(own.of(suite)));
    let beside = own.beside().iter().map(|one| {
        let mut entry = platform_entry(&one.key);
        if let Some(until) = one.valid_until {
            entry["valid_until"] = json!(until);
        }
        if let Some(at) = one.revoked_at {
            entry["revoked"] = json!({ "at": at, "reason": "rotated" });
        }
        entry
    });
    let keys: Vec<Value> = platform.into_iter().chain(beside).chain(keys.iter().map(entry)).collect();
    let directory = json!({ "issued": app.clock.now(), "keys": keys });
    Ok(Json(own.sign_record(app.settings.suite, RecordKind::Directory, directory.to_string().into_bytes())?))
}

fn platform_entry(key: &PlatformKey) -> Value {
    json!({
        "keyid": key.key_id(), "party": "platform", "suite": key.suite(), "public_key": raw(key.public_key()),
        "use": "event",
    })
}

fn entry(key: &PartyKey) -> Value {
    let mut entry = json!({
        "keyid": key.id,
        "party": key.party,
        "suite": key.public.suite(),
        "public_key": raw(&key.public),
        "use": key.purpose.as_str(),
        "valid_from": key.valid_from,
        "valid_until": key.valid_until,
    });
    if let Some(at) = key.revoked_at {
        entry["revoked"] = json!({ "at": at, "reason": key.revoked_reason });
    }
    entry
}

fn raw(key: &PublicKey) -> String {
    STANDARD.encode(key.as_bytes())
}
