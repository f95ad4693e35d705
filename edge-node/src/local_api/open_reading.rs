//! What everybody may read: from the platform, or from a copy that says how old it is.

use http::header::{AGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tongqiao_protocol::ErrorCode;

use super::desk::{Inside, Letter};
use super::health::Counters;
use super::reply::{Reply, Trouble};
use crate::courier::{Copies, Copy, local_now};
use crate::link::{Answered, Call};

/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The platform's time, as far as it is known here. It is not signed there either.
pub(super) fn time(inside: &Inside) -> Result<Reply, Trouble> {
    Reply::json(&serde_json::json!({ "time": inside.client.platform_time() }))
}

/// A copy that is fresh; else the platform's answer, which becomes a copy; else the copy, whatever its age.
pub(super) async fn copy(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let kept = inside.copies.find(&letter.target);
    let fresh = Copies::fresh_seconds(&letter.target).unwrap_or_default();
    if let Some(kept) = kept.as_ref().filter(|kept| kept.age_seconds(local_now()) < fresh) {
        return Ok(reply(inside, &letter, kept, "hit"));
    }
    match ask(inside, &letter, kept.as_ref()).await {
        Ok(copy) => Ok(reply(inside, &letter, &copy, "fwd=stale")),
        Err(Asking::Answered(answer)) => {
            Ok(Reply { status: answer.status, headers: answer.headers, body: answer.body })
        }
        Err(Asking::Failed(trouble)) => match kept {
            Some(kept) => Ok(reply(inside, &letter, &kept, "hit; fwd=stale; detail=link-down")),
            None => Err(trouble),
        },
    }
}

/// What came in place of something to keep.
enum Asking {
    /// Another answer of the platform.
    Answered(Answered),
    Failed(Trouble),
}

async fn ask(inside: &Inside, letter: &Letter, kept: Option<&Copy>) -> Result<Copy, Asking> {
    let mut headers = letter.headers.clone();
    // The node asks for itself: its own copy may be as good as the platform's.
    headers.remove(IF_NONE_MATCH);
    if let Some(etag) = kept.and_then(|kept| kept.head.etag.as_deref()).and_then(|etag| etag.parse().ok()) {
        headers.insert(IF_NONE_MATCH, etag);
    }
    let call = Call::new(letter.method.clone(), letter.target.clone(), &headers, Vec::new());
    let Ok(answer) = inside.uplink.pass(&call).await else {
        return Err(Asking::Failed(ErrorCode::EdgeLinkDown.into()));
    };
    let copy = match (answer.status, kept) {
        (StatusCode::OK, _) => Copy::now(&answer, local_now()),
        (StatusCode::NOT_MODIFIED, Some(kept)) => {
            let mut copy = kept.clone();
            copy.head.at = local_now();
            copy
        }
        _ => return Err(Asking::Answered(answer)),
    };
    let (copies, target, written) = (std::sync::Arc::clone(&inside.copies), letter.target.clone(), copy.clone());
    match tokio::task::spawn_blocking(move || copies.keep(&target, &written)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a copy could not be kept"),
        Err(error) => tracing::error!(%error, "keeping a copy ended abnormally"),
    }
    Ok(copy)
}

fn reply(inside: &Inside, letter: &Letter, copy: &Copy, how: &str) -> Reply {
    Counters::count(&inside.counters.copies, 1);
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    set(AGE, &copy.age_seconds(local_now()).to_string());
    set(CACHE_STATUS, &format!("{}; {how}", inside.party));
    if let Some(text) = &copy.head.content_type {
        set(CONTENT_TYPE, text);
    }
    if let Some(text) = &copy.head.etag {
        set(ETAG, text);
    }
    let asked = letter.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = asked
        .zip(copy.head.etag.as_deref())
        .is_some_and(|(asked, etag)| asked.split(',').any(|one| one.trim() == etag));
    if is_known {
        return Reply { status: StatusCode::NOT_MODIFIED, headers, body: Vec::new() };
    }
    Reply { status: StatusCode::OK, headers, body: copy.body.clone() }
}
