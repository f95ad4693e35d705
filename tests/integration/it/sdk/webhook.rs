//! Webhooks: the platform brings, a vendor's HTTP server hands over what came, and the inbox is the same as ever.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tongqiao::{Client, WebhookReply, WebhookRequest};
use tongqiao_protocol::{ErrorCode, Suite, Timestamp};

use super::cases::PATIENCE;
use super::sandbox::Sandbox;

/// A request as it came.
#[derive(Debug, Clone)]
struct Heard {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Heard {
    async fn handed_to(&self, client: &Client) -> WebhookReply {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (method, target, body) = (self.method.as_str(), self.target.as_str(), self.body.as_slice());
        client.inbox().receive(WebhookRequest { method, target, headers: &headers, body }).await
    }

    fn header(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(given, _)| given == name).unwrap().1
    }
}

/// What the vendor's server does with the next request; at last it hands over.
enum Next {
    Answers(StatusCode, &'static [(&'static str, &'static str)]),
    NeverAnswers,
}

#[derive(Default)]
struct Desk {
    client: Option<Client>,
    script: VecDeque<Next>,
    heard: Vec<Heard>,
}

/// A vendor's HTTP server.
#[derive(Clone, Default)]
struct Vendor(Arc<Mutex<Desk>>);

impl Vendor {
    async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(hear).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn desk<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn heard(&self) -> Vec<Heard> {
        self.desk(|desk| desk.heard.clone())
    }

