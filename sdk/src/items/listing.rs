//! What the catalogue publishes beside items: agencies, intermediaries and questions, mirrored with it.

use serde::{Deserialize, Serialize};

use super::item::{Item, Text};

/// An agency 部门 that handles items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// Its credit code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// Where: twelve digits.
    pub division: String,
}

/// An organisation that produces papers which guides ask for 中介服务机构. The list is for choosing: nobody may be sent to one
/// in particular.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intermediary {
    /// Its credit code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// Where: twelve digits.
    pub division: String,
    /// What it does.
    pub service: Text,
    /// The keys of the materials that it produces.
    pub materials: Vec<String>,
}

impl Intermediary {
    /// Whether it produces a paper that the item's guide asks for.
    pub fn serves(&self, item: &Item) -> bool {
        item.materials.iter().any(|material| self.materials.contains(&material.key))
    }
}

/// A question that people ask 常见问题.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// By which it is found again.
    pub key: String,
    /// Codes of the items that it is about; empty when it is about any.
    pub items: Vec<String>,
    /// The question.
    pub question: Text,
    /// The answer.
    pub answer: Text,
}

impl Question {
    /// Whether somebody who wants this item would ask it.
    pub fn is_about(&self, item: &Item) -> bool {
        self.items.is_empty() || self.items.contains(&item.code)
    }
}
