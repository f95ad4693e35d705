//! Spoiling an answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Frame;
use serde_json::Value;

/// The largest answer that is spoilt.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// An answer that ends before its body does: the caller cannot know what became of the request.
pub(super) fn broken_off(response: Response) -> Response {
    let (parts, _) = response.into_parts();
    Response::from_parts(parts, Body::new(BrokenOff))
}

/// What a proxy says that cannot reach the platform: a page, and no problem.
pub(super) fn of_a_proxy() -> Response {
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\r\n";
    (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response()
}

struct BrokenOff;

impl http_body::Body for BrokenOff {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("the sandbox drops this answer"))))
    }
}

/// The answer with one bit of every signature changed.
pub(super) async fn with_wrong_signatures(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, ANSWER_BYTES).await else {
        return Response::from_parts(parts, Body::new(BrokenOff));
    };
    let spoilt = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut answer) => {
            spoil(&mut answer);
            Bytes::from(answer.to_string())
        }
        Err(_) => bytes,
    };
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(spoilt))
}

fn spoil(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(spoil),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if name == "signature"
                    && let Some(Value::String(text)) = member.get_mut("value")
                {
                    // Another first letter of base64 is another first byte.
                    let first = if text.starts_with('A') { "B" } else { "A" };
                    text.replace_range(..1, first);
                }
                spoil(member);
            }
        }
        _ => {}
    }
}
