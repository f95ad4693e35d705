//! The transparency log: every terminal receipt stands in one append-only Merkle tree whose state the platform signs.
//!
//! The leaf at a position is the exact body of the receipt that names it. Positions run on across epochs: a new epoch
//! begins with what the restore kept of the former ones, and `GET /v1/epoch` says how much that is. A [`Checkpoint`] is
//! the platform's signed word on size and root; an [`InclusionProof`] leads from a receipt to a checkpoint, a
//! [`ConsistencyProof`] from an earlier checkpoint to a later one. Both hold nothing but hashes.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::receipt::{Receipt, TreeHash};
use crate::{EpochId, SignedRecord, Suite, Timestamp, merkle};

/// The state of the log (`GET /v1/log/checkpoint`, a signed record of kind `checkpoint`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The epoch that is running.
    pub epoch: EpochId,
    /// How many receipts the log has.
    pub size: u64,
    /// The root of the tree over them; of an empty log the hash of nothing.
    pub root: TreeHash,
    /// When.
    pub time: Timestamp,
    /// The suite of the tree's hash and of the key that signs: chosen once, when the log began.
    pub suite: Suite,
}

/// The way from one receipt to the root (`GET /v1/log/inclusion`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    /// The epoch that was running when this was asked.
    pub epoch: EpochId,
    /// The receipt's position.
    pub position: u64,
    /// The size of the tree to whose root the path leads.
    pub size: u64,
    /// The hashes beside the way, leaf first.
    pub path: Vec<TreeHash>,
}

impl InclusionProof {
    /// Whether `body` stands at this position of the log that `checkpoint` describes.
    pub fn proves(&self, body: &[u8], checkpoint: &Checkpoint) -> bool {
        self.size == checkpoint.size
            && merkle::root_of(checkpoint.suite, body, self.position, self.size, &self.path) == Some(checkpoint.root)
    }
}

/// That a log continues what it was before (`GET /v1/log/consistency`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// The epoch that was running when this was asked.
    pub epoch: EpochId,
    /// The size of the earlier tree.
    pub from: u64,
    /// The size of the later tree.
    pub to: u64,
    /// The hashes of RFC 9162 §2.1.4.
    pub path: Vec<TreeHash>,
}

impl ConsistencyProof {
    /// Whether the log of `newer` begins with all of the log of `older`.
    pub fn proves(&self, older: &Checkpoint, newer: &Checkpoint) -> bool {
        let (from, to) = ((older.size, older.root), (newer.size, newer.root));
        (self.from, self.to) == (older.size, newer.size)
            && older.suite == newer.suite
            && merkle::is_consistent(newer.suite, from, to, &self.path)
    }
}

/// Everything by which anybody who knows the platform's key can see that a receipt stands in the log: a file for a citizen or
/// an auditor. It names nobody; the receipt's body holds ids, digests and times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptProof {
    /// The receipt as the platform gave it.
    pub receipt: Receipt,
    /// A signed checkpoint.
    pub checkpoint: SignedRecord,
    /// The way from one to the other.
    pub inclusion: InclusionProof,
}

impl ReceiptProof {
    /// The bundle as a JSON document.
    ///
    /// # Errors
    /// Never in practice; the JSON writer's words.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use crate::merkle::MerkleTree;

    fn checkpoint(bodies: &[&[u8]]) -> Checkpoint {
        Checkpoint {
            epoch: EpochId::from_bytes([1; 16]),
            size: bodies.len() as u64,
            root: MerkleTree::new(Suite::ShangMi, bodies.iter().copied()).unwrap().root(),
            time: "2026-11-23T12:00:00.000+08:00".parse().unwrap(),
            suite: Suite::ShangMi,
        }
    }

    #[test]
    fn an_inclusion_proves_its_own_body_at_its_own_size_only() {
        let bodies: [&[u8]; 3] = [b"a", b"b", b"c"];
        let tree = MerkleTree::new(Suite::ShangMi, bodies).unwrap();
        let at = checkpoint(&bodies);
        let proof = InclusionProof { epoch: at.epoch, position: 1, size: 3, path: tree.path(1).unwrap() };
        assert!(proof.proves(b"b", &at));
        assert!(!proof.proves(b"a", &at));
        assert!(!proof.proves(b"b", &checkpoint(&bodies[..2])));
        assert!(!proof.proves(b"b", &Checkpoint { suite: Suite::International, ..at }));
    }

    #[test]
    fn a_consistency_of_other_sizes_or_another_hash_proves_nothing() {
        let bodies: [&[u8]; 2] = [b"a", b"b"];
        let (older, newer) = (checkpoint(&bodies[..1]), checkpoint(&bodies));
        let proof = ConsistencyProof { epoch: newer.epoch, from: 1, to: 2, path: [checkpoint(&[b"b"]).root].to_vec() };
        assert!(proof.proves(&older, &newer));
        assert!(!proof.proves(&newer, &older));
        assert!(!ConsistencyProof { to: 3, ..proof.clone() }.proves(&older, &newer));
        assert!(!proof.proves(&Checkpoint { suite: Suite::International, ..older }, &newer));
    }
}
