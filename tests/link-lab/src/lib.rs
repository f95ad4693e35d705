//! Weak links to test on.
//!
//! * The **lab** joins two network namespaces by a bridge in this process. Every packet passes a queue, a rate, losses, outages and
//!   a delay, TCP and UDP alike, so that two transports can be compared on the same link. It needs the right to make namespaces.
//! * The **relay** is an ordinary program between two addresses, without rights, for demonstrations: it cannot lose a TCP segment,
//!   only hold it up.
//!
//! All arithmetic is of a [`Lane`], which is told the time; nothing else here needs a clock to be tested.

mod bridge;
mod counters;
mod lane;
mod loopback;
mod place;
mod profile;
mod relay;
mod weather;

pub use bridge::Lab;
pub use counters::Counters;
pub use lane::{Fate, Lane};
pub use place::{Place, PlaceError};
pub use profile::{Outage, Profile, Udp, UnknownProfile};
pub use relay::Relay;
