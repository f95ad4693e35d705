//! What holds for every identifier, whatever the text.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use tongqiao_protocol::identifier::inspection;
use tongqiao_protocol::{
    CaseNumber, CheckScheme, CitizenNumber, CreditCode, DivisionCode, EReceiptCode, IdentifierKind, ItemCode,
    ItemCodeGeneration, ItemCodeParts, LicenceIdentifier, OrganisationCode, Part, PayCode, PermanentResidentNumber,
    ProjectCode,
};

const CREDIT_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const DIGITS: &str = "0123456789";
const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn with_check(scheme: CheckScheme, body: &str) -> String {
    format!("{body}{}", char::from(scheme.check_character(body.as_bytes()).unwrap()))
}

fn credit_codes() -> impl Strategy<Value = String> {
    ("[159NY][1-9]", "[0-9]{6}", "[0-9A-HJ-NP-RTUWXY]{9}")
        .prop_map(|(registration, area, body)| with_check(CheckScheme::Gb32100, &format!("{registration}{area}{body}")))
}

fn organisation_codes() -> impl Strategy<Value = String> {
    "[0-9A-Z]{8}".prop_map(|body| with_check(CheckScheme::Gb11714, &body))
}

fn citizen_numbers() -> impl Strategy<Value = String> {
    let area = prop::sample::select(vec!["340705", "340721", "340823", "110101", "810000", "830000", "659001"]);
    (area, 1900..2027, 1..13, 1..29, 0..1000).prop_map(|(area, year, month, day, serial)| {
        with_check(CheckScheme::Mod11_2, &format!("{area}{year:04}{month:02}{day:02}{serial:03}"))
    })
}

fn permanent_resident_numbers() -> impl Strategy<Value = String> {
    prop_oneof!["9[0-9]{16}".prop_map(|body| with_check(CheckScheme::Mod11_2, &body)), "[A-Z]{3}[0-9]{12}"]
}

fn licence_identifiers() -> impl Strategy<Value = String> {
    (credit_codes(), "[0-9]{3}", credit_codes(), "[0-9A-Z]{1,32}", "[0-9]{3}").prop_map(
        |(definer, kind, issuer, serial, version)| {
            LicenceIdentifier::build(&format!("{definer}{kind}"), &issuer, &serial, &version).unwrap().to_string()
        },
    )
}

fn case_numbers() -> impl Strategy<Value = String> {
    (prop::sample::select(vec!["340705", "340722", "110101"]), 2000_u16..2200, 0_u64..10_000_000_000).prop_map(
        |(division, year, serial)| {
            CaseNumber::build(&DivisionCode::parse(division).unwrap(), year, serial).unwrap().to_string()
        },
    )
}

fn item_codes() -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(vec!["00", "34", "37", "51"]);
    (credit_codes(), 1_u8..8, prefix, 0_u8..30, "[0-9]{5}", "[0-9A-Z]{3}", 1_u8..100).prop_map(
        |(agency, level, prefix, kind, main, sub, handling)| {
            ItemCodeParts::new(ItemCodeGeneration::HandlingItem33)
                .with(Part::Agency, &agency)
                .with(Part::Level, &level.to_string())
                .with(Part::Prefix, prefix)
                .with(Part::ItemType, &format!("{kind:02}"))
                .with(Part::MainItem, &main)
                .with(Part::SubItem, &sub)
                .with(Part::Handling, &format!("{handling:02}"))
                .build()
                .unwrap()
                .to_string()
        },
    )
}

fn right_texts() -> impl Strategy<Value = (IdentifierKind, String)> {
    let of = |kind: IdentifierKind| move |text: String| (kind, text);
    prop_oneof![
        credit_codes().prop_map(of(IdentifierKind::CreditCode)),
        organisation_codes().prop_map(of(IdentifierKind::OrganisationCode)),
        citizen_numbers().prop_map(of(IdentifierKind::CitizenNumber)),
        permanent_resident_numbers().prop_map(of(IdentifierKind::PermanentResidentNumber)),
        "34(07(05|22))?".prop_map(|text| format!("{text:0<6}")).prop_map(of(IdentifierKind::DivisionCode)),
        licence_identifiers().prop_map(of(IdentifierKind::LicenceIdentifier)),
        item_codes().prop_map(of(IdentifierKind::ItemCode)),
        case_numbers().prop_map(of(IdentifierKind::CaseNumber)),
        "[0-9A-Za-z]{20}".prop_map(of(IdentifierKind::PayCode)),
        "[0-9]{8}-[0-9]{10}-[0-9a-z]{6}".prop_map(of(IdentifierKind::EReceiptCode)),
        "[0-9]{4}-34[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{6}".prop_map(of(IdentifierKind::ProjectCode)),
    ]
}

