//! The signature of one request: RFC 9421 in the protocol's one form.

use http::Method;
use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, content_digest, signature_header};
use tongqiao_protocol::{Signer, Timestamp};
use url::Url;

use crate::{Error, entropy};

/// The three headers that prove who sends the request, and when.
pub(crate) fn headers(
    signer: &dyn Signer,
    method: &Method,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Result<[(&'static str, String); 3], Error> {
    let digest = content_digest(signer.suite(), body);
    let hop = HopSignature::new(signer.key_id().clone(), now, &entropy::bytes()?);
    let query = url.query().unwrap_or_default();
    let target = RequestTarget { method: method.as_str(), path: url.path(), query };
    let signature = signer.sign(hop.base(&target, &digest).as_bytes(), &entropy::bytes()?)?;
    Ok([
        ("content-digest", digest),
        ("signature-input", hop.signature_input()),
        ("signature", signature_header(&signature)),
    ])
}
