//! A receipt of ours that comes back with its record, because a restore has forgotten both.
//!
//! Without it a bill that was settled long ago, and offered again after its `not_after`, would be fenced though somebody has
//! paid it. A receipt that does not verify is a mistake of the request and decides nothing: least of all that the bill is late.

use serde::Deserialize as _;
use serde_json::Value;
use tongqiao_protocol::receipt::{Receipt, ReceiptKind, ReceiptOf};
use tongqiao_protocol::{Digest, ErrorCode, RecordId, Suite};

use crate::crypto;
use crate::keys::PlatformKeys;
use crate::refusal::Refusal;

/// Reads the member `receipt` of a request.
pub(super) fn read(receipt: &Value) -> Result<Receipt, Refusal> {
    Receipt::deserialize(receipt).map_err(|_| invalid())
}

/// Checks that this platform once settled this very record. When does not matter: a receipt that was given after a restore stands on
/// one that was given in time. The key that signed it may have been rotated since, but not revoked.
pub(super) fn verify(
    keys: &PlatformKeys,
    receipt: &Receipt,
    of: ReceiptOf,
    record: RecordId,
    digest: Digest,
) -> Result<(), Refusal> {
    let former = keys.beside().iter().filter(|one| one.revoked_at.is_none()).map(|one| &one.key);
    let suites = [Suite::International, Suite::ShangMi];
    let all = suites.into_iter().map(|suite| keys.of(suite)).chain(former);
    let key = all.into_iter().find(|key| *key.key_id() == receipt.signature.keyid);
    let key = key.ok_or_else(invalid)?;
    let message = receipt.signed_message(key.suite()).ok_or_else(invalid)?;
    crypto::verify(key.public_key(), &message, &receipt.signature.value).map_err(|_| invalid())?;
    let body = receipt.body().map_err(|_| invalid())?;
    let ours =
        body.kind == ReceiptKind::Settled && body.of == Some(of) && body.record == record && body.digest == digest;
    if ours { Ok(()) } else { Err(invalid()) }
}

fn invalid() -> Refusal {
    Refusal::at("/receipt", ErrorCode::RequestInvalidValue)
}
