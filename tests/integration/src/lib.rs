//! Tests that cross crates. The library is empty: everything is in the one test binary.
