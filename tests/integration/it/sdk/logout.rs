//! Who leaves at one system has left at all of them: the provider tells each, until it has heard.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tongqiao::{BackChannelLogout, Client, Credentials, IdentityProvider, Repetition, SessionStanding, SignedIn};
use tongqiao_protocol::{ErrorCode, Suite};

use super::sandbox::{Sandbox, reqwest_client};
use super::signing_in::REDIRECT;

const AFTERWARDS: &str = "http://127.0.0.1/goodbye";
const LASTS: Duration = Duration::from_secs(3_600);

/// A logout token, and what came of it.
type Heard = (String, Result<BackChannelLogout, ErrorCode>);

/// A department's system with an address for logout tokens, at which it is sometimes ill.
struct System {
    client: Client,
    client_id: String,
    credentials: Credentials,
    /// What is answered before anything is looked at.
    ill: Arc<Mutex<VecDeque<u16>>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl System {
    async fn new(sandbox: &Sandbox, party: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registration = json!({
            "redirect_uris": [REDIRECT],
            "post_logout_redirect_uris": [AFTERWARDS],
            "backchannel_logout_uri": format!("http://{}/logout?from=provider", listener.local_addr().unwrap()),
            "token_endpoint_auth_method": "none",
        });
        let client_id = sandbox.post("/sandbox/oidc/clients", &registration).await["client_id"].clone();
        let client_id = client_id.as_str().unwrap().to_owned();
        let credentials = sandbox.enrol(party, Suite::International).await;
        let client = Self::client(sandbox, &credentials, &client_id).await;
        let (ill, heard) = (Arc::<Mutex<VecDeque<u16>>>::default(), Arc::default());
        tokio::spawn(listen(listener, client.clone(), Arc::clone(&ill), Arc::clone(&heard)));
        Self { client, client_id, credentials, ill, heard }
    }

    async fn client(sandbox: &Sandbox, credentials: &Credentials, client_id: &str) -> Client {
        let provider = IdentityProvider::new(&sandbox.url(), client_id, REDIRECT).unwrap();
        let store = sandbox.path(&format!("{client_id}.sqlite"));
        sandbox.builder(credentials).store(store).identity(provider).build().await.unwrap()
    }

    async fn sign_in(&self, sandbox: &Sandbox, browser: &Browser, person: &str) -> SignedIn {
        let sign_in = self.client.identity().begin().await.unwrap();
        let callback = browser.choose(sandbox, sign_in.address(), person).await;
        self.client.identity().finish(sign_in, &callback).await.unwrap()
    }

    async fn open(&self, handle: &str, signed_in: &SignedIn) {
        self.client.identity().sessions().open(handle, signed_in.verified(), LASTS).await.unwrap();
    }

    async fn runs(&self, handle: &str) -> bool {
        self.client.identity().sessions().standing(handle).await.unwrap() == SessionStanding::Running
    }

    /// Waits until so many tokens were heard.
    async fn hears(&self, count: usize) -> Vec<Heard> {
        let waiting = async {
            while self.heard.lock().unwrap().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the provider says nothing");
        self.heard.lock().unwrap().clone()
    }
}

/// Takes logout tokens as a web server would.
async fn listen(listener: TcpListener, client: Client, ill: Arc<Mutex<VecDeque<u16>>>, heard: Arc<Mutex<Vec<Heard>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        let body = loop {
            let mut piece = [0; 4_096];
            let count = stream.read(&mut piece).await.unwrap_or(0);
            request.extend_from_slice(&piece[..count]);
            let text = String::from_utf8_lossy(&request).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                if count == 0 || body.len() >= length.parse().unwrap() {
                    assert!(head.starts_with("POST /logout?from=provider HTTP/1.1"), "{head}");
                    break body.to_owned();
                }
            }
        };
        let sick = ill.lock().unwrap().pop_front();
        let status = match sick {
            Some(status) => status,
            None => {
                let token = body.strip_prefix("logout_token=").unwrap().to_owned();
                let result = client.identity().back_channel_logout(&token).await.map_err(|error| error.code());
                let status = if result.is_ok() { 200 } else { 400 };
                heard.lock().unwrap().push((token, result));
                status
            }
        };
        let answer = format!("HTTP/1.1 {status} .\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        drop(stream.write_all(answer.as_bytes()).await);
    }
}

/// A browser that keeps the provider's cookie.
#[derive(Default)]
struct Browser(Mutex<Option<String>>);

impl Browser {
    async fn choose(&self, sandbox: &Sandbox, address: &str, person: &str) -> String {
        let query = address.split_once('?').unwrap().1;
        let mut request = reqwest_client()
            .post(format!("{}/oidc/authorize", sandbox.url()))
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(cookie) = self.0.lock().unwrap().clone() {
            request = request.header("cookie", cookie);
        }
        let answer = request.body(format!("{query}&person={person}")).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        *self.0.lock().unwrap() = Some(cookie.split(';').next().unwrap().to_owned());
        answer.headers()["location"].to_str().unwrap().to_owned()
    }
}

/// Where the browser is sent when it follows the address of a logout.
async fn follow(address: &str) -> Option<String> {
    let answer = reqwest_client().get(address).send().await.unwrap();
    answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned())
}

