//! The signature of one request (RFC 9421): who sends it, fresh and unrepeated.
//!
//! It vouches for the hop and says nothing of the records inside, which their authors signed. The order of the checks is
//! part of the protocol: a caller learns the first thing to put right, and a nonce is burnt only by a signature that holds.

mod nonce;
mod outgoing;
mod signature_input;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderMap, HeaderValue, request};
use tongqiao_protocol::{ErrorCode, KeyId, SignatureValue, Suite, Timestamp, limits, routes};

pub(crate) use self::outgoing::headers_of_post;
use self::signature_input::SignatureInput;
use crate::app::AppState;
use crate::crypto;
use crate::directory::{self, Party, PartyKey, Purpose};
use crate::explanation::{self, Doubtful};
use crate::refusal::Refusal;

/// How far `created` may be from the platform's clock.
const SKEW_SECONDS: i64 = limits::CLOCK_SKEW_MS_MAX / 1_000;
/// How long a signature lives.
const LIFE_SECONDS: i64 = limits::HOP_SIGNATURE_LIFE_MS / 1_000;

/// A request whose hop signature holds.
pub(crate) struct Signed {
    /// Who sent it.
    pub(crate) caller: Caller,
    /// The body, whole.
    pub(crate) body: Bytes,
}

/// The party behind a hop signature.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) party: Party,
    /// The suite of its key, in which it is answered.
    pub(crate) suite: Suite,
}

impl FromRequest<AppState> for Signed {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let most = body_limit(&parts);
        let body = read_body(&parts.headers, body, most).await?;
        let caller = authenticate(app, &parts, &body).await?;
        Ok(Self { caller, body })
    }
}

/// The largest body of this request by the protocol's table; nothing where the table has no such address.
pub(crate) fn body_limit(parts: &request::Parts) -> usize {
    routes::find(parts.method.as_str(), parts.uri.path()).map_or(0, |route| route.body_bytes_max)
}

/// Reads a body of at most `most` bytes; a longer one is refused without being read to its end.
pub(crate) async fn read_body(headers: &HeaderMap, body: axum::body::Body, most: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::new(ErrorCode::RequestTooLarge).with("limit_bytes", most);
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, most).await.map_err(|_| too_large())
}

async fn authenticate(app: &AppState, parts: &request::Parts, body: &[u8]) -> Result<Caller, Refusal> {
    let now = app.clock.now();
    let (input, signature) = headers(&parts.headers)?;
    let keyid = input.keyid.clone();
    let found = app.database.read(move |connection| directory::find_key(connection, &keyid)).await?;
    let raw = <[u8; 64]>::try_from(signature.as_slice()).map(SignatureValue::from_bytes);
    let (Some((key, party)), Ok(value)) = (&found, &raw) else {
        if raw.is_err() {
            let malformed = Refusal::new(ErrorCode::SignatureMalformed);
            let base = base(parts, &input);
            return Err(match found {
                Some((key, _)) => explained(app, malformed, &input.keyid, &key, base, signature).await?,
                None => malformed.with("step", "signature"),
            });
        }
        return Err(Refusal::new(ErrorCode::SignatureUnknownKey).with("keyid", &input.keyid));
    };
    if !key.purpose.signs_hops() {
        return Err(Refusal::new(ErrorCode::SignatureWrongUse).with("keyid", &input.keyid));
    }
    check_validity(key, now)?;
    check_freshness(&input, now)?;
    check_digest(&parts.headers, key.public.suite(), body)?;
    let base = base(parts, &input);
    if crypto::verify(&key.public, base.as_bytes(), value).is_err() {
        let mismatch = Refusal::new(ErrorCode::SignatureMismatch).with("base", &base);
        return Err(explained(app, mismatch, &input.keyid, key, base, signature).await?);
    }
    let (party, suite) = (party.clone(), key.public.suite());
    let seen = app.database.write(move |connection| nonce::use_once(connection, &input.keyid, &input.nonce, now));
    if seen.await? == nonce::Use::Again {
        return Err(Refusal::new(ErrorCode::SignatureReplayed));
    }
    Ok(Caller { party, suite })
}

