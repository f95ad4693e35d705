//! The reference platform over real HTTP on loopback, asked by a department that shares no code with it.

mod bad_input;
mod department;
mod explanations;
mod routes;
mod spine;
