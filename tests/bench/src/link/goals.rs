//! What our frames on QUIC should reach, each goal as a ratio to what the link allows or to another contestant of the same run.

use super::race::{Load, Outcome};
use super::table::{Entry, percentile, share};
use crate::goal::Goal;

const QUIC: &str = "frames on QUIC";
const HTTP2: &str = "frames on HTTP/2";
/// Seconds that half and all but one in a hundred of the payments may take amid files.
const PAYMENTS: [(&str, f64, f64); 2] = [("a", 1.0, 1.3), ("b", 0.25, 0.7)];
/// More than the records.
const FILES_BYTES_LEAST: u64 = 1_000_000;
/// Links without outages, on which records alone are measured against the link.
const STEADY: [&str; 3] = ["a", "b", "c"];
/// Links with outages.
const DARK: [&str; 2] = ["d", "e"];
/// Of the link's limit, under outages.
const SHARE_LEAST: f64 = 0.75;
/// The records in JSON with their receipts, in parts of what goes over the line.
const SMALLER_LEAST: f64 = 3.0;
/// Beyond the bytes: handshakes and what was lost.
const BYTES_FACTOR: f64 = 1.10;
const ROUND_TRIPS: f64 = 6.0;

/// Every goal for which there are races; `json_bytes` is what records and receipts are as JSON.
pub(super) fn of(rows: &[(Entry, Outcome)], json_bytes: f64) -> Vec<Goal> {
    let find = |link: &str, contestant: &str, load: Load| {
        rows.iter().find(|(entry, _)| entry.link == link && entry.contestant == contestant && entry.load == load)
    };
    let mut links = rows.iter().map(|(entry, _)| entry.link.as_str()).collect::<Vec<_>>();
    links.dedup();
    let mut goals = Vec::new();
    for link in links {
        if let Some((entry, alone)) = find(link, QUIC, Load::Records) {
            if STEADY.contains(&link) {
                let bytes = alone.up_bytes.max(alone.down_bytes) as f64;
                let allowed = BYTES_FACTOR * bytes / entry.profile.most_bytes_per_second()
                    + ROUND_TRIPS * entry.profile.round_trip.as_secs_f64();
                let ratio = alone.records_took.as_secs_f64() / allowed;
                goals.push(Goal::at_most(format!("{link}: records alone / what bytes and six trips take"), ratio, 1.0));
            }
            let ratio = json_bytes / (alone.up_bytes + alone.down_bytes) as f64;
            goals.push(Goal::at_least(
                format!("{link}: JSON with receipts / bytes there and back"),
                ratio,
                SMALLER_LEAST,
            ));
            if let Some((_, other)) = find(link, HTTP2, Load::Records) {
                let ratio = alone.records_took.as_secs_f64() / other.records_took.as_secs_f64();
                goals.push(Goal::at_most(format!("{link}: records alone, QUIC / HTTP/2"), ratio, 1.0));
            }
        }
        let Some((entry, whole)) = find(link, QUIC, Load::Everything) else { continue };
        if let Some((_, other)) = find(link, HTTP2, Load::Everything) {
            let ratio = whole.took.as_secs_f64() / other.took.as_secs_f64();
            goals.push(Goal::at_most(format!("{link}: everything, QUIC / HTTP/2"), ratio, 1.0));
        }
        goals.push(Goal::at_most(format!("{link}: messages not delivered"), whole.left as f64, 0.0));
        if DARK.contains(&link) {
            goals.push(Goal::at_least(format!("{link}: share of the limit"), share(entry, whole), SHARE_LEAST));
        }
        // Without files there is nothing amid which they could be.
        let is_amid_files = whole.payload_bytes > FILES_BYTES_LEAST;
        for (_, half, most) in PAYMENTS.iter().filter(|(of, ..)| is_amid_files && *of == link) {
            let [p50, p99] = [0.50, 0.99].map(|part| percentile(&whole.payments, part));
            goals.push(Goal::at_most(format!("{link}: payments, half of them, s"), p50, *half));
            goals.push(Goal::at_most(format!("{link}: payments, 99 of 100, s"), p99, *most));
        }
    }
    goals
}
