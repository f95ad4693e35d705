//! The authorization endpoint: judge the request, let a person be chosen, send the browser back with a code.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, StatusCode};

use tongqiao_protocol::Language;

use super::client::{self, Client};
use super::code::{self, Grant};
use super::failure::OauthError;
use super::login_page;
use super::session::{self, Session};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::people;
use crate::refusal::language_of;

/// Longest `state` and `nonce`.
const OPAQUE_MAX_BYTES: usize = 1024;
const SCOPES: [&str; 3] = ["openid", "profile", "identity"];
/// What the login page carries on.
const CARRIED: [&str; 9] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
];

/// The parameters of a request as they came.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn read(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value, unless absent or empty (RFC 6749, 3.1: sent without value means omitted).
    fn get(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn repeated(&self) -> Option<&str> {
        let known = CARRIED.iter().copied();
        known.into_iter().find(|name| self.0.iter().filter(|(key, _)| key == name).count() > 1)
    }
}

/// A request that may be answered by a redirect.
struct Trusted {
    client: Client,
    redirect_uri: String,
    state: Option<String>,
}

/// Shows the login page.
pub(super) async fn show(State(app): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let parameters = Parameters::read(query.unwrap_or_default().as_bytes());
    let language = language(&headers, &parameters);
    let trusted = match trust(&app, &parameters).await {
        Ok(trusted) => trusted,
        Err(error) => return login_page::refuse(language, &error.description),
    };
    if let Err(error) = judge(&parameters) {
        return redirect_error(&app, &trusted, &error);
    }
    if parameters.get("prompt") == Some("none") {
        let error = OauthError::new("login_required", "the sandbox keeps no session; somebody must be chosen");
        return redirect_error(&app, &trusted, &error);
    }
    let carried: Vec<(&str, &str)> =
        CARRIED.iter().filter_map(|name| parameters.get(name).map(|value| (*name, value))).collect();
    login_page::show(language, &trusted.client.client_id, &carried, &origin(&trusted.redirect_uri))
}

/// Takes the choice: `person` is a stable user id, or empty to refuse. Tests post here without any page.
pub(super) async fn choose(State(app): State<AppState>, headers: HeaderMap, form: Bytes) -> Response {
    let parameters = Parameters::read(&form);
    let trusted = match trust(&app, &parameters).await {
        Ok(trusted) => trusted,
        Err(error) => return login_page::refuse(language(&headers, &parameters), &error.description),
    };
    let chosen = judge(&parameters).and_then(|()| match parameters.given("person") {
        Some("") => Err(OauthError::new("access_denied", "the person did not want to sign in")),
        Some(sub) => people::find(sub).ok_or_else(|| OauthError::new("access_denied", "nobody here has this id")),
        None => Err(OauthError::invalid_request("person is missing")),
    });
    let issued = match chosen {
        Ok(person) => issue(&app, &trusted, &parameters, person.sub, session::cookie_of(&headers)).await,
        Err(error) => Err(error),
    };
    match issued {
        Ok((code, cookie)) => {
            let mut response = redirect(&app, &trusted, &[("code", &code)]);
            response.headers_mut().extend(session::cookie_for(&cookie, &app.settings.base_url));
            response
        }
        Err(error) => redirect_error(&app, &trusted, &error),
    }
}

fn language(headers: &HeaderMap, parameters: &Parameters) -> Language {
    match parameters.get("ui_locales") {
        Some(wishes) => Language::from_accept_language(&wishes.replace(' ', ",")),
        None => language_of(headers),
    }
}

/// Client and return address first: until both are known nobody is sent anywhere (RFC 6749, 4.1.2.1).
async fn trust(app: &AppState, parameters: &Parameters) -> Result<Trusted, OauthError> {
    if let Some(name @ ("client_id" | "redirect_uri")) = parameters.repeated() {
        return Err(OauthError::invalid_request(format!("{name} 出现多次 / is given more than once")));
    }
    let missing = |name: &str| OauthError::invalid_request(format!("缺少 {name} / {name} is missing"));
    let client_id = parameters.get("client_id").ok_or_else(|| missing("client_id"))?.to_owned();
    let redirect_uri = parameters.get("redirect_uri").ok_or_else(|| missing("redirect_uri"))?.to_owned();
    let client = app.database.read(move |connection| client::find(connection, &client_id)).await?;
    let client = client.ok_or_else(|| OauthError::invalid_client("应用未登记 / this client_id is not registered"))?;
    if !client.may_return_to(&redirect_uri) {
        return Err(OauthError::invalid_request(
            "redirect_uri 与登记的地址不完全一致 / redirect_uri is not exactly a registered one",
        ));
    }
    let state = parameters.get("state").map(str::to_owned);
    Ok(Trusted { client, redirect_uri, state })
}

