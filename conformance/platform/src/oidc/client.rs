//! Applications that may send people here to sign in.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tongqiao_protocol::{Digest, Suite};

use super::backchannel;
use super::failure::OauthError;
use crate::app::AppState;
use crate::crypto;
use crate::database::DatabaseError;

/// A public client that is always there: any port of the loopback address, path `/callback` (RFC 8252, 7.3).
pub(crate) const LOOPBACK_CLIENT: &str = "tongqiao-sandbox";

/// Most redirect addresses of one client.
const REDIRECT_URIS_MAX: usize = 16;

/// A registered application.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    secret_digest: Option<String>,
    redirect_uris: Vec<String>,
    logout_uris: Vec<String>,
}

impl Client {
    /// Whether this is a registered address: equal to the character, but for the port of a loopback address.
    pub(crate) fn may_return_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri || same_but_for_loopback_port(registered, uri))
    }

    /// Whether this is a registered address after signing out.
    pub(crate) fn may_leave_to(&self, uri: &str) -> bool {
        self.logout_uris.iter().any(|registered| registered == uri || same_but_for_loopback_port(registered, uri))
    }
}

/// RFC 8252, 7.3: a native application gets its port from the system, so any port of a loopback address is allowed.
fn same_but_for_loopback_port(registered: &str, uri: &str) -> bool {
    let (Ok(mut registered), Ok(mut uri)) = (url::Url::parse(registered), url::Url::parse(uri)) else { return false };
    let loopback = |url: &url::Url| url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
    if !loopback(&registered) || !loopback(&uri) {
        return false;
    }
    // Setting a port fails only for addresses without a host.
    registered.set_port(None).is_ok() && uri.set_port(None).is_ok() && registered == uri
}

/// The client with this id.
pub(crate) fn find(connection: &Connection, client_id: &str) -> Result<Option<Client>, DatabaseError> {
    if client_id == LOOPBACK_CLIENT {
        return Ok(Some(Client {
            client_id: client_id.to_owned(),
            secret_digest: None,
            redirect_uris: vec!["http://127.0.0.1/callback".to_owned(), "http://[::1]/callback".to_owned()],
            logout_uris: vec!["http://127.0.0.1/".to_owned()],
        }));
    }
    let row = connection
        .query_row(
            "SELECT secret_digest, redirect_uris, logout_uris FROM oidc_client WHERE client_id = ?1",
            [client_id],
            |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)),
        )
        .optional()?;
    let Some((secret_digest, redirect_uris, logout_uris)) = row else { return Ok(None) };
    let list = |text: &str| serde_json::from_str(text).map_err(|_| DatabaseError::Corrupt("redirect addresses"));
    Ok(Some(Client {
        client_id: client_id.to_owned(),
        secret_digest,
        redirect_uris: list(&redirect_uris)?,
        logout_uris: list(&logout_uris)?,
    }))
}

/// The client that has registered this address, but for a parameter `state`, which CAS itself does not have.
pub(crate) fn of_service(connection: &Connection, service: &str) -> Result<Option<String>, DatabaseError> {
    let Ok(mut address) = url::Url::parse(service) else { return Ok(None) };
    let rest: Vec<(String, String)> = address.query_pairs().into_owned().filter(|(name, _)| name != "state").collect();
    if rest.is_empty() {
        address.set_query(None);
    } else {
        address.query_pairs_mut().clear().extend_pairs(rest);
    }
    let mut statement = connection.prepare("SELECT client_id FROM oidc_client ORDER BY client_id")?;
    let registered: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for client_id in registered.into_iter().chain([LOOPBACK_CLIENT.to_owned()]) {
        if find(connection, &client_id)?.is_some_and(|client| client.may_return_to(address.as_str())) {
            return Ok(Some(client_id));
        }
    }
    Ok(None)
}

/// What a client shows of itself at the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) client_id: String,
    secret: Option<String>,
}

/// Reads `client_secret_basic`, `client_secret_post` or none; two ways at once are refused (RFC 6749, 2.3).
pub(crate) fn presented(
    headers: &HeaderMap,
    client_id: Option<String>,
    client_secret: Option<String>,
) -> Result<Presented, OauthError> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        let client_id = client_id.ok_or_else(|| OauthError::invalid_client("client_id is missing"))?;
        return Ok(Presented { client_id, secret: client_secret });
    };
    let (basic_id, basic_secret) =
        basic(header.as_bytes()).ok_or_else(|| OauthError::invalid_client("the Authorization header is not Basic"))?;
    if client_secret.is_some() || client_id.is_some_and(|other| other != basic_id) {
        return Err(OauthError::invalid_request("the client authenticates in two ways at once"));
    }
    Ok(Presented { client_id: basic_id, secret: Some(basic_secret) })
}

