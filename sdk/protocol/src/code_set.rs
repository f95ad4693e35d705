//! Code sets as data: each with its name, its generation and where it was seen.
//!
//! Sets of the same name compete: `service_target` 5 is an agency in GB/T 39046-2020 and an enterprise without legal
//! personality in the later national list. A code value therefore never travels alone: [`CodedValue`] names set and
//! generation, and a value that the set does not know is kept and reported, never dropped.
//!
//! ```
//! use tongqiao_protocol::code_set::{CodedValue, find};
//!
//! let later: CodedValue = serde_json::from_str(r#"{"set":"service_target","generation":"national-later","code":"5"}"#)?;
//! assert_eq!(later.entry().map(|entry| entry.zh()), Some("非法人企业"));
//! assert_eq!(find("service_target", "gb39046-2020", "5").map(|entry| entry.zh()), Some("行政机关"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};

/// The generation of the sets in appendix A of GB/T 39046-2020.
pub const GB39046: &str = "gb39046-2020";

/// One code of one set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeEntry {
    set: &'static str,
    generation: &'static str,
    code: &'static str,
    zh: &'static str,
    en: &'static str,
    source: &'static str,
    certainty: &'static str,
}

/// Columns: set, generation, code, zh, en, source, certainty.
const TABLE: &str = include_str!("../data/code-sets.tsv");

impl CodeEntry {
    fn from_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        Some(Self {
            set: next()?,
            generation: next()?,
            code: next()?,
            zh: next()?,
            en: next()?,
            source: next()?,
            certainty: next()?,
        })
    }

    /// The set, such as `service_target`.
    pub fn set(&self) -> &'static str {
        self.set
    }

    /// The generation, such as `gb39046-2020`.
    pub fn generation(&self) -> &'static str {
        self.generation
    }

    /// The code, or a range such as `11-19`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The meaning in Chinese.
    pub fn zh(&self) -> &'static str {
        self.zh
    }

    /// The meaning in English.
    pub fn en(&self) -> &'static str {
        self.en
    }

    /// Where the entry was seen.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// How sure we are: seen in a text, seen in code, derived, or from memory.
    pub fn certainty(&self) -> &'static str {
        self.certainty
    }

    /// Whether `code` is this entry's code or within its range.
    fn covers(&self, code: &str) -> bool {
        if self.code == code {
            return true;
        }
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        self.code.split_once('-').is_some_and(|(first, last)| {
            digits(first) && digits(last) && digits(code) && code.len() == first.len() && first <= code && code <= last
        })
    }
}

/// Every entry of every set, set by set.
pub fn all() -> impl Iterator<Item = CodeEntry> {
    TABLE.lines().skip(1).filter_map(CodeEntry::from_line)
}

/// The entries of one generation of a set; none when the set is not known.
pub fn entries<'a>(set: &'a str, generation: &'a str) -> impl Iterator<Item = CodeEntry> + 'a {
    all().filter(move |entry| entry.set == set && entry.generation == generation)
}

/// The generations of a set that compete with each other.
pub fn generations(set: &str) -> impl Iterator<Item = &'static str> + '_ {
    let mut last = "";
    all().filter(move |entry| entry.set == set).map(|entry| entry.generation).filter(move |generation| {
        let new = *generation != last;
        last = generation;
        new
    })
}

/// The entry for a code, where that generation of the set has one.
pub fn find(set: &str, generation: &str, code: &str) -> Option<CodeEntry> {
    all().find(|entry| entry.set == set && entry.generation == generation && entry.covers(code))
}

/// A code value on the wire: with the set and the generation that give it meaning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodedValue {
    set: String,
    generation: String,
    code: String,
}

impl CodedValue {
    /// A value of a set that need not be known here: what it means may only be known to its receiver.
    pub fn new(set: &str, generation: &str, code: &str) -> Self {
        Self { set: set.to_string(), generation: generation.to_string(), code: code.to_string() }
    }

    /// The set.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// The generation.
    pub fn generation(&self) -> &str {
        &self.generation
    }

    /// The code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The entry, or `None` for a value that is kept and reported as unknown.
    pub fn entry(&self) -> Option<CodeEntry> {
        find(&self.set, &self.generation, &self.code)
    }
}

impl From<CodeEntry> for CodedValue {
    fn from(entry: CodeEntry) -> Self {
        Self::new(entry.set, entry.generation, entry.code)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_an_entry_with_its_own_code() {
        let lines = TABLE.lines().skip(1).count();
        let codes: BTreeSet<_> = all().map(|entry| (entry.set, entry.generation, entry.code)).collect();
        assert_eq!(codes.len(), lines);
        assert!(all().all(|entry| !entry.code.is_empty() && !entry.zh.is_empty() && !entry.en.is_empty()));
    }

    #[test]
    fn competing_generations_of_a_set_stay_apart() {
        assert!(generations("service_target").eq([GB39046, "national-later"]));
        assert_eq!(find("service_target", GB39046, "5").unwrap().zh(), "行政机关");
        assert_eq!(find("service_target", "national-later", "5").unwrap().zh(), "非法人企业");
    }

    #[test]
    fn a_range_covers_its_ends_and_nothing_beyond() {
        assert_eq!(find("item_type", GB39046, "11").unwrap().code(), "11-19");
        assert_eq!(find("item_type", GB39046, "19").unwrap().code(), "11-19");
        assert_eq!(find("item_type", GB39046, "20").unwrap().code(), "20");
        assert_eq!(find("item_type", GB39046, "30"), None);
        assert_eq!(find("item_type", GB39046, "1"), None);
    }

    #[test]
    fn an_unknown_value_is_kept() {
        let value: CodedValue =
            serde_json::from_str(r#"{"set":"handle_form","generation":"gb39046-2020","code":"77"}"#).unwrap();
        assert_eq!((value.code(), value.entry()), ("77", None));
    }
}
