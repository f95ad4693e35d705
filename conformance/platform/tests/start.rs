//! A platform starts, answers and keeps its epoch over a restart.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tongqiao_reference_platform::Platform;

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn epoch_of(answer: &str) -> String {
    let line = answer.lines().find(|line| line.starts_with("tongqiao-epoch:")).unwrap();
    line.to_owned()
}

#[tokio::test]
async fn the_epoch_survives_a_restart_and_stands_on_every_answer() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("platform.sqlite");
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let running = Platform::builder().database(&path).start().await.unwrap();
        for route in ["/healthz", "/v1/time", "/v1/epoch", "/no-such-route"] {
            let answer = get(running.address(), route).await;
            epochs.push(epoch_of(&answer));
        }
        running.shutdown().await;
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "{epochs:?}");
}
