//! All routes, and what is done to every answer.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::HeaderValue;

use crate::app::AppState;
use crate::{catalogue, oidc, status};

/// Every module brings its own routes; a new module adds one `merge` here.
pub(crate) fn all(app: &AppState) -> Router {
    // Signing in with synthetic people must not exist anywhere else.
    let signing_in = if app.settings.sandbox { oidc::router() } else { Router::new() };
    Router::new()
        .merge(status::router())
        .merge(catalogue::router())
        .merge(signing_in)
        .layer(middleware::from_fn_with_state(app.clone(), every_answer))
        .with_state(app.clone())
}

/// Adds the platform's date (from its own clock) and epoch, by which a sender learns of a restored platform.
async fn every_answer(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Ok(epoch) = HeaderValue::from_str(&app.epoch().epoch.to_string()) {
        response.headers_mut().insert("tongqiao-epoch", epoch);
    }
    response
}