    /// Waits until that many requests have come.
    async fn has_heard(&self, count: usize) -> Vec<Heard> {
        let waited = tokio::time::timeout(PATIENCE, async {
            while self.heard().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("heard {} of {count}", self.heard().len()));
        self.heard()
    }
}

async fn hear(State(vendor): State<Vendor>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let heard = Heard {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().unwrap().to_string(),
        headers: headers.collect(),
        body: axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    };
    let (next, client) = vendor.desk(|desk| {
        desk.heard.push(heard.clone());
        (desk.script.pop_front(), desk.client.clone())
    });
    match (next, client) {
        (Some(Next::Answers(status, headers)), _) => {
            (status, headers.iter().copied().collect::<Headers>().0).into_response()
        }
        (Some(Next::NeverAnswers), _) => std::future::pending().await,
        (None, Some(client)) => {
            let reply = heard.handed_to(&client).await;
            StatusCode::from_u16(reply.status).unwrap().into_response()
        }
        (None, None) => StatusCode::NO_CONTENT.into_response(),
    }
}

struct Headers(axum::http::HeaderMap);

impl FromIterator<(&'static str, &'static str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'static str, &'static str)>>(all: I) -> Self {
        Self(all.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
    }
}

const TEN: &str = "2026-11-23T10:00:00+08:00";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A platform at ten o'clock, a client that has heard so, and its HTTP server, whose address the platform knows.
async fn world(suite: Suite) -> (Sandbox, Client, Vendor) {
    let sandbox = Sandbox::start_at(time(TEN)).await;
    let credentials = sandbox.enrol("civil-affairs", suite).await;
    let client = sandbox.builder(&credentials).store(sandbox.path("civil-affairs.sqlite")).build().await.unwrap();
    client.refresh_directory().await.unwrap();
    let vendor = Vendor::default();
    let address = vendor.start().await;
    let status = client.inbox().set_webhook(&format!("http://{address}/tongqiao/inbox?tenant=1")).await.unwrap();
    assert_eq!((status.failures, status.last_success), (0, None));
    (sandbox, client, vendor)
}

async fn notify(sandbox: &Sandbox, addressee: &str, words: &str) {
    sandbox.post("/sandbox/notices", &json!({ "addressee": addressee, "zh": words })).await;
}

#[tokio::test]
async fn what_is_brought_is_on_disk_shown_once_and_acknowledged_like_everything_else() {
    for suite in [Suite::International, Suite::ShangMi] {
        let (sandbox, client, vendor) = world(suite).await;
        vendor.desk(|desk| desk.client = Some(client.clone()));
        notify(&sandbox, "civil-affairs", "一").await;
        vendor.has_heard(1).await;
        let entry = tokio::time::timeout(PATIENCE, client.inbox().next()).await.unwrap().unwrap();
        assert_eq!(entry.data["zh"], "一");
        // Asked for as well: the same entry is not shown again.
        assert_eq!(client.inbox().refresh().await.unwrap(), 0);
        assert_eq!(client.inbox().open().await.unwrap().len(), 1);
        client.inbox().acknowledge(entry.id).await.unwrap();
        assert_eq!(client.inbox().open().await.unwrap(), []);
        // A replay of the very request brings nothing.
        let again = vendor.heard()[0].handed_to(&client).await;
        assert_eq!((again.status, again.new_entries), (204, 0), "{:?}", again.error);
        notify(&sandbox, "civil-affairs", "二").await;
        let next = tokio::time::timeout(PATIENCE, client.inbox().next()).await.unwrap().unwrap();
        assert_eq!(next.data["zh"], "二");
        let status = client.inbox().webhook().await.unwrap();
        assert!(status.last_success.is_some() && status.failures == 0, "{status:?}");
    }
}

#[tokio::test]
async fn what_was_brought_out_of_order_hides_nothing_from_who_asks() {
    let (sandbox, client, vendor) = world(Suite::International).await;
    notify(&sandbox, "civil-affairs", "一").await;
    // Heard, and lost by the vendor.
    vendor.has_heard(1).await;
    vendor.desk(|desk| desk.client = Some(client.clone()));
    let heard_before = vendor.heard().len();
    notify(&sandbox, "civil-affairs", "二").await;
    let brought = vendor.has_heard(heard_before + 1).await.pop().unwrap();
    let _kept_already = brought.handed_to(&client).await;
    client.inbox().refresh().await.unwrap();
    let open: Vec<_> = client.inbox().open().await.unwrap().iter().map(|entry| entry.data["zh"].clone()).collect();
    assert!(open.contains(&json!("一")) && open.contains(&json!("二")), "{open:?}");
}

/// A genuine request, and how it is made another.
type Tampering = fn(&mut Heard);

#[tokio::test]
async fn a_request_that_is_not_the_platform_s_word_of_now_to_this_address_is_not_taken() {
    let (sandbox, client, vendor) = world(Suite::International).await;
    notify(&sandbox, "civil-affairs", "请查收").await;
    let genuine = vendor.has_heard(1).await[0].clone();
    let table: [(&str, u16, ErrorCode, Tampering); 12] = [
        ("method", 401, ErrorCode::SignatureMismatch, |one| one.method = "PUT".to_owned()),
        ("path", 401, ErrorCode::SignatureMismatch, |one| one.target = "/tongqiao/other?tenant=1".to_owned()),
        ("query", 401, ErrorCode::SignatureMismatch, |one| one.target = "/tongqiao/inbox?tenant=2".to_owned()),
        ("no query", 401, ErrorCode::SignatureMismatch, |one| one.target = "/tongqiao/inbox".to_owned()),
        ("body", 401, ErrorCode::SignatureDigestMismatch, |one| one.body.push(b' ')),
        ("no input", 401, ErrorCode::SignatureMissing, |one| one.headers.retain(|(name, _)| name != "signature-input")),
        ("no signature", 401, ErrorCode::SignatureMissing, |one| one.headers.retain(|(name, _)| name != "signature")),
        ("no digest", 401, ErrorCode::SignatureMissing, |one| one.headers.retain(|(name, _)| name != "content-digest")),
        ("nonce", 401, ErrorCode::SignatureMismatch, |one| {
            let input = one.header("signature-input");
            *input = input.replace("nonce=\"", "nonce=\"AAAA");
        }),
        ("key", 401, ErrorCode::SignatureUnknownKey, |one| {
            let input = one.header("signature-input");
            let (before, after) = input.split_once("keyid=\"").unwrap();
            let (_, rest) = after.split_once('"').unwrap();
            *input = format!("{before}keyid=\"civil-affairs/1\"{rest}");
        }),
        ("signature", 401, ErrorCode::SignatureMalformed, |one| one.header("signature").push('x')),
        ("label", 401, ErrorCode::SignatureMalformed, |one| {
            let input = one.header("signature-input");
            *input = input.replace("sig1=", "sig2=");
        }),
    ];
    for (name, status, code, tamper) in table {
        let mut tampered = genuine.clone();
        tamper(&mut tampered);
        let reply = tampered.handed_to(&client).await;
        let told = reply.error.as_ref().map(tongqiao::Error::code);
        assert_eq!((reply.status, told), (status, Some(code)), "{name}: {:?}", reply.error);
    }
    assert_eq!(client.inbox().open().await.unwrap(), [], "nothing of all that was kept");

    // Another party's client is brought what is not for it.
    let other = sandbox.client("taxation").await;
    other.refresh_directory().await.unwrap();
    assert_eq!(genuine.handed_to(&other).await.status, 400);
    // Names of headers count without regard to case, and others may stand among them.
    let mut shouted = genuine.clone();
    shouted.headers.iter_mut().for_each(|(name, _)| *name = name.to_uppercase());
    let reply = shouted.handed_to(&client).await;
    assert_eq!((reply.status, reply.new_entries), (204, 1), "{:?}", reply.error);
    // Five minutes and a second later it is no word of now.
    sandbox.now_is(time("2026-11-23T10:05:01+08:00"));
    client.refresh_directory().await.unwrap();
    let stale = genuine.handed_to(&client).await;
    assert_eq!(stale.error.map(|error| error.code()), Some(ErrorCode::SignatureStale));
}

#[tokio::test]
async fn a_failing_address_is_tried_again_after_longer_and_longer_pauses_and_told_of() {
    let (sandbox, client, vendor) = world(Suite::International).await;
    vendor.desk(|desk| {
        desk.script.push_back(Next::Answers(StatusCode::INTERNAL_SERVER_ERROR, &[]));
        desk.script.push_back(Next::Answers(StatusCode::FOUND, &[("location", "http://127.0.0.1:9/")]));
        desk.script.push_back(Next::Answers(StatusCode::SERVICE_UNAVAILABLE, &[("retry-after", "30")]));
    });
    notify(&sandbox, "civil-affairs", "一").await;
    for (count, now, reason, next) in [
        (1, TEN, "answered 500", "2026-11-23T10:00:01+08:00"),
        (2, "2026-11-23T10:00:01+08:00", "answered 302", "2026-11-23T10:00:03+08:00"),
        (3, "2026-11-23T10:00:03+08:00", "answered 503", "2026-11-23T10:00:33+08:00"),
    ] {
        sandbox.now_is(time(now));
        vendor.has_heard(count).await;
        let status = tokio::time::timeout(PATIENCE, async {
            loop {
                let status = client.inbox().webhook().await.unwrap();
                if status.failures == count as u64 {
                    return status;
                }
            }
        });
        let status = status.await.unwrap();
        assert_eq!((status.last_reason.as_deref(), status.next_attempt), (Some(reason), Some(time(next))));
    }
    vendor.desk(|desk| desk.client = Some(client.clone()));
    sandbox.now_is(time("2026-11-23T10:00:33+08:00"));
    let entry = tokio::time::timeout(PATIENCE, client.inbox().next()).await.unwrap().unwrap();
    assert_eq!(entry.data["zh"], "一");
    assert_eq!(vendor.has_heard(4).await.len(), 4);
}

#[tokio::test]
async fn what_was_heard_and_not_acknowledged_is_brought_again_after_ten_minutes_also_by_a_platform_started_anew() {
    let (mut sandbox, client, vendor) = world(Suite::International).await;
    notify(&sandbox, "civil-affairs", "一").await;
    vendor.has_heard(1).await;
    let heard = async |client: &Client| {
        while client.inbox().webhook().await.unwrap().last_success.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, heard(&client)).await.unwrap();
    sandbox.stop().await;
    sandbox.now_is(time("2026-11-23T10:10:00+08:00"));
    sandbox.start_again().await;
    let twice = vendor.has_heard(2).await;
    assert_ne!(twice[0].headers, twice[1].headers, "signed anew");
    client.refresh_directory().await.unwrap();
    assert_eq!(twice[1].handed_to(&client).await.new_entries, 1);
    client.inbox().acknowledge(client.inbox().open().await.unwrap()[0].id).await.unwrap();
    sandbox.now_is(time("2026-11-23T10:30:00+08:00"));
    notify(&sandbox, "civil-affairs", "二").await;
    let third = vendor.has_heard(3).await.pop().unwrap();
    client.refresh_directory().await.unwrap();
    assert_eq!(third.handed_to(&client).await.new_entries, 1, "only what is open is brought");
    assert_eq!(client.inbox().open().await.unwrap()[0].data["zh"], "二");
}

#[tokio::test]
async fn an_addressee_that_never_answers_holds_up_nobody_else_and_a_removed_address_is_left_alone() {
    let (sandbox, client, vendor) = world(Suite::International).await;
    vendor.desk(|desk| desk.script.push_back(Next::NeverAnswers));
    let other = sandbox.client("taxation").await;
    let quick = Vendor::default();
    let address = quick.start().await;
    other.inbox().set_webhook(&format!("http://{address}/")).await.unwrap();
    notify(&sandbox, "civil-affairs", "慢").await;
    vendor.has_heard(1).await;
    notify(&sandbox, "taxation", "快").await;
    quick.has_heard(1).await;
    assert_eq!(other.inbox().remove_webhook().await.unwrap().address, None);
    notify(&sandbox, "taxation", "不再送").await;
    assert_eq!(other.inbox().refresh().await.unwrap(), 2, "asking goes on working");
    let refused = client.inbox().set_webhook("http://169.254.169.254/latest").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::RequestInvalidValue);
    assert_eq!(quick.heard().len(), 1);
}

#[tokio::test]
async fn more_entries_than_one_request_holds_are_brought_in_several_and_again_each_once() {
    let (sandbox, _client, vendor) = world(Suite::International).await;
    let most = tongqiao_protocol::limits::INBOX_ENTRIES_MAX;
    vendor.desk(|desk| desk.script.push_back(Next::Answers(StatusCode::SERVICE_UNAVAILABLE, &[])));
    for _ in 0..=most {
        notify(&sandbox, "civil-affairs", "请查收").await;
    }
    vendor.has_heard(1).await;
    let entries = |one: &Heard| {
        let body: serde_json::Value = serde_json::from_slice(&one.body).unwrap();
        body["entries"].as_array().unwrap().len()
    };
    let mut before = 1;
    for now in ["2026-11-23T10:01:00+08:00", "2026-11-23T10:11:01+08:00"] {
        sandbox.now_is(time(now));
        let heard = vendor.has_heard(before + 2).await;
        let brought: usize = heard[before..].iter().map(entries).sum();
        assert_eq!((brought, heard.len()), (most + 1, before + 2), "{now}");
        before = heard.len();
    }
    // Nothing is said a third time before its time has come.
    notify(&sandbox, "civil-affairs", "新").await;
    let last = vendor.has_heard(before + 1).await;
    assert_eq!((entries(&last[before]), last.len()), (1, before + 1));
}
