//! The organisation code 组织机构代码 (GB 11714).

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::{
    CheckScheme, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem, Part, Repair,
    check, mask, repair,
};

/// An organisation code: eight digits or capital letters and a check character.
///
/// Written `00877869-3`; the hyphen may be missing when read. Shown and serialised with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationCode(FixedText<9>);

const KIND: IdentifierKind = IdentifierKind::OrganisationCode;
const LAYOUT: [Run; 2] =
    [Run::new(Part::Organisation, 8, CharacterClass::Alphanumeric), Run::new(Part::Check, 1, CharacterClass::DigitOrX)];

impl OrganisationCode {
    /// Reads nine characters, or ten with a hyphen before the last.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.check`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        let joined = without_hyphen(text);
        let text = joined.as_deref().unwrap_or(text);
        Self::read(text).ok_or_else(|| {
            let mut faults = scan(KIND, text, &LAYOUT);
            if faults.is_empty() {
                let problem = IdentifierProblem::Check { scheme: CheckScheme::Gb11714 };
                faults.push(IdentifierFault::new(KIND, Part::Check, problem));
            }
            IdentifierFaults::from_found(faults)
        })
    }

    fn read(text: &str) -> Option<Self> {
        let text = FixedText::<9>::new(text)?;
        let [body @ .., last] = text.as_bytes();
        (check::gb11714(body)? == *last).then_some(Self(text))
    }

    /// The nine characters without the hyphen.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The code, hyphen kept, with all but the first two and the last two characters hidden.
    pub fn mask(&self) -> String {
        let mut masked = mask::middle(self.as_str(), 2, 2);
        masked.insert(8, '-');
        masked
    }

    /// The parts and their meaning.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let (body, last) = self.as_str().split_at(8);
        vec![
            ExplanationLine::new(Part::Organisation, body, "本体代码，本身无含义", "the body, without meaning"),
            ExplanationLine::new(Part::Check, last, "校验通过", "verifies"),
        ]
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 9,
            insertable: b"0123456789",
            confusions: &[('O', '0'), ('I', '1')],
            keeps_case: false,
            ignored: "- ",
        };
        repair::suggest(text, &rules, |candidate| Self::parse(candidate).ok().map(|_| 0))
    }
}

/// `12345678-9` as `123456789`; `None` when the hyphen is not in its place.
fn without_hyphen(text: &str) -> Option<String> {
    let (body, last) = text.split_once('-')?;
    (body.chars().count() == 8 && last.chars().count() == 1).then(|| [body, last].concat())
}

impl fmt::Display for OrganisationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (body, last) = self.as_str().split_at(8);
        write!(f, "{body}-{last}")
    }
}

impl fmt::Debug for OrganisationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrganisationCode({})", self.mask())
    }
}

impl core::str::FromStr for OrganisationCode {
    type Err = IdentifierFaults;

    fn from_str(text: &str) -> Result<Self, IdentifierFaults> {
        Self::parse(text)
    }
}

impl Serialize for OrganisationCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OrganisationCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
