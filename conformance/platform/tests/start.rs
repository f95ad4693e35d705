//! A platform starts, answers and keeps its epoch over a restart.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tongqiao_reference_platform::{CodeWish, Platform};

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

#[tokio::test]
async fn a_platform_that_listens_everywhere_names_an_address_that_can_be_reached() {
    let directory = tempfile::tempdir().unwrap();
    let everywhere = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    let builder = Platform::builder().database(directory.path().join("platform.sqlite")).listen(everywhere);
    let running = builder.start().await.unwrap();
    assert_eq!(running.base_url(), format!("http://127.0.0.1:{}", running.address().port()));
    running.shutdown().await;
}

#[tokio::test]
async fn an_operator_makes_a_code_while_the_platform_runs() {
    let directory = tempfile::tempdir().unwrap();
    let builder = || Platform::builder().database(directory.path().join("platform.sqlite"));
    let running = builder().start().await.unwrap();
    let department = |party: Option<&str>, divisions: &[&str]| CodeWish {
        party: party.map(str::to_owned),
        divisions: divisions.iter().map(|&division| division.to_owned()).collect(),
        ..CodeWish::of_kind("department")
    };
    let make = async |wish: CodeWish| builder().enrolment_code(&wish).await.map_err(|error| error.to_string());
    let first = make(department(Some("civil-affairs"), &["340700000000"])).await.unwrap();
    let second = make(department(None, &["340706101000", "340706"])).await.unwrap();
    assert_ne!(first, second);
    assert!(make(department(None, &["34"])).await.is_err(), "two digits are no division");
    assert!(make(department(None, &[])).await.is_err(), "a department without a division can do nothing");
    assert!(make(department(Some("Nobody!"), &["340706"])).await.is_err());
    let carries = vec!["civil-affairs".to_owned(), "No body".to_owned()];
    let faulty = make(CodeWish { carries, accepts: vec!["1".to_owned()], ..CodeWish::of_kind("egde") }).await;
    let faulty = faulty.unwrap_err();
    for path in ["/kind", "/carries/1", "/accepts/0"] {
        assert!(faulty.contains(path), "{path}: {faulty}");
    }
    running.shutdown().await;
}

#[test]
fn the_program_makes_codes_on_the_command_line() {
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_tongqiao-platform"));
        program.arg("enrolment-code").args(arguments).arg("--data").arg(directory.path()).output().unwrap()
    };
    for arguments in [
        &["--division", "340700000000"][..],
        &["--kind", "edge", "--party", "township-1", "--carries", "civil-affairs", "--carries", "natural-resources"],
        &["--kind", "hub", "--party", "city-hub"],
    ] {
        let made = run(arguments);
        assert!(made.status.success(), "{made:?}");
        assert!(String::from_utf8(made.stdout).unwrap().starts_with("enrolment-code "));
    }
    for arguments in [&["--division", "nowhere"][..], &["--kind", "node"], &[]] {
        assert!(!run(arguments).status.success(), "{arguments:?}");
    }
}