fn handles(heard: &Heard) -> (Vec<String>, Repetition) {
    let logout = heard.1.as_ref().unwrap();
    (logout.handles().to_vec(), logout.repetition())
}

#[tokio::test]
async fn who_leaves_one_system_is_logged_out_of_all_that_shared_the_session_and_of_no_other() {
    let sandbox = Sandbox::start().await;
    let (civil, land) = (System::new(&sandbox, "civil-affairs").await, System::new(&sandbox, "land").await);
    let (browser, elsewhere) = (Browser::default(), Browser::default());
    let here = civil.sign_in(&sandbox, &browser, "u-0001").await;
    let there = land.sign_in(&sandbox, &browser, "u-0001").await;
    let phone = land.sign_in(&sandbox, &elsewhere, "u-0001").await;
    assert_eq!(here.verified().session(), there.verified().session());
    assert_ne!(there.verified().session(), phone.verified().session());
    civil.open("civil-1", &here).await;
    land.open("land-1", &there).await;
    land.open("land-phone", &phone).await;

    let sign_out = civil.client.identity().sign_out(here.id_token(), Some(AFTERWARDS)).await.unwrap();
    civil.client.identity().sessions().close("civil-1").await.unwrap();
    let back = follow(sign_out.address()).await.unwrap();
    assert!(back.starts_with(AFTERWARDS), "{back}");
    sign_out.returned(&back).unwrap();
    assert_eq!(sign_out.returned(AFTERWARDS).unwrap_err().code(), ErrorCode::IdentityStateMismatch);

    assert_eq!(handles(&land.hears(1).await[0]), (vec!["land-1".to_owned()], Repetition::First));
    assert_eq!(handles(&civil.hears(1).await[0]), (vec![], Repetition::First), "closed here before");
    assert!(!land.runs("land-1").await && land.runs("land-phone").await && !civil.runs("civil-1").await);
    // The same once more, by the address that the browser still has: nothing ends, and nobody is told again.
    assert_eq!(follow(sign_out.address()).await.unwrap(), back);
    assert!(land.runs("land-phone").await);
    let logouts = sandbox.get("/sandbox/oidc/logouts").await;
    assert_eq!(logouts["logouts"].as_array().unwrap().len(), 2, "{logouts}");
}

#[tokio::test]
async fn a_system_that_is_ill_is_told_again_until_it_answers_also_by_a_restarted_provider() {
    let mut sandbox = Sandbox::start().await;
    let land = System::new(&sandbox, "land").await;
    let signed_in = land.sign_in(&sandbox, &Browser::default(), "u-0001").await;
    land.open("land-1", &signed_in).await;
    *land.ill.lock().unwrap() = VecDeque::from([503; 3]);
    let sign_out = land.client.identity().sign_out(signed_in.id_token(), None).await.unwrap();
    assert_eq!(sign_out.state(), None);
    follow(sign_out.address()).await;
    sandbox.stop().await;
    sandbox.start_again().await;
    assert_eq!(handles(&land.hears(1).await[0]), (vec!["land-1".to_owned()], Repetition::First));
    let delivered = async {
        loop {
            let logouts: Value = sandbox.get("/sandbox/oidc/logouts").await;
            if logouts["logouts"][0]["delivered"] == true {
                break logouts["logouts"][0]["attempts"].as_i64().unwrap();
            }
        }
    };
    let attempts = tokio::time::timeout(Duration::from_secs(30), delivered).await.unwrap();
    assert!(attempts >= 2, "{attempts}");
}

