//! Receipts, checked: path, signature and key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tongqiao_protocol::signed_record::RecordSignature;
use tongqiao_protocol::{CaseId, Digest, EpochId, ErrorCode, Problem, RecordId, RecordKind, Suite, Timestamp};

use crate::Error;
use crate::client::Shared;

/// What a receipt says of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptKind {
    /// The platform applied it.
    Settled,
    /// The platform judged it and did not apply it.
    Refused,
    /// An edge node has it safe; the platform has not spoken yet.
    Custody,
}

/// A receipt whose signature was checked when it came.
#[derive(Debug, Clone, Deserialize)]
pub struct Receipt {
    /// What became of the record.
    pub kind: ReceiptKind,
    /// The record.
    pub record: RecordId,
    /// The record's digest.
    pub digest: Digest,
    /// The case, for a case event.
    #[serde(default)]
    pub case: Option<CaseId>,
    /// The case's revision after the event.
    #[serde(default)]
    pub revision: Option<u64>,
    /// The platform's epoch.
    pub epoch: EpochId,
    /// The position in that epoch's log.
    pub position: u64,
    /// When the platform judged.
    pub time: Timestamp,
    /// Why it was refused.
    #[serde(default)]
    pub problem: Option<Problem>,
}

/// A receipt as it travels.
#[derive(Deserialize)]
struct Wire {
    receipt: String,
    batch: Batch,
    signature: RecordSignature,
}

#[derive(Deserialize)]
struct Batch {
    size: u64,
    index: u64,
    path: Vec<String>,
}

impl Receipt {
    /// Reads a receipt that this library has checked before, as the store keeps it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let wire = serde_json::from_slice::<Wire>(bytes).map_err(Error::malformed_answer)?;
        let body = STANDARD.decode(&wire.receipt).map_err(Error::malformed_answer)?;
        serde_json::from_slice(&body).map_err(Error::malformed_answer)
    }
}

/// The problem in what the store keeps beside a record: a refusal's receipt, or the bare problem of a dead letter.
pub(crate) fn problem_in(bytes: &[u8]) -> Option<Problem> {
    Receipt::read(bytes).map_or_else(|_| Problem::parse(bytes), |receipt| receipt.problem)
}

/// Checks a receipt: its body's place in the batch's tree, and the platform's signature over the root.
pub(crate) async fn verify(shared: &Shared, bytes: &[u8]) -> Result<Receipt, Error> {
    let wire = serde_json::from_slice::<Wire>(bytes).map_err(Error::malformed_answer)?;
    let body = STANDARD.decode(&wire.receipt).map_err(Error::malformed_answer)?;
    let path = wire
        .batch
        .path
        .iter()
        .map(|hash| STANDARD.decode(hash).ok().and_then(|hash| <[u8; 32]>::try_from(hash).ok()))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| invalid("the path is malformed"))?;
    let suite = shared.directory.suite(shared, &wire.signature.keyid).await?;
    let root = root(suite, &body, wire.batch.index, wire.batch.size, &path)
        .ok_or_else(|| invalid("the path is not of this batch"))?;
    let key = &wire.signature.keyid;
    let mut message = format!("{}\n{key}\n{}\n", RecordKind::Receipts.tag(), wire.batch.size).into_bytes();
    message.extend_from_slice(&root);
    shared.directory.verify(shared, key, &message, &wire.signature.value).await?;
    serde_json::from_slice(&body).map_err(Error::malformed_answer)
}

fn invalid(why: &str) -> Error {
    Error::of(ErrorCode::SignatureReceiptInvalid).detail(why)
}

/// The root that a leaf and its path lead to (RFC 9162 §2.1.3.2); `None` when the path has another length than its place
/// in a tree of that size demands.
fn root(suite: Suite, leaf: &[u8], index: u64, size: u64, path: &[[u8; 32]]) -> Option<[u8; 32]> {
    if index >= size {
        return None;
    }
    let mut hash = *Digest::of_parts(suite, &[&[0], leaf]).as_bytes();
    let (mut node, mut last) = (index, size - 1);
    for sibling in path {
        if last == 0 {
            return None;
        }
        let parts: [&[u8]; 3];
        if node % 2 == 1 || node == last {
            parts = [&[1], sibling, &hash];
            let next = *Digest::of_parts(suite, &parts).as_bytes();
            while node % 2 == 0 && node != 0 {
                node /= 2;
                last /= 2;
            }
            hash = next;
        } else {
            parts = [&[1], &hash, sibling];
            hash = *Digest::of_parts(suite, &parts).as_bytes();
        }
        node /= 2;
        last /= 2;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    /// The tree as RFC 9162 §2.1.1 defines it, recursively.
    fn tree(leaves: &[Vec<u8>]) -> [u8; 32] {
        let suite = Suite::International;
        match leaves {
            [leaf] => *Digest::of_parts(suite, &[&[0], leaf]).as_bytes(),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = (tree(&leaves[..split]), tree(&leaves[split..]));
                *Digest::of_parts(suite, &[&[1], &left, &right]).as_bytes()
            }
        }
    }

    fn path(leaves: &[Vec<u8>], index: usize) -> Vec<[u8; 32]> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let split = leaves.len().next_power_of_two() / 2;
        let (mut path, other) = if index < split {
            (path(&leaves[..split], index), tree(&leaves[split..]))
        } else {
            (path(&leaves[split..], index - split), tree(&leaves[..split]))
        };
        path.push(other);
        path
    }

    #[test]
    fn every_leaf_of_every_small_tree_leads_to_the_root_and_no_other_place_does() {
        for size in 1..=17_u64 {
            let leaves = (0..size).map(|leaf| leaf.to_string().into_bytes()).collect::<Vec<_>>();
            let expected = tree(&leaves);
            for (index, leaf) in (0..).zip(&leaves) {
                let path = path(&leaves, usize::try_from(index).unwrap());
                assert_eq!(root(Suite::International, leaf, index, size, &path), Some(expected), "{index} of {size}");
                for other in (0..=size).filter(|other| *other != index) {
                    assert_ne!(root(Suite::International, leaf, other, size, &path), Some(expected));
                }
                assert_ne!(root(Suite::International, b"another body", index, size, &path), Some(expected));
            }
        }
    }

    #[test]
    fn a_path_that_is_too_long_is_refused() {
        assert_eq!(root(Suite::International, b"a", 0, 1, &[[0; 32]]), None);
    }
}
