//! A hash that is gone on with after every piece, also by another process.

use sha2::digest::Digest as _;
use sha2::digest::common::hazmat::SerializableState;
use tongqiao_protocol::{Digest, Suite};

use crate::database::DatabaseError;

/// The hash of what was received so far.
pub(super) enum RunningHash {
    International(sha2::Sha256),
    ShangMi(sm3::Sm3),
}

impl RunningHash {
    pub(super) fn begin(suite: Suite) -> Self {
        match suite {
            Suite::International => Self::International(sha2::Sha256::new()),
            Suite::ShangMi => Self::ShangMi(sm3::Sm3::new()),
        }
    }

    /// The hash that [`Self::state`] wrote.
    pub(super) fn from_state(suite: Suite, state: &[u8]) -> Result<Self, DatabaseError> {
        match suite {
            Suite::International => restored(state).map(Self::International),
            Suite::ShangMi => restored(state).map(Self::ShangMi),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::International(hash) => hash.update(bytes),
            Self::ShangMi(hash) => hash.update(bytes),
        }
    }

    pub(super) fn state(&self) -> Vec<u8> {
        match self {
            Self::International(hash) => SerializableState::serialize(hash).to_vec(),
            Self::ShangMi(hash) => SerializableState::serialize(hash).to_vec(),
        }
    }

    pub(super) fn finish(self) -> Digest {
        match self {
            Self::International(hash) => Digest::from_bytes(Suite::International, hash.finalize().into()),
            Self::ShangMi(hash) => Digest::from_bytes(Suite::ShangMi, hash.finalize().into()),
        }
    }
}

fn restored<H: SerializableState>(state: &[u8]) -> Result<H, DatabaseError> {
    let corrupt = || DatabaseError::Corrupt("hash of a material");
    let state = state.try_into().map_err(|_| corrupt())?;
    H::deserialize(&state).map_err(|_| corrupt())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hash_that_is_stored_after_every_piece_is_the_hash_of_the_whole(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..12),
            noise in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            for suite in [Suite::International, Suite::ShangMi] {
                let mut state = RunningHash::begin(suite).state();
                for piece in &pieces {
                    let mut hash = RunningHash::from_state(suite, &state).unwrap();
                    hash.update(piece);
                    state = hash.state();
                }
                let whole = Digest::of(suite, &pieces.concat());
                prop_assert_eq!(RunningHash::from_state(suite, &state).unwrap().finish(), whole);
                // Whatever a damaged row holds, nothing panics.
                if let Ok(hash) = RunningHash::from_state(suite, &noise) {
                    hash.finish();
                }
            }
        }
    }
}
