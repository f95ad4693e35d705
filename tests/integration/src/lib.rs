//! Tests that cross crates. The library holds only what the programs that tests start have in common: everything else is in the
//! one test binary.

pub mod logging;
