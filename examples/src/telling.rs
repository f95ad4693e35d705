//! Telling a person what went wrong: the code, the advice, and every fault with its path.

use tongqiao::{Error, Language};

/// Writes an error to standard error.
pub fn tell(error: &Error) {
    eprintln!("{} {}", error.code(), error.message(Language::Chinese));
    for fault in error.faults() {
        eprintln!("  {} {} {}", fault.path, fault.code, fault.message(Language::Chinese));
    }
}
