//! Faults, overrides, repairs, masks and explanations of identifiers, case by case.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use tongqiao_protocol::identifier::check_override::InvalidOverride;
use tongqiao_protocol::identifier::citizen_number::{CitizenNumberHolder, Sex};
use tongqiao_protocol::identifier::division_code::{TownshipKind, names};
use tongqiao_protocol::identifier::inspection;
use tongqiao_protocol::{
    CaseNumber, CheckStanding, CitizenNumber, CreditCode, DivisionCode, DivisionLevel, EReceiptCode, IdentifierFaults,
    IdentifierKind, LicenceIdentifier, OrganisationCode, Override, OverrideRecord, Part, PayCode,
    PermanentResidentNumber, RepairStep, Timestamp,
};

/// Codes and parts of faults, in their order.
fn codes(faults: &IdentifierFaults) -> Vec<(&'static str, Part)> {
    faults.iter().map(|fault| (fault.code(), fault.part())).collect()
}

fn decision() -> Override {
    Override::new("clerk-07", "证件原件如此，已电话核实", Timestamp::from_millis(1_795_000_000_000)).unwrap()
}

#[test]
fn all_faults_of_a_citizen_number_are_told_at_once() {
    let faults = CitizenNumber::parse("990705199002310012").unwrap_err();
    let expected =
        [("identifier.value", Part::Area), ("identifier.date", Part::BirthDate), ("identifier.check", Part::Check)];
    assert_eq!(codes(&faults), expected);
    let faults = CitizenNumber::parse("34O705１99001010016").unwrap_err();
    let expected = [("identifier.character", Part::Area), ("identifier.character", Part::BirthDate)];
    assert_eq!(codes(&faults), expected);
}

#[test]
fn a_fault_says_what_and_where_in_both_languages_without_the_number() {
    let faults = CitizenNumber::parse("34070519900101001x").unwrap_err();
    assert_eq!(faults[0].zh(), "公民身份号码第18位“x”不允许，此处应为0-9 X");
    assert_eq!(faults[0].en(), "the citizen number has 'x' at place 18, where only 0-9 X may stand");
    assert_eq!(faults[0].params()[2], ("position", "18".to_string()));
    assert!(!format!("{faults} {faults:?}").contains("340705"));
}

#[test]
fn abolished_areas_live_on_inside_citizen_numbers() {
    for (number, area) in [("340702196802290211", "铜官山区"), ("340823195510104045", "枞阳县")] {
        let number = CitizenNumber::parse(number).unwrap();
        assert!(number.explain()[0].zh().contains(area), "{:?}", number.explain()[0]);
    }
}

#[test]
fn residence_permits_name_their_holders() {
    let holder = |text: &str| CitizenNumber::parse(text).unwrap().holder();
    assert_eq!(holder("810000199208020011"), CitizenNumberHolder::HongKongResident);
    assert_eq!(holder("820000199103030020"), CitizenNumberHolder::MacaoResident);
    assert_eq!(holder("830000198707070039"), CitizenNumberHolder::TaiwanResident);
    assert_eq!(holder("340705199001010016"), CitizenNumberHolder::Citizen);
}

#[test]
fn birth_date_and_sex_are_read_from_a_citizen_number() {
    let number = CitizenNumber::parse("340706198506150024").unwrap();
    assert_eq!((number.birth_date().to_string().as_str(), number.sex()), ("1985-06-15", Sex::Female));
}

#[test]
fn an_override_lets_only_a_failed_check_pass_and_is_seen_later() {
    let company = CreditCode::accept_with_override("91350211M0000XUF46", &decision()).unwrap();
    assert_eq!(company.standing(), CheckStanding::Overridden);
    let person = CitizenNumber::accept_with_override("340705199001010011", &decision()).unwrap();
    assert_eq!(person.standing(), CheckStanding::Overridden);
    let two_faults = CitizenNumber::accept_with_override("340705199002310011", &decision()).unwrap_err();
    assert_eq!(codes(&two_faults), [("identifier.date", Part::BirthDate), ("identifier.check", Part::Check)]);
    let foreigner = PermanentResidentNumber::accept_with_override("934156199001010018", &decision()).unwrap();
    assert_eq!(foreigner.standing(), CheckStanding::Overridden);
}

#[test]
fn an_organisation_code_may_be_overridden_too() {
    let code = OrganisationCode::accept_with_override("00877869-4", &decision()).unwrap();
    assert_eq!((code.standing(), code.to_string().as_str()), (CheckStanding::Overridden, "00877869-4"));
    assert!(code.explain()[1].en().contains("let pass by a human"));
    let right = OrganisationCode::accept_with_override("00877869-3", &decision()).unwrap();
    assert_eq!(right.standing(), CheckStanding::Verified);
    let faults = OrganisationCode::accept_with_override("0087786９-3", &decision()).unwrap_err();
    assert_eq!(codes(&faults), [("identifier.character", Part::Organisation)]);
}

