//! What the catalogue publishes beside items: who handles them, who produces the papers, what people ask.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::item::{Item, Text};
use super::tables::{self, DataError, Tables};

/// An agency 部门 that handles items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agency {
    /// Credit code.
    pub(crate) code: String,
    pub(crate) name: Text,
    /// Twelve digits.
    pub(crate) division: String,
}

/// An organisation that produces papers which guides ask for 中介服务机构.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intermediary {
    /// Credit code.
    pub(crate) code: String,
    pub(crate) name: Text,
    /// Twelve digits.
    pub(crate) division: String,
    pub(crate) service: Text,
    /// Keys of the materials it produces, as items of the catalogue name them.
    pub(crate) materials: Vec<String>,
}

/// A question that people ask, with the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) key: String,
    /// Codes of the items it is about; empty for a question about any item.
    pub(crate) items: Vec<String>,
    pub(crate) question: Text,
    pub(crate) answer: Text,
}

/// The agencies of the tables, by code.
pub(super) fn agencies(tables: &Tables) -> Vec<Agency> {
    let agencies = tables.agencies.iter().map(|row| Agency {
        code: row.agency.clone(),
        name: Text::both(&row.name_zh, &row.name_en),
        division: row.division.clone(),
    });
    agencies.collect()
}

/// The intermediaries of the tables, by code.
pub(super) fn intermediaries(tables: &Tables) -> Result<Vec<Intermediary>, DataError> {
    let known = |key: &str| tables.materials.iter().any(|material| material.material == key);
    let mut intermediaries = Vec::new();
    for row in &tables.intermediaries {
        if let Some(unknown) = row.materials.split(' ').find(|key| !known(key)) {
            return Err(unknown_in("intermediaries.tsv", unknown));
        }
        intermediaries.push(Intermediary {
            code: row.intermediary.clone(),
            name: Text::both(&row.name_zh, &row.name_en),
            division: row.division.clone(),
            service: Text::both(&row.service_zh, &row.service_en),
            materials: row.materials.split(' ').map(str::to_owned).collect(),
        });
    }
    intermediaries.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(intermediaries)
}

/// The questions of the tables, those about any item first.
pub(super) fn questions(tables: &Tables) -> Result<Vec<Question>, DataError> {
    let mut codes: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in &tables.items {
        codes.entry(&row.guide).or_default().push(&row.code);
    }
    tables.questions.iter().map(|row| question(row, &codes)).collect()
}

fn question(row: &tables::Question, codes: &HashMap<&str, Vec<&str>>) -> Result<Question, DataError> {
    let mut items = Vec::new();
    for guide in row.guides.split(' ').filter(|guide| *guide != "*") {
        let codes = codes.get(guide).ok_or_else(|| unknown_in("questions.tsv", guide))?;
        items.extend(codes.iter().map(|code| (*code).to_owned()));
    }
    items.sort();
    items.dedup();
    Ok(Question {
        key: row.question.clone(),
        items,
        question: Text::both(&row.question_zh, &row.question_en),
        answer: Text::both(&row.answer_zh, &row.answer_en),
    })
}

fn unknown_in(table: &'static str, value: &str) -> DataError {
    DataError { table, reason: format!("{value} is not known") }
}

impl Question {
    /// Whether somebody who wants this item would ask it.
    pub(crate) fn is_about(&self, item: &Item) -> bool {
        self.items.is_empty() || self.items.contains(&item.code)
    }
}

impl Intermediary {
    /// Whether it produces a paper that the item's guide asks for.
    pub(crate) fn serves(&self, item: &Item) -> bool {
        self.materials.iter().any(|key| item.has_material(key))
    }
}
