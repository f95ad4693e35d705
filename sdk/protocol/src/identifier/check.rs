//! The check-character schemes.
//!
//! Every function takes the characters before the check character and returns the check character, or `None` when a
//! character is outside the scheme's alphabet (or, for fixed lengths, the length is wrong).

/// A scheme by which a check character follows from the characters before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CheckScheme {
    /// GB 32100-2015: weights 3^(i−1) mod 31.
    Gb32100,
    /// GB 11714: weights 3, 7, 9, 10, 5, 8, 4, 2, modulus 11.
    Gb11714,
    /// ISO 7064 MOD 11-2 (GB 11643-1999).
    Mod11_2,
    /// ISO 7064 MOD 37,36 (e-licence identifiers).
    Mod37_36,
    /// ISO 7064 MOD 11,10 (our case numbers).
    Mod11_10,
}

impl CheckScheme {
    /// How the scheme is written in fault parameters and texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gb32100 => "GB 32100",
            Self::Gb11714 => "GB 11714",
            Self::Mod11_2 => "ISO 7064 MOD 11-2",
            Self::Mod37_36 => "ISO 7064 MOD 37,36",
            Self::Mod11_10 => "ISO 7064 MOD 11,10",
        }
    }

    /// The check character that follows `body`; `None` when `body` has a character or a length the scheme does not know.
    pub fn check_character(self, body: &[u8]) -> Option<u8> {
        match self {
            Self::Gb32100 => gb32100(body.try_into().ok()?),
            Self::Gb11714 => gb11714(body.try_into().ok()?),
            Self::Mod11_2 => mod_11_2(body.try_into().ok()?),
            Self::Mod37_36 => mod_37_36(body.iter().copied()),
            Self::Mod11_10 => mod_11_10(body),
        }
    }
}

const CREDIT_ALPHABET: [u8; 31] = *b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const CREDIT_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const CREDIT_VALUES: [u8; 256] = values(&CREDIT_ALPHABET);

const ALPHABET_36: [u8; 36] = *b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const VALUES_36: [u8; 256] = values(&ALPHABET_36);

const MOD_11_2_WEIGHTS: [u16; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const MOD_11_2_CHECKS: [u8; 11] = *b"10X98765432";

/// Marks a byte that is not in the alphabet.
const OUTSIDE: u8 = u8::MAX;

const fn values(alphabet: &[u8]) -> [u8; 256] {
    let mut table = [OUTSIDE; 256];
    let mut value = 0;
    while value < alphabet.len() {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    table
}

/// GB 32100-2015. A weighted sum divisible by 31 gives `0`: the formula's 31 − 0 = 31 has no character of its own.
pub(crate) fn gb32100(body: &[u8; 17]) -> Option<u8> {
    // A character outside counts 255 until the end, and 17 of those do not fit into 16 bits.
    let mut sum = 0_u32;
    let mut outside = false;
    for (byte, weight) in body.iter().zip(CREDIT_WEIGHTS) {
        let value = CREDIT_VALUES[usize::from(*byte)];
        outside |= value == OUTSIDE;
        sum += u32::from(value) * weight;
    }
    (!outside).then(|| CREDIT_ALPHABET[((31 - sum % 31) % 31) as usize])
}

/// GB 11714: 11 − Σ mod 11, where 10 is written `X` and 11 is written `0`. Letters count 10 to 35.
pub(crate) fn gb11714(body: &[u8; 8]) -> Option<u8> {
    let mut sum = 0_u16;
    for (byte, weight) in body.iter().zip([3, 7, 9, 10, 5, 8, 4, 2]) {
        sum += u16::from(value_36(*byte)?) * weight;
    }
    Some(match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        check => b'0' + check as u8,
    })
}

/// ISO 7064 MOD 11-2 over 17 digits, as GB 11643-1999 uses it.
pub(crate) fn mod_11_2(body: &[u8; 17]) -> Option<u8> {
    let mut sum = 0_u16;
    let mut outside = false;
    for (byte, weight) in body.iter().zip(MOD_11_2_WEIGHTS) {
        let value = byte.wrapping_sub(b'0');
        outside |= value > 9;
        sum += u16::from(value) * weight;
    }
    (!outside).then(|| MOD_11_2_CHECKS[usize::from(sum % 11)])
}

/// ISO 7064 MOD 37,36 over digits and capital letters.
pub(crate) fn mod_37_36(body: impl Iterator<Item = u8>) -> Option<u8> {
    let mut product = 36_u16;
    for byte in body {
        let sum = (product + u16::from(value_36(byte)?)) % 36;
        product = if sum == 0 { 36 } else { sum } * 2 % 37;
    }
    Some(ALPHABET_36[usize::from((37 - product) % 36)])
}

/// ISO 7064 MOD 11,10 over digits.
pub(crate) fn mod_11_10(body: &[u8]) -> Option<u8> {
    let mut product = 10_u8;
    for byte in body {
        let value = byte.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        let sum = (product + value) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    Some(b'0' + (11 - product) % 10)
}

fn value_36(byte: u8) -> Option<u8> {
    let value = VALUES_36[usize::from(byte)];
    (value != OUTSIDE).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_iso_7064_are_reproduced() {
        assert_eq!(mod_11_10(b"0794"), Some(b'5'));
        assert_eq!(mod_37_36(b"A12425GABC1234002".iter().copied()), Some(b'M'));
    }

    #[test]
    fn a_sum_divisible_by_31_gives_zero_and_not_a_hole_in_the_table() {
        assert_eq!(gb32100(b"11340700000000081"), Some(b'0'));
        assert_eq!(gb32100(b"11340700000000371"), Some(b'0'));
    }

    #[test]
    fn a_character_outside_the_alphabet_has_no_check() {
        assert_eq!(gb32100(b"1134070000000008Z"), None);
        assert_eq!(gb11714(b"0087786a"), None);
        assert_eq!(mod_11_2(b"3407051990010100X"), None);
        assert_eq!(CheckScheme::Gb32100.check_character(b"113"), None);
    }

    #[test]
    fn bodies_of_one_byte_from_end_to_end_overflow_no_scheme() {
        let schemes = [
            CheckScheme::Gb32100,
            CheckScheme::Gb11714,
            CheckScheme::Mod11_2,
            CheckScheme::Mod37_36,
            CheckScheme::Mod11_10,
        ];
        for byte in 0..=u8::MAX {
            let legal = byte.is_ascii_digit() || byte.is_ascii_uppercase();
            for scheme in schemes {
                for length in [8, 17, 200] {
                    let check = scheme.check_character(&[byte; 200][..length]);
                    assert!(legal || check.is_none(), "{scheme:?} of {length} times {byte}");
                }
            }
        }
    }
}
