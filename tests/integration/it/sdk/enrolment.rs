//! Joining, cut short at every place where that hurts.

use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tongqiao::{Credentials, enrol};
use tongqiao_protocol::{ErrorCode, Suite};

use super::sandbox::Sandbox;

/// A connection that hands one request on and loses its answer.
async fn loses_one_answer(platform: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut platform = TcpStream::connect(platform.trim_start_matches("http://")).await.unwrap();
        let mut request = Vec::new();
        let mut piece = [0; 4_096];
        while !request.ends_with(b"]}") {
            let size = caller.read(&mut piece).await.unwrap();
            request.extend_from_slice(&piece[..size]);
        }
        platform.write_all(&request).await.unwrap();
        // The platform has done it when it answers; nobody hears.
        assert!(platform.read(&mut piece).await.unwrap() > 0);
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_code_whose_answer_was_lost_is_not_lost_when_the_key_was_kept() {
    let sandbox = Sandbox::start().await;
    let path = sandbox.path("civil-affairs.json");
    let code = sandbox.post("/sandbox/enrolment-codes", &json!({})).await["code"].as_str().unwrap().to_owned();
    let link = loses_one_answer(sandbox.url()).await;
    let lost = enrol(&link, "civil-affairs", &code).unwrap().suite(Suite::ShangMi).keep_in(&path).run().await;
    assert!(lost.is_err());
    let begun = std::fs::read_to_string(&path).unwrap();
    // The process died; another one repeats the call.
    let again = enrol(&sandbox.url(), "civil-affairs", &code).unwrap().keep_in(&path).run().await.unwrap();
    assert!(!again.platform_keys().is_empty());
    let kept = Credentials::from_file(&path).unwrap();
    assert_eq!(kept.platform_keys(), again.platform_keys());
    let key = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["private_key"].clone();
    assert_eq!(key(&begun), key(&std::fs::read_to_string(&path).unwrap()), "the same key was enrolled");
    // Once more: the platform is not even asked.
    let finished = enrol("http://127.0.0.1:9", "civil-affairs", &code).unwrap().keep_in(&path).run().await.unwrap();
    assert_eq!(finished.party(), again.party());
    let other = enrol(&sandbox.url(), "natural-resources", &code).unwrap().keep_in(&path).run().await;
    assert_eq!(other.unwrap_err().code(), ErrorCode::ClientConfiguration);
}

#[tokio::test]
async fn an_enrolment_that_is_printed_shows_neither_code_nor_the_proxy_s_password() {
    let enrolment = enrol("https://platform.example", "civil-affairs", "4F7KQ-9M2XB").unwrap();
    let printed = format!("{:?}", enrolment.proxy("http://user:secret@proxy.example:3128"));
    assert!(
        printed.contains("civil-affairs") && !printed.contains("secret") && !printed.contains("4F7KQ"),
        "{printed}"
    );
}

#[tokio::test]
async fn a_code_does_not_travel_unprotected_to_another_machine() {
    let refused = enrol("http://platform.example", "civil-affairs", "4F7KQ-9M2XB").unwrap().run().await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ClientConfiguration);
}

#[tokio::test]
async fn everything_goes_through_the_proxy_that_was_named() {
    let (city, platform, _folder) = super::tls::platform().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let connects = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&connects);
    tokio::spawn(async move {
        loop {
            let (mut caller, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(caller.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap().to_owned();
            let mut platform = TcpStream::connect(&target).await.unwrap();
            seen.lock().unwrap().push(target);
            caller.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tokio::spawn(async move { drop(tokio::io::copy_bidirectional(&mut caller, &mut platform).await) });
        }
    });
    let url = platform.base_url().to_owned();
    let code = platform.enrolment_code(None, &["340000000000"]).await.unwrap();
    let trust = tongqiao::Trust::system_and(city.as_bytes()).unwrap();
    let enrolment = enrol(&url, "civil-affairs", &code).unwrap().trust(trust.clone()).proxy(&proxy);
    let credentials = enrolment.run().await.unwrap();
    let before = connects.lock().unwrap().len();
    assert!(before > 0);
    let builder = tongqiao::Client::builder(&url, credentials).trust(trust).proxy(&proxy).in_memory();
    let client = builder.build().await.unwrap();
    client.items().refresh().await.unwrap();
    let connects = connects.lock().unwrap().clone();
    assert!(connects.len() > before && connects.iter().all(|target| url.ends_with(target)), "{connects:?}");
}
