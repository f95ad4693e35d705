//! The e-licence identifier 电子证照标识 (GB/T 36904-2018).

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::character_class::{CharacterClass, Run, scan_unsegmented};
use super::text_form::text_form;
use super::{
    CheckScheme, CreditCode, DivisionCode, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind,
    IdentifierProblem, Part, Repair, RepairStep, Wording, check, mask, repair,
};

/// An e-licence identifier: `1.2.156.3005.2.` then type (21), issuer, serial, version (3) and check character, dotted.
///
/// The type is the credit code of the body that defined it and three more places. The issuer is a credit code, or an
/// area of six digits as some cities write it. The check is ISO 7064 MOD 37,36 over type, issuer, serial and version
/// without the dots and *without* the root.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceIdentifier(String);

text_form!(LicenceIdentifier);

/// The fixed beginning of every e-licence identifier.
pub const LICENCE_ROOT: &str = "1.2.156.3005.2";
/// Longest serial, in characters. The standard's own limit was not found; 32 is the longest seen.
pub const LICENCE_SERIAL_MAX_CHARACTERS: usize = 64;

const KIND: IdentifierKind = IdentifierKind::LicenceIdentifier;
const SHAPE: Wording =
    Wording::new("1.2.156.3005.2.类型.颁发机构.流水号.版本.校验码", "1.2.156.3005.2.type.issuer.serial.version.check");

/// How many dotted numbers the root has.
const ROOT_SEGMENTS: usize = 5;
/// The longest right text, in characters.
const LONGEST: usize = LICENCE_ROOT.len() + 1 + 21 + 1 + 18 + 1 + LICENCE_SERIAL_MAX_CHARACTERS + 1 + 3 + 1 + 1;

/// The five dotted parts after a root of five numbers, whether it is the right root or not.
#[derive(Debug, Clone, Copy)]
struct Segments<'a> {
    licence_type: &'a str,
    issuer: &'a str,
    serial: &'a str,
    version: &'a str,
    check: &'a str,
}

impl<'a> Segments<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let mut segments = text.splitn(ROOT_SEGMENTS + 1, '.').nth(ROOT_SEGMENTS)?.split('.');
        let found = Self {
            licence_type: segments.next()?,
            issuer: segments.next()?,
            serial: segments.next()?,
            version: segments.next()?,
            check: segments.next()?,
        };
        segments.next().is_none().then_some(found)
    }

    /// The characters that the check character covers.
    fn covered(&self) -> impl Iterator<Item = u8> {
        self.licence_type.bytes().chain(self.issuer.bytes()).chain(self.serial.bytes()).chain(self.version.bytes())
    }
}

impl LicenceIdentifier {
    /// Reads an identifier exactly as it stands.
    ///
    /// # Errors
    /// All faults: `identifier.shape` (root, number of parts), `identifier.length`, `identifier.character`,
    /// `identifier.value` (type or issuer is no credit code or area), `identifier.check`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        IdentifierFaults::none_or(all_faults(text), || Self(text.to_string()))
    }

    /// Joins the parts and adds the check character.
    ///
    /// # Errors
    /// As [`LicenceIdentifier::parse`].
    pub fn build(licence_type: &str, issuer: &str, serial: &str, version: &str) -> Result<Self, IdentifierFaults> {
        let body = [licence_type, issuer, serial, version];
        let covered = body.iter().flat_map(|part| part.bytes());
        // Without a check character the parser will say which part is wrong.
        let check = check::mod_37_36(covered).map_or('0', char::from);
        Self::parse(&format!("{LICENCE_ROOT}.{}.{check}", body.join(".")))
    }

    /// The identifier as it stands.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The type of licence: 21 characters.
    pub fn licence_type(&self) -> &str {
        self.segment(0)
    }

    /// The issuer: a credit code or an area.
    pub fn issuer(&self) -> &str {
        self.segment(1)
    }

    /// The serial.
    pub fn serial(&self) -> &str {
        self.segment(2)
    }

    /// The version: three digits.
    pub fn version(&self) -> &str {
        self.segment(3)
    }

    fn segment(&self, index: usize) -> &str {
        self.0[LICENCE_ROOT.len() + 1..].split('.').nth(index).unwrap_or_default()
    }

    /// The identifier with the serial (all but its last two characters) hidden: the rest is public.
    pub fn mask(&self) -> String {
        let check = self.segment(4);
        let serial = mask::middle(self.serial(), 0, 2);
        format!("{LICENCE_ROOT}.{}.{}.{serial}.{}.{check}", self.licence_type(), self.issuer(), self.version())
    }

    /// The parts and their meaning.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let (body, kind) = self.licence_type().split_at(18);
        let issuer = if self.issuer().len() == 6 {
            DivisionCode::explain_area(self.issuer())
        } else {
            ("颁发机构的统一社会信用代码".into(), "credit code of the issuer".into())
        };
        vec![
            ExplanationLine::new(Part::Root, LICENCE_ROOT, "电子证照根代码", "root of all e-licences"),
            ExplanationLine::new(
                Part::LicenceType,
                self.licence_type(),
                format!("由{body}定义的第{kind}种证照"),
                format!("type {kind} of those that {body} defined"),
            ),
            ExplanationLine::new(Part::Issuer, self.issuer(), issuer.0, issuer.1),
            ExplanationLine::new(Part::Serial, self.serial(), "流水号", "serial"),
            ExplanationLine::new(Part::Version, self.version(), "版本号", "version"),
            ExplanationLine::new(Part::Check, self.segment(4), "校验通过", "verifies"),
        ]
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 0,
            insertable: b"",
            appendable: b"",
            confusions: &[],
            keeps_case: false,
            ignored: " ",
        };
        let repairs = repair::suggest(text, &rules, |candidate| Self::parse(candidate).ok().map(|_| 0));
        if !repairs.is_empty() || Self::parse(text).is_ok() {
            return repairs;
        }
        let Some((tidy, steps)) = repair::tidied(text, &rules) else { return repairs };
        let steps = repair::joined(&steps, &[RepairStep::Confusion]);
        let right = readings(&tidy).into_iter().filter(|reading| Self::parse(reading).is_ok());
        right.map(|reading| Repair::new(reading, steps.clone())).collect()
    }
}

