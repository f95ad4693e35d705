//! cargo verify: every check of this repository, with its own set-up.

fn main() {}