/// Everything else, whose errors the client is told.
fn judge(parameters: &Parameters) -> Result<(), OauthError> {
    if let Some(name) = parameters.repeated() {
        return Err(OauthError::invalid_request(format!("{name} is given more than once")));
    }
    if parameters.get("request").is_some() {
        return Err(OauthError::new("request_not_supported", "request objects are not supported"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(OauthError::new("request_uri_not_supported", "request objects are not supported"));
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(OauthError::new("unsupported_response_type", "only response_type=code")),
        None => return Err(OauthError::invalid_request("response_type is missing")),
    }
    if !parameters.get("scope").unwrap_or_default().split(' ').any(|scope| scope == "openid") {
        return Err(OauthError::new("invalid_scope", "scope must contain openid"));
    }
    match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
        (None, _) => return Err(OauthError::invalid_request("code_challenge is missing: PKCE is required")),
        // An absent method means plain (RFC 7636, 4.3), which shows the verifier to whoever reads the address bar.
        (Some(_), Some("plain") | None) => {
            return Err(OauthError::invalid_request("code_challenge_method must be S256; plain is refused"));
        }
        (Some(challenge), Some("S256")) if code::challenge_is_well_formed(challenge) => {}
        (Some(_), Some("S256")) => {
            return Err(OauthError::invalid_request("code_challenge is not 43 base64url places"));
        }
        (Some(_), Some(_)) => return Err(OauthError::invalid_request("code_challenge_method must be S256")),
    }
    let too_long = |name: &&str| parameters.get(name).is_some_and(|value| value.len() > OPAQUE_MAX_BYTES);
    match ["state", "nonce"].iter().find(|name| too_long(name)) {
        Some(name) => Err(OauthError::invalid_request(format!("{name} is longer than {OPAQUE_MAX_BYTES} bytes"))),
        None => Ok(()),
    }
}

/// Gives a code, and the cookie of the session in which it is good: that of the browser when the same person goes on.
async fn issue(
    app: &AppState,
    trusted: &Trusted,
    parameters: &Parameters,
    sub: &str,
    cookie: Option<String>,
) -> Result<(String, String), OauthError> {
    let scope = known_scopes(parameters.get("scope").unwrap_or_default());
    let fresh = Session { sid: client::random_token()?, sub: sub.to_owned() };
    let fresh_cookie = client::random_token()?;
    let mut grant = Grant {
        client_id: trusted.client.client_id.clone(),
        redirect_uri: trusted.redirect_uri.clone(),
        code_challenge: parameters.get("code_challenge").unwrap_or_default().to_owned(),
        nonce: parameters.get("nonce").map(str::to_owned),
        scope,
        sub: sub.to_owned(),
        sid: fresh.sid.clone(),
        issued_at: app.clock.now(),
    };
    let code = client::random_token()?;
    let stored = code.clone();
    let written = app.database.write(move |connection| {
        let running = match &cookie {
            Some(cookie) => session::of_cookie(connection, cookie)?,
            None => None,
        };
        let kept = match (cookie, running) {
            (Some(cookie), Some(running)) if running.sub == grant.sub => {
                grant.sid = running.sid;
                cookie
            }
            _ => {
                session::begin(connection, &fresh, Some(&fresh_cookie), grant.issued_at)?;
                fresh_cookie
            }
        };
        code::insert(connection, &stored, &grant)?;
        Ok::<_, DatabaseError>(kept)
    });
    Ok((code, written.await?))
}

/// The scopes among those asked for that mean something here.
pub(super) fn known_scopes(asked: &str) -> String {
    let known: Vec<&str> = SCOPES.into_iter().filter(|scope| asked.split(' ').any(|word| word == *scope)).collect();
    known.join(" ")
}

fn redirect_error(app: &AppState, trusted: &Trusted, error: &OauthError) -> Response {
    redirect(app, trusted, &[("error", error.code), ("error_description", &error.description)])
}

/// 303, so that the browser comes back with GET; `iss` says who answers (RFC 9207).
fn redirect(app: &AppState, trusted: &Trusted, parameters: &[(&str, &str)]) -> Response {
    // A registered address was parsed when it was registered.
    let Ok(mut target) = url::Url::parse(&trusted.redirect_uri) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    target
        .query_pairs_mut()
        .extend_pairs(parameters)
        .extend_pairs(trusted.state.iter().map(|state| ("state", state.as_str())))
        .append_pair("iss", &app.settings.base_url);
    (StatusCode::SEE_OTHER, [(LOCATION, target.to_string()), (CACHE_CONTROL, "no-store".to_owned())]).into_response()
}

/// Scheme and authority for the page's policy; an application's own scheme stands alone.
pub(super) fn origin(uri: &str) -> String {
    match url::Url::parse(uri) {
        Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}
