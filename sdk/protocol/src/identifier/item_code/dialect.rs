//! Provincial dialects of item codes: data, not code.
//!
//! A dialect is one line of `data/item-code-dialects.tsv`. Its pattern is literal text and parts in braces,
//! `{part:class count}`, where the class is `n` (digits), `a` (capital letters), `an` (both) or `h` (hexadecimal) and
//! the count is one length or several separated by `|`: `{prefix:n2}{type:n2}{main:n5}{sub:an3}-{handling:n2}`.

use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

/// One provincial dialect.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    name: &'static str,
    region: &'static str,
    pattern: &'static str,
    example: &'static str,
    zh: &'static str,
    en: &'static str,
}

const TABLE: &str = include_str!("../../../data/item-code-dialects.tsv");

impl Dialect {
    /// Every dialect, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.lines().skip(1).filter_map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next();
            let (name, region, pattern) = (next()?, next()?, next()?);
            Some(Self { name, region, pattern, example: next()?, zh: next()?, en: next()? })
        })
    }

    /// The stable name, such as `sichuan`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The six digits of the province where it was met.
    pub fn region(&self) -> &'static str {
        self.region
    }

    /// The pattern.
    pub fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// A code of this dialect.
    pub fn example(&self) -> &'static str {
        self.example
    }

    /// The dialect in Chinese.
    pub fn zh(&self) -> &'static str {
        self.zh
    }

    /// The dialect in English.
    pub fn en(&self) -> &'static str {
        self.en
    }
}

// The name is the key of the table, so it alone decides.
impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Dialect {}

impl PartialOrd for Dialect {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dialect {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}

impl Hash for Dialect {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