#[test]
fn a_code_that_verifies_needs_no_override_and_is_not_marked() {
    let code = CreditCode::accept_with_override("91110000101623741K", &decision()).unwrap();
    assert_eq!(code.standing(), CheckStanding::Verified);
}

#[test]
fn a_public_body_gets_no_override() {
    let faults = CreditCode::accept_with_override("113407000000000811", &decision()).unwrap_err();
    assert_eq!(codes(&faults), [("identifier.override_refused", Part::Check)]);
}

#[test]
fn an_override_names_a_person_and_a_reason_within_limits() {
    let at = Timestamp::from_millis(0);
    assert_eq!(Override::new(" ", "reason", at), Err(InvalidOverride::Incomplete));
    assert_eq!(Override::new("clerk", "", at), Err(InvalidOverride::Incomplete));
    assert!(Override::new(&"字".repeat(64), &"由".repeat(500), at).is_ok());
    assert_eq!(Override::new(&"字".repeat(65), "reason", at), Err(InvalidOverride::Incomplete));
    assert_eq!(Override::new("clerk", &"由".repeat(501), at), Err(InvalidOverride::Incomplete));
}

#[test]
fn an_override_travels_as_a_record_and_comes_back() {
    let json = serde_json::to_string(&decision().record("/data/applicant/identity/number")).unwrap();
    let record: OverrideRecord = serde_json::from_str(&json).unwrap();
    assert_eq!((record.path.as_str(), record.code.as_str()), ("/data/applicant/identity/number", "identifier.check"));
    assert_eq!(record.decision().unwrap(), decision());
    let other = OverrideRecord { code: "identifier.length".to_string(), ..record };
    assert_eq!(other.decision(), Err(InvalidOverride::OtherFault));
}

#[test]
fn slips_of_the_pen_are_proposed_with_their_steps() {
    let cases = [
        ("11511301452259996u", "11511301452259996U", vec![RepairStep::Case]),
        ("１１３２０９０００１４３５５２３２Ｑ", "11320900014355232Q", vec![RepairStep::FullWidth]),
        ("1132 0900 0143 5523 2q", "11320900014355232Q", vec![RepairStep::Separators, RepairStep::Case]),
        ("1132O9OOO14355232Q", "11320900014355232Q", vec![RepairStep::Confusion]),
        ("I1320900014355232Q", "11320900014355232Q", vec![RepairStep::Confusion]),
    ];
    for (text, proposed, steps) in cases {
        let repairs = CreditCode::suggest_repairs(text);
        assert_eq!(repairs.len(), 1, "{text}");
        assert_eq!((repairs[0].proposed(), repairs[0].steps()), (proposed, &steps[..]), "{text}");
        assert!(CreditCode::parse(text).is_err(), "a repair is never applied: {text}");
    }
}

#[test]
fn a_lost_character_is_among_the_first_proposals() {
    let repairs = CreditCode::suggest_repairs("1151130000877869M");
    assert!(repairs.iter().take(3).any(|repair| repair.proposed() == "11511300008778693M"), "{:?}", repairs.len());
    assert!(repairs.len() <= 8);
    let repairs = CitizenNumber::suggest_repairs("34070519900101016");
    assert!(repairs.iter().any(|repair| repair.proposed() == "340705199001010016"));
    assert!(repairs.iter().all(|repair| repair.steps() == [RepairStep::LostCharacter]));
}

#[test]
fn a_number_of_fifteen_digits_is_proposed_with_eighteen() {
    let repairs = CitizenNumber::suggest_repairs("340705900101001");
    assert_eq!(repairs[0].proposed(), "340705199001010016");
    assert_eq!(repairs[0].steps(), [RepairStep::FifteenDigits]);
}

#[test]
fn nothing_is_proposed_for_a_right_or_a_hopeless_text() {
    assert!(CreditCode::suggest_repairs("91110000101623741K").is_empty());
    assert!(CreditCode::suggest_repairs("91350211M0000XUF46").is_empty());
    assert!(CreditCode::suggest_repairs("2222222222222").is_empty());
    assert!(CreditCode::suggest_repairs(&"1".repeat(100_000)).is_empty());
}

#[test]
fn a_proposal_stays_out_of_debug_output() {
    let repairs = CitizenNumber::suggest_repairs("340705900101001");
    assert!(!format!("{repairs:?}").contains("340705"));
}

