//! The tree over the whole log: grown leaf by leaf, read by the definitions of RFC 9162 §2.1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;
use tongqiao_protocol::Suite;

use crate::crypto::hash;
use crate::database::DatabaseError;

/// A node's hash.
pub(crate) type Hash = [u8; 32];

/// The log's tree as a connection sees it.
pub(crate) struct LogTree<'c> {
    connection: &'c Connection,
    suite: Suite,
}

impl<'c> LogTree<'c> {
    /// Chooses the hash when the log begins, and takes in what stands in the log and not yet in the tree.
    pub(crate) fn ensure(connection: &'c Connection, suite: Suite) -> Result<(), DatabaseError> {
        connection.execute("INSERT OR IGNORE INTO log_tree (number, suite) VALUES (1, ?1)", [suite.as_str()])?;
        let tree = Self::open(connection)?;
        let mut size = tree.size()?;
        let mut log = connection.prepare("SELECT position, receipt FROM log WHERE position >= ?1 ORDER BY position")?;
        let mut rows = log.query([size])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(0)? != size {
                return Err(DatabaseError::Corrupt("log: a position is missing"));
            }
            let body = body_of(&row.get::<_, String>(1)?).ok_or(DatabaseError::Corrupt("receipt"))?;
            tree.append(size, &body)?;
            size += 1;
        }
        Ok(())
    }

    /// The tree of this database.
    pub(crate) fn open(connection: &'c Connection) -> Result<Self, DatabaseError> {
        let suite: String = connection
            .prepare_cached("SELECT suite FROM log_tree")?
            .query_row([], |row| row.get(0))
            .optional()?
            .ok_or(DatabaseError::Corrupt("log tree"))?;
        let suite = [Suite::International, Suite::ShangMi].into_iter().find(|one| one.as_str() == suite);
        Ok(Self { connection, suite: suite.ok_or(DatabaseError::Corrupt("suite of the log tree"))? })
    }

    /// The suite of its hash, and of the key that signs its checkpoints.
    pub(crate) const fn suite(&self) -> Suite {
        self.suite
    }

    /// How many leaves it has.
    pub(crate) fn size(&self) -> Result<i64, DatabaseError> {
        let last: Option<i64> = self
            .connection
            .prepare_cached("SELECT place FROM log_node WHERE level = 0 ORDER BY place DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(last.map_or(0, |last| last + 1))
    }

    /// Puts the receipt of the next position in, and every subtree that it completes.
    pub(crate) fn append(&self, position: i64, body: &[u8]) -> Result<(), DatabaseError> {
        let mut insert =
            self.connection.prepare_cached("INSERT INTO log_node (level, place, hash) VALUES (?1, ?2, ?3)")?;
        let (mut level, mut place, mut grown) = (0, position, hash(self.suite, &[&[0], body]));
        insert.execute((level, place, grown))?;
        while place % 2 == 1 {
            grown = hash(self.suite, &[&[1], &self.node(level, place - 1)?, &grown]);
            (level, place) = (level + 1, place / 2);
            insert.execute((level, place, grown))?;
        }
        Ok(())
    }

    /// MTH of the first `size` leaves; of none the hash of nothing.
    pub(crate) fn root(&self, size: i64) -> Result<Hash, DatabaseError> {
        if size == 0 { Ok(hash(self.suite, &[])) } else { self.range(0, size) }
    }

    /// PATH: the hashes beside the way from a leaf to the root of the first `size`, leaf first.
    pub(crate) fn inclusion(&self, position: i64, size: i64) -> Result<Vec<Hash>, DatabaseError> {
        let (mut first, mut count, mut path) = (0, size, Vec::new());
        while count > 1 {
            let split = split(count);
            if position < first + split {
                path.push(self.range(first + split, count - split)?);
                count = split;
            } else {
                path.push(self.range(first, split)?);
                (first, count) = (first + split, count - split);
            }
        }
        path.reverse();
        Ok(path)
    }

    /// PROOF: that the first `to` leaves begin with the first `from`.
    pub(crate) fn consistency(&self, from: i64, to: i64) -> Result<Vec<Hash>, DatabaseError> {
        let (mut first, mut count, mut path) = (0, to, Vec::new());
        if from == 0 {
            return Ok(path);
        }
        // The subtree that holds the end of the older tree, smaller and smaller, until that end is its own.
        while first + count > from {
            let split = split(count);
            if from <= first + split {
                path.push(self.range(first + split, count - split)?);
                count = split;
            } else {
                path.push(self.range(first, split)?);
                (first, count) = (first + split, count - split);
            }
        }
        if first > 0 {
            path.push(self.range(first, count)?);
        }
        path.reverse();
        Ok(path)
    }

    /// MTH of `count` leaves from `first` on, where `first` is where a subtree of the definition begins.
    fn range(&self, first: i64, count: i64) -> Result<Hash, DatabaseError> {
        if count.count_ones() == 1 {
            return self.node(count.trailing_zeros(), first / count);
        }
        let split = split(count);
        let (left, right) = (self.range(first, split)?, self.range(first + split, count - split)?);
        Ok(hash(self.suite, &[&[1], &left, &right]))
    }

    fn node(&self, level: u32, place: i64) -> Result<Hash, DatabaseError> {
        let found = self
            .connection
            .prepare_cached("SELECT hash FROM log_node WHERE level = ?1 AND place = ?2")?
            .query_row((level, place), |row| row.get(0))
            .optional()?;
        found.ok_or(DatabaseError::Corrupt("log tree"))
    }
}

