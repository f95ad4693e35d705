//! The client library against the reference platform, over real sockets.

mod bad_drafts;
mod bad_tokens;
mod blocking;
mod cases;
mod crowds;
mod deadlines;
mod delivery;
mod directory;
mod dispatch;
mod enrolment;
mod inbox;
mod keeping;
mod lifetimes;
mod materials;
mod past;
mod payment_faults;
mod payments;
mod processes;
mod publication;
mod reconciling;
mod refusals;
mod replacing;
mod sandbox;
mod signing_in;
mod tls;
mod transparency;
