//! The secret with which an applicant asks how a case stands, printed on the receipt beside the case number.
//!
//! Twelve characters of Crockford's base 32 are sixty bits of chance. That much need not be stretched: a signed event can carry
//! the digest for ever, and nobody finds the password from it. The platform keeps only the digest; the case's id goes into
//! it, so that the same password on two receipts gives two digests.
//!
//! ```
//! use tongqiao_protocol::QueryPassword;
//!
//! let password = QueryPassword::parse("7k3m-9qxp-o1il")?;
//! assert_eq!(password.grouped(), "7K3M-9QXP-0111");
//! # Ok::<(), tongqiao_protocol::InvalidQueryPassword>(())
//! ```

use alloc::string::String;
use core::fmt;

use crate::limits::QUERY_PASSWORD_CHARS;
use crate::{CaseId, Digest, Suite};

/// The digits of Crockford's base 32, in the order of their values.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What goes before the password when its digest is made.
const LABEL: &[u8] = b"tongqiao query password v1\n";
/// Characters between two hyphens on paper.
const GROUP: usize = 4;

/// A query password 查询密码. Its `Debug` hides it; it is never logged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QueryPassword([u8; QUERY_PASSWORD_CHARS]);

/// The text is not a query password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("twelve characters of Crockford's base 32; hyphens and blanks between them are ignored")]
pub struct InvalidQueryPassword;

impl QueryPassword {
    /// Makes a password of chance: the lowest five bits of each byte count.
    pub fn from_random(random: [u8; QUERY_PASSWORD_CHARS]) -> Self {
        Self(random.map(|byte| DIGITS[usize::from(byte & 31)]))
    }

    /// Reads what somebody typed: lower case, hyphens, blanks, full-width characters, and the letters that look like digits
    /// (O as 0; I and L as 1) are what that alphabet was made for.
    ///
    /// # Errors
    /// [`InvalidQueryPassword`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidQueryPassword> {
        let mut read = [0; QUERY_PASSWORD_CHARS];
        let mut length = 0;
        for one in text.chars().filter(|one| !matches!(one, '-' | ' ' | '\u{3000}' | '－')) {
            let digit = digit(one).ok_or(InvalidQueryPassword)?;
            *read.get_mut(length).ok_or(InvalidQueryPassword)? = digit;
            length += 1;
        }
        if length == QUERY_PASSWORD_CHARS { Ok(Self(read)) } else { Err(InvalidQueryPassword) }
    }

    /// As it is printed: three groups of four.
    pub fn grouped(&self) -> String {
        let mut text = String::with_capacity(QUERY_PASSWORD_CHARS + QUERY_PASSWORD_CHARS / GROUP);
        for (index, digit) in self.0.iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(*digit));
        }
        text
    }

    /// What an application says of it (`data.query`), and what the platform compares.
    pub fn verifier(&self, suite: Suite, case: CaseId) -> Digest {
        Digest::of_parts(suite, &[LABEL, case.as_bytes(), &self.0])
    }
}

fn digit(one: char) -> Option<u8> {
    let one = match one {
        '！'..='～' => char::from_u32(u32::from(one) - 0xFEE0)?,
        _ => one,
    };
    let one = match one.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    u8::try_from(one).ok().filter(|byte| DIGITS.contains(byte))
}

impl fmt::Debug for QueryPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueryPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn case(last: u8) -> CaseId {
        CaseId::from_bytes([last; 16])
    }

    #[test]
    fn what_people_type_is_read_and_what_is_printed_is_read_back() {
        let printed = QueryPassword::from_random([0, 1, 2, 3, 14, 25, 26, 27, 28, 29, 30, 31]);
        assert_eq!(printed.grouped(), "0123-ESTV-WXYZ");
        for typed in ["0123-ESTV-WXYZ", "o i23estv wxyz", "０１２３ＥＳＴＶＷＸＹＺ", " ol23 EsTv-wXyZ "] {
            assert!(QueryPassword::parse(typed) == Ok(printed), "{typed}");
        }
        for wrong in ["", "0123-ESTV-WXY", "0123-ESTV-WXYZ0", "0123-ESTV-WXYU", "0123_ESTV_WXYZ", "零123ESTVWXYZ"] {
            assert!(QueryPassword::parse(wrong) == Err(InvalidQueryPassword), "{wrong}");
        }
    }

    #[test]
    fn the_verifier_depends_on_case_and_suite_and_debug_shows_nothing() {
        let password = QueryPassword::from_random([7; QUERY_PASSWORD_CHARS]);
        let verifier = password.verifier(Suite::International, case(1));
        assert_ne!(verifier, password.verifier(Suite::International, case(2)));
        assert_ne!(verifier, password.verifier(Suite::ShangMi, case(1)));
        assert_eq!(format!("{password:?}"), "QueryPassword(…)");
    }
}