/// How many characters of a right code its mask may show; `None` for kinds that are public.
fn shown_at_most(kind: IdentifierKind, text: &str) -> Option<usize> {
    match kind {
        IdentifierKind::CreditCode | IdentifierKind::CitizenNumber | IdentifierKind::PayCode => Some(8),
        IdentifierKind::OrganisationCode => Some(4),
        IdentifierKind::PermanentResidentNumber => Some(if text.len() == 15 { 5 } else { 8 }),
        IdentifierKind::CaseNumber => Some(15),
        IdentifierKind::EReceiptCode => Some(12),
        _ => None,
    }
}

/// `text` with the character at `place` replaced by the one `step` further in `alphabet`; `None` when it is not in it.
fn substituted(text: &str, place: usize, step: usize, alphabet: &str) -> Option<String> {
    let old = text[place..].chars().next()?;
    let index = alphabet.find(old)?;
    let new = alphabet.as_bytes()[(index + 1 + step % (alphabet.len() - 1)) % alphabet.len()];
    let mut bytes = text.as_bytes().to_vec();
    bytes[place] = new;
    String::from_utf8(bytes).ok()
}

/// Whether a slip of this kind must be mended: one lost character, lower case, letters for digits, a wide blank.
fn proposal_is_due(kind: IdentifierKind, slip: usize, text: &str) -> bool {
    let is_opaque = matches!(kind, IdentifierKind::PayCode | IdentifierKind::EReceiptCode);
    match slip {
        0 => match kind {
            IdentifierKind::CreditCode
            | IdentifierKind::OrganisationCode
            | IdentifierKind::CitizenNumber
            | IdentifierKind::CaseNumber
            | IdentifierKind::ItemCode => true,
            IdentifierKind::PermanentResidentNumber => text.len() == 18,
            _ => false,
        },
        1 => !is_opaque,
        // Where O and I may stand, nobody can say which of them were digits.
        2 => !is_opaque && !text.contains(['O', 'I']) && kind != IdentifierKind::ItemCode,
        _ => true,
    }
}

/// Characters that stand at the edge of an alphabet, or outside all of them.
const EXTREMES: &[char] = &['z', 'Z', ' ', '-', '.', '0', '9', 'x', 'X', '~', '\0', '\u{7f}', 'Ｚ', '９', '汉', '😀'];