fn headers(headers: &HeaderMap) -> Result<(SignatureInput, Vec<u8>), Refusal> {
    let names = ["signature-input", "signature", "content-digest"];
    if names.iter().all(|name| !headers.contains_key(*name)) {
        return Err(Refusal::new(ErrorCode::SignatureMissing));
    }
    let malformed = |name: &str| Refusal::new(ErrorCode::SignatureMalformed).with("step", name);
    let text = |name: &str| {
        let value = headers.get(name).ok_or_else(|| malformed(name))?;
        value.to_str().map_err(|_| malformed(name))
    };
    let input = SignatureInput::read(text("signature-input")?).ok_or_else(|| malformed("signature-input"))?;
    let signature = signature_input::read_signature(text("signature")?).ok_or_else(|| malformed("signature"))?;
    text("content-digest")?;
    Ok((input, signature))
}

fn check_validity(key: &PartyKey, now: Timestamp) -> Result<(), Refusal> {
    if key.revoked_at.is_some_and(|at| at <= now) {
        return Err(Refusal::new(ErrorCode::SignatureKeyRevoked).with("keyid", &key.id));
    }
    if now < key.valid_from || key.valid_until <= now {
        return Err(Refusal::new(ErrorCode::SignatureKeyNotValid).with("keyid", &key.id));
    }
    Ok(())
}

fn check_freshness(input: &SignatureInput, now: Timestamp) -> Result<(), Refusal> {
    let now_seconds = now.as_millis().div_euclid(1_000);
    let near = (now_seconds - input.created).abs() <= SKEW_SECONDS;
    // Both have at most fifteen digits: their difference overflows nothing.
    let alive = input.expires >= now_seconds && (0..=LIFE_SECONDS).contains(&(input.expires - input.created));
    if near && alive {
        return Ok(());
    }
    // The caller keeps the difference to this date and signs again; a clock need not be right to get in.
    let refusal = Refusal::new(ErrorCode::SignatureStale).with("created", input.created).with("now", now_seconds);
    Err(match http_date(now) {
        Some(date) => refusal.header(DATE, date),
        None => refusal,
    })
}

fn check_digest(headers: &HeaderMap, suite: Suite, body: &[u8]) -> Result<(), Refusal> {
    let expected = signature_input::content_digest(suite, body);
    let given = headers.get("content-digest").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.split(',').any(|one| one.trim() == expected) {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::SignatureDigestMismatch).with("expected", expected).with("given", given))
}

/// What must have been signed, rebuilt from the request.
fn base(parts: &request::Parts, input: &SignatureInput) -> String {
    let digest = parts.headers.get("content-digest").and_then(|value| value.to_str().ok()).unwrap_or_default();
    format!(
        "\"@method\": {}\n\"@path\": {}\n\"@query\": ?{}\n\"content-digest\": {}\n\"@signature-params\": {}",
        parts.method,
        parts.uri.path(),
        parts.uri.query().unwrap_or_default(),
        digest,
        input.parameters,
    )
}

/// The refusal with the sender's likely mistake.
async fn explained(
    app: &AppState,
    refusal: Refusal,
    keyid: &KeyId,
    key: &PartyKey,
    base: String,
    signature: Vec<u8>,
) -> Result<Refusal, Refusal> {
    let named = keyid.clone();
    let others = app.database.read(move |connection| explanation::other_keys(connection, &named)).await?;
    let (state, keyid, party, key) = (app.clone(), keyid.clone(), key.party.clone(), key.public.clone());
    let explaining = tokio::task::spawn_blocking(move || {
        let doubtful =
            Doubtful { keyid: &keyid, key: &key, party: &party, message: base.as_bytes(), signature: &signature };
        state.explanations.explain(&doubtful, &others)
    });
    Ok(refusal.explained(explaining.await.map_err(|_| Refusal::new(ErrorCode::InternalDefect))?))
}

/// The platform's time as an HTTP date (RFC 9110 §5.6.7).
pub(crate) fn http_date(now: Timestamp) -> Option<HeaderValue> {
    let instant = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).ok()?;
    HeaderValue::from_str(&text).ok()
}

impl Purpose {
    /// An author may also carry what he wrote.
    const fn signs_hops(self) -> bool {
        matches!(self, Self::Hop | Self::Event)
    }
}
