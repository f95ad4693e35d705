//! That a later log continues an earlier one: nothing was taken out, changed or put in between.

use super::{empty_root, node};
use crate::Suite;
use crate::receipt::TreeHash;

/// Whether `path` proves that the tree of `to` leaves with root `newer` begins with the `from` leaves of the tree with root
/// `older` (RFC 9162 §2.1.4.2). Beyond the RFC: a tree continues the empty one, and itself, with an empty path.
///
/// ```
/// use tongqiao_protocol::Suite;
/// use tongqiao_protocol::merkle::{self, MerkleTree};
///
/// let root = |bodies: &[&'static [u8]]| MerkleTree::new(Suite::ShangMi, bodies.iter().copied()).unwrap().root();
/// let (older, newer) = (root(&[b"a"]), root(&[b"a", b"b"]));
/// let path = [root(&[b"b"])];
/// assert!(merkle::is_consistent(Suite::ShangMi, (1, older), (2, newer), &path));
/// assert!(!merkle::is_consistent(Suite::ShangMi, (1, newer), (2, newer), &path));
/// ```
pub fn is_consistent(suite: Suite, older: (u64, TreeHash), newer: (u64, TreeHash), path: &[TreeHash]) -> bool {
    let ((from, old_root), (to, new_root)) = (older, newer);
    match from {
        _ if from > to => false,
        0 => path.is_empty() && old_root == empty_root(suite) && (to > 0 || new_root == old_root),
        _ if from == to => path.is_empty() && old_root == new_root,
        _ => continues(suite, (from, old_root), to, path).is_some_and(|reached| reached == new_root),
    }
}

