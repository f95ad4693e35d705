//! Nodes and hubs between the client library and the reference platform, over real sockets.

mod audit;
mod caller;
mod console;
mod console_department;
mod copies;
mod counter;
mod custody;
mod doctor;
mod doctor_roles;
mod ferry;
mod keys;
mod numbers;
mod office;
mod passing;
mod processes;
mod quic;
mod sidecar;
mod watching;
