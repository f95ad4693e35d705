//! Sessions: one person, signed in by one browser or at one device, at any number of applications.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::Timestamp;

use super::client::digest;
use crate::database::DatabaseError;

/// The cookie by which a browser is known again; the provider's pages alone see it.
const COOKIE_NAME: &str = "tongqiao-session";

/// A session that has begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) sid: String,
    pub(super) sub: String,
}

/// What the browser shows of its session.
pub(super) fn cookie_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value.to_owned()).next()
}

/// The header that makes a browser known. `Lax`: another site's form does not bring it along.
pub(super) fn cookie_for(token: &str, base_url: &str) -> Option<(http::HeaderName, HeaderValue)> {
    let secure = if base_url.starts_with("https:") { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={token}; Path=/oidc; HttpOnly; SameSite=Lax{secure}");
    Some((SET_COOKIE, HeaderValue::from_str(&text).ok()?))
}

/// The running session of the browser that shows this cookie.
pub(super) fn of_cookie(connection: &Connection, cookie: &str) -> Result<Option<Session>, DatabaseError> {
    let sql = "SELECT sid, sub FROM oidc_session WHERE cookie_digest = ?1 AND ended_at IS NULL";
    let found = connection.query_row(sql, [digest(cookie)], |row| Ok(Session { sid: row.get(0)?, sub: row.get(1)? }));
    Ok(found.optional()?)
}

/// Begins a session; without a cookie it is that of a device.
pub(super) fn begin(
    connection: &Connection,
    session: &Session,
    cookie: Option<&str>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    connection.execute(
        "INSERT INTO oidc_session (sid, sub, cookie_digest, started_at) VALUES (?1, ?2, ?3, ?4)",
        (&session.sid, &session.sub, cookie.map(digest), now.as_millis()),
    )?;
    Ok(())
}

/// The application has learnt of the session and must hear of its end. `None` when it has ended already.
pub(super) fn join(connection: &Connection, sid: &str, client_id: &str) -> Result<Option<()>, DatabaseError> {
    let running: Option<i64> = connection
        .query_row("SELECT 1 FROM oidc_session WHERE sid = ?1 AND ended_at IS NULL", [sid], |row| row.get(0))
        .optional()?;
    if running.is_none() {
        return Ok(None);
    }
    connection
        .execute("INSERT OR IGNORE INTO oidc_session_client (sid, client_id) VALUES (?1, ?2)", (sid, client_id))?;
    Ok(Some(()))
}

/// What an application is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// One session.
    Session(Session),
    /// Everything of a person.
    Person(String),
}

/// Ends sessions, revokes what was issued in them and leaves a notice for every application that is to be told. What has
/// ended before is not told again. Gives the numbers of the notices.
pub(super) fn end(connection: &Connection, ended: &Ended, now: Timestamp) -> Result<Vec<i64>, DatabaseError> {
    let (column, value) = match ended {
        Ended::Session(session) => ("sid", &session.sid),
        Ended::Person(sub) => ("sub", sub),
    };
    let applications = format!(
        "SELECT DISTINCT joined.client_id, client.backchannel_logout_uri
         FROM oidc_session AS session
         JOIN oidc_session_client AS joined ON joined.sid = session.sid
         JOIN oidc_client AS client ON client.client_id = joined.client_id
         WHERE session.{column} = ?1 AND session.ended_at IS NULL AND client.backchannel_logout_uri IS NOT NULL"
    );
    let mut statement = connection.prepare(&applications)?;
    let told: Vec<(String, String)> =
        statement.query_map([value], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let (sid, sub) = match ended {
        Ended::Session(session) => (Some(&session.sid), &session.sub),
        Ended::Person(sub) => (None, sub),
    };
    let mut notices = Vec::with_capacity(told.len());
    for (client_id, uri) in told {
        connection.execute(
            "INSERT INTO oidc_logout (jti, client_id, uri, sid, sub, created_at)
             VALUES (lower(hex(randomblob(16))), ?1, ?2, ?3, ?4, ?5)",
            (client_id, uri, sid, sub, now.as_millis()),
        )?;
        notices.push(connection.last_insert_rowid());
    }
    connection.execute(
        &format!(
            "UPDATE oidc_access_token SET revoked_at = ?2 WHERE revoked_at IS NULL
             AND sid IN (SELECT sid FROM oidc_session WHERE {column} = ?1)"
        ),
        (value, now.as_millis()),
    )?;
    connection.execute(
        &format!("UPDATE oidc_session SET ended_at = ?2 WHERE {column} = ?1 AND ended_at IS NULL"),
        (value, now.as_millis()),
    )?;
    Ok(notices)
}
