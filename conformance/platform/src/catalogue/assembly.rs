//! From rows to items: every guide in the hands of every agency that has it.

use std::collections::HashMap;

use super::item::{Coded, Condition, FormField, Item, ItemAgency, ItemFee, ItemMaterial, Text};
use super::tables::{Agency, DataError, Fee, Field, Guide, Item as ItemRow, Material, RealItem, Tables};

/// The items of the tables, ordered by code and version.
pub(crate) fn items(tables: &Tables) -> Result<Vec<Item>, DataError> {
    let lookup = Lookup::new(tables);
    let ours = tables.items.iter().map(|row| lookup.item(row));
    let mut items: Vec<Item> = ours.chain(tables.real_items.iter().map(reference)).collect::<Result<_, _>>()?;
    items.sort_by(|a, b| a.identity().cmp(&b.identity()));
    Ok(items)
}

struct Lookup<'a> {
    guides: HashMap<(&'a str, u32), &'a Guide>,
    agencies: HashMap<&'a str, &'a Agency>,
    materials: HashMap<&'a str, &'a Material>,
    fields: HashMap<&'a str, &'a Field>,
    fees: HashMap<&'a str, Vec<&'a Fee>>,
}

impl<'a> Lookup<'a> {
    fn new(tables: &'a Tables) -> Self {
        let mut fees: HashMap<&str, Vec<&Fee>> = HashMap::new();
        for fee in &tables.fees {
            fees.entry(&fee.guide).or_default().push(fee);
        }
        Self {
            guides: tables.guides.iter().map(|row| ((row.guide.as_str(), row.version), row)).collect(),
            agencies: tables.agencies.iter().map(|row| (row.agency.as_str(), row)).collect(),
            materials: tables.materials.iter().map(|row| (row.material.as_str(), row)).collect(),
            fields: tables.fields.iter().map(|row| (row.field.as_str(), row)).collect(),
            fees,
        }
    }

    fn item(&self, row: &ItemRow) -> Result<Item, DataError> {
        let guide =
            *self.guides.get(&(row.guide.as_str(), row.version)).ok_or_else(|| unknown("items.tsv", &row.guide))?;
        let agency = *self.agencies.get(row.agency.as_str()).ok_or_else(|| unknown("items.tsv", &row.agency))?;
        Ok(Item {
            code: row.code.clone(),
            version: row.version,
            state: guide.state.clone(),
            name: Text::both(&guide.name_zh, &guide.name_en),
            agency: ItemAgency { code: agency.agency.clone(), name: Text::both(&agency.name_zh, &agency.name_en) },
            division: Some(row.division.clone()),
            item_type: guide.item_type.clone(),
            level: row.code.get(18..19).ok_or_else(|| unknown("items.tsv", &row.code))?.to_owned(),
            targets: coded("service_target@gb39046", &guide.targets),
            channels: coded("handle_form", &guide.channels),
            project_type: if guide.promised_days == 0 { "1" } else { "2" }.to_owned(),
            statutory_days: guide.statutory_days,
            promised_days: guide.promised_days,
            effective_from: present(&guide.effective_from),
            effective_until: present(&guide.effective_until),
            guide: Text::chinese(&summary(guide, agency)),
            conditions: conditions(guide),
            materials: guide.materials.split_whitespace().map(|word| self.material(word)).collect::<Result<_, _>>()?,
            fees: self.fees_of(guide)?,
            form: guide.fields.split_whitespace().map(|word| self.field(word)).collect::<Result<_, _>>()?,
        })
    }

    fn material(&self, word: &str) -> Result<ItemMaterial, DataError> {
        let key = word.trim_end_matches('?');
        let row = *self.materials.get(key).ok_or_else(|| unknown("materials.tsv", key))?;
        Ok(ItemMaterial {
            key: key.to_owned(),
            name: Text::both(&row.name_zh, &row.name_en),
            required: key == word,
            form: row.form.clone(),
        })
    }

    fn field(&self, key: &str) -> Result<FormField, DataError> {
        let row = *self.fields.get(key).ok_or_else(|| unknown("fields.tsv", key))?;
        Ok(FormField {
            key: key.to_owned(),
            label: Text::both(&row.label_zh, &row.label_en),
            kind: row.kind.clone(),
            required: row.required == 1,
            choices: row.choices_zh.split('^').filter(|choice| !choice.is_empty()).map(Text::chinese).collect(),
        })
    }

    fn fees_of(&self, guide: &Guide) -> Result<Vec<ItemFee>, DataError> {
        self.fees.get(guide.guide.as_str()).into_iter().flatten().map(|row| fee(row)).collect()
    }
}

fn fee(row: &Fee) -> Result<ItemFee, DataError> {
    Ok(ItemFee {
        code: row.line.clone(),
        name: Text::both(&row.name_zh, &row.name_en),
        unit: Text::chinese(&row.unit_zh),
        unit_price: row.unit_price.parse().map_err(|_| unknown("fees.tsv", &row.unit_price))?,
        usual_quantity: row.quantity,
        basis: Text::chinese(&row.basis_zh),
    })
}

fn conditions(guide: &Guide) -> Vec<Condition> {
    let numbered = guide.conditions_zh.split('^').enumerate();
    numbered.map(|(index, text)| Condition { key: format!("c{}", index + 1), text: Text::chinese(text) }).collect()
}

/// The short guide in one sentence or two, as a counter would say it.
fn summary(guide: &Guide, agency: &Agency) -> String {
    let time = if guide.promised_days == 0 {
        "材料齐全的当场办结".to_owned()
    } else {
        format!("法定时限{}个工作日，承诺{}个工作日内办结", guide.statutory_days, guide.promised_days)
    };
    format!("{}由{}办理。{}；{}。", guide.name_zh, agency.name_zh, guide.conditions_zh.replace('^', "；"), time)
}

fn coded(set: &str, codes: &str) -> Coded {
    Coded { set: set.to_owned(), codes: codes.split('^').map(str::to_owned).collect() }
}

fn present(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A real code: it can be read and explained, and nobody can apply for it here.
fn reference(row: &RealItem) -> Result<Item, DataError> {
    let part = |range: std::ops::Range<usize>| {
        row.code.get(range).map(str::to_owned).ok_or_else(|| unknown("real-items.tsv", &row.code))
    };
    let name = if row.name.is_empty() { "（来源未给出名称）" } else { &row.name };
    Ok(Item {
        code: row.code.clone(),
        version: 1,
        state: "reference".to_owned(),
        name: Text::chinese(name),
        agency: ItemAgency { code: part(0..18)?, name: Text::chinese(&row.agency_name) },
        division: None,
        item_type: part(21..23)?,
        level: part(18..19)?,
        targets: coded("service_target@gb39046", "1^2"),
        channels: coded("handle_form", "9"),
        project_type: "9".to_owned(),
        statutory_days: 0,
        promised_days: 0,
        effective_from: None,
        effective_until: None,
        guide: Text::chinese(&format!(
            "其他地区公开的真实编码，仅供核对编码规则，不在本沙箱办理。来源：{}。",
            row.source
        )),
        conditions: Vec::new(),
        materials: Vec::new(),
        fees: Vec::new(),
        form: Vec::new(),
    })
}

fn unknown(table: &'static str, value: &str) -> DataError {
    DataError { table, reason: format!("{value} is not known") }
}

#[cfg(test)]
#[path = "assembly/tests.rs"]
mod tests;
