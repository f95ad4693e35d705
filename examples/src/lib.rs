//! What the examples share: what they are told, how a department's system joins, and how an error is told. Each example below `bin`
//! answers one question.

mod arguments;
mod joining;
mod telling;

pub use arguments::{Arguments, ended};
pub use joining::join;
pub use telling::tell;
