//! The platform's database: SQLite, one writer thread, every answer only after commit.
//!
//! Work is a closure over the connection. The writer runs what is waiting in one transaction, each piece in its own
//! savepoint, and answers after the one `fsync`: callers share it. Reads go to a second thread with a connection that
//! cannot write.

mod schema;
mod thread;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use self::schema::CopyBack;
use self::thread::{Job, Message, Outcome, Role};

/// The database failed or is shut; what was asked did not take effect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// SQLite said no.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The thread is gone: the platform is shutting down.
    #[error("the database is closed")]
    Closed,
    /// A column holds what this program never wrote.
    #[error("the database holds an unreadable {0}")]
    Corrupt(&'static str),
    /// The work panicked; its savepoint was rolled back.
    #[error("work on the database panicked")]
    Panicked,
    /// The shared commit failed.
    #[error("commit: {0}")]
    CommitFailed(String),
    /// The file could not be opened or copied.
    #[error("file: {0}")]
    Io(#[from] std::io::Error),
}

/// Handle on the database threads; they end when [`Database::close`] is called.
pub(crate) struct Database {
    writer: mpsc::Sender<Message>,
    reader: mpsc::Sender<Message>,
    committed: watch::Sender<u64>,
    threads: std::sync::Mutex<Vec<std::thread::JoinHandle<()>>>,
    path: PathBuf,
}

impl Database {
    /// Opens or creates the file and brings its schema up to date.
    pub(crate) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let writing = Connection::open(path)?;
        writing.pragma_update(None, "journal_mode", "WAL")?;
        writing.pragma_update(None, "synchronous", "FULL")?;
        writing.pragma_update(None, "foreign_keys", "ON")?;
        schema::migrate(&writing)?;
        let reading = Connection::open(path)?;
        reading.pragma_update(None, "query_only", "ON")?;
        let (writer, writer_thread) = thread::spawn(Role::Writer, writing)?;
        let (reader, reader_thread) = thread::spawn(Role::Reader, reading)?;
        let threads = std::sync::Mutex::new(vec![writer_thread, reader_thread]);
        Ok(Self { writer, reader, committed: watch::Sender::new(0), threads, path: path.to_owned() })
    }

    /// Runs `work` in a savepoint and answers after commit; an error undoes all that `work` did.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let result = Self::run(&self.writer, work).await;
        self.committed.send_modify(|commits| *commits = commits.wrapping_add(1));
        result
    }

    /// Changes whenever something may have been committed: for whoever waits for news.
    pub(crate) fn committed(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }

    /// Runs `work` on a snapshot that cannot be written.
    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        Self::run(&self.reader, work).await
    }

    async fn run<T, E, F>(thread: &mpsc::Sender<Message>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Result<T, E>>();
        let job: Job = Box::new(move |connection| {
            let result = work(connection);
            let outcome = if result.is_ok() { Outcome::Keep } else { Outcome::Undo };
            let finish = move |committed: Result<(), DatabaseError>| {
                // A caller that hung up has lost interest; what was committed stays.
                drop(answer.send(committed.map_err(E::from).and(result)));
            };
            (outcome, Box::new(finish))
        });
        thread.send(Message::Work(job)).await.map_err(|_| DatabaseError::Closed)?;
        answered.await.map_err(|_| DatabaseError::Panicked)?
    }

    /// Copies the whole database into a new file, as one consistent state.
    pub(crate) async fn back_up(&self, target: PathBuf) -> Result<(), DatabaseError> {
        self.alone(move |connection| {
            let target = target.to_string_lossy().into_owned();
            connection.execute("VACUUM INTO ?1", [target])?;
            Ok(())
        })
        .await
    }

    /// Runs `work` in one transaction, handing it the way to put back what [`Self::back_up`] copied; then `committed`,
    /// before anybody else writes.
    pub(crate) async fn restore<F, G>(&self, source: PathBuf, work: F, committed: G) -> Result<(), DatabaseError>
    where
        F: FnOnce(&Connection, CopyBack) -> Result<(), DatabaseError> + Send + 'static,
        G: FnOnce(&Connection) -> Result<(), DatabaseError> + Send + 'static,
    {
        self.alone(move |connection| {
            schema::replace_content(connection, &source, work)?;
            committed(connection)
        })
        .await
    }

    /// Runs `work` outside any transaction.
    async fn alone<F>(&self, work: F) -> Result<(), DatabaseError>
    where
        F: FnOnce(&Connection) -> Result<(), DatabaseError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let alone = Box::new(move |connection: &Connection| drop(answer.send(work(connection))));
        self.writer.send(Message::Alone(alone)).await.map_err(|_| DatabaseError::Closed)?;
        answered.await.map_err(|_| DatabaseError::Panicked)?
    }

    /// Where the file lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Ends both threads after the work already accepted, and waits until they are gone.
    pub(crate) async fn close(&self) {
        for thread in [&self.writer, &self.reader] {
            // A thread that is gone already needs no message.
            drop(thread.send(Message::Stop).await);
        }
        let threads = self.threads.lock().map(|mut threads| std::mem::take(&mut *threads)).unwrap_or_default();
        let join = move || threads.into_iter().all(|thread| thread.join().is_ok());
        if !tokio::task::spawn_blocking(join).await.unwrap_or(false) {
            tracing::error!("a database thread had panicked");
        }
    }
}
