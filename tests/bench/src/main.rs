//! Benchmarks that print their figures beside a baseline.

fn main() {}
