//! Why a provider refuses a ticket: the codes of CAS and those of a provincial sign-in, and what each is here.
//!
//! ```
//! use tongqiao_protocol::{ErrorCode, ticket_failure::find};
//!
//! assert_eq!(find("6001").map(|failure| failure.error()), Some(ErrorCode::IdentityTokenExpired));
//! assert_eq!(find("INVALID_TICKET").map(|failure| failure.error()), Some(ErrorCode::IdentityTokenInvalid));
//! assert_eq!(find("never heard of"), None);
//! ```

use crate::ErrorCode;

/// Columns: scope, code, error, zh, en.
const TABLE: &str = include_str!("../data/ticket-failures.tsv");

/// One reason of one kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TicketFailure {
    scope: &'static str,
    code: &'static str,
    error: ErrorCode,
    zh: &'static str,
    en: &'static str,
}

impl TicketFailure {
    fn from_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        let (scope, code) = (next()?, next()?);
        let error = ErrorCode::from_code(next()?)?;
        Some(Self { scope, code, error, zh: next()?, en: next()? })
    }

    /// Where the code is from: `cas`, or a provincial `ticket` or `token`.
    pub const fn scope(&self) -> &'static str {
        self.scope
    }

    /// The provider's code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What it is here.
    pub const fn error(&self) -> ErrorCode {
        self.error
    }

    /// The meaning in Chinese.
    pub const fn zh(&self) -> &'static str {
        self.zh
    }

    /// The meaning in English.
    pub const fn en(&self) -> &'static str {
        self.en
    }
}

/// Every reason.
pub fn all() -> impl Iterator<Item = TicketFailure> {
    TABLE.lines().skip(1).filter_map(TicketFailure::from_line)
}

/// The reason with this code; no two scopes share one.
pub fn find(code: &str) -> Option<TicketFailure> {
    all().find(|failure| failure.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_no_code_stands_twice() {
        assert_eq!(all().count(), TABLE.lines().count() - 1);
        assert!(all().all(|failure| find(failure.code) == Some(failure)));
    }
}
