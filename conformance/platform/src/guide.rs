//! The published guide as the judge needs it: the latest edition of the catalogue, found by item and version.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rusqlite::Connection;
use tongqiao_protocol::DivisionCode;

use crate::catalogue::{self, Agency, Intermediary, Item, Question};
use crate::database::DatabaseError;

/// One edition, indexed.
#[derive(Debug, Default)]
pub(crate) struct Guide {
    digest: String,
    items: HashMap<(String, i64), Item>,
    agencies: Vec<Agency>,
    intermediaries: Vec<Intermediary>,
    questions: Vec<Question>,
}

/// The edition read last; a new one is read when the catalogue has moved on.
#[derive(Debug, Default)]
pub(crate) struct GuideShelf(RwLock<Arc<Guide>>);

impl GuideShelf {
    /// The guide of the latest edition.
    pub(crate) fn open(&self, connection: &Connection) -> Result<Arc<Guide>, DatabaseError> {
        let digest = catalogue::latest_digest(connection)?.unwrap_or_default();
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if held.digest == digest {
            return Ok(held);
        }
        let edition = catalogue::latest(connection)?.ok_or(DatabaseError::Corrupt("catalogue edition"))?;
        let snapshot = edition.snapshot().map_err(|_| DatabaseError::Corrupt("catalogue edition"))?;
        let items = snapshot.items.into_iter().map(|item| ((item.code.clone(), i64::from(item.version)), item));
        let guide = Arc::new(Guide {
            digest,
            items: items.collect(),
            agencies: snapshot.agencies,
            intermediaries: snapshot.intermediaries,
            questions: snapshot.questions,
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = guide.clone();
        Ok(guide)
    }
}

impl Guide {
    /// An item in one version.
    pub(crate) fn item(&self, code: &str, version: i64) -> Option<&Item> {
        self.items.get(&(code.to_owned(), version))
    }

    /// The version of an item that can be applied for on a day (`2026-11-23`).
    pub(crate) fn in_force(&self, code: &str, day: &str) -> Option<&Item> {
        let versions = self.items.values().filter(|item| item.code == code);
        versions.filter(|item| item.state == "in-force" && item.holds_on(day)).max_by_key(|item| item.version)
    }

    /// The digest of the edition.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// The agencies that handle items.
    pub(crate) fn agencies(&self) -> &[Agency] {
        &self.agencies
    }

    /// Who produces papers that guides ask for.
    pub(crate) fn intermediaries(&self) -> &[Intermediary] {
        &self.intermediaries
    }

    /// What people ask.
    pub(crate) fn questions(&self) -> &[Question] {
        &self.questions
    }
}

impl Item {
    /// Whether this version holds on a day (`2026-11-23`). A version superseded or withdrawn since still holds for what was
    /// handed in until its last day: a message may have travelled long.
    pub(crate) fn holds_on(&self, day: &str) -> bool {
        let offered = matches!(self.state.as_str(), "in-force" | "superseded" | "withdrawn");
        let begun = self.effective_from.as_deref().is_none_or(|from| from <= day);
        let not_over = match self.effective_until.as_deref() {
            Some(until) => day <= until,
            None => self.state == "in-force",
        };
        offered && begun && not_over
    }

    /// Whether it is handled in a division: in the item's own, or in one that lies within it.
    pub(crate) fn is_handled_in(&self, division: &DivisionCode) -> bool {
        let own = self.division.as_deref().map(DivisionCode::parse);
        own.is_none_or(|own| own.is_ok_and(|own| own.contains(division)))
    }

    /// Whether the guide has a material with this key.
    pub(crate) fn has_material(&self, key: &str) -> bool {
        self.materials.iter().any(|material| material.key == key)
    }

    /// Whether the guide has a condition with this key.
    pub(crate) fn has_condition(&self, key: &str) -> bool {
        self.conditions.iter().any(|condition| condition.key == key)
    }
}
