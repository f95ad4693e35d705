//! Our relying party against a certified OpenID Connect provider that we did not write.
//!
//! Needs Node and the packages of the lock file beside this file; `cargo verify --only oidc` installs both.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod browser;
mod provider;

use browser::Browser;
use provider::Provider;
use tongqiao::{Client, IdentityProvider, SignedIn, SubjectKind};
use tongqiao_protocol::ErrorCode;
use tongqiao_reference_platform::{Platform, Running};

/// Nobody listens there: the browser stops before it.
const REDIRECT: &str = "http://127.0.0.1:9/back";
const PERSON: &str = "li-hua-test";

/// A department that signs people in at the provider.
struct World {
    client: Client,
    _platform: Running,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(provider: &Provider) -> Self {
        // A second test has it installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let platform =
            Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().start().await.unwrap();
        let address = platform.base_url().to_owned();
        let codes = format!("{address}/sandbox/enrolment-codes");
        let answer =
            reqwest::Client::new().post(codes).send().await.unwrap().json::<serde_json::Value>().await.unwrap();
        let code = answer["code"].as_str().unwrap();
        let credentials = tongqiao::enrol(&address, "civil-affairs", code).unwrap().run().await.unwrap();
        let identity = IdentityProvider::new(&provider.issuer, &provider.client_id, REDIRECT).unwrap();
        let builder =
            Client::builder(&address, credentials).identity(identity).store(folder.path().join("outbox.sqlite"));
        Self { client: builder.build().await.unwrap(), _platform: platform, _folder: folder }
    }

    async fn sign_in(&self) -> SignedIn {
        let sign_in = self.client.identity().begin().await.unwrap();
        let back = walk_through(sign_in.address()).await;
        self.client.identity().finish(sign_in, &back).await.unwrap()
    }
}

/// What a person does in the browser: log in, consent, come back.
async fn walk_through(address: &str) -> String {
    let mut browser = Browser::new(REDIRECT);
    let login = browser.open(address).await.page();
    let fields = [("prompt", "login"), ("login", PERSON), ("password", "any")];
    let consent = browser.submit(&login, &fields).await.page();
    browser.submit(&consent, &[("prompt", "consent")]).await.back()
}

#[tokio::test]
async fn a_person_signs_in_and_is_known_by_a_stable_id_and_an_assurance_on_a_named_scale() {
    let provider = Provider::start(REDIRECT);
    let world = World::new(&provider).await;
    let signed_in = world.sign_in().await;
    assert_eq!(signed_in.subject().id(), PERSON);
    assert_eq!(signed_in.subject().kind(), &SubjectKind::Natural);
    let assurance = signed_in.assurance().unwrap();
    assert_eq!((assurance.scale(), assurance.value()), ("test", "1"));
}

#[tokio::test]
async fn a_token_is_verified_offline_with_cached_keys_and_a_changed_one_is_refused() {
    let provider = Provider::start(REDIRECT);
    let world = World::new(&provider).await;
    let token = String::from_utf8(world.sign_in().await.id_token().expose().to_vec()).unwrap();
    drop(provider);
    assert_eq!(world.client.identity().verify(&token).await.unwrap().subject().id(), PERSON);

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{signed}.{other}{}", &signature[1..]);
    let error = world.client.identity().verify(&changed).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::IdentityTokenInvalid);
}

#[tokio::test]
async fn the_answer_to_another_sign_in_is_refused() {
    let provider = Provider::start(REDIRECT);
    let world = World::new(&provider).await;
    let mine = world.client.identity().begin().await.unwrap();
    let other = world.client.identity().begin().await.unwrap();
    let back = walk_through(other.address()).await;
    let error = world.client.identity().finish(mine, &back).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::IdentityStateMismatch);
}

#[tokio::test]
async fn a_person_who_turns_back_is_not_signed_in() {
    let provider = Provider::start(REDIRECT);
    let world = World::new(&provider).await;
    let sign_in = world.client.identity().begin().await.unwrap();
    let mut browser = Browser::new(REDIRECT);
    let login = browser.open(sign_in.address()).await.page();
    let back = browser.open(&format!("{login}/abort")).await.back();
    let error = world.client.identity().finish(sign_in, &back).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::IdentityDenied);
}

#[tokio::test]
async fn a_code_is_good_for_one_exchange() {
    let provider = Provider::start(REDIRECT);
    let world = World::new(&provider).await;
    let sign_in = world.client.identity().begin().await.unwrap();
    let again = tongqiao::SignIn::open(&sign_in.seal()).unwrap();
    let back = walk_through(sign_in.address()).await;
    world.client.identity().finish(sign_in, &back).await.unwrap();
    assert!(world.client.identity().finish(again, &back).await.is_err());
}
