//! Client library for connecting a department's system to a city's unified government service platform.
//!
//! The department's system calls, the library remembers: what [`Cases::open`] or [`Payments::create`] accepted is on disk
//! when the call returns, and reaches the platform exactly once in effect, however often the network, the platform or
//! this process dies in between.
//!
//! ```no_run
//! use tongqiao::{CaseDraft, Client, Credentials};
//!
//! # async fn run() -> Result<(), tongqiao::Error> {
//! let credentials = Credentials::from_file("civil-affairs.credentials.json")?;
//! let client = Client::builder("https://platform.example", credentials).store("outbox.sqlite").build().await?;
//! let draft = CaseDraft::new("11340700TQ050001973000105804000", 1, "340700000000")
//!     .person("测试用户", "340702196802290211")
//!     .material("id-card", "居民身份证");
//! let case = client.cases().open(&draft).await?;
//! println!("{} {:?}", case.number(), case.settled().await?.kind);
//! # Ok(()) }
//! ```
//!
//! # How to think of it
//! * A [`Client`] is cheap to clone and has a sub-client per noun: [`Identity`], [`Items`], [`Cases`], [`Payments`], the
//!   [`Outbox`] in which accepted work waits, and [`Receipts`], which proves what became of it.
//! * Several processes may share one store file. One of them delivers; when it dies, another takes over in seconds.
//! * Nothing counts before its receipt was verified: [`CaseHandle::settled`] gives a receipt that the platform signed.
//! * An [`Error`] says what happened, whether the same call may be repeated, and whether it took effect all the same.
//!   Faults of a message are told all at once, each with its path.
//! * [`blocking`] is the same without `async`.
//!
//! # How long things take
//! A call that accepts work waits for the disk and for nothing else, unless a number must be leased or the catalogue was
//! never mirrored. A request waits 10 seconds for a connection and 60 for its answer to begin and for each next piece of it
//! ([`ClientBuilder::connect_timeout`], [`ClientBuilder::stall_timeout`]). [`CaseHandle::settled`], [`Outbox::drained`] and [`Payments::await_paid`] wait as long as it takes: give them a
//! timeout of your own. Dropping any future of this library is safe; whether the work of a dropped call was done is seen
//! in the store ([`Cases::get`], [`Outbox::entry`]).
//!
//! # What is logged
//! Through [`tracing`](https://docs.rs/tracing), never with a name, a number of a person or a filled-in form; case numbers
//! are masked. `error`: a receipt or directory that proves nothing, a log that was changed, a dead letter, a division without numbers. `warn`:
//! refusals, expiries, a store that cannot be written. `info`: the platform is not reached, another process delivers, the
//! clock differs. `debug`: each case that is opened and each event that is appended, with their ids, and the spans.
//!
//! Every request to the platform is a span `request` of level `debug`:
//!
//! | field | what |
//! |---|---|
//! | `method`, `route` | such as `POST` and `/v1/bills/{bill}/void`: a name in braces stands for every id |
//! | `request` | the request's id, sent as the header `tongqiao-request`; the platform's log has the same |
//! | `attempt` | 1, and more for what is sent again |
//! | `status` | of the answer, if there was one |
//! | `latency_ms` | until the answer was here or given up |
//!
//! The event inside says how it ended; for a failure with `code` and `retry_after_ms`.

mod arrangement;
mod background;
pub mod blocking;
mod builder;
mod carrier;
mod cases;
mod classify;
mod client;
mod clock;
mod credentials;
#[doc(hidden)]
pub mod deciding;
mod delivery;
mod directory;
mod enrolment;
mod entropy;
mod epoch;
mod error;
mod exchange;
mod hop;
mod identity;
mod inbox;
mod items;
mod keys;
mod materials;
mod notices;
mod outbox;
mod payments;
mod publication;
mod receipt;
mod receipts;
mod seals;
mod secret;
mod signer;
mod storage;
mod transport;
mod upkeep;
mod witness;

pub use builder::ClientBuilder;
pub use carrier::{Carried, CarriedMaterial, Carrier, KeySought, MaterialStanding, MaterialTaken, Waiting};
pub use cases::{
    AlertStatement, CaseDraft, CaseHandle, CaseView, Cases, DeadlineDifference, DeadlineReport, DeadlineStatement,
    DutyAlert, DutyStatement, EventView, JointCase, JointDraft, JointHandle, JointRole, JointView, PlatformDeadlines,
    Prepared, ProjectCase, TakenOver,
};
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use credentials::Credentials;
pub use directory::PlatformKey;
pub use enrolment::{Enrolment, enrol};
pub use error::Error;
pub use identity::{
    Assurance, AssuranceFloor, AssuranceScale, BackChannelLogout, Binding, Bindings, CasProtocol, CasServer, CasSignIn,
    CasSignedIn, DeviceSignIn, Identity, IdentityProvider, Mandate, Organisation, Principal, Repetition,
    SessionStanding, Sessions, SignIn, SignOut, SignedIn, Subject, SubjectKind, VerifiedToken,
};
pub use inbox::{Inbox, WebhookReply, WebhookRequest, WebhookStatus};
pub use items::{
    Agency, Catalogue, Coded, Condition, Edition, FormField, Intermediary, Item, ItemAgency, ItemFee, ItemMaterial,
    ItemQuery, ItemState, Items, Question, Text,
};
pub use materials::{LicenceUse, MaterialDraft, MaterialHandle, Materials, UploadState, UploadStatus};
pub use notices::Notices;
pub use outbox::{Attention, Outbox};
pub use payments::{BillDraft, DayReconciliation, Payments, RefundParts, RefundResolution, Resolution};
pub use publication::{
    CaseProgress, OpenDataPage, OpenDataRow, ProgressStep, Publication, ServiceStatistics, StatisticsBy, StatisticsRow,
};
pub use receipt::Receipt;
pub use receipts::Receipts;
pub use seals::{DocumentKind, SEALS_MAX, Seal, SealReport, Verification, seals_in, seals_of};
pub use secret::Secret;
pub use signer::{SoftwareSigner, SoftwareVerifier, public_key_from_pem, public_key_to_pem};
pub use tongqiao_engine::deadline::{Basis, Due, Duty, DutyReading, DutyStanding, LimitUnit, TimeLimit};
pub use tongqiao_engine::delivery::Notice;
pub use tongqiao_engine::late_fee::{days_late, late_fee};
pub use tongqiao_engine::reconciliation::{Advice, Difference, Finding, Key, Ledger, Neighbour, Reconciliation};
pub use tongqiao_engine::working_days::CalendarStanding;
pub use tongqiao_engine::{CaseState, Entry, EntryState};
/// The types that travel.
pub use tongqiao_protocol as protocol;
pub use tongqiao_protocol::receipt::ReceiptKind;
pub use tongqiao_protocol::transparency::{Checkpoint, ReceiptProof};
pub use tongqiao_protocol::{ErrorCode, ErrorKind, Language, Outcome, Retry};
pub use tongqiao_store::{IntegrityReport, Statistics};
pub use transport::{Arrival, HttpTransport, Request, Response, Sending, Silence, Transport, TransportFailure, Trust};
pub use witness::LogDispute;
