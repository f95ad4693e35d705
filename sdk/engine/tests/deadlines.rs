//! Deadlines: the table of vectors, which another program computed, the rules one by one, and a simple model.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "deadlines/arrangement.rs"]
mod arrangement;
#[path = "deadlines/case.rs"]
mod case;
#[path = "deadlines/model.rs"]
mod model;
#[path = "deadlines/supervision.rs"]
mod supervision;
#[path = "deadlines/vectors.rs"]
mod vectors;
