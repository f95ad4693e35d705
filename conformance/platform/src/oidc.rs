//! Signing in at the sandbox: an OpenID Connect provider with synthetic people.
//!
//! Authorization code with PKCE (S256 only, required), the device flow of RFC 8628, ES256 id tokens, codes good once and
//! for sixty seconds. Claims
//! beside the standard's: `subject_kind` (`natural`, `legal`, `agent`), `assurance` as a pair of scale and value, because
//! the scales of natural and legal persons run in opposite directions, `organisation`, `acting_for` with `valid_until`.
//! Bind accounts to `sub`: a name is no identity, and a credit code belongs to several accounts.
//!
//! Issuing is deliberately strict where providers in the field are not, so that a client that passes here is right.

mod authorize;
mod backchannel;
mod cas;
mod claims;
mod client;
mod code;
mod device;
mod discovery;
mod example;
mod failure;
mod form;
mod id_token;
mod login_page;
mod logout;
mod session;
mod signing_key;
mod token;
mod user_code;
mod userinfo;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(crate) use backchannel::wake as wake_logouts;
pub(crate) use example::request as example_request;
pub(crate) use signing_key::ensure as ensure_signing_key;

/// Milliseconds for which a code is good.
pub(crate) const CODE_LIFE_MILLIS: i64 = 60_000;
/// Milliseconds for which id and access tokens are good.
pub(crate) const TOKEN_LIFE_MILLIS: i64 = 600_000;
/// Milliseconds for which a retired key stays published: longer than any token it signed, clocks aside.
pub(crate) const KEY_OVERLAP_MILLIS: i64 = 3_600_000;

/// The routes of signing in; they exist in the sandbox only.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/oidc/jwks", get(discovery::jwks))
        .route("/oidc/authorize", get(authorize::show).post(authorize::choose))
        .route("/oidc/token", post(token::exchange))
        .route("/oidc/device_authorization", post(device::begin))
        .route("/oidc/device", get(device::show).post(device::choose))
        .route("/oidc/userinfo", get(userinfo::show).post(userinfo::show))
        .route("/oidc/end-session", get(logout::end).post(logout::end))
        .route("/cas/login", get(cas::show).post(cas::choose))
        .route("/cas/serviceValidate", get(cas::validate_two))
        .route("/cas/p3/serviceValidate", get(cas::validate_three))
        .route("/callback", get(example::callback))
        .route("/sandbox/people", get(discovery::people))
        .route("/sandbox/oidc/sign-out", post(logout::end_all))
        .route("/sandbox/oidc/logouts", get(backchannel::show))
        .route("/sandbox/oidc/clients", post(client::register))
        .route("/sandbox/oidc/rotate-keys", post(discovery::rotate))
}
