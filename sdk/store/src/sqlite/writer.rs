//! The one connection that writes: many groups in one transaction, each whole or not at all.

use std::path::PathBuf;

use rusqlite::Connection;
use tongqiao_protocol::Outcome;

use super::apply::{Applying, Known};
use super::failure::{commit_failure, failure};
use super::mark::Mark;
use super::prepared::Group;
use crate::{Committed, Reason, StoreError};

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) mark: Mark,
    /// New work is refused when the data would take more.
    pub(super) limit_bytes: Option<u64>,
    /// Damage was met: no new work until somebody has looked.
    pub(super) is_damaged: bool,
    /// Commits that synchronised the disk.
    pub(super) commits: u64,
    /// After so many transactions one dies in its middle; 0 for never.
    #[cfg(test)]
    pub(super) transactions_to_death: u32,
}

/// Groups for one transaction; others may come while it is under way.
pub(super) trait Batch {
    /// Those that have come, in order.
    fn groups(&self) -> &[Group];

    /// Lets others come. False when nobody comes any more.
    fn grow(&mut self) -> bool;
}

type Results = Vec<Result<Committed, StoreError>>;

/// Why a transaction for several groups had to be given up.
enum GivenUp {
    /// A group failed after it had written: its traces must go without the others'.
    NeedsSavepoints,
    /// The file itself failed; which group is to blame is found out one by one.
    FileFailed(StoreError),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoints {
    None,
    PerGroup,
}

/// What a transaction has written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    Rows,
    /// Documents, whatever else.
    Documents,
}

/// Groups that nobody joins.
pub(super) struct Closed<'a>(pub(super) &'a [Group]);

impl Batch for Closed<'_> {
    fn groups(&self) -> &[Group] {
        self.0
    }

    fn grow(&mut self) -> bool {
        false
    }
}

impl Writer {
    /// Commits the groups together; the results are in their order. Returns when the disk has confirmed.
    ///
    /// The usual case, in which no group fails after its first write, needs no savepoints (they cost a copy of every
    /// changed page). Otherwise the transaction is rolled back and done again with them.
    pub(super) fn commit(&mut self, batch: &mut impl Batch) -> Results {
        match self.attempt(batch, Savepoints::None) {
            Ok(results) => results,
            Err(GivenUp::NeedsSavepoints) => {
                let mut batch = Closed(batch.groups());
                match self.attempt(&mut batch, Savepoints::PerGroup) {
                    Ok(results) => results,
                    Err(given_up) => self.one_by_one(batch.0, given_up),
                }
            }
            Err(given_up) => self.one_by_one(batch.groups(), given_up),
        }
    }

    fn one_by_one(&mut self, groups: &[Group], given_up: GivenUp) -> Results {
        let GivenUp::FileFailed(error) = given_up else {
            return groups.iter().map(|_| Err(StoreError::new(Reason::Io))).collect();
        };
        // Not while others hold the file, and not when the commit may have happened after all.
        let can_be_blamed_on_one = *error.reason() != Reason::Busy && error.outcome() == Outcome::Rejected;
        if groups.len() == 1 || !can_be_blamed_on_one {
            return groups.iter().map(|_| Err(error.clone())).collect();
        }
        groups.iter().flat_map(|group| self.commit(&mut Closed(std::slice::from_ref(group)))).collect()
    }

    fn attempt(&mut self, batch: &mut impl Batch, savepoints: Savepoints) -> Result<Results, GivenUp> {
        if !self.connection.is_autocommit() {
            // A leader died in the middle of its transaction; its callers were told that nobody knows.
            self.connection.execute_batch("ROLLBACK").unwrap_or_default();
        }
        let outcome = self.transaction(batch, savepoints);
        if outcome.is_err() && !self.connection.is_autocommit() {
            // SQLite has often rolled back by itself; an error here changes nothing about the failure.
            self.connection.execute_batch("ROLLBACK").unwrap_or_default();
        }
        if let Err(GivenUp::FileFailed(error)) = &outcome
            && *error.reason() == Reason::Corrupt
        {
            self.is_damaged = true;
            tracing::error!(path = %self.path.display(), %error, "the store is damaged; new work is refused");
        }
        outcome
    }

