//! The sending: one material after the other, piece by piece, beside the delivery of records and behind it.
//!
//! Which process sends is decided by the delivery's role; two that both believe to hold it do no harm, because the platform
//! knows every piece by its place. The pauses are the delivery's own schedule.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tongqiao_engine::upload::PieceSize;
use tongqiao_engine::{FailureScope, Retry};
use tongqiao_protocol::case::OpenValue;
use tongqiao_protocol::material::{MaterialState, MaterialView, SALT_BYTES};
use tongqiao_protocol::receipt::ReceiptOf;
use tongqiao_protocol::{ErrorCode, Language, MaterialId, Problem};

use super::file::{self, Measured};
use super::job::{self, Job, UploadState};
use super::with_node::{is_kept_by_node, with_node};
use crate::classify::Refusal;
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, receipt};

/// How often the store is asked whether another process has added something.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long a piece waits at most for the records that go first.
const BULK_FLOOR: Duration = Duration::from_secs(2);
/// How often at most the store is told how far an upload is.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// Files below this size are sent without asking whether they are here: the question would cost as much.
const PROOF_FROM_BYTES: u64 = 64 * 1024;
/// How long after a node's receipt it is asked what the platform says.
const CUSTODY_PAUSE: Duration = Duration::from_secs(2);
/// How often an upload begins anew before it pauses: a platform that was restored, or a piece of another process.
const RESTARTS: u32 = 3;

/// Why a material is not whole yet.
pub(super) enum Obstacle {
    /// The link, or the platform as a whole.
    Link(Option<u64>),
    /// This material cannot go on now.
    Later(Option<u64>),
    /// It never will.
    Final(Box<Problem>),
    /// The platform is not where it was thought to be.
    Moved,
    /// A node has it and brings it to the platform.
    InCustody,
}

impl From<Refusal> for Obstacle {
    fn from(refusal: Refusal) -> Self {
        let (scope, code) = (refusal.scope(), refusal.code());
        let failure = tongqiao_engine::Failure::from(refusal);
        match (scope, code, failure.retry) {
            (_, ErrorCode::MaterialUnknown | ErrorCode::MaterialOffsetMismatch | ErrorCode::MaterialIncomplete, _) => {
                Self::Moved
            }
            (FailureScope::Endpoint, ..) => Self::Link(failure.retry_after_ms),
            (_, _, Retry::SameRequest | Retry::AfterDelay) => Self::Later(failure.retry_after_ms),
            _ => Self::Final(Box::new(
                Problem::parse(&failure.problem).unwrap_or_else(|| Problem::new(code, Language::Chinese)),
            )),
        }
    }
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        tracing::warn!(%error, "an upload has to wait");
        Self::Later(None)
    }
}

fn failed(code: ErrorCode) -> Obstacle {
    Obstacle::Final(Box::new(Problem::new(code, Language::Chinese)))
}

