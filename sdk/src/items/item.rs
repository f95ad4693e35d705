//! One version of an item: the elements of 实施清单 that an applicant and a counter need.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::Amount;

/// A text in Chinese, and in English where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

/// Code values with the name of their set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    /// The set, such as `handle_form`.
    pub set: String,
    /// Its values.
    pub codes: Vec<String>,
}

/// Who handles an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemAgency {
    /// The agency's credit code.
    pub code: String,
    /// Its name.
    pub name: Text,
}

/// A condition of acceptance; a correction notice cites it by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// By which it is cited.
    pub key: String,
    /// What it says.
    pub text: Text,
}

/// A material to hand in; a correction notice cites it by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemMaterial {
    /// By which it is cited, and named in an application.
    pub key: String,
    /// What it is.
    pub name: Text,
    /// Whether an application without it is incomplete.
    pub required: bool,
    /// `paper`, or `electronic` where an e-licence may be cited instead.
    pub form: String,
}

/// One line of the bill that an item leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFee {
    /// The code of the line.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// What is counted.
    pub unit: Text,
    /// The price of one.
    pub unit_price: Amount,
    /// How many a typical applicant needs.
    pub usual_quantity: u32,
    /// On what ground it is charged.
    pub basis: Text,
}

/// One field of an application's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    /// The member of the form's JSON object.
    pub key: String,
    /// How it is called on the form.
    pub label: Text,
    /// `text`, `phone`, `choice`, `date`, `number` or `amount`; others are kept.
    pub kind: String,
    /// Whether an application without it is incomplete.
    pub required: bool,
    /// What may be chosen, when the kind is `choice`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Text>,
}

/// Whether a version of an item can be applied for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ItemState {
    /// Yes.
    InForce,
    /// A later version has taken its place.
    Superseded,
    /// No longer.
    Withdrawn,
    /// Not yet.
    Planned,
    /// A real code of another place, for reference.
    Reference,
    /// A state that this version does not know, as it was written.
    #[serde(untagged)]
    Other(String),
}

/// One version of an item. Its identity is (code, version); a case stays with the version under which it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The implementation code 实施编码 or a handling item's 业务办理项编码.
    pub code: String,
    /// The version.
    pub version: u32,
    /// Whether it can be applied for.
    pub state: ItemState,
    /// What it is called.
    pub name: Text,
    /// Who handles it.
    pub agency: ItemAgency,
    /// Where: twelve digits; absent for a reference code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// 事项类型, GB/T 39046-2020.
    pub item_type: String,
    /// 行使层级, GB/T 39046-2020.
    pub level: String,
    /// Who may apply.
    pub targets: Coded,
    /// How one may apply.
    pub channels: Coded,
    /// 1 = done while you wait 即办件, 2 = within the promised time 承诺件.
    pub project_type: String,
    /// The limit that the law sets, in working days.
    pub statutory_days: u16,
    /// The limit that the agency promises, in working days.
    pub promised_days: u16,
    /// The first day on which this version holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// The last day on which this version holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<String>,
    /// The guide in a sentence or two.
    pub guide: Text,
    /// The conditions of acceptance.
    pub conditions: Vec<Condition>,
    /// The materials.
    pub materials: Vec<ItemMaterial>,
    /// The lines of the bill; empty when it is free.
    pub fees: Vec<ItemFee>,
    /// The fields of the form.
    pub form: Vec<FormField>,
}

impl Item {
    /// Whether this version holds on `day` (`2026-11-23`).
    pub(crate) fn is_in_force(&self, day: &str) -> bool {
        let begun = self.effective_from.as_deref().is_none_or(|from| from <= day);
        let over = self.effective_until.as_deref().is_some_and(|until| until < day);
        self.state == ItemState::InForce && begun && !over
    }
}
