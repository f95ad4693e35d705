//! A Merkle tree over a batch, so that one signature serves many receipts (RFC 9162 §2.1).

use tongqiao_protocol::Suite;

use super::hash;

/// All levels of the tree, leaves first.
pub(crate) struct MerkleTree {
    levels: Vec<Vec<[u8; 32]>>,
}

impl MerkleTree {
    /// The tree over `leaves`, which must not be empty for [`Self::root`] to mean anything.
    pub(crate) fn over<'a>(suite: Suite, leaves: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut levels = vec![leaves.into_iter().map(|leaf| hash(suite, &[&[0], leaf])).collect::<Vec<_>>()];
        while let Some(level) = levels.last()
            && level.len() > 1
        {
            // An odd node rises unchanged: this is RFC 9162's "largest power of two smaller than n" read from below.
            let next = level
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => hash(suite, &[&[1], left, right]),
                    [alone, ..] => *alone,
                    [] => [0; 32],
                })
                .collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// The root; for no leaf at all, zeros.
    pub(crate) fn root(&self) -> [u8; 32] {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// The siblings from leaf `index` up to the root.
    pub(crate) fn path(&self, index: usize) -> Vec<[u8; 32]> {
        let mut at = index;
        let mut path = Vec::new();
        for level in &self.levels {
            if let Some(sibling) = level.get(at ^ 1) {
                path.push(*sibling);
            }
            at /= 2;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    /// RFC 9162 §2.1.3.2, written down from the text and not from the tree above.
    fn verify(leaf: &[u8], index: usize, size: usize, path: &[[u8; 32]], root: [u8; 32]) -> bool {
        let (mut fnode, mut snode) = (index, size - 1);
        let mut r = hash(Suite::International, &[&[0], leaf]);
        for p in path {
            if snode == 0 {
                return false;
            }
            if fnode % 2 == 1 || fnode == snode {
                r = hash(Suite::International, &[&[1], p, &r]);
                while fnode % 2 == 0 && fnode != 0 {
                    fnode >>= 1;
                    snode >>= 1;
                }
            } else {
                r = hash(Suite::International, &[&[1], &r, p]);
            }
            fnode >>= 1;
            snode >>= 1;
        }
        snode == 0 && r == root
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proven_by_the_standards_own_algorithm() {
        for size in 1..=33_usize {
            let leaves: Vec<[u8; 1]> = (0..size).map(|n| [u8::try_from(n).unwrap()]).collect();
            let tree = MerkleTree::over(Suite::International, leaves.iter().map(<[u8; 1]>::as_slice));
            for (index, leaf) in leaves.iter().enumerate() {
                assert!(verify(leaf, index, size, &tree.path(index), tree.root()), "{index} of {size}");
                assert!(!verify(b"other", index, size, &tree.path(index), tree.root()), "{index} of {size}");
            }
        }
    }
}
