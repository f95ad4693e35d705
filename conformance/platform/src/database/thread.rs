//! The thread that owns a connection and commits in groups.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::DatabaseError;

/// How many pieces may wait before callers wait too.
const QUEUE_LIMIT: usize = 1_024;

/// What a thread's connection is for.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// Takes the write lock; many callers share one commit.
    Writer,
    /// Reads only. Each piece has a snapshot of its own: joining an older one would hide what was acknowledged since.
    Reader,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Writer => "platform-writer",
            Self::Reader => "platform-reader",
        }
    }

    const fn begin(self) -> &'static str {
        match self {
            Self::Writer => "BEGIN IMMEDIATE",
            Self::Reader => "BEGIN",
        }
    }

    const fn group_limit(self) -> usize {
        match self {
            Self::Writer => 64,
            Self::Reader => 1,
        }
    }
}

/// Whether the savepoint is kept.
pub(super) enum Outcome {
    Keep,
    Undo,
}

type Finish = Box<dyn FnOnce(Result<(), DatabaseError>) + Send>;
pub(super) type Job = Box<dyn FnOnce(&Connection) -> (Outcome, Finish) + Send>;

pub(super) enum Message {
    /// Runs in a savepoint of a shared transaction.
    Work(Job),
    /// Runs outside any transaction.
    Alone(Box<dyn FnOnce(&Connection) + Send>),
    Stop,
}

pub(super) fn spawn(
    role: Role,
    connection: Connection,
) -> Result<(mpsc::Sender<Message>, JoinHandle<()>), std::io::Error> {
    let (sender, mut receiver) = mpsc::channel(QUEUE_LIMIT);
    let thread = std::thread::Builder::new()
        .name(role.name().to_owned())
        .spawn(move || serve(role, &connection, &mut receiver))?;
    Ok((sender, thread))
}

fn serve(role: Role, connection: &Connection, receiver: &mut mpsc::Receiver<Message>) {
    let mut next = receiver.blocking_recv();
    while let Some(message) = next.take() {
        match message {
            Message::Stop => return,
            Message::Alone(work) => {
                if catch_unwind(AssertUnwindSafe(|| work(connection))).is_err() {
                    tracing::error!("work on the database panicked");
                }
            }
            Message::Work(first) => next = commit_group(role, connection, first, receiver),
        }
        if next.is_none() {
            next = receiver.blocking_recv();
        }
    }
}

/// Runs `first` and what waits behind it in one transaction; gives back the message that ended the group.
fn commit_group(
    role: Role,
    connection: &Connection,
    first: Job,
    receiver: &mut mpsc::Receiver<Message>,
) -> Option<Message> {
    let mut finishes: Vec<Finish> = Vec::new();
    let mut last = None;
    let begun = connection.execute_batch(role.begin());
    if begun.is_ok() {
        let mut job = Some(first);
        while let Some(work) = job.take() {
            finishes.extend(in_savepoint(connection, work));
            if finishes.len() < role.group_limit() {
                match receiver.try_recv() {
                    Ok(Message::Work(next)) => job = Some(next),
                    Ok(other) => last = Some(other),
                    Err(_) => {}
                }
            }
        }
    }
    let committed = begun.and_then(|()| connection.execute_batch("COMMIT"));
    if let Err(error) = &committed {
        tracing::error!(%error, "commit failed");
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }
    for finish in finishes {
        let result = match &committed {
            Ok(()) => Ok(()),
            Err(error) => Err(DatabaseError::CommitFailed(error.to_string())),
        };
        finish(result);
    }
    last
}

/// Runs one piece; `None` when it panicked, and then its caller hears nothing but a closed channel.
fn in_savepoint(connection: &Connection, work: Job) -> Option<Finish> {
    if connection.execute_batch("SAVEPOINT piece").is_err() {
        return None;
    }
    let ran = catch_unwind(AssertUnwindSafe(|| work(connection)));
    let end = match &ran {
        Ok((Outcome::Keep, _)) => "RELEASE piece",
        Ok((Outcome::Undo, _)) | Err(_) => "ROLLBACK TO piece; RELEASE piece",
    };
    if let Err(error) = connection.execute_batch(end) {
        tracing::error!(%error, "savepoint failed");
        return None;
    }
    ran.ok().map(|(_, finish)| finish)
}
