//! How large the next piece of an upload is: as large as the line takes in about a second, so that a payment that comes
//! meanwhile never waits for long behind one.

use tongqiao_protocol::limits::MATERIAL_CHUNK_BYTES_MAX;

/// The least that is sent at once.
const SMALLEST: usize = 16 * 1024;
/// What is sent before anything is known of the line.
const FIRST: usize = 256 * 1024;
/// A piece that took less is followed by a larger one.
const QUICK_MS: i64 = 500;
/// A piece that took more is followed by a smaller one.
const SLOW_MS: i64 = 2_000;

/// The size of pieces, as it goes with the line.
///
/// ```
/// use tongqiao_engine::upload::PieceSize;
/// let first = PieceSize::default();
/// assert!(first.after(100).bytes() > first.bytes() && first.after(5_000).bytes() < first.bytes());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceSize {
    now: usize,
    most: usize,
}

impl Default for PieceSize {
    fn default() -> Self {
        Self::at_most(MATERIAL_CHUNK_BYTES_MAX)
    }
}

impl PieceSize {
    /// Pieces that are never larger, however quick the line is; nor smaller than the smallest.
    #[must_use]
    pub fn at_most(bytes: usize) -> Self {
        let most = bytes.clamp(SMALLEST, MATERIAL_CHUNK_BYTES_MAX);
        Self { now: FIRST.min(most), most }
    }

    /// The bytes of the next piece.
    pub const fn bytes(self) -> usize {
        self.now
    }

    /// The size after a piece that took so many milliseconds.
    #[must_use]
    pub fn after(self, took_ms: i64) -> Self {
        match took_ms {
            ..QUICK_MS => self.sized(self.now * 2),
            QUICK_MS..=SLOW_MS => self,
            _ => self.sized(self.now / 2),
        }
    }

    /// The size after a piece that was not answered: the line may be worse than it was.
    #[must_use]
    pub fn after_failure(self) -> Self {
        self.sized(self.now / 4)
    }

    fn sized(self, bytes: usize) -> Self {
        Self { now: bytes.clamp(SMALLEST, self.most), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stay_between_their_bounds_whatever_the_line_does() {
        let mut size = PieceSize::default();
        for took_ms in [0, i64::MIN, i64::MAX, 1, 1, 1, 1, 1, 1, 1] {
            size = size.after(took_ms);
            assert!((SMALLEST..=MATERIAL_CHUNK_BYTES_MAX).contains(&size.bytes()));
        }
        assert_eq!(size.bytes(), MATERIAL_CHUNK_BYTES_MAX);
        for _ in 0..20 {
            size = size.after_failure();
        }
        assert_eq!((size.bytes(), size.after(SLOW_MS).bytes()), (SMALLEST, SMALLEST));
    }

    #[test]
    fn a_bound_that_was_asked_for_holds_on_the_quickest_line() {
        let size = PieceSize::at_most(32 * 1024);
        assert_eq!((size.bytes(), size.after(0).after(0).bytes()), (32 * 1024, 32 * 1024));
        assert_eq!(size.after(SLOW_MS + 1).bytes(), SMALLEST);
        assert_eq!((PieceSize::at_most(0).bytes(), PieceSize::at_most(usize::MAX)), (SMALLEST, PieceSize::default()));
    }
}
