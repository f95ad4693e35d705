//! The published and synthetic vectors of `conformance/vectors`, every row.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use tongqiao_protocol::identifier::inspection;
use tongqiao_protocol::{
    CitizenNumber, CreditCode, IdentifierFaults, IdentifierKind, ItemCode, ItemCodeGeneration, LicenceIdentifier,
    OrganisationCode, Part, PermanentResidentNumber,
};

const IDENTIFIERS: &str = include_str!("../../../conformance/vectors/identifiers.tsv");
const FAULTS: &str = include_str!("../../../conformance/vectors/identifier-faults.tsv");
const LICENCES: &str = include_str!("../../../conformance/vectors/licence-identifiers.tsv");
const ITEM_CODES: &str = include_str!("../../../conformance/vectors/item-codes.tsv");

/// The rows of a table without its comment and heading.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split('\t').collect())
}

#[test]
fn every_identifier_vector_is_judged_as_it_says() {
    let mut judged = 0;
    for row in rows(IDENTIFIERS) {
        let [kind, value, expected, note] = row[..] else { panic!("four columns: {row:?}") };
        let result: Result<String, IdentifierFaults> = match kind {
            "uscc" => CreditCode::parse(value).map(|code| code.to_string()),
            "citizen_id" => CitizenNumber::parse(value).map(|number| number.to_string()),
            "prc_foreign_2023" => PermanentResidentNumber::parse(value).map(|number| number.to_string()),
            "org_code" => OrganisationCode::parse(value).map(|code| code.to_string().replace('-', "")),
            other => panic!("unknown kind {other}"),
        };
        match (expected, result) {
            ("valid", Ok(text)) => assert_eq!(text, value.replace('-', ""), "{note}"),
            (code, Err(faults)) if code != "valid" => {
                assert_eq!(faults.iter().map(|fault| fault.code()).collect::<Vec<_>>(), [code], "{value}: {note}");
            }
            (_, result) => panic!("{kind} {value} should be {expected} ({note}), was {result:?}"),
        }
        judged += 1;
    }
    assert_eq!(judged, 36);
}

#[test]
fn every_licence_identifier_vector_is_judged_as_it_says() {
    let mut judged = 0;
    for row in rows(LICENCES) {
        let [identifier, _given, computed, agrees, source] = row[..] else { panic!("five columns: {row:?}") };
        let result = LicenceIdentifier::parse(identifier);
        assert_eq!(result.is_ok(), agrees == "Y", "{source}: {result:?}");
        let (body, _) = identifier.rsplit_once('.').unwrap();
        let parts: Vec<_> = body.strip_prefix("1.2.156.3005.2.").unwrap().split('.').collect();
        if let Ok(built) = LicenceIdentifier::build(parts[0], parts[1], parts[2], parts[3]) {
            assert_eq!(built.as_str(), format!("{body}.{computed}"), "{source}");
        } else {
            assert_eq!(agrees, "N", "{source}");
        }
        judged += 1;
    }
    assert_eq!(judged, 5);
}

#[test]
fn every_real_item_code_is_taken_apart_as_the_table_does() {
    let mut judged = 0;
    for row in rows(ITEM_CODES) {
        let [code, _name, _agency, length, agency, check, level, base, prefix, kind, main, sub, handling, ..] = row[..]
        else {
            panic!("at least thirteen columns: {row:?}")
        };
        judged += 1;
        if check == "bad" {
            let faults = ItemCode::parse(code).unwrap_err();
            assert!(faults.iter().all(|fault| fault.part() == Part::Agency), "{code}: {faults}");
            continue;
        }
        let item = ItemCode::parse(code).unwrap();
        let parts = item.parts();
        assert_eq!(item.as_str().len().to_string(), length);
        assert_eq!(item.agency().unwrap().as_str(), agency);
        assert_eq!(item.base().unwrap().as_str(), base);
        let expected = [
            (Part::Level, level),
            (Part::Prefix, prefix),
            (Part::ItemType, kind),
            (Part::MainItem, main),
            (Part::SubItem, sub),
            (Part::Handling, handling),
        ];
        for (part, text) in expected {
            assert_eq!(parts.get(part).unwrap_or_default(), text, "{code} {part:?}");
        }
        assert_eq!(parts.build().unwrap(), item);
        let national = [ItemCodeGeneration::Implementation31, ItemCodeGeneration::HandlingItem33];
        assert!(national.contains(&item.generation()));
    }
    assert_eq!(judged, 17);
}

#[test]
fn every_fault_and_every_mask_is_as_the_table_says() {
    let mut kinds = std::collections::BTreeSet::new();
    for row in rows(FAULTS) {
        let [kind, value, expected, mask, note] = row[..] else { panic!("five columns: {row:?}") };
        let kind = IdentifierKind::from_name(kind).unwrap();
        let (faults, found_mask) = match inspection::inspect(kind, value) {
            Ok(right) => ("-".to_string(), right.mask().to_string()),
            Err(faults) => {
                let named = faults.iter().map(|fault| format!("{}@{}", fault.code(), fault.part().name()));
                (named.collect::<Vec<_>>().join(","), "-".to_string())
            }
        };
        assert_eq!((faults.as_str(), found_mask.as_str()), (expected, mask), "{kind:?} {value}: {note}");
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), IdentifierKind::ALL.len(), "every kind has rows");
}