/// The largest power of two below `count`, which is at least 2.
const fn split(count: i64) -> i64 {
    1 << (i64::BITS - 1 - (count - 1).leading_zeros())
}

/// The exact body of a receipt as the log keeps it.
fn body_of(receipt: &str) -> Option<Vec<u8>> {
    let receipt: Value = serde_json::from_str(receipt).ok()?;
    STANDARD.decode(receipt["receipt"].as_str()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn body(position: i64) -> Vec<u8> {
        format!("receipt {position}").into_bytes()
    }

    fn grown(suite: Suite, size: i64) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        connection.execute("INSERT INTO log_tree (number, suite) VALUES (1, ?1)", [suite.as_str()]).unwrap();
        let tree = LogTree::open(&connection).unwrap();
        (0..size).for_each(|position| tree.append(position, &body(position)).unwrap());
        connection
    }

    /// MTH of the standard, over the bodies themselves.
    fn defined(suite: Suite, bodies: &[Vec<u8>]) -> Hash {
        match bodies {
            [] => hash(suite, &[]),
            [only] => hash(suite, &[&[0], only]),
            _ => {
                let (left, right) = bodies.split_at(bodies.len().next_power_of_two() / 2);
                hash(suite, &[&[1], &defined(suite, left), &defined(suite, right)])
            }
        }
    }

    #[test]
    fn every_root_and_proof_up_to_70_is_what_the_client_s_own_verification_takes() {
        use tongqiao_protocol::merkle::{is_consistent, root_of};
        use tongqiao_protocol::receipt::TreeHash;

        for suite in [Suite::International, Suite::ShangMi] {
            let connection = grown(suite, 70);
            let tree = LogTree::open(&connection).unwrap();
            let bodies: Vec<_> = (0..70).map(body).collect();
            let hashes = |path: Vec<Hash>| path.into_iter().map(TreeHash).collect::<Vec<_>>();
            for size in 0..=70_i64 {
                // A path grows by one when the log doubles.
                let longest = 64 - size.leading_zeros() as usize + 1;
                let root = tree.root(size).unwrap();
                assert_eq!(root, defined(suite, &bodies[..usize::try_from(size).unwrap()]), "{size}");
                for position in 0..size {
                    let path = hashes(tree.inclusion(position, size).unwrap());
                    assert!(path.len() < longest);
                    let (place, count) = (position.cast_unsigned(), size.cast_unsigned());
                    assert_eq!(root_of(suite, &body(position), place, count, &path), Some(TreeHash(root)));
                }
                for from in 0..=size {
                    let older = (from.cast_unsigned(), TreeHash(tree.root(from).unwrap()));
                    let path = hashes(tree.consistency(from, size).unwrap());
                    assert!(path.len() <= longest);
                    assert!(
                        is_consistent(suite, older, (size.cast_unsigned(), TreeHash(root)), &path),
                        "{from} {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_log_with_a_hole_is_no_log() {
        let connection = grown(Suite::International, 0);
        connection.execute_batch("CREATE TABLE log (position INTEGER PRIMARY KEY, receipt TEXT)").unwrap();
        let receipt = r#"{"receipt":"YQ=="}"#;
        for position in [0, 2] {
            connection.execute("INSERT INTO log VALUES (?1, ?2)", (position, receipt)).unwrap();
        }
        assert!(LogTree::ensure(&connection, Suite::International).is_err());
        connection.execute("UPDATE log SET position = 1 WHERE position = 2", []).unwrap();
        connection.execute("DELETE FROM log_node", []).unwrap();
        LogTree::ensure(&connection, Suite::ShangMi).unwrap();
        let tree = LogTree::open(&connection).unwrap();
        // The hash was chosen when the log began.
        assert_eq!((tree.size().unwrap(), tree.suite()), (2, Suite::International));
    }
}
