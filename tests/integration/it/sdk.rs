//! The client library against the reference platform, over real sockets.

mod bad_drafts;
mod cases;
mod delivery;
mod sandbox;