#[test]
fn masks_show_what_a_counter_may_show() {
    let number = CitizenNumber::parse("340705199001010016").unwrap();
    assert_eq!(number.mask(), "3407**********0016");
    assert_eq!(format!("{number:?}"), "CitizenNumber(3407**********0016)");
    assert_eq!(CreditCode::parse("91110000101623741K").unwrap().mask(), "9111**********741K");
    assert_eq!(OrganisationCode::parse("00877869-3").unwrap().mask(), "00*****9-3");
    assert_eq!(PermanentResidentNumber::parse("USA110190010101").unwrap().mask(), "USA**********01");
    assert_eq!(PayCode::parse("34070026000000000017").unwrap().mask(), "3407************0017");
    let receipt = EReceiptCode::build("34010126", "0000000017", "a1b2c3").unwrap();
    assert_eq!(receipt.mask(), "34010126-******0017-******");
    let licence = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";
    let masked = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.*********03.001.U";
    assert_eq!(LicenceIdentifier::parse(licence).unwrap().mask(), masked);
}

#[test]
fn a_division_code_knows_its_level_and_its_kind_of_township() {
    let level = |text: &str| DivisionCode::parse(text).unwrap().level();
    assert_eq!(level("340000"), DivisionLevel::Province);
    assert_eq!(level("340700"), DivisionLevel::City);
    assert_eq!(level("340705000000"), DivisionLevel::County);
    assert_eq!(level("340722106"), DivisionLevel::Township);
    assert_eq!(level("340705005002"), DivisionLevel::Village);
    let kind = |text: &str| DivisionCode::parse(text).unwrap().township_kind();
    assert_eq!(kind("340705005"), Some(TownshipKind::SubDistrict));
    assert_eq!(kind("340722106"), Some(TownshipKind::Town));
    assert_eq!(kind("340706200"), Some(TownshipKind::Township));
    assert_eq!(kind("340705402"), Some(TownshipKind::EnterpriseUnit));
    assert_eq!(kind("340705"), None);
}

#[test]
fn divisions_contain_what_lies_within_them_in_any_length() {
    let parse = |text: &str| DivisionCode::parse(text).unwrap();
    assert!(parse("340700").contains(&parse("340705005002")));
    assert!(parse("340700").contains(&parse("340700000000")));
    assert!(!parse("340705").contains(&parse("340706")));
    assert!(!parse("340705005002").contains(&parse("340705")));
    assert!(parse("340705").is_same_place(&parse("340705000000")));
    assert_ne!(parse("340705"), parse("340705000000"));
}

#[test]
fn every_division_of_the_embedded_list_is_a_division_code_found_by_its_name() {
    let mut tongling_townships = 0;
    for entry in names::all() {
        let code = DivisionCode::parse(entry.code()).unwrap();
        assert_eq!(names::find(entry.code()), Some(entry));
        let in_tongling = entry.code().starts_with("3407") && entry.abolished().is_empty();
        tongling_townships += usize::from(in_tongling && code.level() == DivisionLevel::Township);
    }
    assert_eq!(tongling_townships, 60);
    assert_eq!(names::find("000000"), None);
    assert_eq!(names::find("999999999999"), None);
    assert_eq!(names::find("340705999"), None);
}

#[test]
fn a_city_without_counties_may_have_townships() {
    assert!(DivisionCode::parse("441900003000").is_ok());
    let faults = DivisionCode::parse("340005000001").unwrap_err();
    assert_eq!(codes(&faults), [("identifier.value", Part::City), ("identifier.value", Part::Township)]);
}

#[test]
fn a_case_number_is_built_and_taken_apart() {
    let division = DivisionCode::parse("340722106000").unwrap();
    let number = CaseNumber::build(&division, 2026, 17).unwrap();
    assert_eq!(number.as_str().len(), 21);
    assert_eq!((number.division(), number.year(), number.serial()), ("340722", 2026, 17));
    assert!(CaseNumber::build(&division, 2026, 9_999_999_999).is_ok());
    assert!(CaseNumber::build(&division, 2026, 10_000_000_000).is_err());
    assert!(CaseNumber::build(&division, 1999, 1).is_err());
    assert!(CaseNumber::build(&division, 2200, 1).is_err());
}

#[test]
fn an_organisation_code_is_read_with_and_without_hyphen_and_shown_with_it() {
    let code = OrganisationCode::parse("MB1550442").unwrap();
    assert_eq!(code.to_string(), "MB155044-2");
    assert_eq!(OrganisationCode::parse(&code.to_string()).unwrap(), code);
    assert!(OrganisationCode::parse("MB15504-42").is_err());
}

