//! The platform's keys: pinned at enrolment, and those that the key directory names since.

mod trust;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::explain::{Failed, LikelyCause, explain};
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::{
    ErrorCode, KeyDirectory, KeyId, KeyRecord, PartyId, PublicKey, RecordKind, SignatureValue, SignedRecord, Suite,
    Timestamp, Verifier as _,
};

use self::trust::Trusted;
use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;
use crate::signer::{OtherUserIds, SoftwareVerifier};

/// The document's key in [`Collection::KeyDirectory`].
const KEY: &str = "directory";
/// An unknown key is looked up at most this often: whoever invents key ids must not make us ask for each.
const LOOK_UP_PAUSE: Duration = Duration::from_secs(30);
/// So long nobody is asked after nobody answered: callers who wait for one another must not each wait for a dead link.
const SILENCE_PAUSE: Duration = Duration::from_secs(1);
/// User ids seen in the field instead of the standard's.
const OTHER_USER_IDS: [&str; 3] = ["", "ALICE123@YAHOO.COM", "TLSv1.3+GM+Cipher+Suite"];

/// A key of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformKey {
    /// Its name.
    pub keyid: KeyId,
    /// The key.
    pub public_key: PublicKey,
}

impl PlatformKey {
    /// The platform's own keys in a directory that are valid when it was issued.
    pub(crate) fn all_in(directory: &KeyDirectory) -> Vec<Self> {
        let valid = directory.keys.iter().filter(|key| key.speaks_for_platform() && key.is_valid_at(directory.issued));
        valid.map(|key| Self { keyid: key.keyid.clone(), public_key: key.public_key.clone() }).collect()
    }
}

/// Whom to believe that it is the platform.
pub(crate) struct Directory {
    pinned: Vec<PlatformKey>,
    /// The last directory that held.
    trusted: RwLock<Option<Arc<Trusted>>>,
    /// Held while the directory is asked for.
    asking: Mutex<Searches>,
}

/// The last search for an unknown key.
#[derive(Default)]
struct Searches {
    /// Nobody is asked before.
    pause_until: Option<Instant>,
    /// The key that the directory which came then did not have.
    unknown: Option<KeyId>,
}

impl Searches {
    fn are_paused(&self) -> bool {
        self.pause_until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&mut self, length: Duration) {
        self.pause_until = Some(Instant::now() + length);
    }
}

/// What became of the search for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySought {
    /// Its row, whatever its standing.
    Found(Box<KeyRecord>),
    /// The platform was asked, and its directory does not have it.
    Unknown,
    /// The platform could not be asked, or may not be asked again so soon: nothing is known of the key, and it may be good.
    NotAsked,
}

impl KeySought {
    /// The row, when it was found.
    pub fn found(self) -> Option<KeyRecord> {
        match self {
            Self::Found(key) => Some(*key),
            Self::Unknown | Self::NotAsked => None,
        }
    }
}

impl Directory {
    pub(crate) fn new(pinned: Vec<PlatformKey>) -> Self {
        Self { pinned, trusted: RwLock::new(None), asking: Mutex::default() }
    }

    /// Checks that the platform signed `record` as a record of `kind`; gives the suite of its key.
    pub(crate) async fn check(&self, shared: &Shared, kind: RecordKind, record: &SignedRecord) -> Result<Suite, Error> {
        let message = SignedRecord::message(kind, &record.signature.keyid, &record.record);
        self.verify(shared, &record.signature.keyid, None, &message, &record.signature.value).await
    }

    /// Checks a signature of the platform; gives the suite of its key. An unknown key is looked up. `at` is when it was made,
    /// where that is said; the key must be valid then, and else when the directory in use was issued.
    pub(crate) async fn verify(
        &self,
        shared: &Shared,
        keyid: &KeyId,
        at: Option<Timestamp>,
        message: &[u8],
        signature: &SignatureValue,
    ) -> Result<Suite, Error> {
        let key = self.key(shared, keyid, at).await?;
        verified(&key, keyid, message, signature, || self.trusted(), ErrorCode::SignatureMismatch)?;
        Ok(key.suite())
    }

    /// Checks that `party` signed `record` as a record of `kind`, with a key that the directory names as its own. Whether the
    /// key was valid when the record came is the platform's to judge, and its receipt says so.
    pub(crate) async fn check_author(
        &self,
        shared: &Shared,
        kind: RecordKind,
        party: &PartyId,
        record: &SignedRecord,
    ) -> Result<Suite, Error> {
        let keyid = &record.signature.keyid;
        if self.author_key(keyid, party).is_none() {
            self.refresh(shared).await?;
        }
        let unknown = || Error::of(ErrorCode::SignatureUnknownKey).detail(format!("{keyid} is no key of {party}"));
        let key = self.author_key(keyid, party).ok_or_else(unknown)?;
        let message = SignedRecord::message(kind, keyid, &record.record);
        verified(&key, keyid, &message, &record.signature.value, || self.trusted(), ErrorCode::SignatureMismatch)?;
        Ok(key.suite())
    }