/// Id and secret are form-encoded before they are joined (RFC 6749, 2.3.1).
fn basic(header: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, credentials) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        url::form_urlencoded::parse(format!("x={text}").as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((plain(id)?, plain(secret)?))
}

/// The client, if it is who it says.
pub(crate) fn authenticate(connection: &Connection, presented: &Presented) -> Result<Client, OauthError> {
    let client = find(connection, &presented.client_id)?;
    let client = client.ok_or_else(|| OauthError::invalid_client("this client is not registered"))?;
    match (&client.secret_digest, &presented.secret) {
        (None, None) => Ok(client),
        (None, Some(_)) => Err(OauthError::invalid_client("a public client has no secret")),
        (Some(_), None) => Err(OauthError::invalid_client("this client must authenticate with its secret")),
        // Digests are compared, so the time taken says nothing about the secret.
        (Some(stored), Some(secret)) if *stored == digest(secret) => Ok(client),
        (Some(_), Some(_)) => Err(OauthError::invalid_client("the client secret is wrong")),
    }
}

/// How secrets, codes and tokens are kept.
pub(crate) fn digest(secret: &str) -> String {
    Digest::of(Suite::International, secret.as_bytes()).to_string()
}

/// 256 random bits for a secret, a code or a token.
pub(crate) fn random_token() -> Result<String, OauthError> {
    let bytes = crypto::random::<32>().map_err(|_| OauthError::new("server_error", "no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[derive(Debug, Deserialize)]
pub(super) struct Registration {
    redirect_uris: Vec<String>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    /// Where logout tokens are posted.
    #[serde(default)]
    backchannel_logout_uri: Option<String>,
    /// `none` for a public client.
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
}

/// Registers an application (the members of RFC 7591 that matter here).
pub(super) async fn register(
    State(app): State<AppState>,
    registration: Result<Json<Registration>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Value>, OauthError> {
    let Json(registration) =
        registration.map_err(|error| OauthError::new("invalid_client_metadata", error.body_text()))?;
    let uris = || registration.redirect_uris.iter().chain(&registration.post_logout_redirect_uris);
    if registration.redirect_uris.is_empty() || uris().count() > REDIRECT_URIS_MAX {
        return Err(OauthError::new("invalid_redirect_uri", "between 1 and 16 redirect addresses"));
    }
    if let Some(bad) = uris().find(|uri| !acceptable(uri)) {
        return Err(OauthError::new(
            "invalid_redirect_uri",
            format!("{bad}: absolute, https or loopback, no fragment"),
        ));
    }
    if let Some(bad) = registration.backchannel_logout_uri.as_ref().filter(|uri| !backchannel::is_reachable(uri)) {
        return Err(OauthError::new(
            "invalid_client_metadata",
            format!("{bad}: the sandbox delivers logout tokens by http to loopback addresses only"),
        ));
    }
    let method = registration.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    let secret = match method {
        "none" => None,
        "client_secret_basic" | "client_secret_post" => Some(random_token()?),
        other => return Err(OauthError::new("invalid_client_metadata", format!("{other} is not supported"))),
    };
    let client_id = format!("client-{}", &random_token()?[..16]);
    let row = (
        client_id.clone(),
        secret.as_deref().map(digest),
        json!(registration.redirect_uris).to_string(),
        json!(registration.post_logout_redirect_uris).to_string(),
        registration.backchannel_logout_uri.clone(),
    );
    app.database
        .write(move |connection| {
            connection
                .execute("INSERT INTO oidc_client VALUES (?1, ?2, ?3, ?4, ?5)", row)
                .map(drop)
                .map_err(DatabaseError::from)
        })
        .await?;
    let mut answer = json!({
        "client_id": client_id,
        "redirect_uris": registration.redirect_uris,
        "post_logout_redirect_uris": registration.post_logout_redirect_uris,
        "token_endpoint_auth_method": method,
    });
    if let Some(uri) = registration.backchannel_logout_uri {
        answer["backchannel_logout_uri"] = uri.into();
    }
    if let Some(secret) = secret {
        answer["client_secret"] = secret.into();
    }
    Ok(Json(answer))
}

/// Absolute, without fragment; plain http only on this machine. A native application's own scheme (RFC 8252, 7.1) has a
/// dot in it.
fn acceptable(uri: &str) -> bool {
    let Ok(url) = url::Url::parse(uri) else { return false };
    let scheme = match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")),
        other => other.contains('.'),
    };
    scheme && url.fragment().is_none()
}
