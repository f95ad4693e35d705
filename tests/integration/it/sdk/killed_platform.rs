//! The platform's process is killed while the pieces of a material are under way: what it said yes to is there afterwards, and
//! the sender goes on from there.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tongqiao::{Client, Credentials, MaterialDraft, UploadState, enrol};
use tongqiao_protocol::{Digest, MaterialId, Suite};

use super::cases::PATIENCE;
use super::materials::noise;
use super::sandbox::reqwest_client;
use crate::canaries::ProcessLog;

const SIZE: usize = 24_000_000;
/// How often the platform dies.
const KILLS: usize = 4;

/// The reference platform as a process of its own.
struct Process {
    child: Child,
    _log: ProcessLog,
    url: String,
}

impl Process {
    fn start(database: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_platform-process"))
            .arg(database)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().to_owned();
        assert!(url.starts_with("http"), "the platform said {line:?}");
        let log = ProcessLog::of(&mut child);
        Self { child, _log: log, url }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A piece that went by.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: u64,
    end: u64,
    /// Whether the platform said yes.
    is_taken: bool,
}

/// What stands before the platform, as a city has it: it keeps its address while the platform behind it dies and comes again, and
/// sees every piece that is sent.
struct Front {
    url: String,
    sight: Sight,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Sight {
    platform: Arc<Mutex<String>>,
    pieces: watch::Sender<Vec<Piece>>,
}

impl Front {
    async fn of(platform: &Process) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sight =
            Sight { platform: Arc::new(Mutex::new(platform.url.clone())), pieces: watch::Sender::new(Vec::new()) };
        let router = axum::Router::new().fallback(pass).with_state(sight.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, sight, serving }
    }

    fn leads_to(&self, platform: &Process) {
        platform.url.clone_into(&mut self.sight.platform.lock().unwrap());
    }

    fn pieces(&self) -> Vec<Piece> {
        self.sight.pieces.borrow().clone()
    }

    /// Until a piece that is not among the first `known` is under way.
    async fn sees_more_than(&self, known: usize) {
        let mut pieces = self.sight.pieces.subscribe();
        let seen = pieces.wait_for(|pieces| pieces.len() > known);
        drop(tokio::time::timeout(PATIENCE, seen).await.expect("no piece was sent").unwrap());
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(State(sight): State<Sight>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let target = parts.uri.path_and_query().unwrap().as_str();
    let place = target.split_once("/chunks?offset=").map(|(_, start)| {
        let start = start.parse::<u64>().unwrap();
        let mut place = 0;
        sight.pieces.send_modify(|pieces| {
            place = pieces.len();
            pieces.push(Piece { start, end: start + body.len() as u64, is_taken: false });
        });
        place
    });
    let address = format!("{}{target}", sight.platform.lock().unwrap());
    let mut headers = parts.headers;
    for own in [header::HOST, header::CONTENT_LENGTH] {
        headers.remove(own);
    }
    let asked = reqwest_client().request(parts.method, address).headers(headers).body(body).send().await;
    let Ok(answer) = asked else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    if let Some(place) = place {
        sight.pieces.send_modify(|pieces| pieces[place].is_taken = status.is_success());
    }
    (status, headers, body).into_response()
}

/// A platform with a front, and a department behind the front.
struct World {
    folder: TempDir,
    front: Front,
    credentials: Credentials,
}

impl World {
    async fn with(suite: Suite) -> (Self, Process) {
        let folder = tempfile::tempdir().unwrap();
        let platform = Process::start(&folder.path().join("platform.sqlite"));
        let front = Front::of(&platform).await;
        let address = format!("{}/sandbox/enrolment-codes", front.url);
        let made = reqwest_client().post(address).body("{}").send().await.unwrap();
        let code = made.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned();
        let enrolment = enrol(&front.url, "civil-affairs", &code).unwrap().suite(suite);
        let credentials = enrolment.run().await.unwrap();
        (Self { folder, front, credentials }, platform)
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("platform.sqlite")
    }

    async fn client(&self) -> Client {
        let store = self.folder.path().join("department.sqlite");
        Client::builder(&self.front.url, self.credentials.clone()).store(store).build().await.unwrap()
    }

    /// How many bytes of a material a platform that does not run has on its disk, and in how many rows they lie.
    fn on_disk(&self, id: MaterialId) -> (u64, Vec<(u64, u64)>) {
        let books = Connection::open(self.database()).unwrap();
        let mut rows =
            books.prepare("SELECT start, length(bytes) FROM material_chunk WHERE content = ?1 ORDER BY start").unwrap();
        let rows = rows.query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let rows = rows.map(|row| row.map(|(start, length): (i64, i64)| (start as u64, length as u64)).unwrap());
        let rows = rows.collect::<Vec<_>>();
        let received = books.query_row("SELECT received FROM material WHERE material = ?1", [id.as_bytes()], |row| {
            row.get::<_, i64>(0)
        });
        (received.unwrap() as u64, rows)
    }
}

/// Pieces that lie without gap or overlap from the beginning.
fn lie_end_to_end(rows: &[(u64, u64)]) -> u64 {
    rows.iter().fold(0, |end, (start, length)| {
        assert_eq!(*start, end, "a gap, or bytes that lie there twice");
        end + length
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_killed_under_an_upload_has_what_it_said_yes_to_and_is_sent_none_of_it_again() {
    for suite in [Suite::International, Suite::ShangMi] {
        let (world, mut platform) = World::with(suite).await;
        let client = world.client().await;
        let (path, content) = (world.folder.path().join("scan.bin"), noise(SIZE));
        std::fs::write(&path, &content).unwrap();
        let added = client.materials().add(MaterialDraft::file(&path)).await.unwrap();
        let (mut had, mut known) = (0, 0);
        for kill in 0..KILLS {
            // One piece has gone by in this life of the platform, and the next is under way.
            world.front.sees_more_than(known + 1).await;
            platform.kill();
            let (received, rows) = world.on_disk(added.id());
            assert!(received > had && received < SIZE as u64, "killed in the middle, not at {received} after {had}");
            assert_eq!(lie_end_to_end(&rows), received);
            let seen = world.front.pieces();
            assert_eq!(seen[known].start, had, "life {kill} began elsewhere than where the one before had ended");
            for piece in seen.iter().filter(|piece| piece.is_taken) {
                assert!(piece.end <= received, "{piece:?} was answered with yes, and {received} bytes are there");
            }
            (had, known) = (received, seen.len());
            platform = Process::start(&world.database());
            world.front.leads_to(&platform);
            client.outbox().nudge();
        }
        let status = tokio::time::timeout(PATIENCE, added.delivered()).await.unwrap().unwrap();
        assert_eq!((status.state, status.sent), (UploadState::Delivered, SIZE as u64));
        let last_life = &world.front.pieces()[known..];
        assert!(last_life.iter().all(|piece| piece.start >= had), "sent again from before {had}: {last_life:?}");
        let receipt = status.receipt.unwrap();
        assert_eq!((receipt.record, receipt.digest), (added.id().into(), Digest::of(suite, &content)));
        let copy = world.folder.path().join("copy");
        client.materials().save(added.id(), &copy).await.unwrap();
        assert!(std::fs::read(&copy).unwrap() == content, "another content than was sent");
        client.close().await;
        platform.kill();
        assert_eq!(lie_end_to_end(&world.on_disk(added.id()).1), SIZE as u64);
    }
}
