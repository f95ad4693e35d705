//! What travels between a department, an edge node, a hub and the platform.
//!
//! This crate holds the *nouns* of the protocol: identifiers and their rules, code sets, signed records, case events,
//! bills, receipts, routes, limits and the error registry. It performs no I/O and knows neither clocks nor randomness
//! (`no_std` with `alloc` makes that a compile error): times and random bytes are arguments.
//!
//! A *record* is signed over its exact bytes and travels as base64 of those bytes, so that any JSON relay keeps them
//! (see [`signed_record`]). Nothing here canonicalises JSON.
#![no_std]

extern crate alloc;

pub mod amount;
pub mod assurance;
pub mod batch;
pub mod bill;
pub mod case;
pub mod civil_date;
pub mod code_set;
pub mod custody;
pub mod digest;
pub mod e_receipt;
pub mod enrolment;
pub mod epoch;
pub mod error_code;
pub mod explain;
pub mod fault;
pub mod hop_signature;
pub mod id;
pub mod identifier;
pub mod inbox;
pub mod key_directory;
pub mod language;
pub mod limits;
pub mod material;
pub mod merkle;
pub mod number_lease;
pub mod problem;
pub mod query_password;
pub mod reading;
pub mod receipt;
pub mod reconciliation;
pub mod routes;
pub mod signed_record;
pub mod suite;
pub mod supervision_rule;
pub mod ticket_failure;
pub mod timestamp;
pub mod transparency;
pub mod working_calendar;

pub use amount::Amount;
pub use assurance::AssuranceLevel;
pub use civil_date::CivilDate;
pub use code_set::{CodeEntry, CodedValue};
pub use digest::Digest;
pub use enrolment::{EnrolmentAnswer, EnrolmentRequest};
pub use error_code::{ErrorCode, ErrorKind, Language, Outcome, Retry};
pub use fault::{Fault, FaultWords, Faults};
pub use id::{
    BillId, BundleId, CaseId, EpochId, EventId, InboxEntryId, IncarnationId, LeaseId, MaterialId, PartyId, ProducerId,
    RecordId, RefundId, RequestId,
};
pub use identifier::{
    CaseNumber, CheckScheme, CheckStanding, CitizenNumber, CreditCode, DivisionCode, DivisionLevel, EReceiptCode,
    ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem, ItemCode,
    ItemCodeGeneration, ItemCodeParts, LicenceIdentifier, OrganisationCode, Override, OverrideRecord, Part, PayCode,
    PermanentResidentNumber, ProjectCode, Repair, RepairStep,
};
pub use key_directory::{KeyDirectory, KeyRecord};
pub use problem::{PROBLEM_MEDIA_TYPE, Problem};
pub use query_password::{InvalidQueryPassword, QueryPassword};
pub use signed_record::{KeyId, RecordKind, SignedRecord};
pub use suite::{PublicKey, SignError, SignatureValue, Signer, Suite, Verifier, VerifyError};
pub use ticket_failure::TicketFailure;
pub use timestamp::Timestamp;
pub use working_calendar::WorkingCalendar;