proptest! {
    #[test]
    fn parsers_and_repairs_never_panic_on_any_text(
        text in any::<String>(),
        near in "[0-9A-Za-zＡ-Ｚａ-ｚ０-９ \\-.汉字😀]{0,70}",
        (letter, count) in (prop::sample::select(EXTREMES), 1_usize..70),
    ) {
        // One character again and again is what makes a sum of values overflow.
        let repeated = letter.to_string().repeat(count);
        for kind in IdentifierKind::ALL {
            for text in [&text, &near, &repeated] {
                if let Err(faults) = inspection::inspect(kind, text) {
                    prop_assert!(!faults.is_empty());
                    for fault in faults {
                        prop_assert!(!fault.zh().is_empty() && !fault.en().is_empty() && fault.params().len() >= 2);
                    }
                }
                inspection::suggest_repairs(kind, text);
            }
        }
        ItemCode::readings(&near);
    }

    #[test]
    fn what_was_built_is_read_and_shown_as_it_was((kind, text) in right_texts()) {
        let shown = match kind {
            IdentifierKind::CreditCode => CreditCode::parse(&text).unwrap().to_string(),
            IdentifierKind::OrganisationCode => OrganisationCode::parse(&text).unwrap().as_str().to_string(),
            IdentifierKind::CitizenNumber => CitizenNumber::parse(&text).unwrap().to_string(),
            IdentifierKind::PermanentResidentNumber => PermanentResidentNumber::parse(&text).unwrap().to_string(),
            IdentifierKind::DivisionCode => DivisionCode::parse(&text).unwrap().to_string(),
            IdentifierKind::LicenceIdentifier => LicenceIdentifier::parse(&text).unwrap().to_string(),
            IdentifierKind::ItemCode => ItemCode::parse(&text).unwrap().parts().build().unwrap().to_string(),
            IdentifierKind::CaseNumber => CaseNumber::parse(&text).unwrap().to_string(),
            IdentifierKind::PayCode => PayCode::parse(&text).unwrap().to_string(),
            IdentifierKind::EReceiptCode => EReceiptCode::parse(&text).unwrap().to_string(),
            IdentifierKind::ProjectCode => ProjectCode::parse(&text).unwrap().to_string(),
            other => panic!("no property for {other:?}"),
        };
        prop_assert_eq!(shown, text);
    }

    #[test]
    fn a_mask_never_shows_more_than_it_may((kind, text) in right_texts()) {
        let mask = inspection::inspect(kind, &text).unwrap().mask().replace('-', "");
        let Some(most) = shown_at_most(kind, &text) else { return Ok(()) };
        let joined = text.replace('-', "");
        prop_assert_eq!(mask.len(), joined.len());
        prop_assert!(mask.bytes().filter(|byte| *byte != b'*').count() <= most, "{}", mask);
        prop_assert!(mask.bytes().zip(joined.bytes()).all(|(shown, real)| shown == b'*' || shown == real));
    }

    #[test]
    fn one_wrong_character_of_a_credit_code_is_noticed(code in credit_codes(), place in 0_usize..18, step in 0_usize..30) {
        let wrong = substituted(&code, place, step, CREDIT_ALPHABET).unwrap();
        prop_assert!(CreditCode::parse(&wrong).is_err());
    }

    #[test]
    fn one_wrong_digit_of_an_organisation_code_is_noticed(body in "[0-9]{8}", place in 0_usize..8, step in 0_usize..9) {
        // Letters that differ by 11 or 22 share a remainder, so GB 11714 promises this for digits only.
        let wrong = substituted(&with_check(CheckScheme::Gb11714, &body), place, step, DIGITS).unwrap();
        prop_assert!(OrganisationCode::parse(&wrong).is_err());
    }

    #[test]
    fn one_wrong_digit_of_a_citizen_number_is_noticed(number in citizen_numbers(), place in 0_usize..17, step in 0_usize..9) {
        let wrong = substituted(&number, place, step, DIGITS).unwrap();
        prop_assert!(CitizenNumber::parse(&wrong).is_err());
    }

    #[test]
    fn one_wrong_digit_of_a_case_number_is_noticed(number in case_numbers(), place in 0_usize..21, step in 0_usize..9) {
        let wrong = substituted(&number, place, step, DIGITS).unwrap();
        prop_assert!(CaseNumber::parse(&wrong).is_err());
    }

    #[test]
    fn one_wrong_character_of_a_licence_identifier_is_noticed(
        identifier in licence_identifiers(), place in 15_usize..60, step in 0_usize..35,
    ) {
        let Some(wrong) = identifier.get(place..).and_then(|_| substituted(&identifier, place, step, ALPHANUMERIC)) else {
            return Ok(());
        };
        prop_assert!(LicenceIdentifier::parse(&wrong).is_err());
    }

    #[test]
    fn every_proposal_verifies_and_there_are_few(
        (kind, text) in right_texts(), lost in 0_usize..18, slip in 0_usize..4,
    ) {
        let mut slipped: Vec<char> = text.chars().collect();
        match slip {
            0 => drop(slipped.remove(lost.min(slipped.len() - 1))),
            1 => slipped = text.to_lowercase().chars().collect(),
            2 => slipped = text.replace('0', "O").replace('1', "I").chars().collect(),
            _ => slipped.insert(lost.min(slipped.len()), '\u{3000}'),
        }
        let slipped: String = slipped.into_iter().collect();
        let repairs = inspection::suggest_repairs(kind, &slipped);
        prop_assert!(repairs.len() <= 8);
        for repair in &repairs {
            prop_assert!(inspection::inspect(kind, repair.proposed()).is_ok());
            prop_assert!(!repair.steps().is_empty() && !repair.zh().is_empty() && !repair.en().is_empty());
        }
        let is_refused = inspection::inspect(kind, &slipped).is_err();
        prop_assert!(is_refused || repairs.is_empty(), "nothing is proposed for a right text");
        if is_refused && proposal_is_due(kind, slip, &text) {
            let is_among = repairs.iter().any(|repair| repair.proposed() == text);
            // Of many equally plausible lost characters the last are cut off.
            prop_assert!(is_among || repairs.len() == 8 && slip == 0, "{slipped} gave {} proposals", repairs.len());
        }
    }
}
