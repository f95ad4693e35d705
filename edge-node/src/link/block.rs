//! A block of bytes, compressed where that is safe and helps, and padded so that its size tells little.

use super::dictionary::Dictionary;
use super::wire::{Malformed, Reader, Writer};

/// The level of compression: the links are slow, the texts small.
const LEVEL: i32 = 9;
/// Shorter ones are not worth a header.
const SHORTEST: usize = 48;

/// As it is.
const PLAIN: u8 = 0;
/// Compressed with zstd (RFC 8878), without a dictionary, and padded with zeros.
const PACKED: u8 = 1;

/// Compressed with a dictionary that both ends have, whose number follows, and padded with zeros.
const PACKED_BY_DICTIONARY: u8 = 2;

/// Whether bytes may be compressed. Of a block that holds a secret beside words that somebody else chose, the size would tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// One author's texts, or the public's.
    OneAuthor,
    /// There is a password or a code in it.
    Secret,
}

/// The step to which a packed size is rounded up.
const fn step(size: usize) -> usize {
    match size {
        0..=1_023 => 32,
        1_024..=8_191 => 128,
        _ => 512,
    }
}

pub(super) fn write(writer: &mut Writer, bytes: &[u8], secrecy: Secrecy) {
    let dictionary = writer.dictionary();
    let packed = match (secrecy, dictionary) {
        (Secrecy::OneAuthor, Some(dictionary)) if bytes.len() >= SHORTEST => dictionary.compress(bytes).ok(),
        (Secrecy::OneAuthor, None) if bytes.len() >= SHORTEST => zstd::bulk::compress(bytes, LEVEL).ok(),
        _ => None,
    };
    match packed.filter(|packed| packed.len() + step(packed.len()) < bytes.len()) {
        Some(packed) => {
            let padding = packed.len().next_multiple_of(step(packed.len())) - packed.len();
            match dictionary {
                Some(dictionary) => {
                    writer.byte(PACKED_BY_DICTIONARY);
                    writer.byte(dictionary.number());
                }
                None => writer.byte(PACKED),
            }
            writer.number(bytes.len());
            writer.bytes(&packed);
            writer.number(padding);
            writer.raw(&vec![0; padding]);
        }
        None => {
            writer.byte(PLAIN);
            writer.bytes(bytes);
        }
    }
}

/// Reads a block of at most `most` bytes once unpacked.
pub(super) fn read(reader: &mut Reader<'_>, most: usize) -> Result<Vec<u8>, Malformed> {
    let dictionary = match reader.byte()? {
        PLAIN => return Ok(reader.bytes(most)?.to_vec()),
        PACKED => None,
        PACKED_BY_DICTIONARY => {
            let dictionary = Dictionary::by_number(reader.byte()?).ok_or(Malformed::NO_DICTIONARY)?;
            reader.note(dictionary);
            Some(dictionary)
        }
        _ => return Err(Malformed("an unknown kind of block")),
    };
    let size = reader.number(most)?;
    let packed = reader.bytes(most)?;
    let bytes = match dictionary {
        Some(dictionary) => dictionary.decompress(packed, size),
        None => zstd::bulk::decompress(packed, size),
    };
    let bytes = bytes.map_err(|_| Malformed("a block cannot be unpacked"))?;
    if bytes.len() != size {
        return Err(Malformed("a block has another size than it says"));
    }
    let padding = reader.number(step(usize::MAX))?;
    reader.raw(padding)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    fn written(bytes: &[u8], secrecy: Secrecy) -> Vec<u8> {
        written_with(bytes, secrecy, None)
    }

    fn written_with(bytes: &[u8], secrecy: Secrecy, dictionary: Option<Dictionary>) -> Vec<u8> {
        let mut writer = Writer::with(dictionary);
        write(&mut writer, bytes, secrecy);
        writer.finish()
    }

    proptest! {
        #[test]
        fn every_block_comes_back(bytes in proptest::collection::vec(0_u8..4, 0..5_000), secret in any::<bool>()) {
            let secrecy = if secret { Secrecy::Secret } else { Secrecy::OneAuthor };
            for dictionary in [None, Some(Dictionary::NEWEST)] {
                let written = written_with(&bytes, secrecy, dictionary);
                let mut reader = Reader::new(&written);
                prop_assert_eq!(&read(&mut reader, 5_000).unwrap(), &bytes);
                reader.end().unwrap();
            }
        }

        #[test]
        fn whatever_bytes_come_nothing_breaks(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(read(&mut Reader::new(&bytes), 1_000));
        }
    }

    #[test]
    fn a_secret_is_never_packed_and_a_text_is() {
        let text = "行政许可申请".repeat(50);
        assert!(written(text.as_bytes(), Secrecy::OneAuthor).len() < text.len() / 4);
        assert!(written(text.as_bytes(), Secrecy::Secret).len() > text.len());
    }

    #[test]
    fn a_block_of_an_unknown_dictionary_says_so() {
        let mut block = written_with("申请".repeat(60).as_bytes(), Secrecy::OneAuthor, Some(Dictionary::NEWEST));
        assert_eq!(block[0], PACKED_BY_DICTIONARY);
        block[1] += 1;
        assert_eq!(read(&mut Reader::new(&block), 5_000), Err(Malformed::NO_DICTIONARY));
    }

    #[test]
    fn sizes_come_in_steps() {
        let sizes = (0..64).map(|more| written("申".repeat(100 + more).as_bytes(), Secrecy::OneAuthor).len());
        let mut sizes = sizes.collect::<Vec<_>>();
        sizes.dedup();
        assert!(sizes.len() <= 4, "{sizes:?}");
    }

    #[test]
    fn a_block_that_would_grow_beyond_its_limit_is_refused_before_it_grows() {
        for dictionary in [None, Some(Dictionary::NEWEST)] {
            let bomb = written_with(&vec![0; 1 << 20], Secrecy::OneAuthor, dictionary);
            assert!(bomb.len() < 1_000);
            assert!(read(&mut Reader::new(&bomb), 1 << 19).is_err());
        }
    }
}
