//! The hand-written and generated tables under `data/`, as rows.
//!
//! They are compiled in: a sandbox is one file. Lines beginning with `#` say where a table comes from.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tongqiao_protocol::{Digest, Suite};

const DEPARTMENTS: &str = include_str!("../../data/departments.tsv");
const AGENCIES: &str = include_str!("../../data/agencies.tsv");
const GUIDES: &str = include_str!("../../data/guides.tsv");
const FEES: &str = include_str!("../../data/fees.tsv");
const MATERIALS: &str = include_str!("../../data/materials.tsv");
const FIELDS: &str = include_str!("../../data/fields.tsv");
const ITEMS: &str = include_str!("../../data/items.tsv");
const REAL_ITEMS: &str = include_str!("../../data/real-items.tsv");
const INTERMEDIARIES: &str = include_str!("../../data/intermediaries.tsv");
const QUESTIONS: &str = include_str!("../../data/questions.tsv");

/// Raised when the same tables are to give other items, so that stored editions are replaced.
const FORM: &str = "2";

/// The digest of all tables: an edition that descends from other data is out of date.
pub(crate) fn seed() -> String {
    let tables =
        [FORM, DEPARTMENTS, AGENCIES, GUIDES, FEES, MATERIALS, FIELDS, ITEMS, REAL_ITEMS, INTERMEDIARIES, QUESTIONS];
    Digest::of_parts(Suite::International, &tables.map(str::as_bytes)).to_string()
}

/// A table under `data/` cannot be read; the tests make sure that this does not happen in a release.
#[derive(Debug, thiserror::Error)]
#[error("data/{table}: {reason}")]
pub(crate) struct DataError {
    pub(crate) table: &'static str,
    pub(crate) reason: String,
}

/// A department with the two digits of its guiding ministry.
#[cfg(test)]
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Department {
    pub(crate) department: String,
    pub(crate) ministry: String,
}

/// An agency: synthetic, with a valid credit code.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Agency {
    pub(crate) agency: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) division: String,
}

/// An intermediary: synthetic, with a valid credit code.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Intermediary {
    pub(crate) intermediary: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) division: String,
    pub(crate) service_zh: String,
    pub(crate) service_en: String,
    pub(crate) materials: String,
}

/// A question that people ask.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Question {
    pub(crate) question: String,
    pub(crate) guides: String,
    pub(crate) question_zh: String,
    pub(crate) question_en: String,
    pub(crate) answer_zh: String,
    pub(crate) answer_en: String,
}

/// One version of a guide 办事指南.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Guide {
    pub(crate) guide: String,
    pub(crate) version: u32,
    pub(crate) state: String,
    pub(crate) effective_from: String,
    pub(crate) effective_until: String,
    pub(crate) item_type: String,
    #[cfg(test)]
    pub(crate) department: String,
    pub(crate) targets: String,
    pub(crate) statutory_days: u16,
    pub(crate) promised_days: u16,
    pub(crate) channels: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) conditions_zh: String,
    pub(crate) materials: String,
    pub(crate) fields: String,
}

/// One line of the bill that a guide leads to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fee {
    pub(crate) guide: String,
    pub(crate) line: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) unit_zh: String,
    pub(crate) unit_price: String,
    pub(crate) quantity: u32,
    pub(crate) basis_zh: String,
}

/// A material that guides may ask for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Material {
    pub(crate) material: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) form: String,
}

/// A form field that guides may ask for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Field {
    pub(crate) field: String,
    pub(crate) label_zh: String,
    pub(crate) label_en: String,
    pub(crate) kind: String,
    pub(crate) required: u8,
    pub(crate) choices_zh: String,
}

/// An item: a guide in the hands of an agency.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) version: u32,
    pub(crate) guide: String,
    pub(crate) agency: String,
    pub(crate) division: String,
}

/// A code met in public material, for reference.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RealItem {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) agency_name: String,
    pub(crate) source: String,
}

/// All tables.
#[derive(Debug)]
pub(crate) struct Tables {
    #[cfg(test)]
    pub(crate) departments: Vec<Department>,
    pub(crate) agencies: Vec<Agency>,
    pub(crate) guides: Vec<Guide>,
    pub(crate) fees: Vec<Fee>,
    pub(crate) materials: Vec<Material>,
    pub(crate) fields: Vec<Field>,
    pub(crate) items: Vec<Item>,
    pub(crate) real_items: Vec<RealItem>,
    pub(crate) intermediaries: Vec<Intermediary>,
    pub(crate) questions: Vec<Question>,
}

impl Tables {
    /// Reads what was compiled in.
    pub(crate) fn embedded() -> Result<Self, DataError> {
        Ok(Self {
            #[cfg(test)]
            departments: rows("departments.tsv", DEPARTMENTS)?,
            agencies: rows("agencies.tsv", AGENCIES)?,
            guides: rows("guides.tsv", GUIDES)?,
            fees: rows("fees.tsv", FEES)?,
            materials: rows("materials.tsv", MATERIALS)?,
            fields: rows("fields.tsv", FIELDS)?,
            items: rows("items.tsv", ITEMS)?,
            real_items: rows("real-items.tsv", REAL_ITEMS)?,
            intermediaries: rows("intermediaries.tsv", INTERMEDIARIES)?,
            questions: rows("questions.tsv", QUESTIONS)?,
        })
    }
}

fn rows<T: DeserializeOwned>(table: &'static str, text: &str) -> Result<Vec<T>, DataError> {
    csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| DataError { table, reason: error.to_string() })
}
