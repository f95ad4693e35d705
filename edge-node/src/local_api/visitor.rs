//! Who asks: hop signatures (2.4) checked by the directory as it stands here.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use tongqiao::{Client, KeySought, SoftwareVerifier};
use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, check_content_digest, parse_signature_header};
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::limits::NONCE_MEMORY_MS;
use tongqiao_protocol::{ErrorCode, Fault, Language, PartyId, Problem, Timestamp, Verifier as _};

use super::reply::Trouble;

/// The nonces of requests that were taken lately. They are lost with the process: what is repeated then is recognised by the ids
/// inside, like every repetition.
#[derive(Default)]
pub(super) struct Nonces(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    set: HashSet<String>,
    order: VecDeque<(Timestamp, String)>,
}

impl Nonces {
    /// Notes a nonce; `false` when it was seen before.
    fn use_once(&self, nonce: String, now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.order.front().is_some_and(|(at, _)| now.millis_since(*at).abs() > NONCE_MEMORY_MS) {
            if let Some((_, old)) = seen.order.pop_front() {
                seen.set.remove(&old);
            }
        }
        let is_new = seen.set.insert(nonce.clone());
        if is_new {
            seen.order.push_back((now, nonce));
        }
        is_new
    }
}

/// The party that signed a request, by the checks of 2.4 in their order.
pub(super) async fn identify(
    client: &Client,
    nonces: &Nonces,
    target: &RequestTarget<'_>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<PartyId, Trouble> {
    let names = ["signature-input", "signature", "content-digest"];
    if names.iter().all(|name| !headers.contains_key(*name)) {
        return Err(ErrorCode::SignatureMissing.into());
    }
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| faulty(Fault::new("", ErrorCode::SignatureMalformed).with("step", name)))
    };
    let hop = HopSignature::parse(text("signature-input")?).map_err(faulty)?;
    let value = parse_signature_header(text("signature")?).map_err(faulty)?;
    let digest = text("content-digest")?;
    let named = |code| faulty(Fault::new("", code).with("keyid", hop.key_id()));
    let key = match client.carrier().key(hop.key_id()).await {
        KeySought::Found(key) => key,
        KeySought::Unknown => return Err(named(ErrorCode::SignatureUnknownKey)),
        // He may have been enrolled while there was no link: that is not his to mend.
        KeySought::NotAsked => return Err(named(ErrorCode::EdgeKeyNotLookedUp)),
    };
    if key.key_use == KeyUse::Enrolment {
        return Err(named(ErrorCode::SignatureWrongUse));
    }
    let now = client.platform_time();
    if key.revoked.is_some() {
        return Err(named(ErrorCode::SignatureKeyRevoked));
    }
    if !key.is_valid_at(now) {
        return Err(named(ErrorCode::SignatureKeyNotValid));
    }
    hop.check_fresh(now).map_err(faulty)?;
    check_content_digest(digest, key.public_key.suite(), body).map_err(faulty)?;
    let base = hop.base(target, digest);
    if SoftwareVerifier.verify(&key.public_key, base.as_bytes(), &value).is_err() {
        return Err(named(ErrorCode::SignatureMismatch));
    }
    if !nonces.use_once(format!("{} {}", hop.key_id(), hop.nonce()), now) {
        return Err(ErrorCode::SignatureReplayed.into());
    }
    Ok(key.party)
}

fn faulty(fault: Fault) -> Trouble {
    let mut problem = Problem::new(fault.code, Language::Chinese);
    problem.params = fault.params;
    problem.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_until_it_is_forgotten() {
        let nonces = Nonces::default();
        let at = |millis| Timestamp::from_millis(millis);
        assert!(nonces.use_once("a".to_owned(), at(0)));
        assert!(!nonces.use_once("a".to_owned(), at(NONCE_MEMORY_MS)));
        assert!(nonces.use_once("a".to_owned(), at(NONCE_MEMORY_MS + 1)));
    }
}
