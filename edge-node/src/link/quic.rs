//! The link over QUIC: one long-lived connection, one stream for every frame, lanes as priorities.
//!
//! What it is worth beside HTTP/2 is not UDP. It is that we decide what goes first, how fast, and what happens when the line was
//! dark for a while.

mod config;
mod dialling;
mod echo;
mod live;
mod measures;
mod nudge;
mod order;
mod rate;
mod serving;
mod shaper;
mod twins;

pub(super) use dialling::Quic;
pub use measures::{Control, Measures, Switch};
pub(crate) use serving::{Door, serve};
pub(crate) use shaper::Shaper;

/// The first byte of an answer: the answering frame follows.
const ANSWERED: u8 = 0;
/// The first byte of an answer, and all of it: the request has certainly not reached the platform.
const NOT_REACHED: u8 = 1;
/// The request may have reached the platform.
const PERHAPS_REACHED: u8 = 2;
/// What came is no frame.
const NO_FRAME: u8 = 3;
/// The frame is packed with a dictionary that the hub has not.
const NO_DICTIONARY: u8 = 4;
