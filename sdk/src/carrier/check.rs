//! What can be said of a record without knowing anything of its case.

use tongqiao_protocol::case::CaseEvent;
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::limits::MESSAGE_BYTES_MAX;
use tongqiao_protocol::{
    Digest, ErrorCode, Faults, Language, PartyId, Problem, RecordKind, SignedRecord, Verifier as _,
};

use super::{Checked, KeySought, NotTaken};
use crate::SoftwareVerifier;
use crate::keys::Keys;

/// An event that its author has signed and whose form is right.
pub(crate) struct Genuine {
    pub(super) event: CaseEvent,
    pub(super) digest: Digest,
    /// As it is stored and sent: always the same bytes for the same record.
    pub(super) bytes: Vec<u8>,
}

/// The checks of the platform that need no state, in its order.
pub(crate) async fn genuine(keys: &impl Keys, record: SignedRecord, may_carry: &impl Fn(&PartyId) -> bool) -> Checked {
    if record.record.len() > MESSAGE_BYTES_MAX {
        return refused(ErrorCode::RecordTooLarge);
    }
    let keyid = &record.signature.keyid;
    let key = match keys.record(keyid).await {
        KeySought::Found(key) => key,
        KeySought::Unknown => return refused(ErrorCode::RecordUnknownKey),
        KeySought::NotAsked => return Err(NotTaken::KeyNotLookedUp(keyid.clone())),
    };
    if key.key_use != KeyUse::Event {
        return refused(ErrorCode::RecordWrongUse);
    }
    let message = SignedRecord::message(RecordKind::Event, keyid, &record.record);
    if SoftwareVerifier.verify(&key.public_key, &message, &record.signature.value).is_err() {
        return refused(ErrorCode::RecordSignatureMismatch);
    }
    if !may_carry(&key.party) {
        return refused(ErrorCode::ScopeAuthorNotCarried);
    }
    let event = CaseEvent::parse(&record.record).map_err(|faults| NotTaken::Refused(Box::new(faulty(faults))))?;
    if event.party != key.party {
        return refused(ErrorCode::EventWrongParty);
    }
    let digest = Digest::of(key.public_key.suite(), &record.record);
    match serde_json::to_vec(&record) {
        Ok(bytes) => Ok(Genuine { event, digest, bytes }),
        Err(_) => refused(ErrorCode::InternalDefect),
    }
}

fn refused(code: ErrorCode) -> Checked {
    Err(NotTaken::Refused(Box::new(Problem::new(code, Language::Chinese))))
}

fn faulty(faults: Faults) -> Problem {
    Problem::from_faults(faults, Language::Chinese)
}