/// The newer root to which an older tree of `from` leaves leads, where `0 < from < to`; `None` when the path is not one of
/// these trees or does not lead to the older root.
fn continues(suite: Suite, (from, old_root): (u64, TreeHash), to: u64, path: &[TreeHash]) -> Option<TreeHash> {
    let mut siblings = path.iter();
    let (mut place, mut last) = (from - 1, to - 1);
    // Whole subtrees of the older tree are whole in the newer one too: the way begins where they differ.
    while place % 2 == 1 {
        place /= 2;
        last /= 2;
    }
    // An older tree that is one whole subtree is where the way begins; its root is known and does not travel.
    let first = if from.is_power_of_two() { old_root } else { *siblings.next()? };
    let (mut old, mut new) = (first, first);
    for sibling in siblings {
        if last == 0 {
            return None;
        }
        if place % 2 == 1 || place == last {
            (old, new) = (node(suite, sibling, &old), node(suite, sibling, &new));
            while place.is_multiple_of(2) && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            new = node(suite, &new, sibling);
        }
        place /= 2;
        last /= 2;
    }
    (last == 0 && old == old_root).then_some(new)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use alloc::vec;
    use alloc::vec::Vec;

    use super::super::MerkleTree;
    use super::*;

    fn leaves(size: usize) -> Vec<Vec<u8>> {
        (0..size).map(|index| alloc::format!("receipt {index}").into_bytes()).collect()
    }

    fn root(suite: Suite, leaves: &[Vec<u8>]) -> TreeHash {
        MerkleTree::new(suite, leaves.iter().map(Vec::as_slice)).map_or_else(|| empty_root(suite), |tree| tree.root())
    }

    /// SUBPROOF of RFC 9162 §2.1.4.1, word for word.
    fn defined(suite: Suite, from: usize, leaves: &[Vec<u8>], known: bool) -> Vec<TreeHash> {
        if from == leaves.len() {
            return if known { vec![] } else { vec![root(suite, leaves)] };
        }
        let split = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(split);
        let (mut path, beside) = if from <= split {
            (defined(suite, from, left, known), root(suite, right))
        } else {
            (defined(suite, from - split, right, false), root(suite, left))
        };
        path.push(beside);
        path
    }

    fn proof(suite: Suite, from: usize, leaves: &[Vec<u8>]) -> Vec<TreeHash> {
        if from == 0 || from == leaves.len() { vec![] } else { defined(suite, from, leaves, true) }
    }

    #[test]
    fn every_tree_up_to_70_continues_every_smaller_one_by_the_standard_s_own_path() {
        for suite in [Suite::International, Suite::ShangMi] {
            let all = leaves(70);
            for to in 0..=70 {
                for from in 0..=to {
                    let older = (from as u64, root(suite, &all[..from]));
                    let newer = (to as u64, root(suite, &all[..to]));
                    assert!(is_consistent(suite, older, newer, &proof(suite, from, &all[..to])), "{from} of {to}");
                }
            }
        }
    }

    #[test]
    fn a_leaf_that_was_changed_or_taken_out_before_the_older_size_is_never_consistent() {
        let suite = Suite::International;
        let honest = leaves(20);
        for from in 1..=20 {
            for at in 0..from {
                let older = (from as u64, root(suite, &honest[..from]));
                let mut changed = honest.clone();
                changed[at].push(b'!');
                let mut shorter = honest.clone();
                shorter.remove(at);
                for forged in [changed, shorter] {
                    let newer = (forged.len() as u64, root(suite, &forged));
                    let path = if from <= forged.len() { proof(suite, from, &forged) } else { vec![] };
                    // A leaf that is taken out only moves the others; the older root needs it in its place.
                    assert!(!is_consistent(suite, older, newer, &path), "{at} of {from}");
                }
            }
        }
    }

    #[test]
    fn any_changed_bit_length_or_size_breaks_a_path() {
        let suite = Suite::International;
        let all = leaves(13);
        for to in 2..=13_usize {
            for from in 1..to {
                let older = (from as u64, root(suite, &all[..from]));
                let newer = (to as u64, root(suite, &all[..to]));
                let path = proof(suite, from, &all[..to]);
                for bit in 0..path.len() * 256 {
                    let mut other = path.clone();
                    other[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
                    assert!(!is_consistent(suite, older, newer, &other));
                }
                assert!(!is_consistent(suite, older, newer, &path[1..]));
                assert!(!is_consistent(suite, older, newer, &[path.as_slice(), &[TreeHash([0; 32])]].concat()));
                assert!(!is_consistent(suite, newer, older, &path));
                assert!(!is_consistent(suite, older, (to as u64, older.1), &path));
                for other in (0..=20).filter(|other| *other != from as u64) {
                    assert!(!is_consistent(suite, (other, older.1), newer, &path), "{from} passes for {other} of {to}");
                }
            }
        }
        let absurd = (u64::MAX, TreeHash([1; 32]));
        assert!(!is_consistent(suite, (u64::MAX - 1, TreeHash([0; 32])), absurd, &[TreeHash([0; 32])]));
    }

    fn hex(text: &str) -> TreeHash {
        let mut bytes = [0; 32];
        for (byte, place) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[place..place + 2], 16).unwrap();
        }
        TreeHash(bytes)
    }

    /// Proofs as the test data of the Certificate Transparency logs publishes them, over the leaves of the tests in `merkle`.
    #[test]
    fn the_published_proofs_of_certificate_transparency_hold() {
        let root_1 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        let root_2 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
        let root_5 = "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4";
        let root_6 = "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef";
        let root_8 = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
        let published: [(u64, &str, u64, &str, &[&str]); 3] = [
            (
                1,
                root_1,
                8,
                root_8,
                &[
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ],
            ),
            (
                6,
                root_6,
                8,
                root_8,
                &[
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ],
            ),
            (
                2,
                root_2,
                5,
                root_5,
                &[
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ],
            ),
        ];
        for (from, older, to, newer, path) in published {
            let path: Vec<_> = path.iter().map(|text| hex(text)).collect();
            let (older, newer) = ((from, hex(older)), (to, hex(newer)));
            assert!(is_consistent(Suite::International, older, newer, &path), "{from} to {to}");
        }
    }
}
