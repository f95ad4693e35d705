//! The one contract that every store passes.
