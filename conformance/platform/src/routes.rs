//! All routes, and what is done to every answer.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::header::DATE;
use http::{HeaderMap, HeaderValue, StatusCode};
use tongqiao_protocol::{ErrorCode, RequestId};

use crate::app::AppState;
use crate::refusal::{Refusal, language_of};
use crate::{
    bill, case, cashier, catalogue, crypto, directory, enrolment, events, hop, lease, oidc, sandbox, status,
    supervision,
};

/// Every module brings its own routes; a new module adds one `merge` here.
pub(crate) fn all(app: &AppState) -> Router {
    let routes = Router::new()
        .merge(status::router())
        .merge(bill::router())
        .merge(case::router())
        .merge(cashier::router())
        .merge(catalogue::router())
        .merge(directory::router())
        .merge(enrolment::router())
        .merge(lease::router())
        .merge(supervision::router())
        .merge(events::router());
    // Signing in with synthetic people and moving the clock must not exist anywhere else.
    let routes = if app.settings.sandbox { routes.merge(oidc::router()).merge(sandbox::router()) } else { routes };
    routes
        .fallback(|| async { Refusal::new(ErrorCode::RequestUnknownRoute) })
        .method_not_allowed_fallback(|| async { Refusal::new(ErrorCode::RequestMethodNotAllowed) })
        .layer(middleware::from_fn_with_state(app.clone(), sandbox::strike))
        .layer(middleware::from_fn_with_state(app.clone(), every_answer))
        .with_state(app.clone())
}

/// Writes refusals in the caller's language and adds what every answer carries: the platform's date (by its own
/// clock), its epoch (by which a sender learns of a restored platform) and the request's id.
async fn every_answer(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let language = language_of(request.headers());
    let id = request_id(&app, request.headers());
    let mut response = next.run(request).await;
    let refusal = response.extensions_mut().remove::<Refusal>().or_else(|| plain_rejection(&response));
    if let Some(refusal) = refusal {
        let headers = std::mem::take(response.headers_mut());
        response = refusal.write(language, &id);
        response.headers_mut().extend(headers.into_iter().filter(|(name, _)| {
            !matches!(name.as_ref().map(http::HeaderName::as_str), Some("content-type" | "content-length"))
        }));
    }
    let headers = response.headers_mut();
    let stamps = [
        ("tongqiao-epoch", HeaderValue::from_str(&app.epoch().epoch.to_string()).ok()),
        ("tongqiao-request", HeaderValue::from_str(&id).ok()),
        (DATE.as_str(), hop::http_date(app.clock.now())),
    ];
    for (name, value) in stamps {
        if let Some(value) = value
            && !headers.contains_key(name)
        {
            headers.insert(http::HeaderName::from_static(name), value);
        }
    }
    response
}

/// The framework's own rejections (an unreadable path, say) are text; they become problems too.
fn plain_rejection(response: &Response) -> Option<Refusal> {
    let is_text = response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let code = match response.status() {
        StatusCode::NOT_FOUND => ErrorCode::RequestUnknownRoute,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::RequestMethodNotAllowed,
        StatusCode::BAD_REQUEST if is_text => ErrorCode::RequestInvalidValue,
        _ => return None,
    };
    is_text.then(|| Refusal::new(code))
}

/// The caller's id when it sent a usable one, so that both logs show the same; otherwise a new one.
fn request_id(app: &AppState, headers: &HeaderMap) -> String {
    let given = headers.get("tongqiao-request").and_then(|value| value.to_str().ok()?.parse::<RequestId>().ok());
    let id = given.unwrap_or_else(|| {
        RequestId::from_time_and_random(app.clock.now(), crypto::random::<10>().unwrap_or_default())
    });
    id.to_string()
}
