//! Joining: a one-time code becomes a party with a key, and the platform's keys are pinned.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tongqiao_protocol::{ErrorCode, KeyId, Language, PartyId, SignedRecord, Signer as _, Suite};

use crate::builder::endpoint;
use crate::clock::{PlatformClock, SystemClock};
use crate::directory::{ListedKey, Listing, PlatformKey, verify_directory};
use crate::exchange::{Ask, Exchange};
use crate::transport::{HttpTransport, Trust};
use crate::{Credentials, Error, Secret, SoftwareSigner};

/// A system that wants to join; see [`enrol`].
#[derive(Debug)]
#[must_use]
pub struct Enrolment {
    endpoint: String,
    party: PartyId,
    code: Secret,
    name: String,
    suite: Suite,
    trust: Trust,
    proxy: Option<String>,
    expected: Option<KeyId>,
}

/// Begins to enrol a department's system with the one-time code that the platform's operator gave out.
///
/// ```no_run
/// # async fn run() -> Result<(), tongqiao::Error> {
/// let credentials = tongqiao::enrol("https://platform.example", "civil-affairs", "4F7KQ-9M2XB")?.run().await?;
/// credentials.to_file("civil-affairs.credentials.json")?;
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
        trust: Trust::system(),
        proxy: None,
        expected: None,
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

    /// Makes a key, enrols it and pins the platform's keys.
    ///
    /// # Errors
    /// `enrolment.code_invalid` and its like from the platform, `directory.invalid` when the platform's directory does not
    /// verify, or an error of the connection. A code whose answer was lost is not spent for the same key; but the key dies
    /// with this call, so ask for another code then.
    pub async fn run(self) -> Result<Credentials, Error> {
        let transport = Arc::new(HttpTransport::new(&self.trust, self.proxy.as_deref())?);
        let clock = Arc::new(PlatformClock::new(Arc::new(SystemClock)));
        let exchange = Exchange::new(transport, endpoint(&self.endpoint)?, None, clock, Language::Chinese);
        let keyid = self.key_id()?;
        let signer = Arc::new(SoftwareSigner::generate(self.suite, keyid)?);
        // Whoever enrols a key proves that it has the secret of it.
        let proof = format!(
            "tongqiao-enrolment-v1\n{}\n{}\n{}",
            signer.key_id(),
            self.code.expose_text().unwrap_or_default(),
            self.party
        );
        let proof = signer.sign(proof.as_bytes(), &crate::entropy::bytes()?).map_err(Error::internal)?;
        let wish = serde_json::json!({
            "code": self.code.expose_text(),
            "party": self.party,
            "kind": "department",
            "name": self.name,
            "keys": [{
                "keyid": signer.key_id(),
                "suite": self.suite,
                "public_key": STANDARD.encode(signer.public_key().as_bytes()),
                "use": "event",
                "proof": STANDARD.encode(proof.as_bytes()),
            }],
        });
        let body = serde_json::to_vec(&wish).map_err(Error::internal)?;
        exchange.ask(Ask::post("/v1/enrolments", body)).await?;
        let platform = self.pin(&exchange).await?;
        Ok(Credentials::from_signer(self.party, &signer, platform))
    }

    /// The name of the new key: unlike any other of the party, and readable in a log.
    fn key_id(&self) -> Result<KeyId, Error> {
        let random = crate::entropy::bytes::<4>()?;
        let suffix: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        // Key ids are one character longer than party names may be: cut before the suffix.
        let party: String = self.party.as_str().chars().take(50).collect();
        format!("{party}/{suffix}").parse().map_err(|error| Error::configuration("party", error))
    }

    /// The platform's keys, from a directory that one of them signed. From now on nothing else is believed.
    async fn pin(&self, exchange: &Exchange) -> Result<Vec<PlatformKey>, Error> {
        let answer = exchange.ask(Ask::get("/v1/directory")).await?;
        let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
        let listing = serde_json::from_slice::<Listing>(&record.record).map_err(Error::malformed_answer)?;
        let keys: Vec<_> = listing.keys.iter().filter_map(ListedKey::of_platform).collect();
        let signed_by = &record.signature.keyid;
        if self.expected.as_ref().is_some_and(|expected| expected != signed_by) {
            return Err(Error::of(ErrorCode::DirectoryInvalid).detail(format!("signed by {signed_by}")));
        }
        let signer = keys.iter().find(|key| key.keyid == *signed_by);
        let signer = signer.ok_or_else(|| Error::of(ErrorCode::DirectoryInvalid).detail("signed by no key in it"))?;
        verify_directory(&record, signer)?;
        Ok(keys)
    }
}
