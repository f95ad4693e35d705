//! Every address of the platform's HTTP interface under `/v1`, with who may ask, whether repeating is harmless, and how
//! large the body may be. The platform is tested against this table, row by row.
//!
//! ```
//! use tongqiao_protocol::routes::{Access, ROUTES};
//! let pushed = ROUTES.iter().find(|route| route.path == "/v1/case-events");
//! assert!(pushed.is_some_and(|route| route.access == Access::Signed));
//! ```

use crate::limits::{BATCH_BYTES_MAX, MATERIAL_CHUNK_BYTES_MAX, RECORD_BODY_BYTES_MAX, SMALL_BODY_BYTES_MAX};

/// The methods that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes; repeating it is recognised by the id inside.
    Post,
}

impl Method {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anybody: the answer is public or signed by the platform.
    Open,
    /// A party with a hop signature (RFC 9421).
    Signed,
    /// Whoever holds a one-time enrolment code.
    OneTimeCode,
}

/// What makes a repetition harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repetition {
    /// Reading changes nothing.
    Reads,
    /// The id inside the record or request is the index of duplicates, for ever.
    ById,
    /// It sets one value: what is said last holds, and the same again changes nothing.
    Sets,
    /// It is another attempt: the right one changes nothing, and a wrong one counts.
    Attempt,
}

/// One address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path; names in braces stand for an id.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// Why repeating is harmless.
    pub repetition: Repetition,
    /// The largest body, in bytes; 0 where there is none.
    pub body_bytes_max: usize,
}

const fn read(path: &'static str, access: Access) -> Route {
    Route { method: Method::Get, path, access, repetition: Repetition::Reads, body_bytes_max: 0 }
}

const fn write(path: &'static str, access: Access, body_bytes_max: usize) -> Route {
    Route { method: Method::Post, path, access, repetition: Repetition::ById, body_bytes_max }
}

/// The route table of version 1.
pub const ROUTES: &[Route] = &[
    read("/v1/time", Access::Open),
    read("/v1/epoch", Access::Open),
    read("/v1/log/checkpoint", Access::Open),
    read("/v1/log/inclusion", Access::Open),
    read("/v1/log/consistency", Access::Open),
    read("/v1/directory", Access::Open),
    read("/v1/catalogue", Access::Open),
    read("/v1/catalogue/changes", Access::Open),
    read("/v1/working-calendar", Access::Open),
    read("/v1/supervision-rules", Access::Open),
    read("/v1/guides/{item}", Access::Open),
    read("/v1/agencies", Access::Open),
    read("/v1/intermediaries", Access::Open),
    read("/v1/questions", Access::Open),
    read("/v1/statistics", Access::Open),
    read("/v1/open-data/cases", Access::Open),
    Route { repetition: Repetition::Attempt, ..write("/v1/progress-queries", Access::Open, SMALL_BODY_BYTES_MAX) },
    write("/v1/enrolments", Access::OneTimeCode, SMALL_BODY_BYTES_MAX),
    write("/v1/case-number-leases", Access::Signed, SMALL_BODY_BYTES_MAX),
    write("/v1/case-number-parts", Access::Signed, SMALL_BODY_BYTES_MAX),
    write("/v1/case-events", Access::Signed, BATCH_BYTES_MAX),
    read("/v1/case-events/{event}/receipt", Access::Signed),
    read("/v1/cases/{case}", Access::Signed),
    read("/v1/cases/{case}/deadlines", Access::Signed),
    read("/v1/cases/{case}/events", Access::Signed),
    read("/v1/cases/{case}/joint", Access::Signed),
    read("/v1/projects/{project}", Access::Signed),
    read("/v1/inbox", Access::Signed),
    write("/v1/inbox/acknowledgements", Access::Signed, RECORD_BODY_BYTES_MAX),
    read("/v1/inbox/webhook", Access::Signed),
    Route { repetition: Repetition::Sets, ..write("/v1/inbox/webhook", Access::Signed, SMALL_BODY_BYTES_MAX) },
    write("/v1/bills", Access::Signed, RECORD_BODY_BYTES_MAX),
    read("/v1/bills/{bill}", Access::Signed),
    write("/v1/bills/{bill}/fence", Access::Signed, SMALL_BODY_BYTES_MAX),
    write("/v1/bills/{bill}/void", Access::Signed, RECORD_BODY_BYTES_MAX),
    write("/v1/bills/{bill}/refunds", Access::Signed, RECORD_BODY_BYTES_MAX),
    read("/v1/refunds/{refund}", Access::Signed),
    read("/v1/bills/{bill}/e-receipts", Access::Signed),
    read("/v1/reconciliations/{date}", Access::Signed),
    write("/v1/materials", Access::Signed, SMALL_BODY_BYTES_MAX),
    read("/v1/materials/{material}", Access::Signed),
    write("/v1/materials/{material}/chunks", Access::Signed, MATERIAL_CHUNK_BYTES_MAX),
    write("/v1/materials/{material}/possession", Access::Signed, SMALL_BODY_BYTES_MAX),
    write("/v1/materials/{material}/completion", Access::Signed, SMALL_BODY_BYTES_MAX),
    read("/v1/materials/{material}/content", Access::Signed),
    read("/v1/licences/{licence}/uses", Access::Signed),
];

/// The row of a request, found by method and path as they came; a segment in braces stands for any one segment.
pub fn find(method: &str, path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method.as_str() == method && fits(route.path, path))
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let all = pattern.split('/').all(|wanted| {
        segments.next().is_some_and(|segment| segment == wanted || (wanted.starts_with('{') && !segment.is_empty()))
    });
    all && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_finds_its_own_row_and_no_other() {
        for route in ROUTES {
            let path = route.path.replace(['{', '}'], "");
            assert_eq!(find(route.method.as_str(), &path), Some(route), "{path}");
        }
        for path in ["/v1/bills/", "/v1/bills/1/2", "/v1", "v1/bills", "/v1/bills/1/void/"] {
            assert_eq!(find("POST", path), None, "{path}");
        }
    }
}
