//! Enrolment: a one-time code becomes a party with keys and scopes.
//!
//! What the party is and may do is in the operator's code. The party brings its name and keys, and proves for each key that
//! it has the secret: with another's public key it could later claim what that one signed.

mod grant;
mod wish;

pub(crate) use self::grant::{Grant, make_code};
pub use self::wish::CodeWish;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::{ErrorCode, Fault, KeyId, PartyId, PublicKey, SignatureValue, Suite, Timestamp};

use crate::app::AppState;
use crate::crypto;
use crate::database::DatabaseError;
use crate::directory::{PartyKey, Purpose, Scopes, find_party};
use crate::dispatch;
use crate::hop;
use crate::json::{Faults, Members};
use crate::refusal::Refusal;

/// How many keys a party may bring at once.
const KEYS_MOST: usize = 16;
/// How long an enrolment code is good for: a week.
pub(crate) const CODE_LIFE_MILLIS: i64 = 7 * 86_400_000;
/// How long a key enrolled in the sandbox is good for: two years.
const KEY_LIFE_MILLIS: i64 = 2 * 365 * 86_400_000;

/// The first line of what a new key signs: its own id, the code and the party's name follow.
const PROOF_TAG: &str = "tongqiao-enrolment-v1";
/// So much of a party's name stands in the ids of its keys, which are shorter than names may be.
const NAME_IN_KEY_ID: usize = 50;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/enrolments", post(enrol))
}

async fn enrol(State(app): State<AppState>, request: Request<Body>) -> Result<Json<Value>, Refusal> {
    let (parts, body) = request.into_parts();
    let body = hop::read_body(&parts.headers, body, hop::body_limit(&parts)).await?;
    let document = crate::json::document(&body)?;
    let now = app.clock.now();
    let wish = Wish::read(&document, now)?;
    // The same words again are a repetition (the answer was lost), not a second use of the code.
    let digest = crypto::hash(Suite::International, &[&body]);
    app.database.write(move |connection| admit(connection, &wish, &digest, now)).await.map(Json)
}

/// What a system asks for.
struct Wish {
    code: String,
    party: PartyId,
    kind: String,
    name: String,
    keys: Vec<PartyKey>,
}

impl Wish {
    fn read(document: &Value, now: Timestamp) -> Result<Self, Refusal> {
        let faults = Faults::default();
        let wish = Members::of(document, &faults).and_then(|members| {
            let code = members.bounded_text("code", 128);
            let party = members.parsed::<PartyId>("party");
            let kind = members.text("kind").filter(|kind| {
                let known = grant::KINDS.contains(kind);
                if !known {
                    faults.add(
                        Fault::new(&members.path_of("kind"), ErrorCode::RequestInvalidValue)
                            .with("expected", grant::KINDS.join(" ")),
                    );
                }
                known
            });
            let name = members.bounded_text("name", 200);
            let keys = members.objects("keys", KEYS_MOST);
            if keys.as_ref().is_some_and(Vec::is_empty) {
                members.fault("keys", ErrorCode::RequestMissingField);
            }
            let owner = party.as_ref().map(PartyId::as_str).unwrap_or_default().to_owned();
            let keys = keys?.iter().map(|key| read_key(key, code.unwrap_or_default(), &owner, now)).collect::<Vec<_>>();
            Some(Self {
                code: code?.to_owned(),
                party: party?,
                kind: kind?.to_owned(),
                name: name?.to_owned(),
                keys: keys.into_iter().collect::<Option<_>>()?,
            })
        });
        match wish {
            Some(wish) if faults.is_empty() => Ok(wish),
            _ => Err(faults.into_refusal()),
        }
    }
}

fn read_key(members: &Members<'_>, code: &str, party: &str, now: Timestamp) -> Option<PartyKey> {
    let id = members.parsed::<KeyId>("keyid").filter(|id| {
        let fits = is_named_after(id, party);
        if !fits {
            members.explained(
                "keyid",
                ErrorCode::EnrolmentKeyUnsuitable,
                "reason",
                "begins with the party's name and /",
            );
        }
        fits
    });
    let suite = members.text("suite").and_then(|name| {
        let suite = [Suite::International, Suite::ShangMi].into_iter().find(|suite| suite.as_str() == name);
        if suite.is_none() {
            members.fault("suite", ErrorCode::RequestInvalidValue);
        }
        suite
    });
    let purpose = match members.value("use") {
        None => Some(Purpose::Event),
        Some(_) => members.parsed("use"),
    };
    let text = members.text("public_key");
    let public = suite.zip(text).and_then(|(suite, text)| {
        let key = STANDARD.decode(text).ok().and_then(|bytes| PublicKey::new(suite, bytes).ok());
        match key {
            None => members.fault("public_key", ErrorCode::RequestInvalidValue),
            Some(ref key) if !crypto::is_point(key) => {
                members.explained(
                    "public_key",
                    ErrorCode::EnrolmentKeyUnsuitable,
                    "reason",
                    "not a point of the curve",
                );
                return None;
            }
            Some(_) => {}
        }
        key
    });
    let proof = members.text("proof").and_then(|text| {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        if bytes.is_none() {
            members.fault("proof", ErrorCode::RequestInvalidValue);
        }
        bytes.map(SignatureValue::from_bytes)
    });
    if let (Some(id), Some(public), Some(proof)) = (&id, &public, &proof) {
        let message = format!("{PROOF_TAG}\n{id}\n{code}\n{party}");
        if crypto::verify(public, message.as_bytes(), proof).is_err() {
            members.explained("proof", ErrorCode::EnrolmentProofInvalid, "keyid", id.as_str());
        }
    }
    Some(PartyKey {
        id: id?,
        party: party.to_owned(),
        public: public?,
        purpose: purpose?,
        valid_from: now,
        valid_until: now.plus_millis(KEY_LIFE_MILLIS),
        revoked_at: None,
        revoked_reason: None,
    })
}

