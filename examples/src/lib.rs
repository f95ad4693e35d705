//! What the examples share: how a department's system joins, and how an error is told. Each example below `bin` answers one
//! question.

mod joining;
mod telling;

pub use joining::join;
pub use telling::tell;