#[test]
fn a_credit_code_names_registration_area_and_organisation() {
    let code = CreditCode::parse("11320900014355232Q").unwrap();
    assert_eq!(code.registration().unwrap().zh(), "机构编制：机关");
    assert_eq!(code.organisation_code().unwrap().to_string(), "01435523-2");
    assert!(code.is_public_body());
    assert_eq!(CreditCode::parse("113407000000000810").unwrap().organisation_code(), None);
}

#[test]
fn identifiers_are_read_from_json_by_their_parsers() {
    let code: CreditCode = serde_json::from_str("\"91110000101623741K\"").unwrap();
    assert_eq!(serde_json::to_string(&code).unwrap(), "\"91110000101623741K\"");
    let error = serde_json::from_str::<CreditCode>("\"91110000101623741k\"").unwrap_err();
    assert!(error.to_string().contains("place 18"), "{error}");
}

#[test]
fn every_kind_can_be_looked_at_by_name() {
    let examples = [
        ("credit-code", "91110000101623741K"),
        ("organisation-code", "00877869-3"),
        ("citizen-number", "340705199001010016"),
        ("permanent-resident-number", "934156199001010017"),
        ("division-code", "340722106"),
        ("licence-identifier", "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9"),
        ("item-code", "11320900014355232Q300071500101701"),
        ("case-number", "340722202600000000174"),
        ("pay-code", "34070026000000000017"),
        ("e-receipt-code", "34010126-0000000017-a1b2c3"),
        ("project-code", "2601-340705-04-01-000017"),
    ];
    assert!(examples.iter().map(|(name, _)| *name).eq(IdentifierKind::ALL.iter().map(|kind| kind.name())));
    for (name, text) in examples {
        let kind = IdentifierKind::from_name(name).unwrap();
        let looked = inspection::inspect(kind, text).unwrap_or_else(|faults| panic!("{name}: {faults}"));
        assert!(looked.lines().iter().all(|line| !line.zh().is_empty() && !line.en().is_empty()));
        assert!(inspection::suggest_repairs(kind, text).is_empty());
        assert!(inspection::inspect(kind, "").is_err());
    }
}

#[test]
fn a_lost_last_x_is_proposed() {
    let cases = [
        (IdentifierKind::CitizenNumber, "34070619850615018X"),
        (IdentifierKind::PermanentResidentNumber, "93415619900101005X"),
        (IdentifierKind::OrganisationCode, "00877801X"),
    ];
    for (kind, text) in cases {
        let right = inspection::inspect(kind, text);
        assert!(right.is_ok(), "{text}: {right:?}");
        let lost = text.strip_suffix('X').unwrap();
        let repairs = inspection::suggest_repairs(kind, lost);
        assert!(repairs.iter().any(|repair| repair.proposed() == text), "{text} in {} proposals", repairs.len());
        assert!(repairs.iter().all(|repair| inspection::inspect(kind, repair.proposed()).is_ok()));
    }
}

#[test]
fn a_lost_first_letter_of_an_organisation_code_is_among_the_first_proposals() {
    let repairs = OrganisationCode::suggest_repairs("A2T0NG01");
    assert_eq!(repairs[0].proposed(), "MA2T0NG01");
    let repairs = OrganisationCode::suggest_repairs("0877869-3");
    assert!(repairs.iter().any(|repair| repair.proposed() == "008778693"));
}

#[test]
fn letters_in_the_places_of_digits_are_read_as_digits_in_every_kind() {
    let cases = [
        (IdentifierKind::PermanentResidentNumber, "USA11O19OO1O1O1", "USA110190010101"),
        (IdentifierKind::PermanentResidentNumber, "9341561990O1O1OO17", "934156199001010017"),
        (IdentifierKind::EReceiptCode, "34OlO126-OOOOOOOOI7-OlI0", "34010126-0000000017-OlI0"),
        (
            IdentifierKind::LicenceIdentifier,
            "l.2.I56.3OO5.2.91340700MA2T0NG00Q001.9134O700MA2T0NG00Q.2O26000017.O01.A",
            "1.2.156.3005.2.91340700MA2T0NG00Q001.91340700MA2T0NG00Q.2026000017.001.A",
        ),
        (
            IdentifierKind::LicenceIdentifier,
            "1.2.156.3005.2.11100000MB03271699O22.34OlOO.0000000I6.001.9",
            "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
        ),
    ];
    for (kind, slipped, right) in cases {
        assert!(inspection::inspect(kind, slipped).is_err());
        let repairs = inspection::suggest_repairs(kind, slipped);
        assert!(repairs.iter().any(|repair| repair.proposed() == right), "{right}: {} proposals", repairs.len());
        assert!(repairs.iter().all(|repair| repair.steps().contains(&RepairStep::Confusion)), "{right}");
        assert!(repairs.iter().all(|repair| inspection::inspect(kind, repair.proposed()).is_ok()));
    }
}