/// The ways to read letters as digits: always where a letter may not stand, and with and without where it may (the last
/// places of the type, the serial, the check character).
fn readings(tidy: &str) -> BTreeSet<String> {
    let segments: Vec<&str> = tidy.split('.').collect();
    let [root @ .., kind, issuer, serial, version, check] = segments.as_slice() else { return BTreeSet::new() };
    if kind.len() != 21 || !matches!(issuer.len(), 6 | 18) {
        return BTreeSet::new();
    }
    let by = |text: &str, class| repair::read_by(text, &[Run::new(Part::Whole, text.len(), class)]);
    let credit = |text: &str| repair::read_by(text, &CreditCode::LAYOUT);
    let digits = |text: &str| by(text, CharacterClass::Digit);
    let root = digits_of_root(root, digits);
    let issuer = if issuer.len() == 6 { digits(issuer) } else { credit(issuer) };
    let (definer, number) = kind.split_at(18);
    let mut readings = BTreeSet::new();
    for choice in 0..8_u8 {
        let read = |bit: u8, text: &str| {
            if choice & bit == 0 { text.to_string() } else { text.replace('O', "0").replace('I', "1") }
        };
        let (number, serial, check) = (read(1, number), read(2, serial), read(4, check));
        readings.insert(format!("{root}.{}{number}.{issuer}.{serial}.{}.{check}", credit(definer), digits(version)));
    }
    readings
}

fn digits_of_root(root: &[&str], digits: impl Fn(&str) -> String) -> String {
    let numbers: Vec<String> = root.iter().map(|number| digits(number)).collect();
    numbers.join(".")
}

fn all_faults(text: &str) -> Vec<IdentifierFault> {
    let shape = || IdentifierFault::new(KIND, Part::Whole, IdentifierProblem::Shape { expected: SHAPE });
    let Some(segments) = Segments::split(text) else {
        let mut faults = vec![shape()];
        faults.extend(scan_unsegmented(KIND, text, (CharacterClass::Alphanumeric, '.'), LONGEST));
        return faults;
    };
    let has_root = text.strip_prefix(LICENCE_ROOT).is_some_and(|rest| rest.starts_with('.'));
    let mut faults = if has_root { Vec::new() } else { vec![shape()] };
    faults.extend(segment_faults(&segments));
    faults
}

fn segment_faults(segments: &Segments<'_>) -> Vec<IdentifierFault> {
    let mut faults = Vec::new();
    let mut fault = |part, problem| faults.push(IdentifierFault::new(KIND, part, problem));
    let shapes = [
        (Part::LicenceType, segments.licence_type, 21..=21, CharacterClass::Alphanumeric),
        (Part::Issuer, segments.issuer, 6..=18, CharacterClass::Alphanumeric),
        (Part::Serial, segments.serial, 1..=LICENCE_SERIAL_MAX_CHARACTERS, CharacterClass::Alphanumeric),
        (Part::Version, segments.version, 3..=3, CharacterClass::Digit),
        (Part::Check, segments.check, 1..=1, CharacterClass::Alphanumeric),
    ];
    let mut readable = true;
    for (part, text, lengths, class) in shapes {
        let found = text.chars().count();
        // An issuer has one of two lengths and none between: a division of 9 or 12 digits is no issuer.
        if !lengths.contains(&found) || (part == Part::Issuer && !matches!(found, 6 | 18)) {
            let mut right = vec![*lengths.start(), *lengths.end()];
            right.dedup();
            fault(part, IdentifierProblem::Length { lengths: right, found });
            readable = false;
        }
        for (index, character) in text.chars().take(*lengths.end()).enumerate() {
            if !class.allows(character) {
                let problem =
                    IdentifierProblem::Character { position: index + 1, found: character, allowed: class.notation() };
                fault(part, problem);
                readable = false;
            }
        }
    }
    if !readable {
        return faults;
    }
    if CreditCode::parse(&segments.licence_type[..18]).is_err() {
        fault(
            Part::LicenceType,
            IdentifierProblem::Value {
                allowed: Wording::new("18位信用代码加3位序号", "a credit code and three places"),
            },
        );
    }
    if CreditCode::parse(segments.issuer).is_err() && DivisionCode::parse(segments.issuer).is_err() {
        fault(
            Part::Issuer,
            IdentifierProblem::Value {
                allowed: Wording::new("信用代码或6位区划代码", "a credit code, or an area of six digits"),
            },
        );
    }
    if check::mod_37_36(segments.covered()).map(char::from) != segments.check.chars().next() {
        fault(Part::Check, IdentifierProblem::Check { scheme: CheckScheme::Mod37_36 });
    }
    faults
}
