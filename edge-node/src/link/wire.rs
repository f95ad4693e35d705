//! Bytes of a frame, written and read: numbers of variable length, and byte strings with a limit.

use super::dictionary::Dictionary;

/// The bytes are no frame of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no frame: {0}")]
pub struct Malformed(pub &'static str);

impl Malformed {
    /// A block was packed with a dictionary that this end has not: the other end can pack it without.
    pub(crate) const NO_DICTIONARY: Self = Self("no dictionary of this number");
}

/// The longest text of a header or address.
const TEXT_MOST: usize = 16 * 1024;

/// Writes a frame.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// What blocks may be packed with.
    dictionary: Option<Dictionary>,
}

impl Writer {
    /// A frame for an end that has this dictionary.
    pub(super) const fn with(dictionary: Option<Dictionary>) -> Self {
        Self { bytes: Vec::new(), dictionary }
    }

    pub(super) const fn dictionary(&self) -> Option<Dictionary> {
        self.dictionary
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    pub(super) fn number(&mut self, number: usize) {
        let mut rest = number;
        while rest >= 0x80 {
            self.bytes.push(u8::try_from(rest & 0x7f).unwrap_or_default() | 0x80);
            rest >>= 7;
        }
        self.bytes.push(u8::try_from(rest).unwrap_or_default());
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A length and the bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.raw(bytes);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads a frame.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    dictionary: Option<Dictionary>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, dictionary: None }
    }

    /// A block was packed with this one.
    pub(super) const fn note(&mut self, dictionary: Dictionary) {
        self.dictionary = Some(dictionary);
    }

    /// What blocks were packed with, as far as they were read.
    pub(super) const fn dictionary(&self) -> Option<Dictionary> {
        self.dictionary
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.rest.split_first().ok_or(Malformed("it ends too early"))?;
        self.rest = rest;
        Ok(*first)
    }

    /// A number of at most five bytes, at most `most`.
    pub(super) fn number(&mut self, most: usize) -> Result<usize, Malformed> {
        let mut number = 0_u64;
        for place in 0..5 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                let number = usize::try_from(number).map_err(|_| Malformed("a number is too large"))?;
                return if number <= most { Ok(number) } else { Err(Malformed("a number is over its limit")) };
            }
        }
        Err(Malformed("a number does not end"))
    }

    pub(super) fn raw(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Malformed("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.raw(N)?.try_into().map_err(|_| Malformed("it ends too early"))
    }

    pub(super) fn bytes(&mut self, most: usize) -> Result<&'a [u8], Malformed> {
        let count = self.number(most)?;
        self.raw(count)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes(TEXT_MOST)?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may be left over.
    pub(super) const fn end(self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("something is left over")) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_bytes_come_back(number in 0_usize..=u32::MAX as usize, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut writer = Writer::default();
            writer.number(number);
            writer.bytes(&bytes);
            let written = writer.finish();
            let mut reader = Reader::new(&written);
            prop_assert_eq!(reader.number(usize::MAX).unwrap(), number);
            prop_assert_eq!(reader.bytes(300).unwrap(), &bytes[..]);
            reader.end().unwrap();
        }
    }

    #[test]
    fn what_is_cut_off_too_large_or_left_over_is_no_frame() {
        let mut writer = Writer::default();
        writer.bytes(b"four");
        let written = writer.finish();
        assert!(Reader::new(&written[..3]).bytes(10).is_err());
        assert!(Reader::new(&written).bytes(3).is_err());
        assert!(Reader::new(&[0x80; 9]).number(usize::MAX).is_err());
        let mut reader = Reader::new(&written);
        reader.byte().unwrap();
        assert!(reader.end().is_err());
    }
}
