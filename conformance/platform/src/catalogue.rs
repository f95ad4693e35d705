//! The catalogue of items: data compiled in, served as signed, content-addressed editions.
//!
//! An edition is the whole catalogue at a time; its address is the digest of its exact bytes, which is also its `ETag`.
//! Whoever holds an edition asks for the changes since it; an edition that is no longer kept is answered `410 Gone`, and
//! the caller fetches the whole again.

mod assembly;
mod change;
mod edition;
mod failure;
mod item;
mod listing;
mod serving;
#[allow(dead_code, reason = "columns that only the checks of the tables read")]
mod tables;

pub(crate) use edition::{ensure, latest, latest_digest};
pub(crate) use failure::CatalogueError;
#[cfg(test)]
pub(crate) use item::Text;
pub(crate) use item::{FormField, Item};
pub(crate) use listing::{Agency, Intermediary, Question};
pub(crate) use serving::router;
