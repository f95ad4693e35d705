//! The engine's real code between a small store, a bad network and a small platform, all of it one value that can be
//! copied, compared and hashed: so that every schedule within bounds can be tried (`stateright`), and long ones by chance.
//!
//! * [`world`]: producers, network and platform, and what can happen next
//! * [`producer`]: the real [`Delivery`](tongqiao_engine::Delivery) over a [`store`]
//! * [`platform`]: judges events by the tables of `conformance/spec`, not by the engine
//! * [`scenario`]: who writes what, and how much may go wrong
//! * [`settling`]: what happens when nothing goes wrong any more

pub mod event;
pub mod platform;
pub mod producer;
pub mod property;
pub mod scenario;
pub mod settling;
pub mod store;
pub mod tables;
pub mod world;

pub use scenario::{Budget, Scenario, Step};
pub use world::{Action, World};
