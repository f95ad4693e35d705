//! Looking at a text whose kind is known only at run time: for command lines, imports and pages.

use alloc::string::String;
use alloc::vec::Vec;

use super::{
    CaseNumber, CitizenNumber, CreditCode, DivisionCode, EReceiptCode, ExplanationLine, IdentifierFaults,
    IdentifierKind, ItemCode, LicenceIdentifier, OrganisationCode, PayCode, PermanentResidentNumber, ProjectCode,
    Repair,
};

/// A right text, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    mask: String,
    lines: Vec<ExplanationLine>,
}

impl Inspection {
    /// The code with what must not be seen hidden.
    pub fn mask(&self) -> &str {
        &self.mask
    }

    /// The parts and their meaning; of a person's number, personal.
    pub fn lines(&self) -> &[ExplanationLine] {
        &self.lines
    }
}

macro_rules! by_kind {
    ($kind:expr, $type:ident => $body:expr) => {
        match $kind {
            IdentifierKind::CreditCode => {
                type $type = CreditCode;
                $body
            }
            IdentifierKind::OrganisationCode => {
                type $type = OrganisationCode;
                $body
            }
            IdentifierKind::CitizenNumber => {
                type $type = CitizenNumber;
                $body
            }
            IdentifierKind::PermanentResidentNumber => {
                type $type = PermanentResidentNumber;
                $body
            }
            IdentifierKind::DivisionCode => {
                type $type = DivisionCode;
                $body
            }
            IdentifierKind::LicenceIdentifier => {
                type $type = LicenceIdentifier;
                $body
            }
            IdentifierKind::ItemCode => {
                type $type = ItemCode;
                $body
            }
            IdentifierKind::CaseNumber => {
                type $type = CaseNumber;
                $body
            }
            IdentifierKind::PayCode => {
                type $type = PayCode;
                $body
            }
            IdentifierKind::EReceiptCode => {
                type $type = EReceiptCode;
                $body
            }
            IdentifierKind::ProjectCode => {
                type $type = ProjectCode;
                $body
            }
        }
    };
}

/// Reads `text` as a `kind` and explains it.
///
/// # Errors
/// All faults, as the parser of that kind.
pub fn inspect(kind: IdentifierKind, text: &str) -> Result<Inspection, IdentifierFaults> {
    by_kind!(kind, Code => {
        let code = Code::parse(text)?;
        Ok(Inspection { mask: code.mask(), lines: code.explain() })
    })
}

/// What the writer of a refused text may have meant.
pub fn suggest_repairs(kind: IdentifierKind, text: &str) -> Vec<Repair> {
    by_kind!(kind, Code => Code::suggest_repairs(text))
}
