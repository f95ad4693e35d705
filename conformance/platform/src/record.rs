//! Signed records as they arrive: read, and checked against the author's key.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::explain::encoding_mistake;
use tongqiao_protocol::limits::MESSAGE_BYTES_MAX;
use tongqiao_protocol::signed_record::RecordSignature;
use tongqiao_protocol::{Digest, ErrorCode, KeyId, RecordId, RecordKind, SignatureValue, SignedRecord, Timestamp};

use crate::crypto;
use crate::database::DatabaseError;
use crate::directory::{self, Party, PartyKey, Purpose};
use crate::explanation::{Desk, Doubtful};
use crate::hop::Caller;
use crate::json::Members;
use crate::refusal::Refusal;

/// A record whose signature holds.
pub(crate) struct Authentic {
    pub(crate) signed: SignedRecord,
    pub(crate) digest: Digest,
    pub(crate) author: Party,
    /// The key is past or revoked: the record is genuine perhaps, and a human must look.
    pub(crate) doubt: Option<&'static str>,
}

/// Reads `{"record", "signature": {"keyid", "value"}}`, adding a fault for whatever is not as it should be.
pub(crate) fn read(members: &Members<'_>) -> Option<SignedRecord> {
    let record = members.text("record").and_then(|text| {
        let bytes = STANDARD.decode(text).ok();
        match bytes {
            None => members.fault("record", ErrorCode::RequestInvalidValue),
            Some(ref bytes) if bytes.len() > MESSAGE_BYTES_MAX => {
                members.fault("record", ErrorCode::RecordTooLarge);
                return None;
            }
            Some(_) => {}
        }
        bytes
    });
    let signature = members.object("signature");
    let keyid = signature.as_ref().and_then(|members| members.parsed::<KeyId>("keyid"));
    let value = signature.as_ref().and_then(|members| {
        let bytes = STANDARD.decode(members.text("value")?).unwrap_or_default();
        let value = <[u8; 64]>::try_from(bytes.as_slice()).ok();
        if value.is_none() {
            members.fault_with("value", ErrorCode::RequestInvalidValue, |fault| {
                let fault = fault.with("step", "length").with("bytes", bytes.len());
                match encoding_mistake(&bytes) {
                    Some(cause) => fault.with("cause", cause.as_str()),
                    None => fault,
                }
            });
        }
        value
    });
    let signature = RecordSignature { keyid: keyid?, value: SignatureValue::from_bytes(value?) };
    Some(SignedRecord { record: record?, signature })
}

/// The most keys of a party that are tried when one does not fit.
const PARTY_KEYS_MOST: usize = 8;

/// The keys that a request's records name, and others of the same parties.
pub(crate) type Keys = HashMap<KeyId, (PartyKey, Party)>;

/// Looks the keys up.
pub(crate) fn keys_of(connection: &Connection, ids: &[KeyId]) -> Result<Keys, DatabaseError> {
    let mut keys = Keys::new();
    for id in ids {
        if !keys.contains_key(id)
            && let Some(found) = directory::find_key(connection, id)?
        {
            // The rest of the party's keys too: a signature by one of them is explained as such.
            for key in directory::keys_of_party(connection, &found.1.id)?.into_iter().take(PARTY_KEYS_MOST) {
                keys.entry(key.id.clone()).or_insert_with(|| (key, found.1.clone()));
            }
            keys.insert(id.clone(), found);
        }
    }
    Ok(keys)
}

/// Checks the author's signature, and that the caller may carry his records.
///
/// A signature that does not fit is explained at the desk, if one is given. The key is judged at the time of arrival: the earliest time that somebody other than the author attests.
pub(crate) fn authenticate(
    kind: RecordKind,
    signed: SignedRecord,
    keys: &Keys,
    caller: &Caller,
    now: Timestamp,
    explaining: Option<&Desk>,
) -> Result<Authentic, Refusal> {
    let keyid = &signed.signature.keyid;
    let (key, author) =
        keys.get(keyid).ok_or_else(|| Refusal::new(ErrorCode::RecordUnknownKey).with("keyid", keyid))?;
    if key.purpose != Purpose::Event {
        return Err(Refusal::new(ErrorCode::RecordWrongUse).with("keyid", keyid));
    }
    let message = SignedRecord::message(kind, keyid, &signed.record);
    if crypto::verify(&key.public, &message, &signed.signature.value).is_err() {
        let others = keys.iter().filter(|(id, (_, owner))| *id != keyid && owner.id == author.id);
        let others: Vec<_> = others.map(|(id, (key, _))| (id.clone(), key.public.clone())).collect();
        let doubtful = Doubtful {
            keyid,
            key: &key.public,
            party: &author.id,
            message: &message,
            signature: signed.signature.value.as_bytes(),
        };
        let explanation = explaining.and_then(|desk| desk.explain(&doubtful, &others));
        let refusal = Refusal::new(ErrorCode::RecordSignatureMismatch);
        return Err(match explanation {
            Some(explanation) => refusal.explained(Some(explanation)),
            None => refusal.with("keyid", keyid).with("step", "equation").with("bytes", message.len()),
        });
    }
    if !caller.party.may_carry(&author.id) {
        return Err(Refusal::new(ErrorCode::ScopeAuthorNotCarried).with("author", &author.id));
    }
    let doubt = if key.revoked_at.is_some() {
        Some("key revoked")
    } else if now < key.valid_from || key.valid_until <= now {
        Some("key outside its validity")
    } else {
        None
    };
    let digest = signed.digest(key.public.suite());
    Ok(Authentic { digest, author: author.clone(), doubt, signed })
}

/// Keeps a record whose key is in doubt for a human: never dropped, never applied silently. `None` once he vouched for it.
pub(crate) fn quarantine(
    connection: &Connection,
    authentic: &Authentic,
    record: RecordId,
    reason: &str,
    now: Timestamp,
) -> Result<Option<Refusal>, DatabaseError> {
    let digest = authentic.digest.to_string();
    let released: Option<bool> = connection
        .prepare_cached("SELECT released IS NOT NULL FROM quarantine WHERE record_id = ?1 AND digest = ?2")?
        .query_row((record.as_bytes(), &digest), |row| row.get(0))
        .optional()?;
    if released == Some(true) {
        return Ok(None);
    }
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO quarantine (record_id, digest, keyid, reason, record, signature, arrived)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            record.as_bytes(),
            &digest,
            authentic.signed.signature.keyid.as_str(),
            reason,
            &authentic.signed.record,
            authentic.signed.signature.value.as_bytes(),
            now.as_millis(),
        ))?;
    let refusal = Refusal::new(ErrorCode::RecordQuarantined).with("keyid", &authentic.signed.signature.keyid);
    Ok(Some(refusal.with("reason", reason)))
}

/// A human vouches for a record that was kept; whether there is one.
pub(crate) fn release(
    connection: &Connection,
    record: RecordId,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let known = connection.execute(
        "UPDATE quarantine SET released = coalesce(released, ?3) WHERE record_id = ?1 AND digest = ?2",
        (record.as_bytes(), digest.to_string(), now.as_millis()),
    )?;
    Ok(known > 0)
}
