//! Identifiers of people, bodies, places, items, cases and papers, and their rules.
//!
//! Each identifier is a newtype whose only constructor is a parser, and every parser returns *all* faults of a text at
//! once ([`IdentifierFaults`]). A text is taken as it is or refused: case, full-width digits or a confused letter are
//! never mended silently, but `suggest_repairs` proposes what the writer may have meant, and every proposal verifies.
//!
//! | type | rule |
//! |---|---|
//! | [`CreditCode`] | GB 32100-2015, 18 characters, MOD 31 |
//! | [`OrganisationCode`] | GB 11714, 8 characters and a check character |
//! | [`CitizenNumber`] | GB 11643-1999, also the residence permits of areas 810000, 820000 and 830000 |
//! | [`PermanentResidentNumber`] | 18 digits beginning with 9 (from 2023-12-01), or the older 3 letters and 12 digits |
//! | [`DivisionCode`] | GB/T 2260 and GB/T 10114, or the statistical form: 6, 9 or 12 digits |
//! | [`LicenceIdentifier`] | GB/T 36904-2018, ISO 7064 MOD 37,36 |
//! | [`ItemCode`] | the generations 12, 14, 31, 33, 10 and 24, and provincial dialects |
//! | [`CaseNumber`] | ours: division, year, serial and ISO 7064 MOD 11,10; 21 digits |
//! | [`PayCode`], [`EReceiptCode`] | the non-tax messages' pay code, the fiscal e-receipt |
//! | [`ProjectCode`] | the investment platforms' project code, 24 characters |
//!
//! The check character of a person's or a company's code can be wrong in a paper that was really issued. So a human may
//! override that one fault, and the [`Override`] is recorded; no other fault and no public body's code is overridable.
//!
//! ```
//! use tongqiao_protocol::CreditCode;
//!
//! let code: CreditCode = "11320900014355232Q".parse()?;
//! assert_eq!(code.area(), "320900");
//! let faults = CreditCode::parse("1132090001435523Q").unwrap_err();
//! assert_eq!(faults[0].code(), "identifier.length");
//! assert_eq!(CreditCode::suggest_repairs("11320900014355232q")[0].proposed(), "11320900014355232Q");
//! # Ok::<(), tongqiao_protocol::IdentifierFaults>(())
//! ```

pub mod case_number;
pub mod check;
pub mod check_override;
pub mod citizen_number;
pub mod credit_code;
pub mod division_code;
pub mod e_receipt_code;
pub mod explanation;
pub mod fault;
pub mod inspection;
pub mod item_code;
pub mod kind;
pub mod licence_identifier;
pub mod organisation_code;
pub mod part;
pub mod pay_code;
pub mod permanent_resident_number;
pub mod project_code;
pub mod repair;
pub mod wording;

mod birth_date;
mod character_class;
mod fixed_text;
mod mask;
mod text_form;

pub use case_number::CaseNumber;
pub use check::CheckScheme;
pub use check_override::{CheckStanding, Override, OverrideRecord};
pub use citizen_number::CitizenNumber;
pub use credit_code::CreditCode;
pub use division_code::{DivisionCode, DivisionLevel};
pub use e_receipt_code::EReceiptCode;
pub use explanation::ExplanationLine;
pub use fault::{IdentifierFault, IdentifierFaults, IdentifierProblem};
pub use item_code::{ItemCode, ItemCodeGeneration, ItemCodeParts};
pub use kind::IdentifierKind;
pub use licence_identifier::LicenceIdentifier;
pub use organisation_code::OrganisationCode;
pub use part::Part;
pub use pay_code::PayCode;
pub use permanent_resident_number::PermanentResidentNumber;
pub use project_code::ProjectCode;
pub use repair::{Repair, RepairStep};
pub use wording::Wording;

/// The code in the reference page is true: it runs here.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/reference/identifiers.md")]
struct ReferencePage;
