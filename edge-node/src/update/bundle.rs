//! A release as a file: a signed head in one line, and the program.

use serde::{Deserialize, Serialize};
use tongqiao::{SoftwareSigner, SoftwareVerifier};
use tongqiao_protocol::{
    Digest, KeyId, PublicKey, RecordKind, SignError, SignedRecord, Signer as _, Timestamp, Verifier as _,
};

use super::{Older, Version};
use crate::courier::local_now;

/// The longest head.
const HEAD_MOST: usize = 16 * 1024;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    version: Version,
    target: String,
    created: Timestamp,
    digest: Digest,
}

/// Why a bundle is not installed. Nothing of it has taken effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The settings name no release key.
    #[error("the settings name no release key: put its public half at key under [update]")]
    NoKey,
    /// It is larger than any release.
    #[error("it is larger than any release")]
    TooLarge,
    /// It does not begin as a bundle does.
    #[error("it is no bundle, or damaged at its beginning: copy it again")]
    NoBundle,
    /// It was not signed by the release key of the settings.
    #[error("its signature is not of the release key in the settings")]
    SignatureMismatch,
    /// The program in it was changed or cut off.
    #[error("the program in it is damaged or cut off: copy it again")]
    Damaged,
    /// It is for another kind of machine.
    #[error("it is for {0}, and this machine is {own}", own = own_target())]
    OtherTarget(String),
    /// It is not newer than what is installed.
    #[error("it is {new}, and {installed} is installed: an older one is installed with --allow-older")]
    NotNewer {
        /// Its version.
        new: Version,
        /// What is there.
        installed: Version,
    },
    /// It does not run here, or says that it is another version.
    #[error("the program in it does not say that it is {0} when it is run here")]
    DoesNotRun(Version),
}

/// For which kind of machine this program was made.
pub fn own_target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// The key has one use and one name; which key it is, the settings say.
#[allow(clippy::expect_used, reason = "a literal, tested by every bundle")]
pub(super) fn key_id() -> KeyId {
    "release".parse().expect("a key's name")
}

/// A release that the key has signed.
#[derive(Debug)]
pub(super) struct Release<'a> {
    pub(super) version: Version,
    target: String,
    pub(super) digest: Digest,
    pub(super) program: &'a [u8],
}

pub(super) fn write(
    signer: &SoftwareSigner,
    program: &[u8],
    version: &Version,
    target: &str,
) -> Result<Vec<u8>, SignError> {
    let digest = Digest::of(signer.suite(), program);
    let head = Head { version: version.clone(), target: target.to_owned(), created: local_now(), digest };
    let mut random = [0; 32];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source.fill(&mut random).map_err(|_| SignError("no randomness".to_owned()))?;
    // Plain values are always written.
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let record = SignedRecord::sign(RecordKind::Release, head, signer, &random)?;
    let mut file = serde_json::to_vec(&record).unwrap_or_default();
    file.push(b'\n');
    file.extend_from_slice(program);
    Ok(file)
}

/// What a file holds, if the key has signed it.
pub(super) fn open<'a>(file: &'a [u8], key: &PublicKey) -> Result<Release<'a>, Unfit> {
    let end = file.iter().take(HEAD_MOST).position(|byte| *byte == b'\n').ok_or(Unfit::NoBundle)?;
    let record = serde_json::from_slice::<SignedRecord>(&file[..end]).map_err(|_| Unfit::NoBundle)?;
    if record.signature.keyid != key_id() {
        return Err(Unfit::SignatureMismatch);
    }
    let message = SignedRecord::message(RecordKind::Release, &key_id(), &record.record);
    let verified = SoftwareVerifier.verify(key, &message, &record.signature.value);
    verified.map_err(|_| Unfit::SignatureMismatch)?;
    let head = serde_json::from_slice::<Head>(&record.record).map_err(|_| Unfit::NoBundle)?;
    let program = &file[end + 1..];
    if Digest::of(key.suite(), program) != head.digest {
        return Err(Unfit::Damaged);
    }
    Ok(Release { version: head.version, target: head.target, digest: head.digest, program })
}

impl Release<'_> {
    /// Whether it may take the place of what is installed.
    pub(super) fn fits(&self, installed: &Version, older: Older) -> Result<(), Unfit> {
        if self.target != own_target() {
            return Err(Unfit::OtherTarget(self.target.clone()));
        }
        if self.version <= *installed && older == Older::Refused {
            return Err(Unfit::NotNewer { new: self.version.clone(), installed: installed.clone() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_protocol::Suite;

    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_bundle_is_believed_only_whole_and_from_the_key_of_the_settings() {
        for suite in [Suite::International, Suite::ShangMi] {
            let signer = SoftwareSigner::generate(suite, key_id()).unwrap();
            let file = write(&signer, b"the program\n", &version("1.2.3"), &own_target()).unwrap();
            let release = open(&file, signer.public_key()).unwrap();
            assert_eq!((release.program, &release.version), (&b"the program\n"[..], &version("1.2.3")));
            let other = SoftwareSigner::generate(suite, key_id()).unwrap();
            assert_eq!(open(&file, other.public_key()).unwrap_err(), Unfit::SignatureMismatch);
            for cut in [0, 1, file.len() / 2] {
                assert_eq!(open(&file[..cut], signer.public_key()).unwrap_err(), Unfit::NoBundle);
            }
            assert_eq!(open(&file[..file.len() - 1], signer.public_key()).unwrap_err(), Unfit::Damaged);
            // Every single bit of it counts.
            for place in 0..file.len() {
                let mut changed = file.clone();
                changed[place] ^= 1;
                assert!(open(&changed, signer.public_key()).is_err(), "{place}");
            }
        }
    }

    #[test]
    fn what_is_signed_as_something_else_is_no_release() {
        let signer = SoftwareSigner::generate(Suite::International, key_id()).unwrap();
        let file = write(&signer, b"x", &version("1.2.3"), &own_target()).unwrap();
        let end = file.iter().position(|byte| *byte == b'\n').unwrap();
        let record = serde_json::from_slice::<SignedRecord>(&file[..end]).unwrap();
        let bundle = SignedRecord::sign(RecordKind::Bundle, record.record, &signer, &[7; 32]).unwrap();
        let mut file = serde_json::to_vec(&bundle).unwrap();
        file.extend_from_slice(b"\nx");
        assert_eq!(open(&file, signer.public_key()).unwrap_err(), Unfit::SignatureMismatch);
    }

    #[test]
    fn older_the_same_and_for_other_machines_is_not_installed() {
        let release = |of: &str, target: &str| Release {
            version: version(of),
            target: target.to_owned(),
            digest: Digest::of(Suite::International, b""),
            program: b"",
        };
        let own = own_target();
        let installed = version("1.2.3");
        assert_eq!(release("1.2.4", &own).fits(&installed, Older::Refused), Ok(()));
        for not_newer in ["1.2.3", "1.2.2", "0.9.9"] {
            let release = release(not_newer, &own);
            assert!(matches!(release.fits(&installed, Older::Refused), Err(Unfit::NotNewer { .. })));
            assert_eq!(release.fits(&installed, Older::Allowed), Ok(()));
        }
        let other = release("1.2.4", "sparc-plan9");
        assert_eq!(other.fits(&installed, Older::Allowed), Err(Unfit::OtherTarget("sparc-plan9".to_owned())));
    }
}
