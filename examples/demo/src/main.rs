//! cargo demo: a platform and two departments, killed in the middle, with a ledger.

fn main() {}
