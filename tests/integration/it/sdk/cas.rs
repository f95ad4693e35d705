//! Signing in by CAS tickets at the sandbox, as at a city that has no OpenID provider.

use serde_json::json;
use tongqiao::{
    AssuranceFloor, CasProtocol, CasServer, CasSignIn, CasSignedIn, Client, Credentials, Error, SubjectKind,
};
use tongqiao_protocol::{ErrorCode, Suite, Timestamp};

use super::sandbox::{Sandbox, reqwest_client};

const SERVICE: &str = "http://127.0.0.1/cas-back?from=city";
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

struct World {
    sandbox: Sandbox,
    credentials: Credentials,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::start_at(NOW).await;
        let services = json!({ "redirect_uris": [SERVICE, "http://127.0.0.1/elsewhere"] });
        sandbox.post("/sandbox/oidc/clients", &services).await;
        let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
        Self { sandbox, credentials }
    }

    fn server(&self) -> CasServer {
        CasServer::new(&format!("{}/cas/", self.sandbox.url()), SERVICE).unwrap()
    }

    async fn client(&self, server: CasServer) -> Client {
        self.sandbox.builder(&self.credentials).in_memory().cas(server).build().await.unwrap()
    }

    /// What the browser does: chooses somebody and is sent back.
    async fn choose(&self, sign_in: &CasSignIn, person: &str) -> String {
        let (address, query) = sign_in.address().split_once('?').unwrap();
        assert_eq!(address, format!("{}/cas/login", self.sandbox.url()));
        let page = reqwest_client().get(sign_in.address()).send().await.unwrap();
        assert_eq!(page.status(), 200);
        let request = reqwest_client().post(address).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(format!("{query}&person={person}")).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    async fn sign_in(&self, client: &Client, person: &str) -> Result<CasSignedIn, Error> {
        let sign_in = client.identity().cas_begin().unwrap();
        let callback = self.choose(&sign_in, person).await;
        let handed_on = CasSignIn::open(&sign_in.seal()).unwrap();
        client.identity().cas_finish(handed_on, &callback).await
    }
}

#[tokio::test]
async fn a_person_who_signs_in_by_a_ticket_is_the_same_kind_of_subject_as_any_other() {
    let world = World::new().await;
    let client = world.client(world.server()).await;
    let person = world.sign_in(&client, "u-0001").await.unwrap();
    assert_eq!((person.subject().id(), person.subject().kind()), ("u-0001", &SubjectKind::Natural));
    assert_eq!(person.subject().issuer(), format!("{}/cas", world.sandbox.url()));
    assert_eq!(person.attributes()["name"], ["测试甲"]);
    let floor = AssuranceFloor::of("natural-person", "3").or("legal-person", "2");
    client.identity().require(person.assurance(), &floor).unwrap();

    let legal = world.sign_in(&client, "u-0102").await.unwrap();
    assert_eq!(legal.subject().kind(), &SubjectKind::Legal);
    assert_eq!(legal.subject().organisation().unwrap().credit_code().unwrap().len(), 18);
    let too_low = client.identity().require(legal.assurance(), &floor).unwrap_err();
    assert_eq!(too_low.code(), ErrorCode::IdentityAssuranceTooLow);

    let agent = world.sign_in(&client, "u-0201").await.unwrap();
    let mandate = agent.subject().mandate().unwrap();
    assert_eq!(mandate.principal().kind(), &SubjectKind::Legal);
    let ended = world.sign_in(&client, "u-0202").await.unwrap_err();
    assert_eq!(ended.code(), ErrorCode::IdentityMandateEnded);

    let bound = client.identity().bindings().bind("clerk-17", person.subject()).await.unwrap();
    assert_eq!(client.identity().bindings().account_of(person.subject()).await.unwrap(), Some(bound));
}

#[tokio::test]
async fn protocol_two_says_who_and_nothing_more_and_an_id_in_an_attribute_must_be_there() {
    let world = World::new().await;
    let client = world.client(world.server().protocol(CasProtocol::Two)).await;
    let person = world.sign_in(&client, "u-0101").await.unwrap();
    assert_eq!((person.subject().id(), person.assurance(), person.attributes().len()), ("u-0101", None, 0));
    let floor = AssuranceFloor::of("natural-person", "1");
    let unknown = client.identity().require(person.assurance(), &floor).unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::IdentityAssuranceTooLow);

    let by_attribute = world.client(world.server().id_attribute("credit_code")).await;
    let organisation = world.sign_in(&by_attribute, "u-0101").await.unwrap();
    assert_eq!(organisation.subject().id().len(), 18);
    let missing = world.sign_in(&by_attribute, "u-0001").await.unwrap_err();
    assert_eq!(missing.code(), ErrorCode::IdentityTokenInvalid);
}

