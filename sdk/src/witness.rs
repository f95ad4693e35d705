//! Watching the platform's log: every checkpoint must continue the one before, or a new epoch must say that it does not.

mod book;
mod dispute;

use tokio::sync::Mutex;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::epoch::EpochStatement;
use tongqiao_protocol::transparency::{Checkpoint, ConsistencyProof};
use tongqiao_protocol::{EpochId, ErrorCode, RecordKind, SignedRecord};

pub(crate) use self::book::Held;
pub use self::dispute::LogDispute;
pub(crate) use self::dispute::{kept as kept_dispute, raise};
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, epoch};
use book::Book;

/// The document's key in [`Collection::TransparencyLog`].
const KEY: &str = "book";
/// A platform that is being restored between two questions answers the second for another log; it is asked anew so often.
pub(crate) const ATTEMPTS: usize = 3;

/// One who watches at a time.
#[derive(Default)]
pub(crate) struct Witness {
    turn: Mutex<()>,
}

/// What the next checkpoint is to those that are held.
enum Judgement {
    /// It goes on from them.
    Continues(Book),
    /// A cached answer of before, of the same history.
    Older(Held),
    /// The platform cannot prove it now. A restore between two answers looks the same, so it is asked again.
    Unproven(LogDispute),
    /// It contradicts them.
    Disputed(LogDispute),
}

/// How a question for consistency ended.
enum Consistency {
    Proven,
    Refuted,
    Unanswered,
}

/// A round of the upkeep. A dispute is told by notice and log, and held; it stops nothing else.
pub(crate) async fn keep_watch(shared: &Shared) -> Result<(), Error> {
    match observe(shared).await {
        Err(error) if matches!(error.code(), ErrorCode::LogForked | ErrorCode::LogRolledBack) => Ok(()),
        Err(error) if error.code() == ErrorCode::RequestUnknownRoute => {
            tracing::debug!("this platform has no transparency log");
            Ok(())
        }
        other => other.map(|_| ()),
    }
}

/// Asks for a checkpoint and believes it only if it continues what was believed before; gives the newest that is believed.
pub(crate) async fn observe(shared: &Shared) -> Result<Held, Error> {
    let _turn = shared.witness.turn.lock().await;
    let mut unproven = None;
    for _ in 0..ATTEMPTS {
        // Read before asking: whatever is held then, a truthful answer is no older.
        let (book, version) = recall(shared).await?;
        let shown = fetch(shared).await?;
        match judge(shared, &book, &shown).await? {
            Judgement::Continues(next) => match keep(shared, &next, version).await {
                Ok(()) => return Ok(shown),
                Err(error) if error.code() == ErrorCode::StoreConflict => unproven = None,
                Err(error) => return Err(error),
            },
            Judgement::Older(newest) => return Ok(newest),
            Judgement::Unproven(dispute) => unproven = Some(dispute),
            Judgement::Disputed(dispute) => return Err(raise(shared, dispute).await),
        }
    }
    match unproven {
        Some(dispute) => Err(raise(shared, dispute).await),
        // Other processes were always faster; what they found is as good.
        None => recall(shared).await?.0.newest().cloned().ok_or_else(|| Error::of(ErrorCode::StoreConflict)),
    }
}

/// The newest checkpoint that was believed.
pub(crate) async fn newest(shared: &Shared) -> Result<Option<Held>, Error> {
    Ok(recall(shared).await?.0.newest().cloned())
}

async fn fetch(shared: &Shared) -> Result<Held, Error> {
    let answer = shared.exchange.ask(Ask::get("/v1/log/checkpoint")).await?;
    let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
    let suite = shared.directory.check(shared, RecordKind::Checkpoint, &record).await?;
    let held = Held::read(record)?;
    if held.checkpoint.suite != suite {
        return Err(Error::malformed_answer("the checkpoint is of another suite than its key"));
    }
    Ok(held)
}

