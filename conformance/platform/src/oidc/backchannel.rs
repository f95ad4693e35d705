//! Telling applications that somebody has signed out (OpenID Connect Back-Channel Logout 1.0), until each has heard it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::Timestamp;

use super::failure::OauthError;
use super::id_token::seconds;
use super::signing_key::{self, IdTokenKey};
use crate::app::AppState;
use crate::database::DatabaseError;

/// The event that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Milliseconds for which a logout token is good; a later try makes another with the same id.
const TOKEN_LIFE_MILLIS: i64 = 120_000;
/// The pause before the second try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long an application may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A notice that an application has not confirmed yet.
struct Undelivered {
    jti: String,
    client_id: String,
    uri: String,
    sid: Option<String>,
    sub: String,
}

/// Delivers notices that were just written.
pub(super) fn send(app: &AppState, notices: Vec<i64>) {
    notices.into_iter().for_each(|number| drop(tokio::spawn(deliver(app.clone(), number))));
}

/// Delivers everything that was owed when the platform stopped.
pub(crate) async fn wake(app: &AppState) {
    let owed = app.database.read(|connection| {
        let mut statement = connection.prepare("SELECT number FROM oidc_logout WHERE delivered_at IS NULL")?;
        let numbers = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        Ok::<_, DatabaseError>(numbers)
    });
    match owed.await {
        Ok(notices) => send(app, notices),
        Err(error) => tracing::error!(%error, "who is owed a logout is not known"),
    }
}

/// Tries until the application has answered 200. Ends with the database, when the platform stops.
async fn deliver(app: AppState, number: i64) {
    let mut pause = FIRST_PAUSE;
    loop {
        let (issuer, now) = (app.settings.base_url.clone(), app.clock.now());
        let prepared = app.database.read(move |connection| prepare(connection, number, &issuer, now)).await;
        let Ok(Some((uri, token))) = prepared else { return };
        let request = app.settings.outgoing.post(uri).timeout(PATIENCE).form(&[("logout_token", token)]);
        let answer = request.send().await.map(|answer| answer.status().as_u16());
        let is_heard = matches!(answer, Ok(200 | 204));
        let text = answer.map_or_else(|error| error.to_string(), |status| status.to_string());
        let now = app.clock.now().as_millis();
        let noted = app.database.write(move |connection| {
            connection.execute(
                "UPDATE oidc_logout SET attempts = attempts + 1, last_answer = ?2,
                     delivered_at = CASE WHEN ?3 THEN ?4 END
                 WHERE number = ?1 AND delivered_at IS NULL",
                (number, text, is_heard, now),
            )?;
            Ok::<_, DatabaseError>(())
        });
        if noted.await.is_err() || is_heard {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Where to, and a token that is fresh; `None` when somebody else has delivered it.
fn prepare(
    connection: &Connection,
    number: i64,
    issuer: &str,
    now: Timestamp,
) -> Result<Option<(String, String)>, DatabaseError> {
    let sql = "SELECT jti, client_id, uri, sid, sub FROM oidc_logout WHERE number = ?1 AND delivered_at IS NULL";
    let owed = connection.query_row(sql, [number], |row| {
        Ok(Undelivered {
            jti: row.get(0)?,
            client_id: row.get(1)?,
            uri: row.get(2)?,
            sid: row.get(3)?,
            sub: row.get(4)?,
        })
    });
    let Some(owed) = owed.optional()? else { return Ok(None) };
    let key = signing_key::signing(connection, now)?;
    let token = logout_token(&key, issuer, &owed, now);
    Ok(Some((owed.uri, token)))
}

fn logout_token(key: &IdTokenKey, issuer: &str, owed: &Undelivered, now: Timestamp) -> String {
    let mut claims = json!({
        "iss": issuer,
        "aud": owed.client_id,
        "iat": seconds(now),
        "exp": seconds(now.plus_millis(TOKEN_LIFE_MILLIS)),
        "jti": owed.jti,
        "sub": owed.sub,
        "events": { EVENT: {} },
    });
    if let Some(sid) = &owed.sid {
        claims["sid"] = sid.clone().into();
    }
    let header = json!({ "alg": "ES256", "typ": "logout+jwt", "kid": key.kid });
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Whether the sandbox can reach this address: plain HTTP on its own machine, and nothing else, so that nobody makes it knock
/// at other doors.
pub(super) fn is_reachable(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| {
        url.scheme() == "http"
            && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
            && url.fragment().is_none()
            && url.username().is_empty()
    })
}

/// What applications were told, and how they answered.
pub(super) async fn show(State(app): State<AppState>) -> Result<Json<Value>, OauthError> {
    let notices = app.database.read(|connection| {
        let sql =
            "SELECT client_id, uri, sid, sub, attempts, last_answer, delivered_at FROM oidc_logout ORDER BY number";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(json!({
                "client_id": row.get::<_, String>(0)?,
                "uri": row.get::<_, String>(1)?,
                "sid": row.get::<_, Option<String>>(2)?,
                "sub": row.get::<_, String>(3)?,
                "attempts": row.get::<_, i64>(4)?,
                "last_answer": row.get::<_, Option<String>>(5)?,
                "delivered": row.get::<_, Option<i64>>(6)?.is_some(),
            }))
        })?;
        Ok::<_, DatabaseError>(rows.collect::<Result<Vec<_>, _>>()?)
    });
    Ok(Json(json!({ "logouts": notices.await? })))
}
