//! The unified social credit code 统一社会信用代码 (GB 32100-2015).

mod registration;

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

pub use registration::Registration;

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::text_form::text_form;
use super::{
    CheckScheme, CheckStanding, DivisionCode, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind,
    IdentifierProblem, OrganisationCode, Override, Part, Repair, check, check_override, mask, repair,
};

/// A unified social credit code: 18 characters of digits and capital letters without I, O, S, V and Z.
///
/// Registering authority and kind 2, area 6 (digits), organisation code 9, check character 1. The area is where the body
/// was *first* registered, so it is not compared with today's divisions; nor must the inner organisation code verify:
/// bodies that never had one of their own carry a running number there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode {
    text: FixedText<18>,
    standing: CheckStanding,
}

text_form!(CreditCode);

const KIND: IdentifierKind = IdentifierKind::CreditCode;
const LAYOUT: [Run; 4] = CreditCode::LAYOUT;

impl CreditCode {
    /// What may stand where, also inside item codes and e-licence identifiers.
    pub(super) const LAYOUT: [Run; 4] = [
        Run::new(Part::Registration, 2, CharacterClass::CreditAlphabet),
        Run::new(Part::Area, 6, CharacterClass::Digit),
        Run::new(Part::Organisation, 9, CharacterClass::CreditAlphabet),
        Run::new(Part::Check, 1, CharacterClass::CreditAlphabet),
    ];

    /// Reads a credit code exactly as it stands.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.check`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        Self::read(text, CheckStanding::Verified).ok_or_else(|| IdentifierFaults::from_found(faults(text)))
    }

    /// Reads a credit code whose failed check a human has decided to overlook.
    ///
    /// A code that verifies after all is simply taken as verified. Codes of public bodies (first place 1: agencies,
    /// public institutions, mass organisations) are assigned by the administration itself and cannot be overridden.
    ///
    /// # Errors
    /// All faults when there is any other than the failed check, or `identifier.override_refused` for a public body.
    pub fn accept_with_override(text: &str, _decision: &Override) -> Result<Self, IdentifierFaults> {
        let found = match Self::parse(text) {
            Ok(code) => return Ok(code),
            Err(found) => found,
        };
        let standing = check_override::tolerate_check(found)?;
        let code = Self::read(text, standing).ok_or_else(|| IdentifierFaults::from_found(faults(text)))?;
        if code.is_public_body() {
            return Err(IdentifierFaults::one(KIND, Part::Check, IdentifierProblem::OverrideRefused));
        }
        Ok(code)
    }

    /// The one place where a code is made: the layout fits, and the check verifies or was overridden.
    fn read(text: &str, standing: CheckStanding) -> Option<Self> {
        let text = FixedText::<18>::new(text)?;
        let [body @ .., last] = text.as_bytes();
        let verifies = check::gb32100(body)? == *last;
        let area_is_digits = body[2..8].iter().all(u8::is_ascii_digit);
        let last_is_legal = CharacterClass::CreditAlphabet.allows(char::from(*last));
        let accepted = verifies || standing == CheckStanding::Overridden;
        (area_is_digits && last_is_legal && accepted).then_some(Self { text, standing })
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Whether the check character verified or a human let the code pass.
    pub fn standing(&self) -> CheckStanding {
        self.standing
    }

    /// Registering authority and kind of body, where the table knows them.
    pub fn registration(&self) -> Option<Registration> {
        Registration::find(&self.as_str()[..2])
    }

    /// Whether the code belongs to a body that the administration itself set up (first place 1).
    pub fn is_public_body(&self) -> bool {
        self.text.as_bytes()[0] == b'1'
    }

    /// The six digits of the area of first registration.
    pub fn area(&self) -> &str {
        &self.as_str()[2..8]
    }

    /// The organisation code inside, where it verifies by GB 11714.
    pub fn organisation_code(&self) -> Option<OrganisationCode> {
        OrganisationCode::parse(&self.as_str()[8..17]).ok()
    }

    /// The code with all but the first four and last four characters hidden.
    pub fn mask(&self) -> String {
        mask::middle(self.as_str(), 4, 4)
    }

    /// The parts and their meaning.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let text = self.as_str();
        let (zh, en) = self
            .registration()
            .map_or(("未收录的登记类别", "a registration the table does not list"), |r| (r.zh(), r.en()));
        let area = DivisionCode::explain_area(self.area());
        let organisation = match self.organisation_code() {
            Some(code) => (format!("组织机构代码 {code}"), format!("organisation code {code}")),
            None => ("主体标识码（不是组织机构代码）".into(), "running number, no organisation code".into()),
        };
        let check = match self.standing {
            CheckStanding::Verified => ("校验通过", "verifies"),
            CheckStanding::Overridden => ("校验不通过，已人工放行", "does not verify; let pass by a human"),
        };
        vec![
            ExplanationLine::new(Part::Registration, &text[..2], zh, en),
            ExplanationLine::new(Part::Area, self.area(), area.0, area.1),
            ExplanationLine::new(Part::Organisation, &text[8..17], organisation.0, organisation.1),
            ExplanationLine::new(Part::Check, &text[17..], check.0, check.1),
        ]
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 18,
            insertable: b"0123456789ABCDEFGHJKLMNPQRTUWXY",
            appendable: b"",
            confusions: &[('O', '0'), ('I', '1'), ('Z', '2'), ('S', '5')],
            keeps_case: false,
            ignored: "- ",
        };
        repair::suggest(text, &rules, |candidate| {
            let code = Self::parse(candidate).ok()?;
            // A candidate whose inner organisation code verifies too was hardly hit by chance.
            let known = usize::from(code.registration().is_some());
            Some(known + 2 * usize::from(code.organisation_code().is_some()))
        })
    }
}

fn faults(text: &str) -> Vec<IdentifierFault> {
    let mut faults = scan(KIND, text, &LAYOUT);
    if faults.is_empty() {
        let problem = IdentifierProblem::Check { scheme: CheckScheme::Gb32100 };
        faults.push(IdentifierFault::new(KIND, Part::Check, problem));
    }
    faults
}
