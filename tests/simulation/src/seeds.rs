//! Seeds that found something once; they are run for ever.

/// One seed a line, `#` begins a remark.
const KEPT: &str = include_str!("../failing-seeds.txt");

/// Their numbers.
pub fn kept() -> Vec<u64> {
    let lines = KEPT.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(|line| line.parse().expect("a number a line")).collect()
}