    /// The row of a key, whoever's it is and whatever its standing. An unknown one is looked up at the platform, now and then.
    pub(crate) async fn key_record(&self, shared: &Shared, keyid: &KeyId) -> KeySought {
        if self.trusted().is_none()
            && let Err(error) = self.recall(shared).await
        {
            tracing::warn!(code = error.code().code(), "the key directory cannot be read");
        }
        let find = || {
            let found = self.trusted().and_then(|trusted| trusted.author(keyid).cloned());
            found.map(|key| KeySought::Found(Box::new(key)))
        };
        if let Some(found) = find() {
            return found;
        }
        let mut searches = self.asking.lock().await;
        // Somebody else may have found it while we waited.
        if let Some(found) = find() {
            return found;
        }
        if searches.are_paused() {
            return if searches.unknown.as_ref() == Some(keyid) { KeySought::Unknown } else { KeySought::NotAsked };
        }
        if let Err(error) = self.fetch(shared).await {
            tracing::debug!(code = error.code().code(), "an unknown key cannot be looked up now");
            searches.pause(SILENCE_PAUSE);
            searches.unknown = None;
            return KeySought::NotAsked;
        }
        if let Some(found) = find() {
            return found;
        }
        searches.pause(LOOK_UP_PAUSE);
        searches.unknown = Some(keyid.clone());
        KeySought::Unknown
    }

    /// The last directory that held, with its chain checked anew where it comes from the store.
    pub(crate) async fn in_use(&self, shared: &Shared) -> Result<Option<KeyDirectory>, Error> {
        let (trusted, _) = self.recall(shared).await?;
        Ok(trusted.map(|trusted| trusted.directory().clone()))
    }

    /// The row of a public key, by its bytes, in the directory of this process.
    pub(crate) fn holder(&self, public_key: &[u8]) -> Option<KeyRecord> {
        self.trusted()?.holder(public_key).cloned()
    }

    fn author_key(&self, keyid: &KeyId, party: &PartyId) -> Option<PublicKey> {
        let trusted = self.trusted()?;
        let key = trusted.author(keyid).filter(|key| key.party == *party && key.key_use == KeyUse::Event)?;
        Some(key.public_key.clone())
    }

    /// The suite of one of the platform's keys.
    pub(crate) async fn suite(&self, shared: &Shared, keyid: &KeyId, at: Timestamp) -> Result<Suite, Error> {
        Ok(self.key(shared, keyid, Some(at)).await?.suite())
    }

    /// Fetches the directory, checks it against the one in use and keeps it.
    pub(crate) async fn refresh(&self, shared: &Shared) -> Result<(), Error> {
        let _asking = self.asking.lock().await;
        self.fetch(shared).await
    }

    /// The caller holds `asking`.
    async fn fetch(&self, shared: &Shared) -> Result<(), Error> {
        let asked_at = shared.clock.local();
        let answer = shared.exchange.ask(Ask::get("/v1/directory")).await?;
        let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
        self.keep(shared, record, Some(asked_at)).await
    }

    /// Takes a directory that has come in another way than by asking, if it is one to be believed and not older than the one in
    /// use. How old it is nobody knows: it says nothing of the present time.
    pub(crate) async fn take(&self, shared: &Shared, record: SignedRecord) -> Result<(), Error> {
        let _asking = self.asking.lock().await;
        self.keep(shared, record, None).await
    }