#[tokio::test]
async fn a_ticket_is_good_once_for_its_own_service_and_for_a_minute() {
    let world = World::new().await;
    let client = world.client(world.server()).await;
    let identity = client.identity();
    let sign_in = identity.cas_begin().unwrap();
    let callback = world.choose(&sign_in, "u-0001").await;
    let again = CasSignIn::open(&sign_in.seal()).unwrap();
    identity.cas_finish(sign_in, &callback).await.unwrap();
    let replayed = identity.cas_finish(again, &callback).await.unwrap_err();
    assert_eq!(replayed.code(), ErrorCode::IdentityTokenInvalid);
    assert!(replayed.to_string().contains("INVALID_TICKET"), "{replayed}");

    let late = identity.cas_begin().unwrap();
    let callback = world.choose(&late, "u-0001").await;
    world.sandbox.now_is(NOW.plus_millis(60_001));
    assert_eq!(identity.cas_finish(late, &callback).await.unwrap_err().code(), ErrorCode::IdentityTokenInvalid);

    let elsewhere = CasServer::new(&format!("{}/cas", world.sandbox.url()), "http://127.0.0.1/elsewhere").unwrap();
    let other = world.client(elsewhere).await;
    let (mine, theirs) = (identity.cas_begin().unwrap(), other.identity().cas_begin().unwrap());
    let ticket = world.choose(&theirs, "u-0001").await.split("ticket=").nth(1).unwrap().to_owned();
    let callback = world.choose(&mine, "").await;
    let stolen = identity.cas_finish(mine, &format!("{callback}&ticket={ticket}")).await.unwrap_err();
    assert!(stolen.to_string().contains("INVALID_SERVICE"), "{stolen}");
}

#[tokio::test]
async fn an_answer_to_another_sign_in_a_refusal_and_a_server_that_fails_are_told_apart() {
    let mut world = World::new().await;
    let client = world.client(world.server()).await;
    let identity = client.identity();
    let (mine, other) = (identity.cas_begin().unwrap(), identity.cas_begin().unwrap());
    let callback = world.choose(&other, "u-0001").await;
    let mixed_up = identity.cas_finish(mine, &callback).await.unwrap_err();
    assert_eq!(mixed_up.code(), ErrorCode::IdentityStateMismatch);
    assert_eq!(world.sign_in(&client, "").await.unwrap_err().code(), ErrorCode::IdentityDenied);

    let nowhere = CasServer::new(&format!("{}/no-cas", world.sandbox.url()), SERVICE).unwrap();
    let lost = world.client(nowhere).await;
    let sign_in = lost.identity().cas_begin().unwrap();
    let state = sign_in.address().split("state%3D").nth(1).unwrap().to_owned();
    let failed =
        lost.identity().cas_finish(sign_in, &format!("/cas-back?state={state}&ticket=ST-1")).await.unwrap_err();
    assert_eq!(failed.code(), ErrorCode::IdentityProviderFailed);

    let sign_in = identity.cas_begin().unwrap();
    let callback = world.choose(&sign_in, "u-0001").await;
    world.sandbox.stop().await;
    let unreachable = identity.cas_finish(sign_in, &callback).await.unwrap_err();
    assert_eq!(unreachable.code(), ErrorCode::ClientUnreachable);
}

#[tokio::test]
async fn the_sandbox_sends_nobody_to_a_service_that_is_not_registered() {
    let world = World::new().await;
    for service in
        ["http://127.0.0.1/cas-back?from=city&x=1", "http://127.0.0.1.example.org/cas-back?from=city", "", "x"]
    {
        let address = format!("{}/cas/login", world.sandbox.url());
        let body = format!("service={}&person=u-0001", service.replace('&', "%26").replace('?', "%3F"));
        let request = reqwest_client().post(address).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (400, None), "{service}");
    }
    let bare = reqwest_client().get(format!("{}/cas/serviceValidate?ticket=ST-1", world.sandbox.url())).send().await;
    assert!(bare.unwrap().text().await.unwrap().contains("INVALID_REQUEST"));
    let client = world.sandbox.builder(&world.credentials).in_memory().build().await.unwrap();
    assert_eq!(client.identity().cas_begin().unwrap_err().code(), ErrorCode::ClientConfiguration);
    for (base, service) in [("ftp://x/", SERVICE), ("https://login.example", "x"), ("mailto:x", SERVICE)] {
        assert_eq!(
            CasServer::new(base, service).unwrap_err().code(),
            ErrorCode::ClientConfiguration,
            "{base} {service}"
        );
    }
}
