//! The reference platform over real HTTP on loopback, asked by a department that shares no code with it.

mod bad_input;
mod bill_life;
mod controls;
mod deadlines;
mod department;
mod dispatch;
mod entitlement;
mod epochs;
mod explanations;
mod inbox;
mod joint;
mod leases;
mod licences;
mod materials;
mod money;
mod number_parts;
mod oversight;
mod routes;
mod spine;
mod streams;
mod transparency;
