//! Faults on request: the network and the platform at their worst, reproducible from a seed.
//!
//! Whether a fault befalls a request follows from the seed, the number of the request since the plan was made, and the
//! fault's name. So a client that asks one thing after another meets the same week again; with several connections the
//! order in which requests arrive decides which of them is hit.

mod answer;
mod plan;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::DATE;
use serde_json::{Value, json};
use tongqiao_protocol::ErrorCode;

use self::plan::Fault;
pub(crate) use self::plan::Plan;
use crate::app::AppState;
use crate::hop;
use crate::json;
use crate::refusal::Refusal;

/// How long a request that is to be overtaken waits for another.
const OVERTAKEN_WITHIN: Duration = Duration::from_millis(500);
/// The largest body that is sent on twice.
const BODY_BYTES: usize = 8 * 1024 * 1024;

/// The plan that is in force, and what it has done.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    plan: RwLock<Arc<Plan>>,
    requests: AtomicU64,
    done: [AtomicU64; Fault::COUNT],
    overtaking: tokio::sync::Notify,
}

impl Faults {
    fn plan(&self) -> Arc<Plan> {
        self.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, plan: Plan) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(plan);
        self.requests.store(0, Ordering::SeqCst);
        self.done.iter().for_each(|count| count.store(0, Ordering::SeqCst));
    }

    fn count(&self, fault: Fault) {
        self.done[fault as usize].fetch_add(1, Ordering::SeqCst);
    }
}

/// `POST /sandbox/faults`: the plan from now on; `{}` ends all faults.
pub(super) async fn set(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let plan = Plan::read(&json::document(&body)?)?;
    app.faults.replace(plan);
    Ok(show(State(app)).await)
}

/// `GET /sandbox/faults`: the plan and how often each fault has struck.
pub(super) async fn show(State(app): State<AppState>) -> Json<Value> {
    let done: serde_json::Map<String, Value> = Fault::ALL
        .iter()
        .map(|fault| (fault.name().to_owned(), json!(app.faults.done[*fault as usize].load(Ordering::SeqCst))))
        .collect();
    let requests = app.faults.requests.load(Ordering::SeqCst);
    Json(json!({ "plan": app.faults.plan().as_json(), "requests": requests, "done": done }))
}

/// The layer that carries the plan out on the protocol's own routes.
pub(crate) async fn strike(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let plan = app.faults.plan();
    if plan.is_empty() || !request.uri().path().starts_with("/v1/") {
        return next.run(request).await;
    }
    let number = app.faults.requests.fetch_add(1, Ordering::SeqCst);
    let strikes = |fault: Fault| {
        let hit = plan.strikes(fault, number);
        if hit {
            app.faults.count(fault);
        }
        hit
    };
    if strikes(Fault::Delay) {
        tokio::time::sleep(plan.delay(number)).await;
    }
    if strikes(Fault::Reorder) {
        // Nobody else may come; then there is nothing to be overtaken by.
        drop(tokio::time::timeout(OVERTAKEN_WITHIN, app.faults.overtaking.notified()).await);
    }
    if strikes(Fault::Error5xx) {
        return Refusal::new(ErrorCode::PlatformUnavailable).into_response();
    }
    if strikes(Fault::BadGateway) {
        return answer::of_a_proxy();
    }
    #[allow(clippy::panic, reason = "asked for, to see what becomes of a defect")]
    if strikes(Fault::Defect) {
        panic!("the sandbox was asked for a defect");
    }
    let mut response = if strikes(Fault::Duplicate) { twice(request, next).await } else { next.run(request).await };
    app.faults.overtaking.notify_waiters();
    if strikes(Fault::WrongSignature) {
        response = answer::with_wrong_signatures(response).await;
    }
    if strikes(Fault::Skew)
        && let Some(date) = hop::http_date(app.clock.now().plus_millis(plan.skew_millis()))
    {
        response.headers_mut().insert(DATE, date);
    }
    if strikes(Fault::DropAfterApply) {
        response = answer::broken_off(response);
    }
    response
}

/// The same request arrives twice, and the answer to the second is the one that gets through.
async fn twice(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES).await else {
        return Refusal::new(ErrorCode::RequestTooLarge).into_response();
    };
    let first = Request::from_parts(parts.clone(), axum::body::Body::from(body.clone()));
    drop(next.clone().run(first).await);
    next.run(Request::from_parts(parts, axum::body::Body::from(body))).await
}
