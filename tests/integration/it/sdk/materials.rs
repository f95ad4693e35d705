//! Materials of a client: durable before the yes, resumed after every kind of end, and never another content than was added.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tongqiao::{Client, MaterialDraft, UploadState};
use tongqiao_protocol::case::OpenValue;
use tongqiao_protocol::material::MaterialState;
use tongqiao_protocol::{Digest, ErrorCode, MaterialId, Suite};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};
use crate::canaries::ProcessLog;

/// Bytes that look like nothing.
pub(super) fn noise(count: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

async fn delivered(client: &Client, id: MaterialId) {
    let handle = client.materials().handle(id).await.unwrap();
    let status = tokio::time::timeout(PATIENCE, handle.delivered()).await.unwrap().unwrap();
    assert_eq!((status.state, status.sent), (UploadState::Delivered, status.size));
    let receipt = status.receipt.unwrap();
    assert_eq!((receipt.record, receipt.digest), (id.into(), handle.digest()));
}

#[tokio::test]
async fn a_file_is_delivered_once_however_often_it_is_added_and_read_back_as_it_was() {
    let sandbox = Sandbox::start().await;
    for suite in [Suite::International, Suite::ShangMi] {
        let party = if suite == Suite::International { "civil-affairs" } else { "sm-department" };
        let credentials = sandbox.enrol(party, suite).await;
        let client = sandbox.builder(&credentials).store(sandbox.path(party)).build().await.unwrap();
        let (path, content) = (sandbox.path("scan.pdf"), noise(3_000_000));
        write(&path, &content);
        let added = client.materials().add(MaterialDraft::file(&path)).await.unwrap();
        assert_eq!((added.digest(), added.size()), (Digest::of(suite, &content), 3_000_000));
        let other = MaterialDraft::reader("other.pdf", std::io::Cursor::new(content.clone()));
        let again = client.materials().add(other).await.unwrap();
        assert_eq!(again.id(), added.id(), "the same content is one upload");
        let draft = draft(&client).await.attach("id-card", "居民身份证", &added);
        let case = client.cases().open(&draft).await.unwrap();
        tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
        delivered(&client, added.id()).await;
        let view = client.materials().view(added.id()).await.unwrap();
        assert_eq!(view.state, OpenValue::Known(MaterialState::Complete));
        assert_eq!(
            (view.announcement.name.as_str(), view.announcement.media_type.as_str()),
            ("scan.pdf", "application/pdf")
        );
        let copy = sandbox.path(&format!("{party}-copy"));
        client.materials().save(added.id(), &copy).await.unwrap();
        assert_eq!(std::fs::read(&copy).unwrap(), content);
        client.close().await;
    }
}

#[tokio::test]
async fn an_upload_outlives_the_platform_s_outage_and_the_end_of_the_client() {
    let mut sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let client = sandbox.builder(&credentials).store(sandbox.path("store")).build().await.unwrap();
    sandbox.stop().await;
    let draft = MaterialDraft::reader("note.txt", std::io::Cursor::new(noise(500_000)));
    let added = client.materials().add(draft).await.unwrap();
    assert_eq!(added.status().await.unwrap().state, UploadState::Waiting);
    client.close().await;
    sandbox.start_again().await;
    let later = sandbox.builder(&credentials).store(sandbox.path("store")).build().await.unwrap();
    delivered(&later, added.id()).await;
}

#[tokio::test]
async fn a_file_that_changed_or_is_gone_is_reported_and_not_sent() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    sandbox.stop().await;
    let (changed, gone, copied) = (sandbox.path("changed"), sandbox.path("gone"), sandbox.path("copied"));
    let mut handles = Vec::new();
    for (number, path) in [&changed, &gone, &copied].into_iter().enumerate() {
        write(path, &noise(200_000 + number));
        let draft = MaterialDraft::file(path);
        let draft = if path == &copied { draft.copied() } else { draft };
        handles.push(client.materials().add(draft).await.unwrap());
    }
    let mut other = noise(200_000);
    other[100_000] ^= 1;
    write(&changed, &other);
    std::fs::remove_file(&gone).unwrap();
    std::fs::remove_file(&copied).unwrap();
    sandbox.start_again().await;
    client.outbox().nudge();
    for (handle, code) in [
        (&handles[0], Some(ErrorCode::ClientMaterialChanged)),
        (&handles[1], Some(ErrorCode::ClientMaterialUnreadable)),
        (&handles[2], None),
    ] {
        let ended = tokio::time::timeout(PATIENCE, handle.delivered()).await.unwrap();
        assert_eq!(ended.err().map(|error| error.code()), code);
    }
    let view = client.materials().view(handles[0].id()).await.unwrap();
    assert_eq!(view.offset, 0, "nothing of what changed was sent");
    // Added anew, it is another content with an upload of its own.
    let anew = client.materials().add(MaterialDraft::file(&changed)).await.unwrap();
    assert_ne!(anew.id(), handles[0].id());
    delivered(&client, anew.id()).await;
}