/// Whether a key's id says whose it is: nobody can take the ids that another will want.
fn is_named_after(id: &KeyId, party: &str) -> bool {
    let owner = id.as_str().rsplit_once('/').map(|(owner, _)| owner);
    owner == Some(party) || (party.len() > NAME_IN_KEY_ID && owner == party.get(..NAME_IN_KEY_ID))
}

fn admit(connection: &Connection, wish: &Wish, digest: &[u8; 32], now: Timestamp) -> Result<Value, Refusal> {
    type CodeRow = (Option<String>, String, String, i64, Option<[u8; 32]>, Option<String>);
    let row: Option<CodeRow> = connection
        .query_row(
            "SELECT party, kind, scopes, expires, request_digest, answer FROM enrolment_code WHERE code = ?1",
            [&wish.code],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)),
        )
        .optional()?;
    let invalid = || Refusal::at("/code", ErrorCode::EnrolmentCodeInvalid);
    let (party, kind, scopes, expires, used_by, answer) = row.ok_or_else(invalid)?;
    if let (Some(used_by), Some(answer)) = (used_by, answer) {
        let again = serde_json::from_str(&answer).map_err(|_| DatabaseError::Corrupt("enrolment answer"))?;
        return if used_by == *digest { Ok(again) } else { Err(invalid()) };
    }
    if expires <= now.as_millis() || party.is_some_and(|party| party != wish.party.as_str()) {
        return Err(invalid());
    }
    if kind != wish.kind {
        return Err(Refusal::at("/kind", ErrorCode::ScopeNotAllowed).with("scope", &wish.kind).with("granted", kind));
    }
    if find_party(connection, wish.party.as_str())?.is_some() || wish.party.as_str() == "platform" {
        return Err(Refusal::at("/party", ErrorCode::EnrolmentPartyTaken));
    }
    let scopes: Scopes = serde_json::from_str(&scopes).map_err(|_| DatabaseError::Corrupt("scopes"))?;
    insert(connection, wish, &scopes, now)?;
    if !scopes.handles.is_empty() {
        dispatch::waiting(connection, now)?;
    }
    let answer = answer_of(wish, &scopes);
    connection.execute(
        "UPDATE enrolment_code SET used_at = ?2, request_digest = ?3, answer = ?4 WHERE code = ?1",
        (&wish.code, now.as_millis(), digest, answer.to_string()),
    )?;
    Ok(answer)
}

fn insert(connection: &Connection, wish: &Wish, scopes: &Scopes, now: Timestamp) -> Result<(), Refusal> {
    let scopes = json!(scopes).to_string();
    connection.execute(
        "INSERT INTO party (party, kind, name, scopes, enrolled) VALUES (?1, ?2, ?3, ?4, ?5)",
        (wish.party.as_str(), &wish.kind, &wish.name, scopes, now.as_millis()),
    )?;
    let mut faults = Vec::new();
    for (index, key) in wish.keys.iter().enumerate() {
        let added = connection.execute(
            "INSERT OR IGNORE INTO party_key (keyid, party, suite, public_key, purpose, valid_from, valid_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                key.id.as_str(),
                &key.party,
                key.public.suite().as_str(),
                key.public.as_bytes(),
                key.purpose.as_str(),
                key.valid_from.as_millis(),
                key.valid_until.as_millis(),
            ),
        )?;
        if added == 0 || key.id.as_str().starts_with("platform/") {
            faults.push(Fault::new(&format!("/keys/{index}/keyid"), ErrorCode::EnrolmentKeyTaken));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::of_faults(faults)) }
}

fn answer_of(wish: &Wish, scopes: &Scopes) -> Value {
    let keys: Vec<Value> = wish
        .keys
        .iter()
        .map(|key| json!({ "keyid": key.id, "valid_from": key.valid_from, "valid_until": key.valid_until }))
        .collect();
    json!({ "party": wish.party, "kind": wish.kind, "name": wish.name, "scopes": scopes, "keys": keys })
}
