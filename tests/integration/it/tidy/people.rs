//! No real person stands in this repository.

use std::collections::BTreeSet;

use super::tree;

/// The synthetic people; only their numbers may be written anywhere.
const VECTORS: &str = "conformance/vectors/";

/// Citizen numbers in a text: runs of exactly 18 places whose date and check character are right.
fn citizen_numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|run| is_citizen_number(run))
}

fn is_citizen_number(run: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: &[u8; 11] = b"10X98765432";
    let bytes = run.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) || !(b'1'..=b'8').contains(&bytes[0]) {
        return false;
    }
    let (year, month, day) = (&run[6..10], &run[10..12], &run[12..14]);
    let is_date = ("1900".."2100").contains(&year) && ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
    let sum = bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum::<u32>();
    is_date && bytes[17].to_ascii_uppercase() == CHECK[(sum % 11) as usize]
}

#[test]
fn only_synthetic_people_of_the_vectors_are_named_by_number() {
    let files = tree::files();
    let (vectors, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.path.starts_with(VECTORS));
    let synthetic = vectors
        .iter()
        .filter_map(|file| file.text())
        .flat_map(|text| citizen_numbers(&text).map(str::to_owned).collect::<Vec<_>>())
        .collect::<BTreeSet<_>>();
    let mut findings = Vec::new();
    for file in others {
        let Some(text) = file.text() else { continue };
        for number in citizen_numbers(&text).filter(|number| !synthetic.contains(*number)) {
            findings.push(format!("{}: a citizen number beginning {}", file.path, &number[..6]));
        }
    }
    tree::assert_none(&findings, "use a synthetic person of conformance/vectors, or add one there marked synthetic");
}

#[test]
fn a_citizen_number_is_recognised_by_its_date_and_check_character() {
    let right = ["3407051990010", "10016"].concat();
    let wrong_check = ["3407051990010", "10011"].concat();
    let wrong_month = ["3407051990130", "10016"].concat();
    assert!(is_citizen_number(&right));
    assert!(!is_citizen_number(&wrong_check));
    assert!(!is_citizen_number(&wrong_month));
    assert_eq!(citizen_numbers(&format!("id={right};")).count(), 1);
    assert_eq!(citizen_numbers(&format!("id={right}7")).count(), 0);
}
