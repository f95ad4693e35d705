//! Joining: a one-time code becomes a party with a key, and the platform's keys are pinned.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tongqiao_protocol::enrolment::{EnrolmentAnswer, EnrolmentRequest, OfferedKey, PartyKind, proof_message};
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::{ErrorCode, KeyDirectory, KeyId, Language, PartyId, RecordKind, SignedRecord, Signer, Suite};

use crate::builder::{Plain, endpoint};
use crate::clock::{PlatformClock, SystemClock};
use crate::directory::{PlatformKey, checked_signature};
use crate::exchange::{Ask, Exchange};
use crate::transport::{HttpTransport, Timeouts, Trust};
use crate::{Credentials, Error, Secret, SoftwareSigner};

/// A system that wants to join; see [`enrol`].
#[must_use]
pub struct Enrolment {
    endpoint: String,
    party: PartyId,
    code: Secret,
    name: String,
    suite: Suite,
    kind: PartyKind,
    trust: Trust,
    proxy: Option<String>,
    expected: Option<KeyId>,
    kept_in: Option<PathBuf>,
    insecure: Plain,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the code nor the proxy's address, which may hold a password.
        f.debug_struct("Enrolment").field("party", &self.party.as_str()).finish_non_exhaustive()
    }
}

/// Begins to enrol a department's system with the one-time code that the platform's operator gave out.
///
/// ```no_run
/// # async fn run() -> Result<(), tongqiao::Error> {
/// let credentials = tongqiao::enrol("https://platform.example", "civil-affairs", "4F7KQ-9M2XB")?
///     .keep_in("civil-affairs.credentials.json")
///     .run()
///     .await?;
/// println!("enrolled as {}", credentials.party());
/// # Ok(()) }
/// ```
///
/// # Errors
/// `client.configuration` when the party's name is not of the form that the protocol wants.
pub fn enrol(endpoint: &str, party: &str, code: &str) -> Result<Enrolment, Error> {
    Ok(Enrolment {
        endpoint: endpoint.to_owned(),
        party: party.parse().map_err(|error| Error::configuration("party", error))?,
        code: Secret::new(code),
        name: party.to_owned(),
        suite: Suite::International,
        kind: PartyKind::Department,
        trust: Trust::system(),
        proxy: None,
        expected: None,
        kept_in: None,
        insecure: Plain::LoopbackOnly,
    })
}

impl Enrolment {
    /// The name by which people know the system; the party's name by default.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The suite of the key that is made; international by default.
    pub const fn suite(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// What enrols, as the code says; a department's system by default. An edge node or hub gets a second key, always of the
    /// international suite, by which the two know each other in the TLS of their link.
    pub const fn kind(mut self, kind: PartyKind) -> Self {
        self.kind = kind;
        self
    }

    /// Whose server certificates are believed. At enrolment TLS is what tells the platform from somebody else.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// An HTTP proxy.
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(url.to_owned());
        self
    }

    /// The id of the platform's key that must have signed the directory, where it was told on another way.
    pub fn expect_platform_key(mut self, keyid: KeyId) -> Self {
        self.expected = Some(keyid);
        self
    }

    /// Accepts an `http://` address of another machine: code and keys then travel unprotected. For trials in closed networks.
    pub const fn danger_accept_plain_http(mut self) -> Self {
        self.insecure = Plain::Anywhere;
        self
    }

    /// Keeps the key in this file before it is offered, and the finished credentials there after.
    ///
    /// A run that was cut short is repeated with the same file: it offers the same key again, which the platform answers as
    /// it answered before, so that the code is not lost. Once the file holds credentials for the same party, they are given
    /// without asking the platform. Read them later with [`Credentials::from_file`].
    pub fn keep_in(mut self, path: impl Into<PathBuf>) -> Self {
        self.kept_in = Some(path.into());
        self
    }

