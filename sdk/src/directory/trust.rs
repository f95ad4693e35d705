//! Which directory is believed, and why: a chain from the keys pinned at enrolment.
//!
//! Each directory must be signed by a platform key that the one before lists as valid at its time, the first by a pinned
//! one. So a rotated key takes over when its predecessor has announced it, and a revoked one never signs again.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{ErrorCode, KeyDirectory, KeyId, KeyRecord, PublicKey, RecordKind, SignedRecord, Timestamp};

use super::{PlatformKey, checked_signature};
use crate::Error;

/// A directory that is believed, with the directories that lead to it: one for each change of the signing key.
#[derive(Debug, Clone)]
pub(super) struct Trusted {
    links: Vec<SignedRecord>,
    directory: KeyDirectory,
}

/// How the chain is kept in the store, oldest first.
#[derive(Serialize, Deserialize)]
struct Kept {
    links: Vec<SignedRecord>,
}

impl Trusted {
    /// Follows the chain in `bytes` from the pinned keys. The file may have been touched: every signature is checked again.
    pub(super) fn recall(pinned: &[PlatformKey], bytes: &[u8]) -> Option<Self> {
        let links = match serde_json::from_slice::<Kept>(bytes) {
            Ok(kept) => kept.links,
            // Before keys could change, one bare directory was kept.
            Err(_) => vec![serde_json::from_slice::<SignedRecord>(bytes).ok()?],
        };
        let mut trusted = None;
        for link in links {
            trusted = Some(Self::next(trusted.as_ref(), pinned, link).ok()?);
        }
        trusted
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&Kept { links: self.links.clone() }).map_err(Error::internal)
    }

    /// Believes `record`, or says why not.
    pub(super) fn next(before: Option<&Self>, pinned: &[PlatformKey], record: SignedRecord) -> Result<Self, Error> {
        let refused = |reason: String| Error::of(ErrorCode::DirectoryInvalid).detail(reason);
        let keyid = record.signature.keyid.clone();
        // What it says of itself is proved only by the signature below; the time is needed to choose the key.
        let directory = serde_json::from_slice::<KeyDirectory>(&record.record).map_err(Error::malformed_answer)?;
        let signer = match before {
            None => pinned.iter().find(|key| key.keyid == keyid).map(|key| &key.public_key),
            Some(before) => before.key_at(&keyid, directory.issued),
        };
        let signer = signer.ok_or_else(|| {
            refused(format!("{keyid} may not sign it: not pinned, not listed, not valid at its time or revoked"))
        })?;
        checked_signature(signer, &keyid, RecordKind::Directory, &record)?;
        if directory.find(&keyid).is_some_and(|key| !key.is_valid_at(directory.issued)) {
            return Err(refused(format!("{keyid} signs that it is itself no longer valid")));
        }
        if let Some(before) = before
            && directory.issued < before.directory.issued
        {
            tracing::error!(%keyid, "the platform answers with an old key directory; somebody may be hiding a revocation");
            return Err(refused(format!(
                "issued {}, older than the one in use of {}",
                directory.issued, before.directory.issued
            )));
        }
        let mut links = before.map(|before| before.links.clone()).unwrap_or_default();
        if links.last().is_some_and(|last| last.signature.keyid == keyid) {
            links.pop();
        }
        links.push(record);
        Ok(Self { links, directory })
    }

    pub(super) const fn directory(&self) -> &KeyDirectory {
        &self.directory
    }

    pub(super) const fn issued(&self) -> Timestamp {
        self.directory.issued
    }

    /// A platform's key, if what it signed at `instant` is believed.
    pub(super) fn key_at(&self, keyid: &KeyId, instant: Timestamp) -> Option<&PublicKey> {
        let key = self.directory.find(keyid).filter(|key| key.speaks_for_platform())?;
        key.is_valid_at(instant).then_some(&key.public_key)
    }

    /// The key of a party, whatever its standing.
    pub(super) fn author(&self, keyid: &KeyId) -> Option<&KeyRecord> {
        self.directory.find(keyid)
    }

    /// The row of a public key.
    pub(super) fn holder(&self, public_key: &[u8]) -> Option<&KeyRecord> {
        self.directory.keys.iter().find(|key| key.public_key.as_bytes() == public_key)
    }

    /// The other keys of the platform, for an explanation.
    pub(super) fn others(&self, keyid: &KeyId) -> Vec<(&KeyId, &PublicKey)> {
        let ours = self.directory.keys.iter().filter(|key| key.speaks_for_platform() && key.keyid != *keyid);
        ours.map(|key| (&key.keyid, &key.public_key)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_protocol::key_directory::{KeyUse, Revocation};
    use tongqiao_protocol::{Signer as _, Suite};

    use super::*;
    use crate::SoftwareSigner;

    const DAY: i64 = 86_400_000;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + days * DAY)
    }

    fn key(name: &str) -> SoftwareSigner {
        SoftwareSigner::generate(Suite::International, format!("platform/{name}").parse().unwrap()).unwrap()
    }

    fn row(key: &SoftwareSigner) -> KeyRecord {
        KeyRecord {
            keyid: key.key_id().clone(),
            party: "platform".parse().unwrap(),
            public_key: key.public_key().clone(),
            key_use: KeyUse::Event,
            valid_from: None,
            valid_until: None,
            revoked: None,
        }
    }

    fn revoked(key: &SoftwareSigner, days: i64) -> KeyRecord {
        KeyRecord { revoked: Some(Revocation { at: at(days), reason: None }), ..row(key) }
    }

    fn signed(signer: &SoftwareSigner, days: i64, keys: &[KeyRecord]) -> SignedRecord {
        let directory = serde_json::to_vec(&KeyDirectory { issued: at(days), keys: keys.to_vec() }).unwrap();
        SignedRecord::sign(RecordKind::Directory, directory, signer, &[1; 32]).unwrap()
    }

    fn pinned(key: &SoftwareSigner) -> Vec<PlatformKey> {
        vec![PlatformKey { keyid: key.key_id().clone(), public_key: key.public_key().clone() }]
    }

    fn refusal(result: Result<Trusted, Error>) -> ErrorCode {
        result.unwrap_err().code()
    }

    #[test]
    fn an_announced_key_takes_over_and_a_stranger_does_not() {
        let (old, new) = (key("old"), key("new"));
        let pinned = pinned(&old);
        let first = Trusted::next(None, &pinned, signed(&old, 0, &[row(&old)])).unwrap();
        let unannounced = Trusted::next(Some(&first), &pinned, signed(&new, 1, &[row(&new)]));
        assert_eq!(refusal(unannounced), ErrorCode::DirectoryInvalid);
        let announced = Trusted::next(Some(&first), &pinned, signed(&old, 1, &[row(&old), row(&new)])).unwrap();
        let rotated = Trusted::next(Some(&announced), &pinned, signed(&new, 2, &[row(&new)])).unwrap();
        assert!(rotated.key_at(new.key_id(), at(2)).is_some() && rotated.key_at(old.key_id(), at(2)).is_none());
        // A process that starts later follows the same chain from what was pinned.
        let recalled = Trusted::recall(&pinned, &rotated.to_bytes().unwrap()).unwrap();
        assert_eq!(recalled.directory, rotated.directory);
    }

    #[test]
    fn a_revoked_pinned_key_signs_no_directory() {
        let (old, new) = (key("old"), key("new"));
        let pinned = pinned(&old);
        let announced = Trusted::next(None, &pinned, signed(&old, 0, &[row(&old), row(&new)])).unwrap();
        let rotated =
            Trusted::next(Some(&announced), &pinned, signed(&new, 1, &[revoked(&old, 1), row(&new)])).unwrap();
        let stolen = Trusted::next(Some(&rotated), &pinned, signed(&old, 2, &[row(&old)]));
        assert_eq!(refusal(stolen), ErrorCode::DirectoryInvalid);
        let of_itself = Trusted::next(Some(&announced), &pinned, signed(&old, 1, &[revoked(&old, 1)]));
        assert_eq!(refusal(of_itself), ErrorCode::DirectoryInvalid);
    }

    #[test]
    fn an_older_directory_brings_back_no_revoked_key() {
        let (one, two) = (key("one"), key("two"));
        let pinned = pinned(&one);
        let before = signed(&one, 0, &[row(&one), row(&two)]);
        let now = Trusted::next(None, &pinned, signed(&one, 1, &[row(&one), revoked(&two, 1)])).unwrap();
        assert!(now.key_at(two.key_id(), at(0)).is_none());
        assert_eq!(refusal(Trusted::next(Some(&now), &pinned, before)), ErrorCode::DirectoryInvalid);
    }

    #[test]
    fn a_key_speaks_only_within_its_validity_and_only_for_its_use() {
        let (one, two) = (key("one"), key("two"));
        let pinned = pinned(&one);
        let ended = KeyRecord { valid_from: Some(at(0)), valid_until: Some(at(10)), ..row(&two) };
        let trusted = Trusted::next(None, &pinned, signed(&one, 11, &[row(&one), ended])).unwrap();
        // What it signed while it was valid stays good, a directory of today does not.
        assert!(trusted.key_at(two.key_id(), at(9)).is_some() && trusted.key_at(two.key_id(), at(10)).is_none());
        assert_eq!(refusal(Trusted::next(Some(&trusted), &pinned, signed(&two, 12, &[]))), ErrorCode::DirectoryInvalid);
        for foreign in [
            KeyRecord { key_use: KeyUse::Hop, ..row(&two) },
            KeyRecord { party: "elsewhere".parse().unwrap(), ..row(&two) },
        ] {
            let trusted = Trusted::next(None, &pinned, signed(&one, 0, &[row(&one), foreign])).unwrap();
            assert!(trusted.key_at(two.key_id(), at(0)).is_none());
        }
    }

    #[test]
    fn a_chain_that_was_touched_is_not_believed() {
        let one = key("one");
        let trusted = Trusted::next(None, &pinned(&one), signed(&one, 0, &[row(&one)])).unwrap();
        let bytes = trusted.to_bytes().unwrap();
        assert!(Trusted::recall(&pinned(&one), &bytes).is_some());
        assert!(Trusted::recall(&pinned(&key("one")), &bytes).is_none());
        let mut forged = serde_json::from_slice::<Kept>(&bytes).unwrap();
        forged.links[0].record.push(b' ');
        assert!(Trusted::recall(&pinned(&one), &serde_json::to_vec(&forged).unwrap()).is_none());
    }
}
