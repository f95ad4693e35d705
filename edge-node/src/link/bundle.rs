//! A bundle: what would have gone over the link, as one file that is carried. A signed head in one line, and a load that only the
//! other end can read.

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{SigningKey, VerifyingKey};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, OpModeR, OpModeS, Serializable as _};
use serde::{Deserialize, Serialize};
use tongqiao::{Carrier, Credentials, SoftwareVerifier};
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::{
    BundleId, Digest, KeyId, KeyRecord, PartyId, RecordKind, SignedRecord, Suite, Timestamp, Verifier as _,
};

use super::wire::{Reader, Writer};

/// The largest bundle that is read, and far more than what is written.
pub(crate) const BUNDLE_BYTES_MOST: u64 = 64 * 1024 * 1024;
/// The longest head: names, an id, a digest.
const HEAD_MOST: usize = 16 * 1024;
/// The largest part of a load.
const PART_MOST: usize = 16 * 1024 * 1024;
/// Tells the use of the key from any other.
const INFO: &[u8] = b"tongqiao-bundle-v1";

type Public = <X25519HkdfSha256 as hpke::Kem>::PublicKey;
type Private = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
type Encapped = <X25519HkdfSha256 as hpke::Kem>::EncappedKey;

/// What a load is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Holds {
    /// Requests of a node.
    Records,
    /// The platform's answers.
    Receipts,
}

/// What stands on the outside. Nothing of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) bundle: BundleId,
    pub(crate) from: PartyId,
    pub(crate) to: PartyId,
    pub(crate) created: Timestamp,
    pub(crate) holds: Holds,
    pub(crate) count: usize,
    pub(crate) seal: Seal,
    pub(crate) digest: Digest,
}

/// For whom it is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seal {
    /// The key of use `hop`.
    pub(crate) keyid: KeyId,
    /// The encapsulated key of HPKE in hexadecimal.
    pub(crate) key: String,
}

/// Why a file is not taken as a bundle. Nothing of it has taken effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is larger than any bundle.
    #[error("it is larger than any bundle")]
    TooLarge,
    /// It does not begin as a bundle does, or was cut off there.
    #[error("it is no bundle, or damaged at its beginning: carry it again")]
    NoBundle,
    /// It is meant for somebody else, or holds what this end does not take.
    #[error("it is for {0}: bring it there")]
    ForAnother(PartyId),
    /// It does not come from where it should.
    #[error("it is from {0}, of whom nothing is taken here")]
    FromAnother(PartyId),
    /// Nobody knows the key.
    #[error("its key {0} is not in the directory: refresh the directory and read it again")]
    UnknownKey(KeyId),
    /// The head was changed, or never signed by that party.
    #[error("its signature does not hold")]
    SignatureMismatch,
    /// The load was changed or cut off.
    #[error("its load is damaged or cut off: carry it again")]
    Damaged,
    /// It was encrypted for a key that is not here.
    #[error("it is encrypted for the key {0}, which is not here: write it again")]
    OtherKey(KeyId),
    /// The load is not of the form that it should have.
    #[error("its load is not of the form of a bundle")]
    Malformed,
}

/// One part of a load: the address that it is about, and a frame of the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) target: String,
    pub(crate) frame: Vec<u8>,
}

/// A load that is being put together.
#[derive(Default)]
pub(crate) struct Load {
    writer: Writer,
    /// Records or receipts in it.
    pub(crate) count: usize,
    pub(crate) size: usize,
}

impl Load {
    pub(crate) fn add(&mut self, target: &str, frame: &[u8], count: usize) {
        self.writer.bytes(target.as_bytes());
        self.writer.bytes(frame);
        self.count += count;
        self.size += target.len() + frame.len();
    }
}

/// Between whom, and what.
pub(crate) struct Address<'a> {
    pub(crate) from: &'a PartyId,
    /// The key of use `hop` of the other end.
    pub(crate) to: &'a KeyRecord,
    pub(crate) holds: Holds,
    pub(crate) created: Timestamp,
}

fn binding(bundle: BundleId, from: &PartyId, to: &PartyId) -> Vec<u8> {
    format!("tongqiao-bundle-v1\n{bundle}\n{from}\n{to}").into_bytes()
}

