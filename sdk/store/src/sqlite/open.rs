//! Opening the file: settings, permissions, and whether this file is still the one it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use tongqiao_protocol::{IncarnationId, ProducerId};

use super::append::last_ordinal;
use super::failure::failure;
use super::mark::{Come, Mark};
use super::migrate;
use crate::identity::{new_incarnation, new_producer};
use crate::{Reason, StoreError, StoreIdentity};

/// After how many pages of 4 KiB the write-ahead log is written back: at 64 records a commit that is every hundredth.
pub(super) const CHECKPOINT_PAGES: u32 = 4_000;

/// How long others are waited for; as many milliseconds as [`wait_for_others`] waits.
const PATIENCE: Duration = Duration::from_secs(20);

fn io_failure(error: &io::Error) -> StoreError {
    let reason = if error.kind() == io::ErrorKind::StorageFull { Reason::Full } else { Reason::Io };
    StoreError::new(reason).with_detail(error)
}

/// Waits for other processes: a millisecond a time, because SQLite's own schedule soon waits a hundred.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite asks again after each wait; the lock of another process gives no signal"
)]
fn wait_for_others(times: i32) -> bool {
    thread::sleep(Duration::from_millis(1));
    times < 20_000
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| failure(&error))?;
    connection.busy_handler(Some(wait_for_others)).map_err(|error| failure(&error))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Plans do not depend on the values: without this, SQLite prepares a statement anew whenever a value that a partial
    // index or a range might care about is bound, and that costs ten times what the statement does.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|error| failure(&error))?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    // Not SQLITE_OPEN_READ_ONLY: a reader may have to make the shared-memory file when it comes first.
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let settings = "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;";
    connection.execute_batch(settings).map_err(|error| failure(&error))?;
    Ok(connection)
}

/// The connection that writes; makes the file when there is none.
///
/// Where several open a new file at once, SQLite says "locked" to some without asking the busy handler, because a wait inside
/// its change to the write-ahead log could be for ever; from the beginning it can be tried again.
pub(super) fn writer(path: &Path) -> Result<(Connection, StoreIdentity), StoreError> {
    let began = Instant::now();
    loop {
        match open_writer(path) {
            // Where the busy handler was asked, it has used the time up.
            Err(error) if *error.reason() == Reason::Busy && began.elapsed() < PATIENCE => _ = wait_for_others(0),
            other => return other,
        }
    }
}

fn open_writer(path: &Path) -> Result<(Connection, StoreIdentity), StoreError> {
    create_private(path).map_err(|error| io_failure(&error))?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate::recognise(&connection)?;
    // FULL: the log is synchronised with each commit. secure_delete: what is forgotten is overwritten. The fullfsync
    // settings matter on macOS, whose fsync stops at the drive's cache.
    let settings = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON;
         PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA journal_size_limit = 67108864;"
    );
    connection.execute_batch(&settings).map_err(|error| failure(&error))?;
    is_durable(&connection)?;
    migrate::migrate(&mut connection)?;
    let identity = settle_identity(&mut connection, path)?;
    // The first transaction above has made the write-ahead log; without this its name could be lost with the power.
    synchronise_directory(path).map_err(|error| io_failure(&error))?;
    Ok((connection, identity))
}

/// SQLite answers a setting that it cannot take with the old one, and not with an error. The promise hangs on these two.
fn is_durable(connection: &Connection) -> Result<(), StoreError> {
    let read = || -> rusqlite::Result<(String, i64)> {
        let journal = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        let synchronous = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        Ok((journal, synchronous))
    };
    let (journal, synchronous) = read().map_err(|error| failure(&error))?;
    if journal == "wal" && synchronous == 2 {
        return Ok(());
    }
    let detail =
        format!("journal_mode is {journal} and synchronous {synchronous}; a write-ahead log cannot be kept here");
    Err(StoreError::new(Reason::Io).with_detail(detail))
}