/// Sends until it is dropped. A defect that panics ends one turn and not the sending.
pub(crate) async fn keep_uploading(shared: Arc<Shared>) {
    loop {
        let mut turn = JoinSet::new();
        let owned = Arc::clone(&shared);
        turn.spawn(async move { take_turns(&owned).await });
        if let Some(Err(error)) = turn.join_next().await {
            tracing::error!(%error, "the sending of materials ended abnormally and starts again");
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A material that rests after failures.
struct Rest {
    failures: u32,
    until: Instant,
}

async fn take_turns(shared: &Shared) {
    let mut epochs = shared.exchange.epochs();
    epochs.mark_changed();
    let mut resting: HashMap<MaterialId, Rest> = HashMap::new();
    let mut size = PieceSize::at_most(shared.piece_bytes);
    let mut link_failures = 0;
    loop {
        if epochs.has_changed().unwrap_or_default() {
            let heard = *epochs.borrow_and_update();
            if let Some(epoch) = heard {
                let since = shared.retention.limit(shared.clock.now());
                match shared.storage.ask(move |store| job::offer_again(store, epoch, since)).await {
                    Ok(0) => {}
                    Ok(count) => tracing::warn!(%epoch, count, "materials are offered again to another epoch"),
                    Err(error) => tracing::warn!(%error, "materials could not be offered again"),
                }
            }
        }
        let open = shared.storage.ask(job::open).await.unwrap_or_default();
        resting.retain(|id, _| open.contains(id));
        let now = Instant::now();
        let due = open.into_iter().find(|id| resting.get(id).is_none_or(|rest| rest.until <= now));
        let Some(id) = due else {
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = shared.uploads.added.notified() => {}
                () = shared.uploads.nudged.notified() => resting.clear(),
                Ok(()) = epochs.changed() => epochs.mark_changed(),
            }
            continue;
        };
        match send(shared, id, &mut size).await {
            Ok(()) => {
                link_failures = 0;
                resting.remove(&id);
            }
            Err(Obstacle::Link(asked)) => {
                link_failures += 1;
                size = size.after_failure();
                tokio::select! {
                    () = tokio::time::sleep(shared.pause_after(link_failures, asked)) => {}
                    () = shared.uploads.nudged.notified() => {}
                }
            }
            Err(Obstacle::Final(problem)) => give_up(shared, id, *problem).await,
            Err(Obstacle::Later(asked)) => rest(shared, &mut resting, id, asked),
            Err(Obstacle::Moved) => rest(shared, &mut resting, id, None),
            Err(Obstacle::InCustody) => {
                link_failures = 0;
                resting.insert(id, Rest { failures: 0, until: Instant::now() + CUSTODY_PAUSE });
            }
        }
    }
}

fn rest(shared: &Shared, resting: &mut HashMap<MaterialId, Rest>, id: MaterialId, asked: Option<u64>) {
    let failures = resting.get(&id).map_or(0, |rest| rest.failures) + 1;
    resting.insert(id, Rest { failures, until: Instant::now() + shared.pause_after(failures, asked) });
}

async fn give_up(shared: &Shared, id: MaterialId, problem: Problem) {
    tracing::error!(%id, code = problem.code.code(), "a material will not be sent; a person must look");
    let now = shared.clock.now();
    let failed = move |job: Job| {
        let (state, problem, ended) = (UploadState::Failed, Some(problem.clone()), Some(now));
        (job.state == UploadState::Waiting).then_some(Job { state, problem, ended, ..job })
    };
    if let Err(error) = shared.storage.ask(move |store| job::change(store, id, failed)).await {
        tracing::warn!(%error, "the end of an upload could not be stored");
    }
    shared.uploads.changed(id, None);
}

/// Brings a material to its end.
async fn send(shared: &Shared, id: MaterialId, size: &mut PieceSize) -> Result<(), Obstacle> {
    let Some((job, _)) = shared.storage.ask(move |store| job::find(store, id)).await? else { return Ok(()) };
    let mut restarts = 0;
    loop {
        match bring(shared, &job, size).await {
            Err(Obstacle::Moved) if restarts < RESTARTS => restarts += 1,
            Err(other) => return Err(other),
            Ok(view) if is_kept_by_node(&view) => return Err(with_node(shared, &job, &view).await?),
            Ok(view) => return finish(shared, &job, view).await,
        }
    }
}

/// From the announcement, which is answered with how far the platform is, to the completion.
async fn bring(shared: &Shared, job: &Job, size: &mut PieceSize) -> Result<MaterialView, Obstacle> {
    let announcement = &job.announcement;
    let mut view = say(shared, Ask::post("/v1/materials", announcement.to_bytes())).await?;
    match view.state {
        OpenValue::Known(MaterialState::Complete) => return Ok(view),
        OpenValue::Known(MaterialState::Refused) => return Err(failed(ErrorCode::MaterialDigestMismatch)),
        _ if is_kept_by_node(&view) => return Ok(view),
        _ => {}
    }
    shared.uploads.changed(job.id(), Some(view.offset));
    let asks = announcement.size >= PROOF_FROM_BYTES && view.offset < announcement.size;
    let salt = view.salt.as_deref().filter(|_| asks).and_then(|salt| STANDARD.decode(salt).ok()?.try_into().ok());
    // The whole file is read before any of it leaves: what has changed is reported, not sent.
    let measured = measured(job, salt).await?;
    if measured.digest != announcement.digest || measured.size != announcement.size {
        return Err(failed(ErrorCode::ClientMaterialChanged));
    }
    let address = format!("/v1/materials/{}", job.id());
    if let Some(proof) = measured.proof {
        let body = json!({ "proof": proof }).to_string().into_bytes();
        view = say(shared, Ask::post(format!("{address}/possession"), body)).await?;
        if view.state == OpenValue::Known(MaterialState::Complete) {
            return Ok(view);
        }
    }
    view = pieces(shared, job, view, size).await?;
    if view.state == OpenValue::Known(MaterialState::Complete) {
        return Ok(view);
    }
    say(shared, Ask::post(format!("{address}/completion"), b"{}".to_vec())).await
}

async fn measured(job: &Job, salt: Option<[u8; SALT_BYTES]>) -> Result<Measured, Obstacle> {
    let (path, suite) = (job.source.path().clone(), job.announcement.digest.suite());
    let measuring = tokio::task::spawn_blocking(move || file::measure(&path, suite, salt.as_ref()));
    blocking(measuring.await)
}

/// What work on a file gave; one that cannot be read is a matter for a person.
fn blocking<T>(done: Result<std::io::Result<T>, tokio::task::JoinError>) -> Result<T, Obstacle> {
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            tracing::error!(%error, "the file of a material cannot be read");
            Err(failed(ErrorCode::ClientMaterialUnreadable))
        }
        Err(_) => Err(Obstacle::Later(None)),
    }
}

