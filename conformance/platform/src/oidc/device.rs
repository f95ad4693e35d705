//! Signing in at a device without a keyboard or a browser (RFC 8628): the device shows a code, the person types it elsewhere.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use tongqiao_protocol::Timestamp;

use super::client::{self, Presented, digest};
use super::code::Grant;
use super::failure::OauthError;
use super::form::Form;
use super::session::{self, Session};
use super::{authorize, login_page, user_code};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::html::{escape, page, pick};
use crate::people;
use crate::refusal::language_of;

/// Milliseconds for which both codes are good.
pub(crate) const DEVICE_LIFE_MILLIS: i64 = 600_000;
/// Seconds that a device waits between two questions, until it is told to wait longer.
const INTERVAL_SECONDS: i64 = 5;

/// Answers `POST /oidc/device_authorization`.
pub(super) async fn begin(
    State(app): State<AppState>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, OauthError> {
    let form = Form::read(&headers, &form)?;
    let presented = client::presented(&headers, form.get("client_id")?, form.get("client_secret")?)?;
    let asked = form.get("scope")?.unwrap_or_default();
    if !asked.split(' ').any(|scope| scope == "openid") {
        return Err(OauthError::new("invalid_scope", "scope must contain openid"));
    }
    let (device_code, code) = (client::random_token()?, user_code::random()?);
    let row = (digest(&device_code), code.clone(), authorize::known_scopes(&asked));
    let now = app.clock.now();
    app.database
        .write(move |connection| insert(connection, &presented, row, now))
        .await
        .map_err(OauthError::from)??;
    let shown = user_code::shown(&code);
    let page = format!("{}/oidc/device", app.settings.base_url);
    let body = json!({
        "device_code": device_code,
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={shown}"),
        "expires_in": DEVICE_LIFE_MILLIS / 1000,
        "interval": INTERVAL_SECONDS,
    });
    Ok(([(CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn insert(
    connection: &Connection,
    presented: &Presented,
    (device, code, scope): (String, String, String),
    now: Timestamp,
) -> Result<Result<(), OauthError>, DatabaseError> {
    let client = match client::authenticate(connection, presented) {
        Ok(client) => client,
        Err(error) => return Ok(Err(error)),
    };
    // A code that nobody can type any more may be given again.
    let over = now.as_millis() - DEVICE_LIFE_MILLIS;
    connection.execute("UPDATE oidc_device SET user_code = NULL WHERE issued_at < ?1", [over])?;
    connection.execute(
        "INSERT INTO oidc_device (device_digest, user_code, client_id, scope, issued_at, interval_seconds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (device, code, client.client_id, scope, now.as_millis(), INTERVAL_SECONDS),
    )?;
    Ok(Ok(()))
}

/// What became of a code that somebody typed.
enum Typed {
    /// Too many were wrong; none is looked at.
    Locked,
    /// No device shows it, or no longer.
    Unknown,
    /// The device belongs to this application.
    Known { device: String, client_id: String },
}

fn typed(connection: &Connection, code: &str, now: Timestamp) -> Result<Typed, DatabaseError> {
    if user_code::is_locked(connection, now)? {
        return Ok(Typed::Locked);
    }
    let sql = "SELECT device_digest, client_id FROM oidc_device
               WHERE user_code = ?1 AND issued_at >= ?2 AND decision IS NULL";
    let found = connection.query_row(sql, (code, now.as_millis() - DEVICE_LIFE_MILLIS), |row| {
        Ok(Typed::Known { device: row.get(0)?, client_id: row.get(1)? })
    });
    match found.optional()? {
        Some(known) => Ok(known),
        None => user_code::missed(connection, now).map(|()| Typed::Unknown),
    }
}

/// Shows a field for the code, or, when the address has one, the people to choose from.
pub(super) async fn show(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, OauthError> {
    let language = language_of(&headers);
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let Some(code) = query.get("user_code")?.map(|text| user_code::typed(&text)) else {
        let label = pick(language, "请输入设备上显示的代码：", "Type the code that the device shows:");
        let button = pick(language, "继续", "Continue");
        let body = format!(
            "<form method=\"get\" action=\"/oidc/device\"><p><label>{} <input name=\"user_code\" autocomplete=\"off\" \
             autocapitalize=\"characters\" maxlength=\"12\" required></label></p><button>{}</button></form>",
            escape(label),
            escape(button),
        );
        return Ok(page(StatusCode::OK, language, pick(language, "在设备上登录", "Sign in at a device"), &body, ""));
    };
    let (now, looked_up) = (app.clock.now(), code.clone());
    let known = app.database.write(move |connection| typed(connection, &looked_up, now)).await?;
    Ok(match known {
        // Whoever came by a link must compare: the code may be that of somebody else's device (RFC 8628, 5.4).
        Typed::Known { client_id, .. } => login_page::show_device(language, &client_id, &user_code::shown(&code)),
        other => refused(language, &other),
    })
}

/// Takes the choice: `person` is a stable user id, or empty to refuse.
pub(super) async fn choose(
    State(app): State<AppState>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, OauthError> {
    let language = language_of(&headers);
    let form = Form::parse(&form);
    let code = user_code::typed(&form.required("user_code")?);
    let person = form.given("person").ok_or_else(|| OauthError::invalid_request("person is missing"))?;
    let sub = match person {
        "" => None,
        sub => Some(people::find(sub).ok_or_else(|| OauthError::invalid_request("nobody here has this id"))?.sub),
    };
    let (now, sid) = (app.clock.now(), client::random_token()?);
    let decided = app
        .database
        .write(move |connection| {
            let known = typed(connection, &code, now)?;
            if let Typed::Known { device, .. } = &known {
                if let Some(sub) = sub {
                    let session = Session { sid: sid.clone(), sub: sub.to_owned() };
                    session::begin(connection, &session, None, now)?;
                }
                connection.execute(
                    "UPDATE oidc_device SET decision = ?2, sub = ?3, sid = ?4, decided_at = ?5 WHERE device_digest = ?1",
                    (device, if sub.is_some() { "allowed" } else { "refused" }, sub, sid, now.as_millis()),
                )?;
            }
            Ok::<_, DatabaseError>(known)
        })
        .await?;
    Ok(match (decided, sub) {
        (Typed::Known { .. }, Some(_)) => {
            let text = pick(language, "已登录，请回到设备继续。", "Signed in; go on at the device.");
            done(language, text)
        }
        (Typed::Known { .. }, None) => {
            done(language, pick(language, "已拒绝，设备不会登录。", "Refused; the device is not signed in."))
        }
        (other, _) => refused(language, &other),
    })
}

fn done(language: tongqiao_protocol::Language, text: &str) -> Response {
    let body = format!("<p class=\"notice done\">{}</p>", escape(text));
    page(StatusCode::OK, language, pick(language, "在设备上登录", "Sign in at a device"), &body, "")
}

fn refused(language: tongqiao_protocol::Language, typed: &Typed) -> Response {
    let (status, text) = match typed {
        Typed::Locked => (
            StatusCode::TOO_MANY_REQUESTS,
            pick(language, "错误次数过多，请一分钟后再试。", "Too many wrong codes; try again in a minute."),
        ),
        _ => (
            StatusCode::NOT_FOUND,
            pick(language, "没有设备显示此代码，或代码已失效。", "No device shows this code, or it is over."),
        ),
    };
    let body = format!("<p class=\"notice bad\">{}</p>", escape(text));
    page(status, language, pick(language, "代码无效", "The code is not good"), &body, "")
}

/// One question of a device. A refusal is an answer and not an error: how often was asked must be committed too.
pub(super) fn redeem(
    connection: &Connection,
    client_id: &str,
    device_code: &str,
    now: Timestamp,
) -> Result<Result<Grant, OauthError>, DatabaseError> {
    let key = digest(device_code);
    let Some(device) = Device::find(connection, &key)? else {
        return Ok(Err(OauthError::invalid_grant("this device code was never issued")));
    };
    if device.client_id != client_id {
        return Ok(Err(OauthError::invalid_grant("this device code was issued to another client")));
    }
    if device.is_used {
        return Ok(Err(OauthError::invalid_grant("this device code was used before")));
    }
    if now.millis_since(device.issued_at) > DEVICE_LIFE_MILLIS {
        return Ok(Err(OauthError::new("expired_token", "this device code has expired; begin again")));
    }
    match (device.decision.as_deref(), device.session.clone()) {
        (Some("allowed"), Some(session)) => {
            connection
                .execute("UPDATE oidc_device SET used_at = ?2 WHERE device_digest = ?1", (&key, now.as_millis()))?;
            Ok(Ok(device.grant(session, now)))
        }
        (Some(_), _) => Ok(Err(OauthError::new("access_denied", "the person did not want to sign in"))),
        (None, _) => device.wait(connection, &key, now).map(Err),
    }
}

struct Device {
    client_id: String,
    scope: String,
    issued_at: Timestamp,
    interval_seconds: i64,
    polled_at: Option<i64>,
    decision: Option<String>,
    decided_at: Option<i64>,
    session: Option<Session>,
    is_used: bool,
}

impl Device {
    fn find(connection: &Connection, key: &str) -> Result<Option<Self>, DatabaseError> {
        let sql =
            "SELECT client_id, scope, issued_at, interval_seconds, polled_at, decision, decided_at, sub, sid, used_at
                   FROM oidc_device WHERE device_digest = ?1";
        let found = connection.query_row(sql, [key], |row| {
            Ok(Self {
                client_id: row.get(0)?,
                scope: row.get(1)?,
                issued_at: Timestamp::from_millis(row.get(2)?),
                interval_seconds: row.get(3)?,
                polled_at: row.get(4)?,
                decision: row.get(5)?,
                decided_at: row.get(6)?,
                session: match (row.get(7)?, row.get(8)?) {
                    (Some(sub), Some(sid)) => Some(Session { sid, sub }),
                    _ => None,
                },
                is_used: row.get::<_, Option<i64>>(9)?.is_some(),
            })
        });
        Ok(found.optional()?)
    }

    /// The person was asked when he decided, wherever that was.
    fn grant(self, session: Session, now: Timestamp) -> Grant {
        Grant {
            client_id: self.client_id,
            redirect_uri: String::new(),
            code_challenge: String::new(),
            nonce: None,
            scope: self.scope,
            sub: session.sub,
            sid: session.sid,
            issued_at: self.decided_at.map_or(now, Timestamp::from_millis),
        }
    }

    /// Not yet; who asks too soon must wait five seconds longer from now on (RFC 8628, 3.5).
    fn wait(self, connection: &Connection, key: &str, now: Timestamp) -> Result<OauthError, DatabaseError> {
        let is_too_soon =
            self.polled_at.is_some_and(|polled| now.as_millis() - polled < self.interval_seconds.saturating_mul(1000));
        let interval = self.interval_seconds + if is_too_soon { INTERVAL_SECONDS } else { 0 };
        connection.execute(
            "UPDATE oidc_device SET polled_at = ?2, interval_seconds = ?3 WHERE device_digest = ?1",
            (key, now.as_millis(), interval),
        )?;
        Ok(if is_too_soon {
            OauthError::new("slow_down", format!("ask every {interval} seconds at most"))
        } else {
            OauthError::new("authorization_pending", "the person has not decided yet")
        })
    }
}