#[tokio::test]
async fn a_logout_token_ends_sessions_once_and_says_the_same_when_it_is_repeated_also_after_a_restart() {
    let sandbox = Sandbox::start().await;
    let land = System::new(&sandbox, "land").await;
    let signed_in = land.sign_in(&sandbox, &Browser::default(), "u-0001").await;
    land.open("land-1", &signed_in).await;
    land.open("land-2", &signed_in).await;
    let sign_out = land.client.identity().sign_out(signed_in.id_token(), None).await.unwrap();
    follow(sign_out.address()).await;
    let token = land.hears(1).await[0].0.clone();
    // Somebody signs in again, and somebody else plays the old token back.
    let again = land.sign_in(&sandbox, &Browser::default(), "u-0001").await;
    land.open("land-3", &again).await;
    for _ in 0..2 {
        let later = System::client(&sandbox, &land.credentials, &land.client_id).await;
        let logout = later.identity().back_channel_logout(&token).await.unwrap();
        assert_eq!(logout.repetition(), Repetition::Again);
        let mut handles = logout.handles().to_vec();
        handles.sort();
        assert_eq!(handles, ["land-1", "land-2"], "in case the first time ended before they did");
        later.close().await;
    }
    assert!(land.runs("land-3").await);
    // A sign-in that was under way while its session ended opens nothing.
    let late = land.client.identity().sessions().open("land-4", signed_in.verified(), LASTS).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::IdentityLoginRequired);
    assert!(!land.runs("land-4").await);
}

#[tokio::test]
async fn an_account_that_is_closed_ends_everything_of_this_person_and_nothing_of_another() {
    let sandbox = Sandbox::start().await;
    let land = System::new(&sandbox, "land").await;
    for (handle, person) in [("one", "u-0001"), ("two", "u-0001"), ("other", "u-0002")] {
        let signed_in = land.sign_in(&sandbox, &Browser::default(), person).await;
        land.open(handle, &signed_in).await;
    }
    sandbox.post("/sandbox/oidc/sign-out", &json!({ "sub": "u-0001" })).await;
    let (mut ended, _) = handles(&land.hears(1).await[0]);
    ended.sort();
    assert_eq!(ended, ["one", "two"]);
    assert!(!land.runs("one").await && !land.runs("two").await && land.runs("other").await);
}

#[tokio::test]
async fn a_session_that_has_outlived_its_time_is_over_and_a_handle_opened_anew_goes_on() {
    let sandbox = Sandbox::start().await;
    let land = System::new(&sandbox, "land").await;
    let signed_in = land.sign_in(&sandbox, &Browser::default(), "u-0001").await;
    let sessions = land.client.identity().sessions();
    sessions.open("short", signed_in.verified(), Duration::ZERO).await.unwrap();
    sessions.open("renewed", signed_in.verified(), Duration::ZERO).await.unwrap();
    assert!(!land.runs("short").await && !land.runs("renewed").await);
    sessions.open("renewed", signed_in.verified(), LASTS).await.unwrap();
    // Each call clears away what has outlived its time.
    sessions.open("another", signed_in.verified(), LASTS).await.unwrap();
    assert!(land.runs("renewed").await && land.runs("another").await);
    sandbox.post("/sandbox/oidc/sign-out", &json!({ "sub": "u-0001" })).await;
    let (mut ended, _) = handles(&land.hears(1).await[0]);
    ended.sort();
    assert_eq!(ended, ["another", "renewed"]);
    for bad in [String::new(), "x".repeat(501)] {
        let refused = sessions.open(&bad, signed_in.verified(), LASTS).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ClientConfiguration);
    }
}

#[tokio::test]
async fn only_an_address_that_the_sandbox_may_knock_at_is_registered_for_logout_tokens() {
    let sandbox = Sandbox::start().await;
    for uri in ["https://department.example/logout", "http://10.0.0.1/logout", "http://user@127.0.0.1/", "/x", ""] {
        let registration = json!({ "redirect_uris": [REDIRECT], "backchannel_logout_uri": uri });
        let address = format!("{}/sandbox/oidc/clients", sandbox.url());
        let answer = reqwest_client().post(address).json(&registration).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{uri}");
    }
}
