//! All routes, and what is done to every answer.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tongqiao_protocol::{ErrorCode, RequestId};

use crate::app::AppState;
use crate::refusal::{Refusal, language_of};
use crate::{
    bill, case, cashier, catalogue, crypto, directory, dispatch, enrolment, events, hop, inbox, joint, lease, licence,
    material, number_part, oidc, publication, sandbox, status, supervision, transparency, verify,
};

/// Every module brings its own routes; a new module adds one `merge` here.
pub(crate) fn all(app: &AppState) -> Router {
    let routes = Router::new()
        .merge(status::router())
        .merge(bill::router())
        .merge(case::router())
        .merge(catalogue::router())
        .merge(directory::router())
        .merge(enrolment::router())
        .merge(inbox::router())
        .merge(joint::router())
        .merge(lease::router())
        .merge(licence::router())
        .merge(material::router())
        .merge(number_part::router())
        .merge(publication::router())
        .merge(supervision::router())
        .merge(transparency::router())
        .merge(verify::router())
        .merge(events::router());
    // Signing in with synthetic people, paying without money and moving the clock must not exist anywhere else.
    let routes = if app.settings.sandbox {
        routes
            .merge(cashier::router())
            .merge(oidc::router())
            .merge(sandbox::router())
            .merge(inbox::sandbox_router())
            .merge(events::sandbox_router())
            .merge(dispatch::sandbox_router())
    } else {
        routes
    };
    routes
        .fallback(|| async { Refusal::new(ErrorCode::RequestUnknownRoute) })
        .method_not_allowed_fallback(|| async { Refusal::new(ErrorCode::RequestMethodNotAllowed) })
        .layer(middleware::from_fn(within_table))
        .layer(middleware::from_fn_with_state(app.clone(), sandbox::strike))
        .layer(middleware::from_fn_with_state(app.clone(), every_answer))
        .with_state(app.clone())
}

/// Refuses an announced body that is larger than the protocol's table allows, also where nobody would read it. Bodies that
/// announce no length are cut off where they are read.
async fn within_table(request: Request, next: Next) -> Result<Response, Refusal> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if let Some(route) = tongqiao_protocol::routes::find(request.method().as_str(), request.uri().path())
        && announced.is_some_and(|length| length > route.body_bytes_max)
    {
        return Err(Refusal::new(ErrorCode::RequestTooLarge).with("limit_bytes", route.body_bytes_max));
    }
    Ok(next.run(request).await)
}

/// Writes refusals in the caller's language and adds what every answer carries: the platform's date (by its own
/// clock), its epoch (by which a sender learns of a restored platform) and the request's id.
async fn every_answer(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let language = language_of(request.headers());
    let id = request_id(&app, request.headers());
    // On a task of its own: a defect that panics ends that task and becomes an answer, not a broken connection.
    let mut response = match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(%panic, "a handler panicked");
            Refusal::new(ErrorCode::InternalDefect).into_response()
        }
    };
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
        // The address holds what is no text (`%FF`), or a query that cannot be read.
        StatusCode::BAD_REQUEST if is_text => return Some(Refusal::at("/path", ErrorCode::RequestInvalidValue)),
        StatusCode::PAYLOAD_TOO_LARGE if is_text => ErrorCode::RequestTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE if is_text => ErrorCode::RequestMediaType,
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
