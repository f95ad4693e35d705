//! The platform's keys: pinned at enrolment, and those that a directory signed by a pinned key names.

use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{
    ErrorCode, KeyId, PublicKey, RecordKind, SignatureValue, SignedRecord, Suite, Timestamp, Verifier as _,
};

use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;
use crate::signer::SoftwareVerifier;

/// The document's key in [`Collection::KeyDirectory`].
const KEY: &str = "directory";
/// Whose keys may sign for the platform.
const PLATFORM: &str = "platform";

/// A key of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformKey {
    /// Its name.
    pub keyid: KeyId,
    /// The key.
    pub public_key: PublicKey,
}

/// The record of `GET /v1/directory`, as far as a client needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Listing {
    pub(crate) issued: Timestamp,
    pub(crate) keys: Vec<ListedKey>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ListedKey {
    keyid: KeyId,
    party: String,
    suite: Suite,
    public_key: String,
    #[serde(default)]
    revoked: Option<serde_json::Value>,
}

impl ListedKey {
    /// The key, if it speaks for the platform and still may.
    pub(crate) fn of_platform(&self) -> Option<PlatformKey> {
        if self.party != PLATFORM || self.revoked.is_some() {
            return None;
        }
        let bytes = STANDARD.decode(&self.public_key).ok()?;
        let public_key = PublicKey::new(self.suite, bytes).ok()?;
        Some(PlatformKey { keyid: self.keyid.clone(), public_key })
    }
}

/// Whom to believe that it is the platform.
pub(crate) struct Directory {
    pinned: Vec<PlatformKey>,
    /// From the last directory whose signature held.
    listed: RwLock<Option<Vec<PlatformKey>>>,
}

impl Directory {
    pub(crate) const fn new(pinned: Vec<PlatformKey>) -> Self {
        Self { pinned, listed: RwLock::new(None) }
    }

    /// Checks that the platform signed `record` as a record of `kind`; gives the suite of its key.
    pub(crate) async fn check(&self, shared: &Shared, kind: RecordKind, record: &SignedRecord) -> Result<Suite, Error> {
        let message = SignedRecord::message(kind, &record.signature.keyid, &record.record);
        self.verify(shared, &record.signature.keyid, &message, &record.signature.value).await
    }

    /// Checks a signature of the platform; gives the suite of its key. An unknown key is looked up once.
    pub(crate) async fn verify(
        &self,
        shared: &Shared,
        keyid: &KeyId,
        message: &[u8],
        signature: &SignatureValue,
    ) -> Result<Suite, Error> {
        let key = self.key(shared, keyid).await?;
        SoftwareVerifier
            .verify(&key, message, signature)
            .map_err(|error| Error::of(ErrorCode::SignatureMismatch).detail(format!("key {keyid}")).because(error))?;
        Ok(key.suite())
    }

    /// The suite of one of the platform's keys.
    pub(crate) async fn suite(&self, shared: &Shared, keyid: &KeyId) -> Result<Suite, Error> {
        Ok(self.key(shared, keyid).await?.suite())
    }

    /// Fetches the directory, checks it against the pinned keys and keeps it.
    pub(crate) async fn refresh(&self, shared: &Shared) -> Result<(), Error> {
        let answer = shared.exchange.ask(Ask::get("/v1/directory")).await?;
        let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
        let listing = self.checked(&record)?;
        let put = Change::PutDocument {
            collection: Collection::KeyDirectory,
            key: KEY.to_owned(),
            expected: Expected::Any,
            bytes: answer.into_body(),
        };
        shared.storage.ask(move |store| store.commit(vec![put])).await?;
        self.remember(&listing);
        Ok(())
    }

    async fn key(&self, shared: &Shared, keyid: &KeyId) -> Result<PublicKey, Error> {
        if self.listed.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            self.recall(shared).await?;
        }
        if let Some(key) = self.find(keyid) {
            return Ok(key);
        }
        self.refresh(shared).await?;
        self.find(keyid).ok_or_else(|| {
            Error::of(ErrorCode::SignatureUnknownKey).detail(format!("{keyid} is no key of the platform"))
        })
    }

    /// A listed key; a pinned one only until a directory was seen, which may have revoked it.
    fn find(&self, keyid: &KeyId) -> Option<PublicKey> {
        let listed = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        let keys = listed.as_deref().unwrap_or(&self.pinned);
        keys.iter().find(|key| key.keyid == *keyid).map(|key| key.public_key.clone())
    }

    /// Reads the directory that the store keeps.
    async fn recall(&self, shared: &Shared) -> Result<(), Error> {
        let stored = shared.storage.ask(|store| store.document(Collection::KeyDirectory, KEY)).await?;
        let record = stored.and_then(|document| serde_json::from_slice::<SignedRecord>(&document.bytes).ok());
        // The file may have been touched: the signature is checked again.
        if let Some(listing) = record.and_then(|record| self.checked(&record).ok()) {
            self.remember(&listing);
        }
        Ok(())
    }

    fn checked(&self, record: &SignedRecord) -> Result<Listing, Error> {
        let invalid = || Error::of(ErrorCode::DirectoryInvalid);
        let signer = self.pinned.iter().find(|key| key.keyid == record.signature.keyid);
        let signer = signer.ok_or_else(|| invalid().detail("signed by a key that was not pinned at enrolment"))?;
        verify_directory(record, signer)
    }

    fn remember(&self, listing: &Listing) {
        let keys = listing.keys.iter().filter_map(ListedKey::of_platform).collect();
        *self.listed.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }
}

/// The directory in `record`, if `signer` signed it.
pub(crate) fn verify_directory(record: &SignedRecord, signer: &PlatformKey) -> Result<Listing, Error> {
    let message = SignedRecord::message(RecordKind::Directory, &signer.keyid, &record.record);
    SoftwareVerifier
        .verify(&signer.public_key, &message, &record.signature.value)
        .map_err(|error| Error::of(ErrorCode::DirectoryInvalid).because(error))?;
    serde_json::from_slice(&record.record).map_err(Error::malformed_answer)
}