/// Makes an empty file that only its owner may read: records carry personal data. SQLite gives the files beside it the
/// same permissions.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        // An existing file is never opened here: closing it would drop the locks that SQLite holds in this process.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn synchronise_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    fs::File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn synchronise_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn place(path: &Path) -> io::Result<Place> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Ok((metadata.dev().cast_signed(), metadata.ino().cast_signed()))
    }
    #[cfg(not(unix))]
    {
        let created = metadata.created()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok((0, i64::try_from(created.as_nanos() / 100).unwrap_or(i64::MAX)))
    }
}

/// Device and inode; elsewhere nought and the time of creation. A copy of the file does not share them.
type Place = (i64, i64);

/// Makes the identity of a new file, keeps that of a known one, and begins a new incarnation in a copy and in a file that was set
/// back.
fn settle_identity(connection: &mut Connection, path: &Path) -> Result<StoreIdentity, StoreError> {
    // The mark first: other processes may commit meanwhile, and theirs follows the store.
    let mark = Mark::read(path);
    let (device, inode) = place(path).map_err(|error| io_failure(&error))?;
    let come = Come { ordinal: last_ordinal(connection)?, document_turn: document_turn(connection)? };
    let was_set_back = come.is_behind(mark);
    if !was_set_back
        && let Some((identity, known)) = read_identity(connection)?
        && known == (device, inode)
    {
        return Ok(identity);
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| failure(&error))?;
    let identity = match read_identity(&transaction)? {
        Some((identity, known)) if known == (device, inode) && !was_set_back => identity,
        Some((identity, _)) => StoreIdentity { producer: identity.producer, incarnation: new_incarnation()? },
        None => StoreIdentity { producer: new_producer()?, incarnation: new_incarnation()? },
    };
    write_identity(&transaction, identity, (device, inode))?;
    transaction.commit().map_err(|error| failure(&error))?;
    if was_set_back {
        tracing::warn!(path = %path.display(), "the store was set back; a new incarnation begins");
        let mut mark = Mark::open(path);
        mark.write_ordinal(come.ordinal);
        mark.write_document_turn(come.document_turn);
    }
    Ok(identity)
}

fn document_turn(connection: &Connection) -> Result<i64, StoreError> {
    let query = "SELECT number FROM document_turn WHERE one = 1";
    connection.query_row(query, [], |row| row.get(0)).map_err(|error| failure(&error))
}

/// Begins a new incarnation on request.
pub(super) fn renew_incarnation(connection: &mut Connection, path: &Path) -> Result<StoreIdentity, StoreError> {
    let place = place(path).map_err(|error| io_failure(&error))?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| failure(&error))?;
    let Some((old, _)) = read_identity(&transaction)? else {
        return Err(StoreError::new(Reason::Corrupt).with_detail("the store has lost its identity"));
    };
    let identity = StoreIdentity { producer: old.producer, incarnation: new_incarnation()? };
    write_identity(&transaction, identity, place)?;
    transaction.commit().map_err(|error| failure(&error))?;
    Ok(identity)
}

/// The identity in the file, and the device and inode it was written for.
pub(super) fn read_identity(connection: &Connection) -> Result<Option<(StoreIdentity, Place)>, StoreError> {
    let query = "SELECT producer, incarnation, device, inode FROM store WHERE one = 1";
    let read = connection.query_row(query, [], |row| {
        let identity = StoreIdentity {
            producer: ProducerId::from_bytes(row.get(0)?),
            incarnation: IncarnationId::from_bytes(row.get(1)?),
        };
        Ok((identity, (row.get(2)?, row.get(3)?)))
    });
    read.optional().map_err(|error| failure(&error))
}

pub(super) fn write_identity(
    connection: &Connection,
    identity: StoreIdentity,
    (device, inode): Place,
) -> Result<(), StoreError> {
    let statement =
        "INSERT INTO store (one, producer, incarnation, device, inode, ordinal_floor) VALUES (1, ?1, ?2, ?3, ?4, 0)
         ON CONFLICT (one) DO UPDATE SET producer = ?1, incarnation = ?2, device = ?3, inode = ?4";
    let values = params![identity.producer.as_bytes(), identity.incarnation.as_bytes(), device, inode];
    connection.execute(statement, values).map_err(|error| failure(&error))?;
    Ok(())
}
