//! The difference between two editions, and the changes that the sandbox can be told to publish.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{Digest, Timestamp};

use super::CatalogueError;
use super::edition::{Edition, Snapshot};
use super::item::{Item, Text};

/// The identity of an item: code and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) code: String,
    pub(crate) version: u32,
}

/// What a holder of edition `since` must do to hold edition `snapshot`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changes {
    pub(crate) since: Digest,
    /// The address of the edition reached.
    pub(crate) snapshot: Digest,
    pub(crate) published: Timestamp,
    /// New items and items whose content is no longer the same.
    pub(crate) changed: Vec<Item>,
    pub(crate) removed: Vec<Identity>,
}

/// The changes from one edition to another.
pub(crate) fn between(from: &Edition, to: &Edition) -> Result<Changes, CatalogueError> {
    let (before, after) = (from.snapshot()?, to.snapshot()?);
    let mut left: BTreeMap<Identity, Item> = before.items.into_iter().map(|item| (identity(&item), item)).collect();
    let mut changed = Vec::new();
    for item in after.items {
        if left.remove(&identity(&item)).as_ref() != Some(&item) {
            changed.push(item);
        }
    }
    let removed = left.into_keys().collect();
    Ok(Changes { since: from.digest, snapshot: to.digest, published: to.published, changed, removed })
}

fn identity(item: &Item) -> Identity {
    Identity { code: item.code.clone(), version: item.version }
}

/// A change that the sandbox publishes on request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Order {
    /// The version in force is superseded by the next one, with what is given here changed.
    NewVersion {
        code: String,
        #[serde(default)]
        name_zh: Option<String>,
        #[serde(default)]
        promised_days: Option<u16>,
    },
    /// The version in force is in force no longer.
    Withdraw { code: String },
    /// The version disappears, as if it had been published by mistake.
    Remove { code: String, version: u32 },
}

/// Carries out `orders` on `snapshot`; the first that cannot be carried out undoes all.
pub(crate) fn carry_out(
    mut snapshot: Snapshot,
    orders: Vec<Order>,
    now: Timestamp,
) -> Result<Snapshot, CatalogueError> {
    for order in orders {
        match order {
            Order::NewVersion { code, name_zh, promised_days } => {
                let former = in_force(&mut snapshot, &code)?;
                let mut next = former.clone();
                // A version superseded today still holds for what is handed in today.
                let today = now.to_string().get(..10).map(str::to_owned);
                former.state = "superseded".to_owned();
                former.effective_until.clone_from(&today);
                next.effective_from = today;
                next.version += 1;
                if let Some(name) = name_zh {
                    next.name = Text { zh: name, en: None };
                }
                if let Some(days) = promised_days {
                    next.promised_days = days;
                }
                snapshot.items.push(next);
            }
            Order::Withdraw { code } => {
                let item = in_force(&mut snapshot, &code)?;
                item.state = "withdrawn".to_owned();
                // What was handed in until today was handed in to an item in force.
                item.effective_until = now.to_string().get(..10).map(str::to_owned);
            }
            Order::Remove { code, version } => {
                let before = snapshot.items.len();
                snapshot.items.retain(|item| item.identity() != (code.as_str(), version));
                if snapshot.items.len() == before {
                    return Err(CatalogueError::ItemUnknown(code));
                }
            }
        }
    }
    snapshot.items.sort_by(|a, b| a.identity().cmp(&b.identity()));
    snapshot.published = now;
    Ok(snapshot)
}

fn in_force<'a>(snapshot: &'a mut Snapshot, code: &str) -> Result<&'a mut Item, CatalogueError> {
    let mut items = snapshot.items.iter_mut();
    let found = items.find(|item| item.code == code && item.state == "in-force");
    found.ok_or_else(|| CatalogueError::ItemUnknown(code.to_owned()))
}
