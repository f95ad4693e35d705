//! The dictionary that both ends have: what case events, receipts and bills have in common, so that even a single small one
//! becomes much smaller.
//!
//! It is trained on synthetic text alone, by `tongqiao-bench dictionary`, and never changed: another one gets another number.

use std::sync::OnceLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// The number of the one that this version writes with.
const NUMBER: u8 = 1;
const BYTES: &[u8] = include_bytes!("../../data/dictionary-1.zdict");
/// The level for what is small and for what is larger: time matters only where there is much.
const LEVEL_SMALL: i32 = 19;
const LEVEL_LARGE: i32 = 9;
const SMALL_MOST: usize = 64 * 1024;

/// A dictionary by its number on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dictionary(());

impl Dictionary {
    /// The one that is written with.
    pub(crate) const NEWEST: Self = Self(());

    /// The one of a number, if this end has it.
    pub(super) fn by_number(number: u8) -> Option<Self> {
        (number == NUMBER).then_some(Self::NEWEST)
    }

    pub(super) const fn number(self) -> u8 {
        NUMBER
    }

    /// The bytes in zstd, without what the frame says anyway.
    pub(super) fn compress(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        static SMALL: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
        static LARGE: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
        let prepared = if bytes.len() <= SMALL_MOST {
            SMALL.get_or_init(|| EncoderDictionary::copy(BYTES, LEVEL_SMALL))
        } else {
            LARGE.get_or_init(|| EncoderDictionary::copy(BYTES, LEVEL_LARGE))
        };
        let mut compressor = Compressor::with_prepared_dictionary(prepared)?;
        compressor.include_dictid(false)?;
        compressor.include_contentsize(false)?;
        compressor.compress(bytes)
    }

    /// At most `size` bytes out of zstd.
    pub(super) fn decompress(self, packed: &[u8], size: usize) -> std::io::Result<Vec<u8>> {
        static PREPARED: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
        let prepared = PREPARED.get_or_init(|| DecoderDictionary::copy(BYTES));
        Decompressor::with_prepared_dictionary(prepared)?.decompress(packed, size)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn a_small_event_becomes_much_smaller_than_without_and_comes_back() {
        let event = br#"{"specversion":"1.0","id":"01a21a65-d469-722e-8507-e89c9bc1bd75","source":"urn:tongqiao:party:civil-affairs","dataclass":"personal","data":{"kind":"accept"}}"#;
        let packed = Dictionary::NEWEST.compress(event).unwrap();
        assert!(packed.len() + 20 < zstd::bulk::compress(event, LEVEL_SMALL).unwrap().len(), "{}", packed.len());
        assert_eq!(Dictionary::NEWEST.decompress(&packed, event.len()).unwrap(), event);
        assert!(Dictionary::NEWEST.decompress(&packed, event.len() - 1).is_err());
    }

    #[test]
    fn it_is_small_enough_to_ship_and_of_the_number_it_says() {
        assert!(BYTES.len() <= 64 * 1024);
        let digest = Sha256::digest(BYTES).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // As chapter 19.2 has it: what is packed with it must be readable for ever.
        assert_eq!(digest, "61b7f2cba2838dd207ae86320897e71b535fda0e1b6053d7c0ecf1d59ba183f8");
        assert_eq!(Dictionary::by_number(NUMBER), Some(Dictionary::NEWEST));
        assert_eq!(Dictionary::by_number(NUMBER + 1), None);
    }
}
