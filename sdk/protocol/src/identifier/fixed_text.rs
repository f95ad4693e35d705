//! ASCII text of one fixed length, kept in place: a code costs no allocation.

use core::str;

/// Exactly `N` ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FixedText<const N: usize>([u8; N]);

impl<const N: usize> FixedText<N> {
    /// Takes `text` when it is exactly `N` ASCII characters.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
        bytes.is_ascii().then_some(Self(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        // ASCII by construction, so the empty text can never be seen.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}
