//! The reference platform over real HTTP on loopback, asked by a department that shares no code with it.

#![allow(dead_code, reason = "the fixture is ahead of its tests; they follow")]

mod bad_input;
mod department;
mod spine;
