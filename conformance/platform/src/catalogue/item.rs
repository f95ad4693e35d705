//! An item as it stands in the snapshot: the elements of 实施清单 that an applicant and a counter need.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::Amount;

/// A text in Chinese, and in English where we have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) zh: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) en: Option<String>,
}

impl Text {
    pub(crate) fn both(zh: &str, en: &str) -> Self {
        Self { zh: zh.to_owned(), en: (!en.is_empty()).then(|| en.to_owned()) }
    }

    pub(crate) fn chinese(zh: &str) -> Self {
        Self { zh: zh.to_owned(), en: None }
    }
}

/// Code values with the name of their set: 5 and 6 mean other things in the later national list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Coded {
    pub(crate) set: String,
    pub(crate) codes: Vec<String>,
}

/// Who handles the item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ItemAgency {
    pub(crate) code: String,
    pub(crate) name: Text,
}

/// A condition of acceptance; a correction notice cites it by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Condition {
    pub(crate) key: String,
    pub(crate) text: Text,
}

/// A material to hand in; a correction notice cites it by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ItemMaterial {
    pub(crate) key: String,
    pub(crate) name: Text,
    pub(crate) required: bool,
    pub(crate) form: String,
}

/// One line of the bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ItemFee {
    pub(crate) code: String,
    pub(crate) name: Text,
    pub(crate) unit: Text,
    pub(crate) unit_price: Amount,
    pub(crate) usual_quantity: u32,
    pub(crate) basis: Text,
}

/// One field of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormField {
    pub(crate) key: String,
    pub(crate) label: Text,
    pub(crate) kind: String,
    pub(crate) required: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) choices: Vec<Text>,
}

/// One version of an item. Its identity is (code, version).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) version: u32,
    /// `in-force`, `superseded`, `withdrawn`, `planned`, or `reference`: a real code of another place.
    pub(crate) state: String,
    pub(crate) name: Text,
    pub(crate) agency: ItemAgency,
    /// Twelve digits; absent for a reference code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) division: Option<String>,
    pub(crate) item_type: String,
    pub(crate) level: String,
    pub(crate) targets: Coded,
    pub(crate) channels: Coded,
    /// 1 = done while you wait 即办件, 2 = within the promised time 承诺件.
    pub(crate) project_type: String,
    /// Working days.
    pub(crate) statutory_days: u16,
    /// Working days.
    pub(crate) promised_days: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) effective_from: Option<String>,
    /// The last day on which this version holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) effective_until: Option<String>,
    pub(crate) guide: Text,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) materials: Vec<ItemMaterial>,
    pub(crate) fees: Vec<ItemFee>,
    pub(crate) form: Vec<FormField>,
}

impl Item {
    /// What the snapshot is ordered by and what a delta names.
    pub(crate) fn identity(&self) -> (&str, u32) {
        (&self.code, self.version)
    }
}
