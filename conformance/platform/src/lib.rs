//! Reference platform and vendors' sandbox.
//!
//! The platform's side of the protocol on axum and SQLite. Of this workspace it uses the protocol types only: the life
//! of a case is read from the tables of the specification, signatures are checked by code of its own. What it does is
//! therefore evidence about the specification, and not about the engine.
//!
//! ```no_run
//! use tongqiao_reference_platform::Platform;
//! # async fn run() -> Result<(), tongqiao_reference_platform::StartError> {
//! let running = Platform::builder().database("platform.sqlite").sandbox().start().await?;
//! println!("listening on {}", running.address());
//! running.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! Every answer is given after its transaction is on disk (`synchronous=FULL`), so the process may be killed at any
//! moment. Duplicate elimination never expires: the record itself is the index.

mod alarm;
mod app;
mod bill;
mod case;
mod cashier;
mod catalogue;
mod clock;
mod crypto;
mod database;
mod directory;
mod dispatch;
mod enrolment;
mod epoch;
mod events;
mod explanation;
mod guide;
mod hop;
mod html;
mod inbox;
mod joint;
mod json;
mod keys;
mod lease;
mod licence;
mod life;
mod material;
mod number_part;
mod oidc;
mod outgoing;
mod people;
mod platform;
mod publication;
mod receipt;
mod record;
mod refusal;
mod routes;
mod sandbox;
mod server;
mod status;
mod supervision;
mod transparency;
mod verify;

pub use clock::Clock;
pub use platform::{Builder, Platform, Running, StartError};
