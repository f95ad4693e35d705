//! The code that a person reads from a device and types elsewhere (RFC 8628, 6.1), and who guesses it.

use rusqlite::Connection;
use tongqiao_protocol::Timestamp;

use super::failure::OauthError;
use crate::crypto;
use crate::database::DatabaseError;

/// Consonants only: no code is a word, and nothing looks like a digit or like another letter in capitals.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Eight of twenty letters: more than 34 bits.
const LENGTH: usize = 8;
/// Wrong codes within a minute, by whomever: with so many tries a code cannot be found in the ten minutes that it lives.
pub(crate) const GUESSES_MAX: i64 = 10;
/// The minute.
pub(crate) const GUESSES_WINDOW_MILLIS: i64 = 60_000;

/// A new code, without its hyphen.
pub(super) fn random() -> Result<String, OauthError> {
    let mut code = String::with_capacity(LENGTH);
    // Bytes above the last whole multiple of twenty would favour some letters. Eight rounds of 32 bytes cannot all be such.
    for _ in 0..8 {
        let bytes = crypto::random::<32>().map_err(|_| OauthError::new("server_error", "no randomness"))?;
        let letters = bytes.iter().filter(|byte| **byte < 240).filter_map(|byte| LETTERS.get(usize::from(byte % 20)));
        for letter in letters {
            code.push(char::from(*letter));
            if code.len() == LENGTH {
                return Ok(code);
            }
        }
    }
    Err(OauthError::new("server_error", "no randomness"))
}

/// The code as a person may have typed it: in any case, with or without the hyphen.
pub(super) fn typed(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    letters.take(LENGTH + 1).collect()
}

/// The code as it is shown: two groups of four.
pub(super) fn shown(code: &str) -> String {
    let (first, second) = code.split_at_checked(LENGTH / 2).unwrap_or((code, ""));
    format!("{first}-{second}")
}

/// Whether there were so many wrong codes lately that no further one is looked at.
pub(super) fn is_locked(connection: &Connection, now: Timestamp) -> Result<bool, DatabaseError> {
    let since = now.as_millis() - GUESSES_WINDOW_MILLIS;
    connection.execute("DELETE FROM oidc_device_guess WHERE at <= ?1", [since])?;
    let wrong: i64 = connection.query_row("SELECT count(*) FROM oidc_device_guess", [], |row| row.get(0))?;
    Ok(wrong >= GUESSES_MAX)
}

/// Remembers a wrong code.
pub(super) fn missed(connection: &Connection, now: Timestamp) -> Result<(), DatabaseError> {
    connection.execute("INSERT INTO oidc_device_guess (at) VALUES (?1)", [now.as_millis()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_eight_letters_that_nobody_mistakes_and_is_known_however_it_is_typed() {
        let Ok(code) = random() else { return assert_eq!("randomness", "there is some") };
        assert!(code.len() == LENGTH && code.bytes().all(|letter| LETTERS.contains(&letter)), "{code}");
        assert!(!"AEIOUY0O1I".chars().any(|letter| code.contains(letter)));
        let typed_badly = format!(" {} ", shown(&code).to_lowercase().replace('-', " "));
        assert_eq!(typed(&typed_badly), code);
        assert_ne!(typed(&format!("{code}B")), code);
        assert_eq!(shown("BCDFGHJK"), "BCDF-GHJK");
    }
}
