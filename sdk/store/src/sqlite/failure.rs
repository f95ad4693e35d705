//! What an error of SQLite means to the caller.

use rusqlite::ErrorCode;
use tongqiao_protocol::Outcome;

use crate::{Reason, StoreError};

/// Translates an error that came before the commit: nothing has taken effect.
pub(super) fn failure(error: &rusqlite::Error) -> StoreError {
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Reason::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Reason::Corrupt,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Reason::Busy,
        // The wish itself is impossible: it costs its author, and nobody else.
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
            Reason::InvalidChange { what: "the database refuses the change" }
        }
        Some(_) => Reason::Io,
        // A value of another type than the schema says: STRICT tables give that out only when they are damaged.
        None => Reason::CorruptRow,
    };
    StoreError::new(reason).with_detail(error)
}

/// Translates an error of `COMMIT` itself. When the disk failed while confirming, what it had taken by then may be found
/// at the next start.
pub(super) fn commit_failure(error: &rusqlite::Error) -> StoreError {
    let failure = failure(error);
    if *failure.reason() == Reason::Io { failure.with_outcome(Outcome::Unknown) } else { failure }
}

/// Whether an insert was refused because the row's id or place is taken: by a unique index, or because the statement itself
/// has made a column NULL.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_NOTNULL, SQLITE_CONSTRAINT_UNIQUE};
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_NOTNULL))
}

/// A row that is not what was written.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::new(Reason::CorruptRow).with_detail(what)
}
