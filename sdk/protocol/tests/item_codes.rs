//! Item codes: generations, dialects, explanations and repairs.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use tongqiao_protocol::identifier::item_code::dialect::Dialect;
use tongqiao_protocol::{ItemCode, ItemCodeGeneration, Part};

const HANDLING_ITEM: &str = "11320900014355232Q300071500101701";

#[test]
fn codes_nest_from_handling_item_to_base() {
    let item = ItemCode::parse(HANDLING_ITEM).unwrap();
    assert_eq!(item.generation(), ItemCodeGeneration::HandlingItem33);
    assert_eq!(item.implementation().unwrap().as_str(), &HANDLING_ITEM[..31]);
    assert_eq!(item.base().unwrap().as_str(), "000715001017");
    for nested in [item.implementation().unwrap(), item.base().unwrap()] {
        assert_eq!(ItemCode::parse(nested.as_str()).unwrap(), nested);
    }
}

#[test]
fn each_generation_is_told_by_its_shape() {
    let generation = |text: &str| ItemCode::parse(text).unwrap().generation().name();
    assert_eq!(generation("000715001017"), "2018-base");
    assert_eq!(generation("00071500101701"), "2018-handling");
    assert_eq!(generation("XK0010100Y"), "2016-base");
    assert_eq!(generation("0105632000"), "2016-base");
    assert_eq!(generation("ABCDEF123456ABCDEF123456"), "2016-implementation");
}

#[test]
fn letters_are_right_in_the_sub_item_and_level_seven_exists() {
    assert!(ItemCode::parse("00011400100Y").is_ok());
    assert!(ItemCode::parse("420114001W00").is_ok());
    assert!(ItemCode::parse("11370800MB285591847370118009002").is_ok());
}