    async fn keep(&self, shared: &Shared, record: SignedRecord, asked_at: Option<Timestamp>) -> Result<(), Error> {
        let (mut trusted, mut version) = self.recall(shared).await?;
        loop {
            let next = Trusted::next(trusted.as_deref(), &self.pinned, record.clone())?;
            let put = Change::PutDocument {
                collection: Collection::KeyDirectory,
                key: KEY.to_owned(),
                expected: version.map_or(Expected::Absent, Expected::Version),
                bytes: next.to_bytes()?,
            };
            match shared.storage.commit(vec![put]).await.map_err(Error::from) {
                Ok(_) => {
                    // The platform signs a directory when it is asked: its time is the platform's present.
                    if let Some(asked_at) = asked_at {
                        shared.clock.hear_signed(next.issued(), asked_at);
                    }
                    self.remember(Arc::new(next));
                    return Ok(());
                }
                // Another process was faster; what it found may be newer.
                Err(error) if error.code() == ErrorCode::StoreConflict => {
                    (trusted, version) = self.recall(shared).await?;
                    if trusted.as_ref().is_some_and(|trusted| trusted.issued() >= next.issued()) {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn key(&self, shared: &Shared, keyid: &KeyId, at: Option<Timestamp>) -> Result<PublicKey, Error> {
        if self.trusted().is_none() {
            self.recall(shared).await?;
        }
        if let Some(key) = self.find(keyid, at) {
            return Ok(key);
        }
        let mut searches = self.asking.lock().await;
        // Somebody else may have found it while we waited.
        if let Some(key) = self.find(keyid, at) {
            return Ok(key);
        }
        let unknown =
            || Error::of(ErrorCode::SignatureUnknownKey).detail(format!("{keyid} is no valid key of the platform"));
        if searches.are_paused() {
            return Err(unknown());
        }
        self.fetch(shared).await?;
        let found = self.find(keyid, at);
        // Only an answer without the key makes a pause: one that was found, or no answer at all, makes none.
        if found.is_none() {
            searches.pause(LOOK_UP_PAUSE);
            searches.unknown = Some(keyid.clone());
        }
        found.ok_or_else(unknown)
    }

    /// A listed key; a pinned one only until a directory was seen, which may have revoked it.
    fn find(&self, keyid: &KeyId, at: Option<Timestamp>) -> Option<PublicKey> {
        match self.trusted() {
            Some(trusted) => trusted.key_at(keyid, at.unwrap_or_else(|| trusted.issued())).cloned(),
            None => self.pinned.iter().find(|key| key.keyid == *keyid).map(|key| key.public_key.clone()),
        }
    }

    fn trusted(&self) -> Option<Arc<Trusted>> {
        self.trusted.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest directory of this process and the store, with the version of the stored document.
    async fn recall(&self, shared: &Shared) -> Result<(Option<Arc<Trusted>>, Option<u64>), Error> {
        let stored = shared.storage.ask(|store| store.document(Collection::KeyDirectory, KEY)).await?;
        let version = stored.as_ref().map(|document| document.version);
        let recalled = stored.and_then(|document| Trusted::recall(&self.pinned, &document.bytes));
        let known = self.trusted();
        let newer = recalled.filter(|one| known.as_ref().is_none_or(|known| one.issued() > known.issued()));
        if let Some(newer) = newer {
            self.remember(Arc::new(newer));
        }
        Ok((self.trusted(), version))
    }

    fn remember(&self, trusted: Arc<Trusted>) {
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = Some(trusted);
    }
}

/// Checks that `key` signed `record` as a record of `kind`.
pub(crate) fn checked_signature(
    key: &PublicKey,
    keyid: &KeyId,
    kind: RecordKind,
    record: &SignedRecord,
) -> Result<(), Error> {
    let message = SignedRecord::message(kind, keyid, &record.record);
    verified(key, keyid, &message, &record.signature.value, || None, ErrorCode::DirectoryInvalid)
}

/// Checks a signature; an error explains what the other side probably did.
fn verified(
    key: &PublicKey,
    keyid: &KeyId,
    message: &[u8],
    signature: &SignatureValue,
    trusted: impl FnOnce() -> Option<Arc<Trusted>>,
    code: ErrorCode,
) -> Result<(), Error> {
    let Err(error) = SoftwareVerifier.verify(key, message, signature) else { return Ok(()) };
    let trusted = trusted();
    let others = trusted.as_ref().map(|trusted| trusted.others(keyid)).unwrap_or_default();
    let failed =
        Failed { key_id: keyid, key, message, signature: signature.as_bytes(), claimed: None, other_keys: &others };
    let mut user_ids = OTHER_USER_IDS.to_vec();
    user_ids.push(keyid.as_str());
    let other_user_ids = OtherUserIds(&user_ids);
    let explanation = explain(&failed, &SoftwareVerifier, &[(LikelyCause::OtherUserId, &other_user_ids)]);
    Err(Error::of(code).explained(explanation).because(error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use sm2::dsa::signature::Signer as _;
    use tongqiao_protocol::Language;

    use super::*;

    #[test]
    fn a_platform_that_signs_with_another_user_id_is_told_so_in_both_languages() {
        let signer = sm2::dsa::SigningKey::from_slice("", &[7; 32]).unwrap();
        let signature: sm2::dsa::Signature = signer.sign(b"message");
        let key = PublicKey::new(Suite::ShangMi, signer.verifying_key().to_sec1_bytes().into_vec()).unwrap();
        let value = SignatureValue::from_bytes(signature.to_bytes().into());
        let keyid: KeyId = "platform/sm/1".parse().unwrap();
        let error = verified(&key, &keyid, b"message", &value, || None, ErrorCode::SignatureMismatch).unwrap_err();
        let explanation = error.signature_explanation().unwrap();
        assert_eq!((&explanation.key_id, explanation.likely_cause), (&keyid, Some(LikelyCause::OtherUserId)));
        assert!(error.message(Language::Chinese).contains(LikelyCause::OtherUserId.zh()));
        assert!(error.message(Language::English).contains(LikelyCause::OtherUserId.en()));
        assert!(error.to_string().contains(LikelyCause::OtherUserId.en()));
    }
}
