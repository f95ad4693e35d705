//! A scan is on its way when the sending process is killed. The next one goes on where the platform stands; nothing that was on the
//! platform's disk is sent again.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tongqiao::protocol::{Digest, MaterialId, Suite};
use tongqiao::{Client, Credentials, MaterialDraft, UploadState};

use super::Act;
use super::stage::{self, Stage};
use crate::error::DemoError;
use crate::process::{Heard, Process, Report, Role, end_with_orchestrator, report};

/// Bytes of the scan: many pieces.
const SIZE: usize = 48 * 1024 * 1024;

/// How the orchestrator starts the sending process.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The platform.
    #[arg(long)]
    endpoint: String,
    /// The folder with credentials and outbox.
    #[arg(long)]
    folder: PathBuf,
    /// What is sent.
    #[arg(long)]
    file: PathBuf,
}

/// Adds the file, and says how far it is until it is killed.
pub(crate) async fn run(arguments: Arguments) -> Result<(), DemoError> {
    end_with_orchestrator();
    let client = sender(&arguments.endpoint, &arguments.folder).await?;
    let added = client.materials().add(MaterialDraft::file(&arguments.file)).await.map_err(DemoError::broken)?;
    report(&Report::Accepted { record: added.id().to_string() });
    let mut last = 0;
    loop {
        let status = added.progress().await.map_err(DemoError::broken)?;
        if status.sent > last {
            last = status.sent;
            report(&Report::Settled { count: last, accepted: status.size });
        }
        if status.state != UploadState::Waiting {
            return Ok(());
        }
    }
}

/// A store of its own: the counter's other work has nothing to do with it.
async fn sender(endpoint: &str, folder: &std::path::Path) -> Result<Client, DemoError> {
    let credentials = Credentials::from_file(folder.join("credentials.json")).map_err(DemoError::broken)?;
    let sending = folder.join("sender");
    std::fs::create_dir_all(&sending).map_err(|source| DemoError::io("make the sender's folder", source))?;
    stage::client(&sending, endpoint, credentials).await
}

pub(super) async fn play(stage: &Stage, act: &mut Act) -> Result<(), DemoError> {
    let file = stage.folder.join("scan.pdf");
    let content = scan();
    std::fs::write(&file, &content).map_err(|source| DemoError::io("write the scan", source))?;
    let arguments = [
        "sender".to_owned(),
        format!("--endpoint={}", stage.address),
        format!("--folder={}", stage.folder.display()),
        format!("--file={}", file.display()),
    ];
    let (hear, mut heard) = mpsc::channel(4_096);
    let process = Process::start(Role::Department(0), 0, &arguments, hear)?;
    let mut id = None;
    loop {
        match heard.recv().await {
            Some(Heard::Said(_, Report::Accepted { record })) => id = record.parse::<MaterialId>().ok(),
            // Something is there, and not everything.
            Some(Heard::Said(_, Report::Settled { .. })) => break,
            Some(Heard::Said(..) | Heard::Paid { .. }) => {}
            Some(Heard::Silent(..)) | None => break,
        }
    }
    process.kill()?;
    let id = id.ok_or_else(|| DemoError::broken("the sender never said what it sends"))?;
    let before = stands(stage, id)?;
    let is_cut = before.received > 0 && before.received < SIZE as i64;
    act.must(is_cut, "强杀时材料已传完或尚未开始", "the scan was not under way when its sender was killed");
    let client = sender(&stage.address, &stage.folder).await?;
    let handle = client.materials().handle(id).await.map_err(DemoError::broken)?;
    handle.delivered().await.map_err(DemoError::broken)?;
    client.close().await;
    judge(stage, act, id, &before, &content)
}

/// How an upload stands in the platform's books.
struct Standing {
    state: String,
    digest: String,
    received: i64,
    /// Where pieces begin, and the number of their row: a piece that was written anew has another.
    pieces: Vec<(i64, i64)>,
}

fn stands(stage: &Stage, id: MaterialId) -> Result<Standing, DemoError> {
    let books = stage.books()?;
    let query = "SELECT state, digest, received, content FROM material WHERE material = ?1";
    let (state, digest, received, content) = books
        .query_row(query, [id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, Vec<u8>>(3)?)))
        .map_err(DemoError::broken)?;
    let mut rows = books
        .prepare("SELECT start, rowid FROM material_chunk WHERE content = ?1 ORDER BY start")
        .map_err(DemoError::broken)?;
    let pieces = rows.query_map([content], |row| Ok((row.get(0)?, row.get(1)?))).map_err(DemoError::broken)?;
    let pieces = pieces.collect::<Result<_, _>>().map_err(DemoError::broken)?;
    Ok(Standing { state, digest, received, pieces })
}

fn judge(stage: &Stage, act: &mut Act, id: MaterialId, before: &Standing, content: &[u8]) -> Result<(), DemoError> {
    let after = stands(stage, id)?;
    let whole = after.state == "complete" && after.received == SIZE as i64;
    act.must(whole, "材料未传完", "the scan is not whole at the platform");
    let same = after.digest == Digest::of(Suite::International, content).to_string();
    act.must(same, "材料摘要不符", "another digest than the scan's");
    let kept = after.pieces.starts_with(&before.pieces);
    act.must(kept, "续传重写了平台已存的部分", "what the platform had was written again");
    act.came_to(
        "材料强杀后续传的起点（字节）",
        "bytes of a scan that were there when its sender was killed",
        before.received,
    );
    Ok(())
}

/// Bytes that look like nothing, the same in every run.
fn scan() -> Vec<u8> {
    let mut chance = fastrand::Rng::with_seed(17);
    let mut bytes = vec![0; SIZE];
    chance.fill(&mut bytes);
    bytes
}
