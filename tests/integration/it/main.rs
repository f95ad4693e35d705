//! One integration binary.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod canaries;
mod contract;
mod edge;
mod platform;
mod sdk;
mod tidy;
