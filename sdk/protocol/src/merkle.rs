//! The Merkle tree over receipts, in the manner of RFC 9162 §2.1: of one batch, and of the whole log.
//!
//! Leaf: H(0x00 ‖ body). Node: H(0x01 ‖ left ‖ right). A tree of *n* leaves splits at the largest power of two below *n*, so
//! that trees of any size are defined and no leaf is ever counted twice. H is the hash of the signing key's suite.
//!
//! ```
//! use tongqiao_protocol::Suite;
//! use tongqiao_protocol::merkle::{self, MerkleTree};
//!
//! let bodies: [&[u8]; 3] = [b"a", b"b", b"c"];
//! let tree = MerkleTree::new(Suite::ShangMi, bodies).unwrap();
//! let path = tree.path(2).unwrap();
//! assert_eq!(merkle::root_of(Suite::ShangMi, b"c", 2, 3, &path), Some(tree.root()));
//! ```

mod consistency;

use alloc::vec::Vec;

pub use self::consistency::is_consistent;
use crate::receipt::TreeHash;
use crate::{Digest, Suite};

/// All hashes of a tree, from which root and paths are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerkleTree {
    /// Level 0 holds the leaves, the last level the root. An odd last node is carried up unchanged.
    levels: Vec<Vec<TreeHash>>,
}

impl MerkleTree {
    /// The tree over `bodies` in their order; `None` when there are none.
    pub fn new<'a>(suite: Suite, bodies: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut level: Vec<_> = bodies.into_iter().map(|body| leaf(suite, body)).collect();
        if level.is_empty() {
            return None;
        }
        let mut levels = Vec::new();
        while level.len() > 1 {
            let above = level
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => node(suite, left, right),
                    alone => alone[0],
                })
                .collect();
            levels.push(core::mem::replace(&mut level, above));
        }
        levels.push(level);
        Some(Self { levels })
    }

    /// The root.
    pub fn root(&self) -> TreeHash {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or(TreeHash([0; 32]))
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The hashes beside the way from leaf `index` to the root, leaf first; `None` when there is no such leaf.
    pub fn path(&self, index: u64) -> Option<Vec<TreeHash>> {
        let mut place = usize::try_from(index).ok()?;
        self.levels.first()?.get(place)?;
        let mut path = Vec::new();
        for level in &self.levels {
            path.extend(level.get(place ^ 1));
            place /= 2;
        }
        Some(path)
    }
}

/// The root of a tree without leaves: the hash of nothing.
pub fn empty_root(suite: Suite) -> TreeHash {
    TreeHash(*Digest::of_parts(suite, &[]).as_bytes())
}

fn leaf(suite: Suite, body: &[u8]) -> TreeHash {
    TreeHash(*Digest::of_parts(suite, &[&[0], body]).as_bytes())
}

fn node(suite: Suite, left: &TreeHash, right: &TreeHash) -> TreeHash {
    TreeHash(*Digest::of_parts(suite, &[&[1], &left.0, &right.0]).as_bytes())
}