#[test]
fn all_faults_of_an_item_code_are_told_at_once() {
    let faults = ItemCode::parse("11320900014355232R898771500101y").unwrap_err();
    let found: Vec<_> = faults.iter().map(|fault| (fault.code(), fault.part())).collect();
    let expected = [
        ("identifier.character", Part::SubItem),
        ("identifier.check", Part::Agency),
        ("identifier.value", Part::Level),
        ("identifier.value", Part::Prefix),
        ("identifier.value", Part::ItemType),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_lengths_that_would_be_right_are_told_for_a_text_of_another_length() {
    let faults = ItemCode::parse("1132090001435523").unwrap_err();
    assert_eq!(faults[0].en(), "the item code has 16 characters and should have 10 or 12 or 14 or 24 or 31 or 33");
}

#[test]
fn every_dialect_reads_its_own_example_and_builds_it_again() {
    let mut read = 0;
    for dialect in Dialect::all() {
        let generation = ItemCodeGeneration::Dialect(dialect);
        let code = ItemCode::parse_as(generation, dialect.example()).unwrap();
        assert_eq!(code.parts().build().unwrap(), code, "{}", dialect.name());
        assert_eq!(ItemCodeGeneration::from_name(dialect.name()), Some(generation));
        assert!(ItemCode::readings(dialect.example()).contains(&code));
        read += 1;
    }
    assert!(read >= 6);
}

#[test]
fn a_text_that_two_generations_read_says_so() {
    let readings = ItemCode::readings("0105632000");
    let names: Vec<_> = readings.iter().map(|code| code.generation().name()).collect();
    assert_eq!(names, ["2016-base", "shanghai-inner"]);
}

#[test]
fn a_dialect_with_a_wrong_agency_is_told_so() {
    let wrong = "511A0138600000-511602000000-000-115113010833722044-1-00";
    let faults = ItemCode::parse(wrong).unwrap_err();
    assert_eq!((faults[0].code(), faults[0].part()), ("identifier.check", Part::Agency));
    let placeholder = "511A0138600000-511602000000-000-2222222222222-1-00";
    assert_eq!(ItemCode::parse(placeholder).unwrap_err()[0].code(), "identifier.shape");
}

#[test]
fn a_portal_key_is_read_only_when_it_is_named_and_a_code_that_lost_a_digit_is_repaired() {
    let key = "0123456789abcdef0123456789abcdef";
    let named = ItemCodeGeneration::from_name("anhui-portal").unwrap();
    assert!(named.must_be_named());
    assert_eq!(ItemCode::parse_as(named, key).unwrap().as_str(), key);
    assert_eq!(ItemCode::parse(key).unwrap_err()[0].code(), "identifier.length");
    let right = "115113010833722043300071500101701";
    let lost = right.replacen("115113010", "11511010", 1);
    assert_eq!(lost.len(), 32);
    assert_eq!(ItemCode::parse(&lost).unwrap_err()[0].code(), "identifier.length");
    assert!(ItemCode::suggest_repairs(&lost).iter().any(|repair| repair.proposed() == right));
    let others = ItemCodeGeneration::all().filter(|generation| generation.must_be_named());
    assert_eq!(others.count(), 1);
}

#[test]
fn an_explanation_names_agency_level_type_and_ministry() {
    let lines = ItemCode::parse(HANDLING_ITEM).unwrap().explain();
    let of = |part: Part| lines.iter().find(|line| line.part() == part).unwrap();
    assert_eq!(of(Part::Agency).zh(), "机构编制：机关，江苏省内的区划（未收录或已撤销）");
    assert_eq!(of(Part::Level).zh(), "市级/隶属");
    assert_eq!(of(Part::Prefix).en(), "national catalogue");
    assert_eq!(of(Part::ItemType).en(), "confirmation");
    assert_eq!(of(Part::MainItem).zh(), "主项，业务指导部门多为自然资源");
    assert_eq!(of(Part::SubItem).zh(), "子项017");
    assert_eq!(of(Part::Handling).zh(), "第01个业务办理项");
    let sichuan = ItemCode::parse("511A0138600000").unwrap().explain();
    assert_eq!(sichuan[1].en(), "licence");
}

#[test]
fn a_lost_or_lower_case_character_of_the_agency_is_proposed() {
    let right = "11511300008778693M3511115001017";
    assert_eq!(ItemCode::parse(right).unwrap().generation(), ItemCodeGeneration::Implementation31);
    let lost = "1151130000877869M3511115001017";
    assert!(ItemCode::suggest_repairs(lost).iter().any(|repair| repair.proposed() == right));
    let small = right.to_lowercase();
    assert_eq!(ItemCode::suggest_repairs(&small)[0].proposed(), right);
    let confused = right.replacen('0', "O", 1);
    assert_eq!(ItemCode::suggest_repairs(&confused)[0].proposed(), right);
    assert!(ItemCode::suggest_repairs(right).is_empty());
}

#[test]
fn letters_in_the_places_of_digits_are_read_as_digits_outside_the_agency_too() {
    let cases = [
        ("11320900014355232Q3OO07I500101701", HANDLING_ITEM),
        ("1I320900014355232q3OO0715001017Ol", HANDLING_ITEM),
        ("OOO715O01017", "000715001017"),
        ("XKOOIO100Y", "XK0010100Y"),
    ];
    for (slipped, right) in cases {
        assert!(ItemCode::parse(slipped).is_err());
        let repairs = ItemCode::suggest_repairs(slipped);
        assert_eq!(repairs.iter().map(|repair| repair.proposed()).collect::<Vec<_>>(), [right], "{slipped}");
    }
    // In the sub-item letters are right, so what stands there is left alone.
    let sub = ItemCode::suggest_repairs("OO0114OO10OY");
    assert_eq!(sub.iter().map(|repair| repair.proposed()).collect::<Vec<_>>(), ["000114001".to_owned() + "0OY"]);
}

#[test]
fn a_lost_character_of_the_agency_is_found_beside_other_slips() {
    let right = "11511300008778693M3511115001017";
    for slipped in ["1151130000877869M35IIII500I017", "１１５１１３００００８７７８６９Ｍ３５１１１１５００１０１７"]
    {
        let repairs = ItemCode::suggest_repairs(slipped);
        assert!(repairs.iter().any(|repair| repair.proposed() == right), "{} proposals", repairs.len());
    }
}
