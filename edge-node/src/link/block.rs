//! A block of bytes, compressed where that is safe and helps, and padded so that its size tells little.

use super::wire::{Malformed, Reader, Writer};

/// The level of compression: the links are slow, the texts small.
const LEVEL: i32 = 9;
/// Shorter ones are not worth a header.
const SHORTEST: usize = 48;

/// As it is.
const PLAIN: u8 = 0;
/// Compressed with zstd (RFC 8878), without a dictionary, and padded with zeros.
const PACKED: u8 = 1;

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
    let packed = match secrecy {
        Secrecy::OneAuthor if bytes.len() >= SHORTEST => zstd::bulk::compress(bytes, LEVEL).ok(),
        _ => None,
    };
    match packed.filter(|packed| packed.len() + step(packed.len()) < bytes.len()) {
        Some(packed) => {
            let padding = packed.len().next_multiple_of(step(packed.len())) - packed.len();
            writer.byte(PACKED);
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
    match reader.byte()? {
        PLAIN => Ok(reader.bytes(most)?.to_vec()),
        PACKED => {
            let size = reader.number(most)?;
            let packed = reader.bytes(most)?;
            let bytes = zstd::bulk::decompress(packed, size).map_err(|_| Malformed("a block cannot be unpacked"))?;
            if bytes.len() != size {
                return Err(Malformed("a block has another size than it says"));
            }
            let padding = reader.number(step(usize::MAX))?;
            reader.raw(padding)?;
            Ok(bytes)
        }
        _ => Err(Malformed("an unknown kind of block")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    fn written(bytes: &[u8], secrecy: Secrecy) -> Vec<u8> {
        let mut writer = Writer::default();
        write(&mut writer, bytes, secrecy);
        writer.finish()
    }

    proptest! {
        #[test]
        fn every_block_comes_back(bytes in proptest::collection::vec(0_u8..4, 0..5_000), secret in any::<bool>()) {
            let secrecy = if secret { Secrecy::Secret } else { Secrecy::OneAuthor };
            let written = written(&bytes, secrecy);
            let mut reader = Reader::new(&written);
            prop_assert_eq!(read(&mut reader, 5_000).unwrap(), bytes);
            reader.end().unwrap();
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
    fn sizes_come_in_steps() {
        let sizes = (0..64).map(|more| written("申".repeat(100 + more).as_bytes(), Secrecy::OneAuthor).len());
        let mut sizes = sizes.collect::<Vec<_>>();
        sizes.dedup();
        assert!(sizes.len() <= 4, "{sizes:?}");
    }

    #[test]
    fn a_block_that_would_grow_beyond_its_limit_is_refused_before_it_grows() {
        let bomb = written(&vec![0; 1 << 20], Secrecy::OneAuthor);
        assert!(bomb.len() < 1_000);
        assert!(read(&mut Reader::new(&bomb), 1 << 19).is_err());
    }
}