async fn judge(shared: &Shared, book: &Book, shown: &Held) -> Result<Judgement, Error> {
    let Some(newest) = book.newest() else { return Ok(Judgement::Continues(book.continued(shown.clone()))) };
    let (before, now) = (&newest.checkpoint, &shown.checkpoint);
    let dispute = |code, detail: &str| LogDispute::of_checkpoints(code, detail, newest, shown);
    if now.epoch == before.epoch {
        let shorter = now.size < before.size;
        if shorter && now.time >= before.time {
            let rolled_back = dispute(ErrorCode::LogRolledBack, "a later checkpoint of the same epoch is shorter");
            return Ok(Judgement::Disputed(rolled_back));
        }
        let (older, newer) = if shorter { (now, before) } else { (before, now) };
        return Ok(match consistency(shared, older, newer, now.epoch).await? {
            Consistency::Proven if shorter => Judgement::Older(newest.clone()),
            Consistency::Proven => Judgement::Continues(book.continued(shown.clone())),
            Consistency::Refuted => {
                Judgement::Disputed(dispute(ErrorCode::LogForked, "one does not continue the other"))
            }
            Consistency::Unanswered => {
                let code = if shorter { ErrorCode::LogRolledBack } else { ErrorCode::LogForked };
                Judgement::Unproven(dispute(code, "the platform gives no proof that one continues the other"))
            }
        });
    }
    if book.is_over(now.epoch) {
        return Ok(if now.time < before.time {
            Judgement::Older(newest.clone())
        } else {
            Judgement::Disputed(dispute(ErrorCode::LogRolledBack, "an epoch that was over is running again"))
        });
    }
    let statement = epoch::statement(shared).await?;
    if statement.epoch != now.epoch {
        return Ok(Judgement::Unproven(dispute(ErrorCode::LogForked, "the platform states another epoch")));
    }
    let kept = |epoch| kept_of(&statement, epoch);
    if now.size < kept(before.epoch) {
        let detail = "the new epoch has less than it says to have kept";
        return Ok(Judgement::Disputed(dispute(ErrorCode::LogRolledBack, detail)));
    }
    let turned = Judgement::Continues(book.turned(kept, shown.clone()));
    // What the restore has lost is stated and offered again; what it kept must be what it was.
    let Some(survivor) = book.survivor(kept) else { return Ok(turned) };
    let dispute = |detail: &str| LogDispute::of_checkpoints(ErrorCode::LogForked, detail, survivor, shown);
    Ok(match consistency(shared, &survivor.checkpoint, now, now.epoch).await? {
        Consistency::Proven => turned,
        Consistency::Refuted => Judgement::Disputed(dispute("what the new epoch says to have kept was changed")),
        Consistency::Unanswered => Judgement::Unproven(dispute("the platform gives no proof of what it has kept")),
    })
}

/// How many positions of an epoch the running one has kept; nothing of one that is not named.
pub(crate) fn kept_of(statement: &EpochStatement, epoch: EpochId) -> u64 {
    if statement.epoch == epoch {
        return u64::MAX;
    }
    statement.previous.iter().find(|part| part.epoch == epoch).map_or(0, |part| part.kept)
}

/// Asks for the proof that the log of `newer` begins with that of `older`.
async fn consistency(
    shared: &Shared,
    older: &Checkpoint,
    newer: &Checkpoint,
    running: EpochId,
) -> Result<Consistency, Error> {
    let mut proof = ConsistencyProof { epoch: running, from: older.size, to: newer.size, path: Vec::new() };
    // The same size, or nothing before: there is nothing to ask for.
    if older.size != newer.size && older.size > 0 {
        let (from, to) = (older.size.to_string(), newer.size.to_string());
        let ask = Ask::get("/v1/log/consistency").query("from", &from).query("to", &to);
        match shared.exchange.ask(ask).await {
            Ok(answer) => proof = serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)?,
            // It does not know a size that it has signed.
            Err(error) if error.code() == ErrorCode::RequestOutOfRange => return Ok(Consistency::Unanswered),
            Err(error) => return Err(error),
        }
    }
    Ok(if proof.epoch != running {
        Consistency::Unanswered
    } else if proof.proves(older, newer) {
        Consistency::Proven
    } else {
        Consistency::Refuted
    })
}

async fn recall(shared: &Shared) -> Result<(Book, Option<u64>), Error> {
    let stored = shared.storage.ask(|store| store.document(Collection::TransparencyLog, KEY)).await?;
    let version = stored.as_ref().map(|document| document.version);
    let book = stored.map(|document| Book::from_bytes(&document.bytes));
    if matches!(book, Some(None)) {
        tracing::warn!("the checkpoints that were kept cannot be read; watching begins anew");
    }
    Ok((book.flatten().unwrap_or_default(), version))
}

async fn keep(shared: &Shared, book: &Book, version: Option<u64>) -> Result<(), Error> {
    let put = Change::PutDocument {
        collection: Collection::TransparencyLog,
        key: KEY.to_owned(),
        expected: version.map_or(Expected::Absent, Expected::Version),
        bytes: book.to_bytes()?,
    };
    shared.storage.commit(vec![put]).await.map(drop).map_err(Error::from)
}
