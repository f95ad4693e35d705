//! Delivery as a driver sees it: its rules one by one, and long runs by chance against a simple model.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "delivery/bench.rs"]
mod bench;
#[path = "delivery/by_chance.rs"]
mod by_chance;
#[path = "delivery/rules.rs"]
mod rules;
