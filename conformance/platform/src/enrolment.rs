//! Enrolment: a one-time code becomes a party with keys and scopes.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::{ErrorCode, Fault, PartyId, PublicKey, Suite, Timestamp};

use crate::app::AppState;
use crate::crypto;
use crate::database::DatabaseError;
use crate::directory::{PartyKey, Purpose, Scopes, find_party};
use crate::hop;
use crate::json::{Faults, Members};
use crate::refusal::Refusal;

/// How many keys a party may bring at once.
const KEYS_MOST: usize = 16;
/// How long an enrolment code is good for: a week.
pub(crate) const CODE_LIFE_MILLIS: i64 = 7 * 86_400_000;
/// How long a key enrolled in the sandbox is good for: two years.
const KEY_LIFE_MILLIS: i64 = 2 * 365 * 86_400_000;

const KINDS: [&str; 4] = ["department", "edge", "hub", "terminal"];

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
                let known = KINDS.contains(kind);
                if !known {
                    faults.add(
                        Fault::new(&members.path_of("kind"), ErrorCode::RequestInvalidValue)
                            .with("expected", KINDS.join(" ")),
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
            let keys = keys?.iter().map(|key| read_key(key, &owner, now)).collect::<Vec<_>>();
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

fn read_key(members: &Members<'_>, party: &str, now: Timestamp) -> Option<PartyKey> {
    let id = members.parsed("keyid");
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
        if key.is_none() {
            members.fault("public_key", ErrorCode::RequestInvalidValue);
        }
        key
    });
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

fn admit(connection: &Connection, wish: &Wish, digest: &[u8; 32], now: Timestamp) -> Result<Value, Refusal> {
    type CodeRow = (Option<String>, String, i64, Option<[u8; 32]>, Option<String>);
    let row: Option<CodeRow> = connection
        .query_row(
            "SELECT party, scopes, expires, request_digest, answer FROM enrolment_code WHERE code = ?1",
            [&wish.code],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .optional()?;
    let invalid = || Refusal::at("/code", ErrorCode::EnrolmentCodeInvalid);
    let (party, scopes, expires, used_by, answer) = row.ok_or_else(invalid)?;
    if let (Some(used_by), Some(answer)) = (used_by, answer) {
        let again = serde_json::from_str(&answer).map_err(|_| DatabaseError::Corrupt("enrolment answer"))?;
        return if used_by == *digest { Ok(again) } else { Err(invalid()) };
    }
    if expires <= now.as_millis() || party.is_some_and(|party| party != wish.party.as_str()) {
        return Err(invalid());
    }
    if find_party(connection, wish.party.as_str())?.is_some() || wish.party.as_str() == "platform" {
        return Err(Refusal::at("/party", ErrorCode::EnrolmentPartyTaken));
    }
    let scopes: Scopes = serde_json::from_str(&scopes).map_err(|_| DatabaseError::Corrupt("scopes"))?;
    insert(connection, wish, &scopes, now)?;
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

/// Makes a one-time code; `party` binds it to one name.
pub(crate) fn make_code(
    connection: &Connection,
    party: Option<&str>,
    scopes: &Scopes,
    expires: Timestamp,
) -> Result<String, DatabaseError> {
    let random = crypto::random::<10>().map_err(|_| DatabaseError::Corrupt("randomness"))?;
    // Crockford's letters: a code is read out on the telephone.
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let code: String = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let code = format!("{}-{}", &code[..5], &code[5..]);
    connection.execute(
        "INSERT INTO enrolment_code (code, party, scopes, expires) VALUES (?1, ?2, ?3, ?4)",
        (&code, party, json!(scopes).to_string(), expires.as_millis()),
    )?;
    Ok(code)
}
