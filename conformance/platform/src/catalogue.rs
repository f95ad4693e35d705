//! The catalogue of items: data compiled in, served as a signed, content-addressed snapshot.

mod assembly;
mod item;
mod tables;
