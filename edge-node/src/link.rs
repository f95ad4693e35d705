//! The link between a township and the city: frames, lanes, and who is at the other end.
//!
//! A frame is one request or one answer of the platform's own HTTP interface, packed as small as it goes without changing what
//! is signed: the hub unpacks the very bytes that the sender had signed, and adds nothing of its own. Normative is
//! `conformance/spec/19-uplink.md`.
//!
//! What must never happen here: that a record's bytes change, that a hub's silence counts for anything, or that two authors'
//! texts, or a text and a secret, share a compressed block.

mod answer;
mod block;
mod budget;
pub(crate) mod bundle;
pub(crate) mod call;
mod counts;
pub(crate) mod dictionary;
pub(crate) mod http2;
pub(crate) mod identity;
mod memory;
mod quic;
mod records;
pub(crate) mod serving;
mod silence;
mod throttled;
mod uplink;
mod wire;

pub use answer::Answered;
pub(crate) use budget::Budget;
pub use budget::HourCap;
pub use call::Call;
pub(crate) use counts::Counts;
pub use memory::Way;
pub use quic::{Control, Measures, Switch};
pub(crate) use quic::{Door as QuicDoor, Shaper, serve as serve_quic};
pub(crate) use serving::{Hub, serve};
pub(crate) use uplink::UplinkParts;
pub use uplink::{LinkChoice, LinkState, Uplink};
pub use wire::Malformed;

/// Whether a request may be said in the first packet of a connection, where somebody could have caught it and say it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Early {
    /// Saying it twice is as saying it once, and it holds no secret.
    May,
    /// It waits until the other end has proved who it is.
    MustNot,
}

impl Early {
    fn of(method: &str, path: &str) -> Self {
        let by_its_id = ["/v1/case-events", "/v1/case-number-leases", "/v1/bills", "/v1/refunds", "/v1/materials"];
        let is_by_id = by_its_id
            .iter()
            .any(|known| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        if method == "GET" || is_by_id { Self::May } else { Self::MustNot }
    }
}

/// Which requests go first when the link is narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Keys, epochs, clocks: small, and everything else depends on it.
    Control,
    /// Money.
    Payment,
    /// Cases, and whatever a person waits for.
    Case,
    /// Materials and the catalogue.
    Bulk,
}

impl Lane {
    /// The lane of a request, by its address.
    pub fn of(method: &str, path: &str) -> Self {
        let is = |start: &str| path.starts_with(start);
        if is("/v1/bills") || is("/v1/refunds") {
            Self::Payment
        } else if is("/v1/time") || is("/v1/epoch") || is("/v1/directory") || is("/v1/enrolments") {
            Self::Control
        } else if (is("/v1/materials") && method == "POST")
            || is("/v1/catalogue")
            || path.ends_with("/content")
            || is("/v1/open-data")
        {
            Self::Bulk
        } else {
            Self::Case
        }
    }

    /// Whether it has a connection of its own, which no other lane can fill.
    pub(crate) const fn is_urgent(self) -> bool {
        matches!(self, Self::Control | Self::Payment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_by_its_id_is_said_early() {
        assert_eq!(Early::of("POST", "/v1/case-events"), Early::May);
        assert_eq!(Early::of("POST", "/v1/bills/018f9f3a-7c00-7000-8000-000000000000/void"), Early::May);
        assert_eq!(Early::of("GET", "/v1/time"), Early::May);
        for late in ["/v1/enrolments", "/v1/progress-queries", "/v1/bills-of-another-kind", "/v1/anything"] {
            assert_eq!(Early::of("POST", late), Early::MustNot, "{late}");
        }
    }

    #[test]
    fn money_and_keys_overtake_cases_and_cases_overtake_files() {
        let lane = |method, path| Lane::of(method, path);
        assert_eq!(lane("POST", "/v1/bills"), Lane::Payment);
        assert_eq!(lane("POST", "/v1/bills/018f9f3a-7c00-7000-8000-000000000000/void"), Lane::Payment);
        assert_eq!(lane("GET", "/v1/directory"), Lane::Control);
        assert_eq!(lane("POST", "/v1/case-events"), Lane::Case);
        assert_eq!(lane("GET", "/v1/inbox"), Lane::Case);
        assert_eq!(lane("GET", "/v1/catalogue"), Lane::Bulk);
        assert_eq!(lane("POST", "/v1/materials/018f9f3a-7c00-7000-8000-000000000000/chunks"), Lane::Bulk);
        assert!(Lane::Control < Lane::Payment && Lane::Payment < Lane::Case && Lane::Case < Lane::Bulk);
    }
}
