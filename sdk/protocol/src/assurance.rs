//! How sure a provider is of a person: values on named scales, in a table.
//!
//! The scales in use run in opposite directions: of natural persons 3 is best, of legal persons 1 is best. A value is
//! therefore never compared as a number, and never with a value of another scale; only the order of the table counts.
//!
//! ```
//! use core::cmp::Ordering;
//! use tongqiao_protocol::assurance::compare;
//!
//! assert_eq!(compare("natural-person", "3", "2"), Some(Ordering::Greater));
//! assert_eq!(compare("legal-person", "3", "2"), Some(Ordering::Less));
//! assert_eq!(compare("of another province", "3", "2"), None);
//! ```

use core::cmp::Ordering;

/// Columns: scale, value, zh, en. Of one scale the weakest stands first.
const TABLE: &str = include_str!("../data/assurance-scales.tsv");

/// One value of one scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssuranceLevel {
    scale: &'static str,
    value: &'static str,
    zh: &'static str,
    en: &'static str,
}

impl AssuranceLevel {
    fn from_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        Some(Self { scale: next()?, value: next()?, zh: next()?, en: next()? })
    }

    /// The scale, such as `natural-person`.
    pub const fn scale(&self) -> &'static str {
        self.scale
    }

    /// The value on it.
    pub const fn value(&self) -> &'static str {
        self.value
    }

    /// The meaning in Chinese.
    pub const fn zh(&self) -> &'static str {
        self.zh
    }

    /// The meaning in English.
    pub const fn en(&self) -> &'static str {
        self.en
    }
}

/// Every value of every scale; of one scale the weakest first.
pub fn all() -> impl Iterator<Item = AssuranceLevel> {
    TABLE.lines().skip(1).filter_map(AssuranceLevel::from_line)
}

/// The values of one scale, the weakest first; none when the scale is not known.
pub fn levels(scale: &str) -> impl Iterator<Item = AssuranceLevel> {
    all().filter(move |level| level.scale == scale)
}

/// How one value of a scale stands to another; `None` when scale or value is not in the table.
pub fn compare(scale: &str, left: &str, right: &str) -> Option<Ordering> {
    let rank = |value: &str| levels(scale).position(|level| level.value == value);
    Some(rank(left)?.cmp(&rank(right)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_once_on_its_scale_and_every_cell_is_filled() {
        for level in all() {
            assert_eq!(levels(level.scale).filter(|other| other.value == level.value).count(), 1, "{level:?}");
            assert!([level.scale, level.value, level.zh, level.en].iter().all(|cell| !cell.is_empty()), "{level:?}");
        }
        assert_eq!(all().count(), 7);
    }

    #[test]
    fn an_unknown_scale_or_value_is_neither_more_nor_less() {
        assert_eq!(compare("natural-person", "3", "4"), None);
        assert_eq!(compare("natural-person", "03", "3"), None);
        assert_eq!(compare("", "1", "1"), None);
        assert_eq!(compare("legal-person", "1", "1"), Some(Ordering::Equal));
    }
}