/// The root that `body` at `index` of `size` leaves leads to along `path`.
///
/// `None` when there is no such place in a tree of that size, or the path is too long or too short for it. The caller checks
/// the platform's signature over size and root.
pub fn root_of(suite: Suite, body: &[u8], index: u64, size: u64, path: &[TreeHash]) -> Option<TreeHash> {
    if index >= size {
        return None;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = leaf(suite, body);
    let mut siblings = path.iter();
    while last > 0 {
        if place % 2 == 1 {
            hash = node(suite, siblings.next()?, &hash);
        } else if place < last {
            hash = node(suite, &hash, siblings.next()?);
        }
        // Else the node stands alone at the right edge and is carried up.
        place /= 2;
        last /= 2;
    }
    siblings.next().is_none().then_some(hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    const SUITES: [Suite; 2] = [Suite::International, Suite::ShangMi];

    /// The definition of RFC 9162 §2.1.1, word for word.
    fn defined(suite: Suite, bodies: &[Vec<u8>]) -> TreeHash {
        if let [only] = bodies {
            return leaf(suite, only);
        }
        let split = bodies.len().next_power_of_two() / 2;
        node(suite, &defined(suite, &bodies[..split]), &defined(suite, &bodies[split..]))
    }

    fn bodies(size: usize) -> Vec<Vec<u8>> {
        (0..size).map(|index| alloc::format!("receipt {index}").into_bytes()).collect()
    }

    #[test]
    fn every_leaf_of_every_size_up_to_70_leads_to_the_defined_root() {
        for suite in SUITES {
            for size in 1..=70 {
                let bodies = bodies(size);
                let tree = MerkleTree::new(suite, bodies.iter().map(Vec::as_slice)).unwrap();
                assert_eq!(tree.root(), defined(suite, &bodies));
                for (index, body) in (0..).zip(&bodies) {
                    let path = tree.path(index).unwrap();
                    assert_eq!(root_of(suite, body, index, size as u64, &path), Some(tree.root()), "{index} of {size}");
                }
                assert_eq!(tree.path(size as u64), None);
            }
        }
    }

    fn hex(text: &str) -> TreeHash {
        let mut bytes = [0; 32];
        for (byte, place) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[place..place + 2], 16).unwrap();
        }
        TreeHash(bytes)
    }

    /// The leaves that the Certificate Transparency logs have always been tested with, and the roots of the first one, two,
    /// and so on of them, as their test data publishes them.
    #[test]
    fn the_published_roots_of_certificate_transparency_are_reached() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, root) in (1..).zip(roots) {
            let tree = MerkleTree::new(Suite::International, leaves.iter().copied().take(size)).unwrap();
            assert_eq!(tree.root(), hex(root), "the first {size}");
        }
    }

    #[test]
    fn any_changed_bit_leads_elsewhere() {
        for suite in SUITES {
            for size in [1, 2, 3, 7, 8, 13] {
                let bodies = bodies(size);
                let tree = MerkleTree::new(suite, bodies.iter().map(Vec::as_slice)).unwrap();
                let size = size as u64;
                for (index, body) in (0..).zip(&bodies) {
                    let path = tree.path(index).unwrap();
                    let is_proven =
                        |body: &[u8], index, path: &[_]| root_of(suite, body, index, size, path) == Some(tree.root());
                    for bit in 0..body.len() * 8 {
                        let mut other = body.clone();
                        other[bit / 8] ^= 1 << (bit % 8);
                        assert!(!is_proven(&other, index, &path));
                    }
                    for bit in 0..path.len() * 256 {
                        let mut other = path.clone();
                        other[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
                        assert!(!is_proven(body, index, &other));
                    }
                    for other in (0..size + 2).filter(|other| *other != index) {
                        assert!(!is_proven(body, other, &path), "leaf {index} passes for {other} of {size}");
                    }
                    let longer = [path.as_slice(), &[TreeHash([0; 32])]].concat();
                    assert!(!is_proven(body, index, &longer));
                    assert!(path.is_empty() || !is_proven(body, index, &path[1..]));
                }
            }
        }
    }

    #[test]
    fn an_inner_node_does_not_pass_for_a_leaf_and_an_absurd_size_is_harmless() {
        let bodies = bodies(2);
        let suite = Suite::International;
        let tree = MerkleTree::new(suite, bodies.iter().map(Vec::as_slice)).unwrap();
        let inner = [leaf(suite, &bodies[0]).0, leaf(suite, &bodies[1]).0].concat();
        assert_ne!(root_of(suite, &inner, 0, 1, &[]), Some(tree.root()));
        assert_eq!(root_of(suite, b"", 0, u64::MAX, &[]), None);
        assert_eq!(root_of(suite, b"", 0, 0, &[]), None);
        assert_eq!(MerkleTree::new(suite, []), None);
    }
}