#[tokio::test]
async fn a_platform_that_was_restored_gets_the_materials_that_it_lost_again() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let backup = sandbox.post("/sandbox/backup", &json!({})).await;
    let draft = MaterialDraft::reader("note.txt", std::io::Cursor::new(noise(300_000)));
    let added = client.materials().add(draft).await.unwrap();
    delivered(&client, added.id()).await;
    sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    let whole_again = async {
        loop {
            match client.materials().view(added.id()).await {
                Ok(view) if view.state == OpenValue::Known(MaterialState::Complete) => return,
                Ok(_) => {}
                Err(error) => assert_eq!(error.code(), ErrorCode::MaterialUnknown),
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, whole_again).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_is_kept() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let client = sandbox.builder(&credentials).in_memory().build().await.unwrap();
    let refused = async |draft: MaterialDraft| client.materials().add(draft).await.unwrap_err();
    let empty = sandbox.path("empty");
    write(&empty, b"");
    let error = refused(MaterialDraft::file(&empty)).await;
    assert_eq!((error.code(), error.faults()[0].path.as_str()), (ErrorCode::RequestInvalid, "/size"));
    let error = refused(MaterialDraft::file(&empty).named("../x").media_type("Pdf")).await;
    let paths: Vec<_> = error.faults().iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["/name", "/media_type"]);
    assert_eq!(refused(MaterialDraft::file(sandbox.path("nowhere"))).await.code(), ErrorCode::ClientMaterialUnreadable);
    let reader = MaterialDraft::reader("x.txt", &b"x"[..]);
    assert_eq!(
        refused(reader).await.code(),
        ErrorCode::ClientConfiguration,
        "a store in memory has no folder for copies"
    );
    let unknown = client.materials().handle(MaterialId::from_bytes([7; 16])).await;
    assert_eq!(unknown.unwrap_err().code(), ErrorCode::ClientUnknownMaterial);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_s_upload_goes_on_where_the_platform_stands() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    credentials.to_file(sandbox.path("shared.json")).unwrap();
    let (path, content) = (sandbox.path("large.bin"), noise(24_000_000));
    write(&path, &content);
    let mut last = 0;
    let mut material: Option<MaterialId> = None;
    for _ in 0..3 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sending-process"))
            .arg(sandbox.url())
            .args([sandbox.path("shared.json"), sandbox.path("shared.sqlite"), path.clone()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = ProcessLog::of(&mut child);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let id: MaterialId = lines.next().unwrap().parse().unwrap();
        assert!(material.is_none_or(|known| known == id), "the same upload after every kill");
        material = Some(id);
        // It is killed in the middle: as soon as the platform has more than when it was killed before.
        let gone_on = lines.map(|line| line.parse::<u64>().unwrap()).find(|sent| *sent > last);
        child.kill().unwrap();
        child.wait().unwrap();
        drop(log);
        let Some(sent) = gone_on else { break };
        last = sent;
    }
    assert!(last > 0, "nothing was sent before the last kill");
    let client = sandbox.builder(&credentials).store(sandbox.path("shared.sqlite")).build().await.unwrap();
    let id = material.unwrap();
    let found = client.materials().view(id).await.unwrap();
    assert!(found.offset >= last, "the platform keeps what it said it has");
    delivered(&client, id).await;
    client.materials().save(id, sandbox.path("copy")).await.unwrap();
    assert_eq!(std::fs::read(sandbox.path("copy")).unwrap(), content);
}
