//! Who registers which kind of body (GB 32100-2015, tables of authority and kind).

/// Registering authority and kind of body: the first two places of a credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Registration {
    prefix: &'static str,
    zh: &'static str,
    en: &'static str,
}

/// Embedded data, one line per prefix: prefix, Chinese, English.
const TABLE: &str = include_str!("../../../data/credit-code-registrations.tsv");

impl Registration {
    /// The entry for the two places `prefix`, where the table has one.
    ///
    /// A prefix without entry is no fault: authorities are added faster than tables.
    pub fn find(prefix: &str) -> Option<Self> {
        Self::all().find(|entry| entry.prefix == prefix)
    }

    /// Every entry of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.lines().skip(1).filter_map(|line| {
            let mut columns = line.split('\t');
            Some(Self { prefix: columns.next()?, zh: columns.next()?, en: columns.next()? })
        })
    }

    /// The two places.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Authority and kind in Chinese.
    pub fn zh(&self) -> &'static str {
        self.zh
    }

    /// Authority and kind in English.
    pub fn en(&self) -> &'static str {
        self.en
    }
}
