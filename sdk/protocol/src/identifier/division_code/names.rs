//! Names of divisions, for explaining and for the demo: the provinces, all of Tongling, and Tongling's abolished counties.
//!
//! The list explains; it never decides whether a code is valid.

use alloc::format;
use alloc::string::String;

/// One place of the embedded list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DivisionName {
    code: &'static str,
    name: &'static str,
    abolished: &'static str,
}

/// Sorted by code; three columns: code of twelve digits, name, what became of it (empty for places of today).
const TABLE: &str = include_str!("../../../data/divisions.tsv");

impl DivisionName {
    /// The code of twelve digits.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What became of the place, in Chinese; empty for places of today.
    pub fn abolished(&self) -> &'static str {
        self.abolished
    }

    pub(crate) fn describe(&self) -> (String, String) {
        if self.abolished.is_empty() {
            return (self.name.into(), self.name.into());
        }
        (format!("{}（{}）", self.name, self.abolished), format!("{} (abolished or moved)", self.name))
    }

    fn from_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self { code: columns.next()?, name: columns.next()?, abolished: columns.next()? })
    }
}

/// Every place of the list, ascending by code.
pub fn all() -> impl Iterator<Item = DivisionName> {
    TABLE.lines().skip(1).filter_map(DivisionName::from_line)
}

/// The place with this code of six, nine or twelve digits.
pub fn find(code: &str) -> Option<DivisionName> {
    let wanted = code.bytes().chain(core::iter::repeat(b'0')).take(12);
    let mut body = TABLE.split_once('\n')?.1;
    // Bisection by lines: the table is sorted, and too long to walk for every explanation.
    while !body.is_empty() {
        let middle = body[..floor_boundary(body)].rfind('\n').map_or(0, |end| end + 1);
        let end = body[middle..].find('\n').map_or(body.len(), |length| middle + length);
        let line = &body[middle..end];
        let found = line.bytes().take(12);
        match found.cmp(wanted.clone()) {
            core::cmp::Ordering::Equal => return DivisionName::from_line(line),
            core::cmp::Ordering::Less => body = body.get(end + 1..).unwrap_or_default(),
            core::cmp::Ordering::Greater => body = &body[..middle],
        }
    }
    None
}

/// A place near the middle of `text` where a character begins.
fn floor_boundary(text: &str) -> usize {
    (0..=text.len() / 2).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}