    fn transaction(&mut self, batch: &mut impl Batch, savepoints: Savepoints) -> Result<Results, GivenUp> {
        // IMMEDIATE: other processes are waited for here, not in the middle.
        self.execute("BEGIN IMMEDIATE").map_err(file_failed)?;
        let (results, written) = self.apply(batch, savepoints)?;
        #[cfg(test)]
        {
            let dies = self.transactions_to_death == 1;
            self.transactions_to_death = self.transactions_to_death.saturating_sub(1);
            assert!(!dies, "planted: a leader dies");
        }
        if written != Written::Nothing {
            let document_turn =
                if written == Written::Documents { Some(self.next_turn().map_err(file_failed)?) } else { None };
            self.execute("COMMIT").map_err(|error| GivenUp::FileFailed(commit_failure(&error)))?;
            self.commits += 1;
            let ordinals = results.iter().flatten().flat_map(|committed: &Committed| committed.ordinals.iter());
            if let Some(last) = ordinals.max() {
                self.mark.write_ordinal(last.cast_signed());
            }
            if let Some(turn) = document_turn {
                self.mark.write_document_turn(turn);
            }
        } else {
            self.execute("ROLLBACK").map_err(file_failed)?;
        }
        Ok(results)
    }

    /// Once for each transaction that has written documents, however many.
    fn next_turn(&self) -> rusqlite::Result<i64> {
        let statement = "UPDATE document_turn SET number = number + 1 WHERE one = 1 RETURNING number";
        self.connection.prepare_cached(statement)?.query_row([], |row| row.get(0))
    }

    /// Applies the groups in the open transaction; their results, and what was written.
    fn apply(&self, batch: &mut impl Batch, savepoints: Savepoints) -> Result<(Results, Written), GivenUp> {
        let mut applying = Applying::new(&self.connection);
        let mut has_written = false;
        let mut results = Vec::with_capacity(batch.groups().len());
        loop {
            let Some(group) = batch.groups().get(results.len()) else {
                if batch.grow() {
                    continue;
                }
                let written = match (has_written, applying.has_documents) {
                    (false, _) => Written::Nothing,
                    (true, false) => Written::Rows,
                    (true, true) => Written::Documents,
                };
                return Ok((results, written));
            };
            // Asked for each group: many large ones in one transaction must not run past the limit.
            if group.is_new_work
                && let Some(error) = self.refuses_new_work().map_err(GivenUp::FileFailed)?
            {
                results.push(Err(error));
                continue;
            }
            if savepoints == Savepoints::PerGroup {
                self.execute("SAVEPOINT caller").map_err(file_failed)?;
                // A failed group takes its ordinals back, so each group asks anew.
                applying.known = Known::default();
            }
            let result = applying.apply(group);
            if let Err(error) = &result {
                if is_of_the_file(error) {
                    return Err(GivenUp::FileFailed(error.clone()));
                }
                if savepoints == Savepoints::PerGroup {
                    self.execute("ROLLBACK TO caller").map_err(file_failed)?;
                } else if applying.has_written {
                    return Err(GivenUp::NeedsSavepoints);
                }
            } else {
                has_written |= applying.has_written;
            }
            if savepoints == Savepoints::PerGroup {
                self.execute("RELEASE caller").map_err(file_failed)?;
            }
            results.push(result);
        }
    }

    fn execute(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute([]).map(drop)
    }

    fn refuses_new_work(&self) -> Result<Option<StoreError>, StoreError> {
        if self.is_damaged {
            return Ok(Some(StoreError::new(Reason::Corrupt)));
        }
        let Some(limit_bytes) = self.limit_bytes else { return Ok(None) };
        let full = used_bytes(&self.connection)? >= limit_bytes;
        Ok(full.then(|| StoreError::new(Reason::Full).with_detail("the space given to the store is used up")))
    }
}

fn file_failed(error: rusqlite::Error) -> GivenUp {
    GivenUp::FileFailed(failure(&error))
}

/// Whether the file failed, and not the wish of one caller.
const fn is_of_the_file(error: &StoreError) -> bool {
    matches!(error.reason(), Reason::Full | Reason::Corrupt | Reason::Busy | Reason::Io)
}

/// The space that data takes in the file, without pages that are free again.
pub(super) fn used_bytes(connection: &Connection) -> Result<u64, StoreError> {
    let query = "SELECT (page_count - freelist_count) * page_size \
         FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let bytes: i64 = prepared.query_row([], |row| row.get(0)).map_err(|error| failure(&error))?;
    Ok(bytes.cast_unsigned())
}