    /// Makes a key, enrols it and pins the platform's keys.
    ///
    /// # Errors
    /// `enrolment.code_invalid` and its like from the platform, `directory.invalid` when the platform's directory does not
    /// verify, or an error of the connection. A code whose answer was lost is not spent for the same key: with
    /// [`Enrolment::keep_in`] the same call may be repeated, also after a crash; without it the key dies with this call.
    pub async fn run(self) -> Result<Credentials, Error> {
        let url = endpoint(&self.endpoint, self.insecure)?;
        let mut begun = match &self.kept_in {
            Some(path) if path.exists() => Credentials::from_file(path)?,
            _ => self.begin()?,
        };
        if *begun.party() != self.party {
            return Err(Error::configuration("keep_in", format!("the file is of {}", begun.party())));
        }
        if !begun.platform_keys().is_empty() {
            return Ok(begun);
        }
        let transport = Arc::new(HttpTransport::new(&self.trust, self.proxy.as_deref(), Timeouts::default())?);
        let clock = Arc::new(PlatformClock::new(Arc::new(SystemClock)));
        let exchange = Exchange::new(transport, url, None, clock, Language::Chinese);
        let public_key =
            begun.author_public_key().ok_or_else(|| Error::internal("a new key without its public half"))?;
        let code = self.code.expose_text().unwrap_or_default();
        let offer = |signer: &dyn Signer, public_key, key_use| {
            let keyid = signer.key_id().clone();
            // Nothing random: a repetition must be the same bytes. The nonce still depends on the secret and the message.
            let proof = signer.sign(&proof_message(&keyid, code, &self.party), &[0; 32]).map_err(Error::internal)?;
            Ok::<_, Error>(OfferedKey::new(keyid, public_key, key_use, proof))
        };
        let mut keys = vec![offer(begun.author(), public_key, KeyUse::Event)?];
        if let Some(link) = begun.link_key() {
            keys.push(offer(link, link.public_key(), KeyUse::Hop)?);
        }
        let wish = EnrolmentRequest {
            code: code.to_owned(),
            party: self.party.clone(),
            kind: self.kind,
            name: self.name.clone(),
            keys,
        };
        let body = serde_json::to_vec(&wish).map_err(Error::internal)?;
        let answer = exchange.ask(Ask::post("/v1/enrolments", body)).await?;
        let answer = serde_json::from_slice::<EnrolmentAnswer>(answer.body()).map_err(Error::malformed_answer)?;
        if answer.party != self.party || answer.keys.iter().all(|key| key.keyid != *begun.author().key_id()) {
            return Err(Error::malformed_answer("the platform enrolled another party or key"));
        }
        begun = begun.enrolled(answer.scopes.carries, self.pin(&exchange).await?)?;
        if let Some(path) = &self.kept_in {
            begun.to_file(path)?;
        }
        Ok(begun)
    }

    /// Makes the key, and keeps it before anybody hears of it.
    fn begin(&self) -> Result<Credentials, Error> {
        let signer = Arc::new(SoftwareSigner::generate(self.suite, self.key_id("")?)?);
        let link = match self.kind {
            PartyKind::Edge | PartyKind::Hub => {
                Some(Arc::new(SoftwareSigner::generate(Suite::International, self.key_id("link-")?)?))
            }
            PartyKind::Department | PartyKind::Terminal => None,
        };
        let begun = Credentials::made(self.party.clone(), &signer, link, Vec::new(), Vec::new());
        if let Some(path) = &self.kept_in {
            begun.to_file(path)?;
        }
        Ok(begun)
    }

    /// The name of the new key: unlike any other of the party, and readable in a log.
    fn key_id(&self, purpose: &str) -> Result<KeyId, Error> {
        let random = crate::entropy::bytes::<4>()?;
        let suffix: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        // Key ids are one character longer than party names may be: cut before the suffix.
        let party: String = self.party.as_str().chars().take(50).collect();
        format!("{party}/{purpose}{suffix}").parse().map_err(|error| Error::configuration("party", error))
    }

    /// The platform's keys, from a directory that one of them signed. From now on nothing else is believed.
    async fn pin(&self, exchange: &Exchange) -> Result<Vec<PlatformKey>, Error> {
        let answer = exchange.ask(Ask::get("/v1/directory")).await?;
        let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
        let directory = serde_json::from_slice::<KeyDirectory>(&record.record).map_err(Error::malformed_answer)?;
        let keys = PlatformKey::all_in(&directory);
        let signed_by = &record.signature.keyid;
        if self.expected.as_ref().is_some_and(|expected| expected != signed_by) {
            return Err(Error::of(ErrorCode::DirectoryInvalid).detail(format!("signed by {signed_by}")));
        }
        let signer = keys.iter().find(|key| key.keyid == *signed_by);
        let signer = signer.ok_or_else(|| Error::of(ErrorCode::DirectoryInvalid).detail("signed by no key in it"))?;
        checked_signature(&signer.public_key, signed_by, RecordKind::Directory, &record)?;
        Ok(keys)
    }
}
