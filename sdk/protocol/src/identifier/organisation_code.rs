//! The organisation code 组织机构代码 (GB 11714).

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::{
    CheckScheme, CheckStanding, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem,
    Override, Part, Repair, check, check_override, mask, repair,
};

/// An organisation code: eight digits or capital letters and a check character.
///
/// Written `00877869-3`; the hyphen may be missing when read. Shown and serialised with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationCode {
    text: FixedText<9>,
    standing: CheckStanding,
}

const KIND: IdentifierKind = IdentifierKind::OrganisationCode;
const LAYOUT: [Run; 2] =
    [Run::new(Part::Organisation, 8, CharacterClass::Alphanumeric), Run::new(Part::Check, 1, CharacterClass::DigitOrX)];

impl OrganisationCode {
    /// Reads nine characters, or ten with a hyphen before the last.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.check`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        Self::read(text, CheckStanding::Verified).ok_or_else(|| IdentifierFaults::from_found(faults(text)))
    }

    /// Reads a code whose failed check a human has decided to overlook. A code that verifies is taken as verified.
    ///
    /// # Errors
    /// All faults when there is any other than the failed check.
    pub fn accept_with_override(text: &str, _decision: &Override) -> Result<Self, IdentifierFaults> {
        let found = match Self::parse(text) {
            Ok(code) => return Ok(code),
            Err(found) => found,
        };
        let standing = check_override::tolerate_check(found)?;
        Self::read(text, standing).ok_or_else(|| IdentifierFaults::from_found(faults(text)))
    }

    /// The one place where a code is made: the characters are right, and the check verifies or was overridden.
    fn read(text: &str, standing: CheckStanding) -> Option<Self> {
        let joined = without_hyphen(text);
        let text = FixedText::<9>::new(joined.as_deref().unwrap_or(text))?;
        let [body @ .., last] = text.as_bytes();
        let verifies = check::gb11714(body)? == *last;
        let last_is_legal = CharacterClass::DigitOrX.allows(char::from(*last));
        let accepted = verifies || standing == CheckStanding::Overridden;
        (last_is_legal && accepted).then_some(Self { text, standing })
    }

    /// The nine characters without the hyphen.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Whether the check character verified or a human let the code pass.
    pub fn standing(&self) -> CheckStanding {
        self.standing
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
        let check = match self.standing {
            CheckStanding::Verified => ("校验通过", "verifies"),
            CheckStanding::Overridden => ("校验不通过，已人工放行", "does not verify; let pass by a human"),
        };
        vec![
            ExplanationLine::new(Part::Organisation, body, "本体代码，本身无含义", "the body, without meaning"),
            ExplanationLine::new(Part::Check, last, check.0, check.1),
        ]
    }

    /// Most bodies are eight digits, those given out since 2015 begin with M and a letter, and some older ones with one
    /// letter. Anything else is hardly what a lost character was.
    fn plausibility(&self) -> usize {
        let [first, second, rest @ ..] = self.text.as_bytes();
        let digits = rest[..6].iter().all(u8::is_ascii_digit);
        match (first, second) {
            (b'M', second) if second.is_ascii_uppercase() => 2,
            (first, second) if first.is_ascii_digit() && second.is_ascii_digit() && digits => 2,
            (_, second) if second.is_ascii_digit() && digits => 1,
            _ => 0,
        }
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 9,
            insertable: b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            appendable: b"X",
            confusions: &[('O', '0'), ('I', '1')],
            keeps_case: false,
            ignored: "- ",
        };
        repair::suggest(text, &rules, |candidate| Self::parse(candidate).ok().map(|code| code.plausibility()))
    }
}

fn faults(text: &str) -> Vec<IdentifierFault> {
    let joined = without_hyphen(text);
    let mut faults = scan(KIND, joined.as_deref().unwrap_or(text), &LAYOUT);
    if faults.is_empty() {
        let problem = IdentifierProblem::Check { scheme: CheckScheme::Gb11714 };
        faults.push(IdentifierFault::new(KIND, Part::Check, problem));
    }
    faults
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
