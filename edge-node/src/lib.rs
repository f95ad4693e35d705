//! The edge node of a township office on a weak link, and the hub in the city, in one binary.
//!
//! * A **node** stands in the office's network and speaks the platform's own HTTP interface to the systems there. Case events it
//!   takes into custody: on its disk, with a signed receipt, and passed on in their order. What everybody may read it answers from
//!   its copies while the link is down. Everything else goes through to the platform as it came, or is refused while there is no
//!   link. It decides nothing that is the platform's to decide.
//! * A **hub** stands in front of the platform and unpacks what nodes send. It keeps nothing and can speak for nobody: requests
//!   and records carry the signatures of those who made them.
//!
//! * A **sidecar** stands beside a department's system on the same machine and holds its keys, for languages in which there is no
//!   library: plain JSON in, the same guarantees.
//!
//! What must never happen: that something is lost or doubled for which a custody receipt was given; that a node's word is taken for
//! the platform's; that what may not be kept is kept.
//!
//! Normative are the chapters 14 and 19 of `conformance/spec`.

pub mod audit;
mod bare_link;
pub mod console;
mod courier;
#[doc(hidden)]
pub mod deciding;
pub mod doctor;
pub mod ferry;
mod figures;
pub mod hub;
mod incoming;
mod link;
mod local_api;
pub mod node;
mod settings;
pub mod sidecar;
mod start_error;
pub mod update;

pub use bare_link::BareLink;
pub use link::{
    Answered, Call, Control, HourCap, Lane, LinkChoice, LinkState, Malformed, Measures, Switch, Uplink, Way,
};
pub use settings::{HubSettings, NodeSettings, SettingsError, SidecarSettings};
pub use start_error::StartError;
