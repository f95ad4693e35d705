//! Everybody's keys: the same in every run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tongqiao::deciding::KnownKeys;
use tongqiao::{Secret, SoftwareSigner};
use tongqiao_protocol::key_directory::{KeyUse, PLATFORM_PARTY};
use tongqiao_protocol::{KeyRecord, PartyId};

use crate::place::Place;
use crate::plant::Plant;

/// The wrapping of an Ed25519 key in PKCS#8 (RFC 8410), before its 32 bytes.
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The keys of one party, made of a number.
fn signer(party: &str, number: u8) -> SoftwareSigner {
    let der = [PKCS8.as_slice(), &[number; 32]].concat();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    let keyid = format!("{party}/1").parse().expect("a party's name makes a key's name");
    SoftwareSigner::from_pkcs8_pem(keyid, &Secret::new(pem)).expect("32 bytes are a key")
}

/// All keys.
#[derive(Debug)]
pub struct Keys {
    departments: Vec<SoftwareSigner>,
    nodes: Vec<SoftwareSigner>,
    /// The platform's.
    pub platform: SoftwareSigner,
    /// Somebody's who would like to be the platform.
    pub forger: SoftwareSigner,
    /// What is believed.
    pub known: KnownKeys,
}

impl Keys {
    /// For so many departments and nodes.
    pub fn new(departments: usize, nodes: usize, plant: Option<Plant>) -> Self {
        let departments = (0..departments).map(|number| signer(&Place::Department(number).to_string(), named(number)));
        let nodes = (0..nodes).map(|number| signer(&Place::Node(number).to_string(), named(number) + 100));
        let (departments, nodes) = (departments.collect::<Vec<_>>(), nodes.collect::<Vec<_>>());
        let (platform, forger) = (signer(PLATFORM_PARTY, 250), signer("stranger", 251));
        let row = |signer: &SoftwareSigner, party: &str| row(signer, party);
        let mut rows = vec![row(&platform, PLATFORM_PARTY)];
        let as_whom = if plant == Some(Plant::AnotherKeyIsBelieved) { PLATFORM_PARTY } else { "stranger" };
        rows.push(row(&forger, as_whom));
        rows.extend(departments.iter().enumerate().map(|(at, one)| row(one, &Place::Department(at).to_string())));
        rows.extend(nodes.iter().enumerate().map(|(at, one)| row(one, &Place::Node(at).to_string())));
        Self { departments, nodes, platform, forger, known: KnownKeys::new(rows) }
    }

    /// A department's key.
    pub fn department(&self, number: usize) -> &SoftwareSigner {
        &self.departments[number]
    }

    /// A node's key.
    pub fn node(&self, number: usize) -> &SoftwareSigner {
        &self.nodes[number]
    }
}

fn named(number: usize) -> u8 {
    u8::try_from(number % 100).unwrap_or_default() + 1
}

/// The party of a place.
pub fn party(place: Place) -> PartyId {
    place.to_string().parse().expect("places are named as parties are")
}

fn row(signer: &SoftwareSigner, party: &str) -> KeyRecord {
    use tongqiao_protocol::Signer as _;
    KeyRecord {
        keyid: signer.key_id().clone(),
        party: party.parse().expect("a party's name"),
        public_key: signer.public_key().clone(),
        key_use: KeyUse::Event,
        valid_from: None,
        valid_until: None,
        revoked: None,
    }
}