/// Writes a bundle: its id, and the file's bytes. `None` when the other end's key is of no use for that.
pub(crate) fn write(
    carrier: &Carrier,
    suite: Suite,
    address: &Address<'_>,
    load: Load,
) -> Result<Option<(BundleId, Vec<u8>)>, tongqiao::Error> {
    let bundle = carrier.new_bundle()?;
    let (from, to) = (address.from.clone(), address.to.party.clone());
    let aad = binding(bundle, &from, &to);
    let Some((key, sealed)) = seal(address.to, &load.writer.finish(), &aad) else { return Ok(None) };
    let head = Head {
        bundle,
        from,
        to,
        created: address.created,
        holds: address.holds,
        count: load.count,
        seal: Seal { keyid: address.to.keyid.clone(), key },
        digest: Digest::of(suite, &sealed),
    };
    // Plain values are always written.
    let record = carrier.sign_bundle(serde_json::to_vec(&head).unwrap_or_default())?;
    let mut file = serde_json::to_vec(&record).unwrap_or_default();
    file.push(b'\n');
    file.extend_from_slice(&sealed);
    Ok(Some((bundle, file)))
}

fn seal(to: &KeyRecord, load: &[u8], aad: &[u8]) -> Option<(String, Vec<u8>)> {
    let public = VerifyingKey::try_from(to.public_key.as_bytes()).ok()?;
    let public = Public::from_bytes(public.to_montgomery().as_bytes()).ok()?;
    let (key, sealed) =
        hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(&OpModeS::Base, &public, INFO, load, aad)
            .ok()?;
    Some((key.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect(), sealed))
}

/// What opens the bundles for one party.
pub(crate) struct Opener {
    keyid: KeyId,
    key: Private,
}

impl Opener {
    /// With the key of the link; `None` where there is none.
    pub(crate) fn of(credentials: &Credentials) -> Option<Self> {
        use tongqiao_protocol::Signer as _;
        let link = credentials.link_key()?;
        let pem = link.to_pkcs8_pem().ok()?;
        let key = SigningKey::from_pkcs8_pem(std::str::from_utf8(pem.expose()).ok()?).ok()?;
        Some(Self { keyid: link.key_id().clone(), key: Private::from_bytes(&key.to_scalar_bytes()).ok()? })
    }
}

/// A file that looks like a bundle. Nothing of it is believed yet.
pub(crate) struct Sealed<'a> {
    pub(crate) head: Head,
    record: SignedRecord,
    load: &'a [u8],
}

impl<'a> Sealed<'a> {
    pub(crate) fn parse(file: &'a [u8]) -> Result<Self, Unusable> {
        let end = file.iter().take(HEAD_MOST).position(|byte| *byte == b'\n').ok_or(Unusable::NoBundle)?;
        let record = serde_json::from_slice::<SignedRecord>(&file[..end]).map_err(|_| Unusable::NoBundle)?;
        let head = serde_json::from_slice::<Head>(&record.record).map_err(|_| Unusable::NoBundle)?;
        Ok(Self { head, record, load: &file[end + 1..] })
    }

    /// The key that signed the head.
    pub(crate) const fn keyid(&self) -> &KeyId {
        &self.record.signature.keyid
    }

    /// Whether the head was signed by a key of the party that it names, and the load is the one that it speaks of. Whether the key
    /// still counts is another question.
    pub(crate) fn check(&self, key: &KeyRecord) -> Result<(), Unusable> {
        if key.key_use != KeyUse::Event || key.party != self.head.from {
            return Err(Unusable::SignatureMismatch);
        }
        let message = SignedRecord::message(RecordKind::Bundle, self.keyid(), &self.record.record);
        let verified = SoftwareVerifier.verify(&key.public_key, &message, &self.record.signature.value);
        verified.map_err(|_| Unusable::SignatureMismatch)?;
        let fits = Digest::of(key.public_key.suite(), self.load) == self.head.digest;
        if fits { Ok(()) } else { Err(Unusable::Damaged) }
    }

    /// The parts of the load, in their order.
    pub(crate) fn open(&self, opener: &Opener) -> Result<Vec<Part>, Unusable> {
        if self.head.seal.keyid != opener.keyid {
            return Err(Unusable::OtherKey(self.head.seal.keyid.clone()));
        }
        let key = hexadecimal(&self.head.seal.key).ok_or(Unusable::Malformed)?;
        let key = Encapped::from_bytes(&key).map_err(|_| Unusable::Malformed)?;
        let aad = binding(self.head.bundle, &self.head.from, &self.head.to);
        let load = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &opener.key,
            &key,
            INFO,
            self.load,
            &aad,
        );
        let load = load.map_err(|_| Unusable::Damaged)?;
        let mut rest = Reader::new(&load);
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let target = rest.text().map_err(|_| Unusable::Malformed)?.to_owned();
            let frame = rest.bytes(PART_MOST).map_err(|_| Unusable::Malformed)?.to_vec();
            parts.push(Part { target, frame });
        }
        Ok(parts)
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    bytes.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
