#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
use std::collections::HashSet;

use super::*;

fn all() -> (Tables, Vec<Item>) {
    let tables = Tables::embedded().unwrap();
    let items = items(&tables).unwrap();
    (tables, items)
}

/// GB 32100-2015 by the letter of the standard, apart from the product's own parser.
fn credit_code_verifies(code: &str) -> bool {
    let alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Option<Vec<usize>> = code.chars().map(|c| alphabet.find(c)).collect();
    let Some(values) = values.filter(|values| values.len() == 18) else { return false };
    let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let sum: usize = weights.iter().zip(&values).map(|(weight, value)| weight * value).sum();
    (31 - sum % 31) % 31 == values[17]
}

/// GB 11714-1997.
fn organisation_code_verifies(code: &str) -> bool {
    let value = |c: char| c.to_digit(36).unwrap() as usize;
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = weights.iter().zip(code.chars()).map(|(weight, c)| weight * value(c)).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(u32::try_from(digit).unwrap(), 10).unwrap(),
    };
    code.ends_with(check)
}

#[test]
fn there_are_more_than_two_hundred_services_and_every_identity_is_unique() {
    let (tables, items) = all();
    let services: HashSet<&str> = tables.guides.iter().map(|guide| guide.guide.as_str()).collect();
    assert!(services.len() >= 200, "{} services", services.len());
    assert!(items.iter().filter(|item| item.state == "in-force").count() >= 400);
    let identities: HashSet<_> = items.iter().map(Item::identity).collect();
    assert_eq!(identities.len(), items.len());
}

#[test]
fn every_agency_has_a_credit_code_that_verifies_and_belongs_to_tongling() {
    let (tables, _) = all();
    assert!(tables.agencies.len() >= 60);
    for agency in &tables.agencies {
        let code = &agency.agency;
        assert!(credit_code_verifies(code) && organisation_code_verifies(&code[8..17]), "{code}");
        assert!(tongqiao_protocol::CreditCode::parse(code).is_ok(), "{code}");
        assert!(code.starts_with("11") || code.starts_with("13"), "{code}");
        assert!(agency.division.starts_with(&code[2..8]) && code[2..6] == *"3407", "{code}");
        assert!(code[8..].starts_with("TQ"), "synthetic codes are recognisable: {code}");
    }
}

#[test]
fn every_item_code_falls_into_its_parts() {
    let (tables, items) = all();
    for item in &items {
        let code = &item.code;
        assert!(code.len() == 31 || code.len() == 33, "{code}");
        assert!(credit_code_verifies(&code[..18]), "{code}");
        assert_eq!(code[..18], item.agency.code, "{code}");
        assert!(("1"..="7").contains(&item.level.as_str()) && code[18..19] == item.level, "{code}");
        assert!(
            code[19..21] == *"00" || code[19..21] == code[2..4],
            "{code}: prefix is national or the province's own"
        );
        assert_eq!(code[21..23], item.item_type, "{code}");
        assert!(code[23..28].bytes().all(|b| b.is_ascii_digit()), "{code}");
    }
    for item in &items {
        assert!(tongqiao_protocol::ItemCode::parse(&item.code).is_ok(), "{}", item.code);
        let division = item.division.as_deref().map(tongqiao_protocol::DivisionCode::parse);
        assert!(division.is_none_or(|division| division.is_ok()), "{}", item.code);
    }
    for row in &tables.items {
        let guide = tables.guides.iter().find(|guide| guide.guide == row.guide).unwrap();
        let department = tables.departments.iter().find(|other| other.department == guide.department).unwrap();
        assert_eq!(row.code[23..25], department.ministry, "{}", row.code);
    }
}

#[test]
fn every_item_has_a_chinese_guide_and_what_the_guide_names_exists() {
    let (_, items) = all();
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for item in &items {
        assert!(chinese(&item.name.zh) && chinese(&item.guide.zh), "{}", item.code);
        if item.state == "reference" {
            continue;
        }
        assert!(!item.conditions.is_empty() && item.conditions.iter().all(|c| chinese(&c.text.zh)), "{}", item.code);
        assert!(item.materials.iter().any(|material| material.required), "{}", item.code);
        assert!(item.form.iter().any(|field| field.required), "{}", item.code);
        assert!(item.promised_days <= item.statutory_days, "{}", item.code);
        assert!(item.form.iter().all(|field| (field.kind == "choice") != field.choices.is_empty()), "{}", item.code);
    }
}

#[test]
fn there_are_fees_of_one_line_and_of_several_and_they_are_never_nothing() {
    let (tables, items) = all();
    let with = |lines: usize| items.iter().filter(|item| item.fees.len() == lines).count();
    assert!(with(1) > 20 && with(2) > 5 && with(3) > 1, "{} {} {}", with(1), with(2), with(3));
    assert!(items.iter().flat_map(|item| &item.fees).all(|fee| fee.unit_price.as_fen() > 0 && fee.usual_quantity > 0));
    for fee in &tables.fees {
        assert!(tables.guides.iter().any(|guide| guide.guide == fee.guide), "fees.tsv: {}", fee.guide);
    }
}

#[test]
fn old_versions_withdrawn_planned_and_reference_items_are_all_there() {
    let (_, items) = all();
    for state in ["in-force", "superseded", "withdrawn", "planned", "reference"] {
        assert!(items.iter().any(|item| item.state == state), "{state}");
    }
    for old in items.iter().filter(|item| item.state == "superseded") {
        let newer = items.iter().find(|item| item.code == old.code && item.version == old.version + 1).unwrap();
        assert_eq!(newer.state, "in-force", "{}", old.code);
        assert!(old.effective_until < newer.effective_from, "{}", old.code);
    }
}
