//! Receipts: the platform's terminal word on a record, at a position of the append-only log.
//!
//! The receipts of one request share a signature: over the root of a Merkle tree whose leaves are their bodies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{CaseId, Digest, EpochId, Problem, RecordId, RecordKind, Suite, Timestamp};

use crate::crypto::MerkleTree;
use crate::database::DatabaseError;
use crate::epoch;
use crate::keys::PlatformKeys;
use crate::refusal::Refusal;
use crate::transparency::LogTree;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Settled,
    Refused,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Refused => "refused",
        }
    }
}

/// The kind of a case event, whose receipt names the case instead of saying what it speaks of.
const EVENT: &str = "event";

/// A decision that waits for its receipt.
pub(crate) struct Decision {
    pub(crate) record: RecordId,
    pub(crate) kind: &'static str,
    pub(crate) digest: Digest,
    pub(crate) outcome: Outcome,
    pub(crate) case: Option<(CaseId, i64)>,
    pub(crate) problem: Option<Problem>,
}

/// The receipts of one request, gathered while its records are decided.
pub(crate) struct Batch {
    epoch: EpochId,
    next: i64,
    now: Timestamp,
    entries: Vec<(Decision, i64, Vec<u8>)>,
}

impl Batch {
    pub(crate) fn begin(connection: &Connection, now: Timestamp) -> Result<Self, DatabaseError> {
        let epoch = epoch::current(connection)?.ok_or(DatabaseError::Corrupt("epoch"))?.epoch;
        Ok(Self { epoch, next: epoch::log_size(connection)?, now, entries: Vec::new() })
    }

    /// The epoch in which the receipts stand.
    pub(crate) const fn epoch(&self) -> EpochId {
        self.epoch
    }

    /// Which entry of this batch has a position, if it is not in the log yet.
    pub(crate) fn index_at(&self, position: i64) -> Option<usize> {
        self.entries.iter().position(|(_, taken, _)| *taken == position)
    }

    /// Takes the next position for a decision; gives the index in this batch and the position.
    pub(crate) fn add(&mut self, decision: Decision) -> (usize, i64) {
        self.place(decision, None)
    }

    /// Takes the next position for a decision that says more, in a member of its own; gives the position.
    pub(crate) fn add_with(&mut self, decision: Decision, member: &'static str, value: Value) -> i64 {
        self.place(decision, Some((member, value))).1
    }

    fn place(&mut self, decision: Decision, more: Option<(&'static str, Value)>) -> (usize, i64) {
        let position = self.next;
        let mut body = json!({
            "kind": decision.outcome.as_str(),
            "record": decision.record,
            "digest": decision.digest,
            "epoch": self.epoch,
            "position": position,
            "time": self.now,
        });
        if decision.kind != EVENT {
            body["of"] = json!(decision.kind);
        }
        if let Some((member, value)) = more {
            body[member] = value;
        }
        if let Some((case, revision)) = decision.case {
            body["case"] = json!(case);
            body["revision"] = json!(revision);
        }
        if let Some(problem) = &decision.problem {
            body["problem"] = json!(problem);
        }
        self.entries.push((decision, position, body.to_string().into_bytes()));
        self.next += 1;
        (self.entries.len() - 1, position)
    }

    /// Signs once, writes the log, and gives the receipts in the order of the decisions.
    pub(crate) fn seal(
        self,
        connection: &Connection,
        keys: &PlatformKeys,
        suite: Suite,
    ) -> Result<Vec<Value>, Refusal> {
        if self.entries.is_empty() {
            return Ok(Vec::new());
        }
        let tree = MerkleTree::over(suite, self.entries.iter().map(|(_, _, body)| body.as_slice()));
        let size = self.entries.len();
        let key = keys.of(suite);
        let tag = RecordKind::Receipts.tag();
        let mut message = format!("{tag}\n{}\n{size}\n", key.key_id()).into_bytes();
        message.extend_from_slice(&tree.root());
        let signature = key.sign(&message)?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO log (position, record, kind, outcome, digest, time, receipt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let log_tree = LogTree::open(connection)?;
        let mut receipts = Vec::with_capacity(size);
        for (index, (decision, position, body)) in self.entries.iter().enumerate() {
            let path: Vec<String> = tree.path(index).iter().map(|hash| STANDARD.encode(hash)).collect();
            let receipt = json!({
                "receipt": STANDARD.encode(body),
                "batch": { "size": size, "index": index, "path": path },
                "signature": { "keyid": key.key_id(), "value": signature },
            });
            insert.execute((
                position,
                decision.record.as_bytes(),
                decision.kind,
                decision.outcome.as_str(),
                decision.digest.to_string(),
                self.now.as_millis(),
                receipt.to_string(),
            ))?;
            log_tree.append(*position, body)?;
            receipts.push(receipt);
        }
        Ok(receipts)
    }
}

/// The newest receipt of a kind that speaks of a record.
pub(crate) fn newest(connection: &Connection, record: RecordId, kind: &str) -> Result<Option<Value>, DatabaseError> {
    let position: Option<i64> = connection
        .prepare_cached("SELECT max(position) FROM log WHERE record = ?1 AND kind = ?2")?
        .query_row((record.as_bytes(), kind), |row| row.get(0))?;
    position.map(|position| at(connection, position)).transpose()
}

/// The receipt at a position of the log.
pub(crate) fn at(connection: &Connection, position: i64) -> Result<Value, DatabaseError> {
    let text: String = connection
        .prepare_cached("SELECT receipt FROM log WHERE position = ?1")?
        .query_row([position], |row| row.get(0))?;
    serde_json::from_str(&text).map_err(|_| DatabaseError::Corrupt("receipt"))
}
