//! The reference platform over real HTTP on loopback, asked by a department that shares no code with it.

mod bad_input;
mod controls;
mod department;
mod explanations;
mod epochs;
mod leases;
mod routes;
mod spine;
mod streams;