/// Sends what is missing, from where the platform stands.
async fn pieces(
    shared: &Shared,
    job: &Job,
    mut view: MaterialView,
    size: &mut PieceSize,
) -> Result<MaterialView, Obstacle> {
    let path = job.source.path().clone();
    let opening = tokio::task::spawn_blocking(move || {
        let file = File::open(path)?;
        Ok((file::stamp(&file)?, file))
    });
    let (stamp, mut file) = blocking(opening.await)?;
    let mut noted_at = Instant::now();
    while view.offset < job.announcement.size {
        // Records go first, but not for ever.
        drop(tokio::time::timeout(BULK_FLOOR, shared.traffic.quiet()).await);
        let (offset, length) = (view.offset, (size.bytes() as u64).min(job.announcement.size - view.offset));
        let reading = tokio::task::spawn_blocking(move || {
            let bytes = file::piece(&mut file, offset, length)?;
            Ok((file::stamp(&file)?, bytes, file))
        });
        let (now, bytes, same) = blocking(reading.await)?;
        file = same;
        if now != stamp || bytes.len() as u64 != length {
            return Err(failed(ErrorCode::ClientMaterialChanged));
        }
        let began = Instant::now();
        let ask = Ask::post_bytes(format!("/v1/materials/{}/chunks", job.id()), bytes);
        view = say(shared, ask.query("offset", &offset.to_string())).await?;
        *size = size.after(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX));
        if view.offset <= offset {
            return Err(Obstacle::Moved);
        }
        shared.uploads.changed(job.id(), Some(view.offset));
        if noted_at.elapsed() >= NOTE_EVERY {
            noted_at = Instant::now();
            let (id, sent) = (job.id(), view.offset);
            let noted = move |job: Job| (job.state == UploadState::Waiting).then_some(Job { sent, ..job });
            shared.storage.ask(move |store| job::change(store, id, noted)).await?;
        }
    }
    Ok(view)
}

async fn say(shared: &Shared, ask: Ask) -> Result<MaterialView, Obstacle> {
    let answer = shared.exchange.send(&ask).await?;
    let view = serde_json::from_slice(answer.body());
    Ok(view.map_err(Error::malformed_answer)?)
}

/// The platform's receipt is checked and kept; then it is delivered.
async fn finish(shared: &Shared, job: &Job, view: MaterialView) -> Result<(), Obstacle> {
    let bytes = view.receipt.as_ref().map(ToString::to_string).unwrap_or_default();
    let checked = receipt::verify(shared, bytes.as_bytes()).await?;
    let fits = checked.record == job.id().into() && checked.digest == job.announcement.digest;
    if view.state != OpenValue::Known(MaterialState::Complete) || !fits || checked.of != Some(ReceiptOf::Material) {
        return Err(Error::of(ErrorCode::SignatureReceiptInvalid).into());
    }
    let (id, sent, ended) = (job.id(), job.announcement.size, shared.clock.now());
    // Of which epoch it is found whole is what the answers say now; the receipt may be of an earlier one.
    let epoch = shared.exchange.epochs().borrow().or(Some(checked.epoch));
    let delivered = move |job: Job| {
        let (state, receipt) = (UploadState::Delivered, view.receipt.clone());
        Some(Job { state, sent, receipt, epoch, ended: job.ended.or(Some(ended)), problem: None, ..job })
    };
    shared.storage.ask(move |store| job::change(store, id, delivered)).await?;
    shared.uploads.changed(id, None);
    Ok(())
}
