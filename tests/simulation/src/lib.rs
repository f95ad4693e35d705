//! Departments, nodes, hubs and a platform in one process, without sockets, threads or a clock: one number is one run, and the same
//! number is the same run.
//!
//! What decides is the real code: the delivery machine (`tongqiao-engine`), the checks of answers, receipts and records
//! (`tongqiao::deciding`), the store's reference (`tongqiao_store::MemoryStore`), the frames and what both ends of the link make of
//! them (`tongqiao_edge::deciding`). Simulated are time, network, disks and people; the platform is a small one of its own, so that
//! it shares no mistake. Not simulated are TLS, HTTP, SQLite (its tests are in `sdk/store`) and the life of a case (`tests/model`).
//!
//! * [`plan`]: what a seed makes of the world
//! * [`world`]: everybody together
//! * [`installation`]: disk and machine of one process; [`department`] and [`node`] stand on it
//! * [`hub`], [`platform`]
//! * [`recorder`]: what people were told, and whether it is true
//! * [`plant`]: bugs that must be found
//! * [`seeds`]: seeds that found something once

pub mod bending;
pub mod context;
pub mod department;
pub mod disk;
pub mod happening;
pub mod hub;
pub mod installation;
pub mod keys;
pub mod node;
pub mod place;
pub mod plan;
pub mod plant;
pub mod platform;
pub mod recorder;
pub mod seeds;
pub mod world;

pub use context::Telling;
pub use plant::Plant;
pub use world::{Verdict, run};
