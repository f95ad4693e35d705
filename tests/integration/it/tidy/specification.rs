//! The specification says what the code does, in both languages, and nothing that the code does not have.

mod adapter;
mod chapter;
mod life;
mod openapi;

use std::collections::BTreeSet;

use tongqiao_protocol::routes::{Access, ROUTES};
use tongqiao_protocol::{Digest, Suite, limits};

use self::chapter::Chapter;
use super::tree;

fn text_of(path: &str) -> String {
    std::fs::read_to_string(tree::root().join(path)).unwrap()
}

#[test]
fn every_requirement_has_one_id_and_the_same_strength_in_both_languages() {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (english, chinese) in chapter::all() {
        let (left, right) = (english.requirements(), chinese.requirements());
        for (left, right) in left.iter().zip(&right).filter(|(left, right)| left != right) {
            findings.push(format!("{}: {left:?}, its twin has {right:?}", english.path));
        }
        if left.len() != right.len() {
            findings.push(format!("{}: {} requirements, its twin has {}", english.path, left.len(), right.len()));
        }
        for requirement in left {
            if !seen.insert(requirement.id.clone()) {
                findings.push(format!("{}: {} stands twice", english.path, requirement.id));
            }
        }
        findings.extend(english.findings().into_iter().chain(chinese.findings()));
    }
    assert!(seen.len() > 300, "found only {} requirements: is their form still `- [TQ-…] `?", seen.len());
    tree::assert_none(
        &findings,
        "one requirement a sentence, one word of BCP 14 in it, one id before it, in both languages",
    );
}

#[test]
fn the_index_names_every_chapter_and_the_area_of_its_ids() {
    let mut findings = Vec::new();
    for (english, chinese) in chapter::all() {
        for (chapter, index) in [(&english, "README.md"), (&chinese, "README.zh-CN.md")] {
            let index = text_of(&format!("{}{index}", chapter::FOLDER));
            let areas = chapter.requirements().iter().map(|one| one.id[3..6].to_owned()).collect::<BTreeSet<_>>();
            let row = index.lines().find(|line| line.contains(&format!("({})", chapter.file_name())));
            let named = row.and_then(|row| row.split('|').nth(2)).map(str::trim).unwrap_or_default();
            if row.is_none() || !areas.iter().eq([named].iter().filter(|area| !area.is_empty())) {
                findings.push(format!("{}: areas {areas:?}, the index says {named:?}", chapter.path));
            }
        }
    }
    tree::assert_none(&findings, "give the chapter its row in conformance/spec/README, with the area of its ids");
}

/// A row of the table of routes, as the code has it.
fn route_rows() -> Vec<String> {
    let access = |access| match access {
        Access::Open => "open",
        Access::Signed => "signed",
        Access::OneTimeCode => "one-time code",
    };
    let rows = ROUTES.iter().map(|route| {
        let (method, most) = (route.method.as_str(), route.body_bytes_max);
        format!("| {method} | `{}` | {} | {most} |", route.path, access(route.access))
    });
    rows.collect()
}

#[test]
fn the_table_of_routes_is_that_of_the_code_and_refers_to_sections_that_exist() {
    for chapter in chapter::both("01-transport") {
        let rows = chapter.rows().into_iter().filter(|row| row.contains("`/v1/")).collect::<Vec<_>>();
        let (starts, ends): (Vec<_>, Vec<_>) = rows
            .iter()
            .map(|row| row.trim_end_matches(" |").rsplit_once(' ').unwrap())
            .map(|(start, section)| (start.trim_end().to_owned(), section.to_owned()))
            .unzip();
        assert_eq!(starts, route_rows(), "{}", chapter.path);
        let sections = chapter::all().into_iter().flat_map(|(english, _)| english.sections()).collect::<BTreeSet<_>>();
        let missing = ends.into_iter().filter(|section| !sections.contains(section)).collect::<Vec<_>>();
        tree::assert_none(&missing, "the last column of the table of routes names a section");
    }
}

#[test]
fn what_stands_in_code_is_the_same_in_both_languages() {
    let mut findings = Vec::new();
    for (english, chinese) in chapter::all() {
        let (left, right) = (english.words_in_code(), chinese.words_in_code());
        findings.extend(left.symmetric_difference(&right).map(|word| format!("{}: `{word}`", english.path)));
    }
    tree::assert_none(&findings, "name members, words, codes and constants in both languages");
}

#[test]
fn references_lead_to_sections_that_exist() {
    let sections = chapter::all().into_iter().flat_map(|(english, _)| english.sections()).collect::<BTreeSet<_>>();
    let mut references = 0;
    let mut findings = Vec::new();
    for chapter in chapter::every() {
        for rest in chapter.text.split(['(', '（']).skip(1) {
            let named = rest.split(|letter: char| !letter.is_ascii_digit() && letter != '.').next().unwrap_or_default();
            let is_reference = named.split('.').all(|part| (1..=2).contains(&part.len())) && named.contains('.');
            references += usize::from(is_reference);
            if is_reference && !sections.contains(named) {
                findings.push(format!("{}: {named}", chapter.path));
            }
        }
    }
    assert!(references > 100, "found only {references} references: do they still stand in brackets?");
    tree::assert_none(&findings, "refer to a section that exists");
}

#[test]
fn every_address_that_the_text_names_is_in_the_table_of_routes() {
    let mut findings = Vec::new();
    for chapter in chapter::every() {
        let words = chapter.text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"/{}-".contains(letter));
        for word in words.filter(|word| word.starts_with("/v1/") && word.len() > 4) {
            if !ROUTES.iter().any(|route| route.path == word) {
                findings.push(format!("{}: {word}", chapter.path));
            }
        }
    }
    tree::assert_none(&findings, "name an address of sdk/protocol/src/routes.rs");
}

#[test]
fn exactly_the_codes_that_are_given_are_listed_with_what_the_registry_says() {
    let registry: Vec<serde_json::Value> = serde_json::from_str(&text_of("conformance/spec/errors.json")).unwrap();
    let (reserved, given): (Vec<_>, Vec<_>) = registry.iter().partition(|entry| entry["reserved"] == true);
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let row = |entry: &&serde_json::Value| {
        let (code, number, http) = (text(entry, "code"), &entry["number"], &entry["http"]);
        format!("| `{code}` | {number} | {http} | `{}` | `{}` |", text(entry, "retry"), text(entry, "outcome"))
    };
    let expected = given.iter().map(row).collect::<BTreeSet<_>>();
    for chapter in chapter::both("10-errors") {
        let rows = chapter.rows().into_iter().filter(|row| row.matches('|').count() == 6 && row.starts_with("| `"));
        let rows = rows.map(str::to_owned).collect::<BTreeSet<_>>();
        let findings = rows.symmetric_difference(&expected).cloned().collect::<Vec<_>>();
        tree::assert_none(&findings, &format!("compare {} with conformance/spec/errors.json", chapter.path));
    }
    let mut findings = Vec::new();
    for chapter in chapter::every() {
        let named =
            reserved.iter().map(|entry| text(entry, "code")).filter(|code| chapter.text.contains(&format!("`{code}`")));
        findings.extend(named.map(|code| format!("{}: {code} is given by nothing", chapter.path)));
    }
    tree::assert_none(&findings, "the text speaks only of codes that are given");
}

#[test]
fn the_scales_of_assurance_are_those_of_the_table() {
    let levels = tongqiao_protocol::assurance::all().collect::<Vec<_>>();
    for chapter in chapter::both("08-identity") {
        let rows =
            chapter.section("8.5").unwrap().lines().filter(|line| line.starts_with("| `") && line.contains("person"));
        let rows = rows.map(str::to_owned).collect::<Vec<_>>();
        let words = |level: &tongqiao_protocol::AssuranceLevel| {
            if chapter.path.contains("zh-CN") { level.zh() } else { level.en() }
        };
        let expected =
            levels.iter().map(|level| format!("| `{}` | `{}` | {} |", level.scale(), level.value(), words(level)));
        assert_eq!(rows, expected.collect::<Vec<_>>(), "{}", chapter.path);
    }
}

#[test]
fn the_reasons_for_refusing_a_ticket_are_those_of_the_table() {
    for chapter in chapter::both("08-identity") {
        let rows = chapter.section("8.9").unwrap().lines().filter(|line| line.starts_with("| `")).map(str::to_owned);
        let words = |failure: &tongqiao_protocol::TicketFailure| {
            if chapter.path.contains("zh-CN") { failure.zh() } else { failure.en() }
        };
        let expected = tongqiao_protocol::ticket_failure::all()
            .map(|failure| format!("| `{}` | `{}` | {} |", failure.code(), failure.error().code(), words(&failure)));
        assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{}", chapter.path);
    }
}

macro_rules! constants {
    ($($name:ident),* $(,)?) => { [$((stringify!($name), limits::$name.to_string())),*] };
}

#[test]
fn every_limit_is_listed_with_its_value_and_no_other_is_named() {
    let constants = constants![
        MESSAGE_BYTES_MAX,
        BATCH_RECORDS_MAX,
        BATCH_BYTES_MAX,
        MATERIAL_BYTES_MAX,
        MATERIAL_CHUNK_BYTES_MAX,
        MATERIAL_CHUNK_BYTES_MIN,
        MATERIALS_RECEIVING_MAX,
        MATERIALS_RECEIVING_BYTES_MAX,
        MATERIAL_IDLE_MS,
        PAGE_ENTRIES_MAX,
        CLOCK_SKEW_MS_MAX,
        HOP_SIGNATURE_LIFE_MS,
        NONCE_MEMORY_MS,
        RECORD_BODY_BYTES_MAX,
        SMALL_BODY_BYTES_MAX,
        NONCE_BYTES_MIN,
        LEASE_NUMBERS_MAX,
        RETENTION_DAYS_DEFAULT,
        BILL_LINES_MAX,
        BILL_FEN_MAX,
        MATERIALS_MAX,
        CORRECTION_LINES_MAX,
        SHORT_TEXT_CHARS_MAX,
        LONG_TEXT_CHARS_MAX,
        JSON_DEPTH_MAX,
        SEQUENCE_MAX,
        QUERY_PASSWORD_CHARS,
        QUERY_FAILURES_MAX,
        QUERY_LOCK_MS,
        QUERY_LOCK_MS_MAX,
        OPEN_DATA_CASES_MIN,
        STATISTICS_DAYS_MAX,
        INBOX_ENTRIES_MAX,
        INBOX_WAIT_SECONDS_MAX,
        INBOX_ACKNOWLEDGED_MAX,
        STATEMENT_LINES_MAX,
        SUPERVISION_ANSWER_DAYS_MAX,
        CASE_EVENTS_MAX,
        ADAPTER_LINE_BYTES_MAX,
        JOINT_PARTNERS_MAX,
        JOINT_EXTENSION_DAYS_MAX,
    ];
    let code = text_of("sdk/protocol/src/limits.rs");
    let declared = code.split("pub const ").skip(1).filter_map(|rest| rest.split(':').next()).collect::<Vec<_>>();
    assert_eq!(constants.iter().map(|(name, _)| *name).collect::<Vec<_>>(), declared, "complete the list in this test");
    for chapter in chapter::both("11-limits") {
        let rows = chapter.rows();
        let rows =
            rows.iter().filter(|row| row.starts_with("| `")).map(|row| row.split(" | ").take(2).collect::<Vec<_>>());
        let listed = rows.map(|cells| cells.join(" | ")).collect::<Vec<_>>();
        let expected = constants.iter().map(|(name, value)| format!("| `{name}` | {value}")).collect::<Vec<_>>();
        assert_eq!(listed, expected, "{}", chapter.path);
    }
    let mut findings = Vec::new();
    for chapter in chapter::every() {
        let words = chapter.text.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        let words = words.filter(|word| word.len() > 5 && word.trim_matches('_').contains('_'));
        // The reasons of a CAS server are written alike, and are no constants.
        let words = words.filter(|word| tongqiao_protocol::ticket_failure::all().all(|one| one.code() != *word));
        findings.extend(words.filter(|word| !declared.contains(word)).map(|word| format!("{}: {word}", chapter.path)));
    }
    tree::assert_none(&findings, "name a constant of sdk/protocol/src/limits.rs");
}

#[test]
fn what_the_examples_show_in_base64_stands_in_the_vectors() {
    let files = tree::files();
    let vectors = files.iter().filter(|file| file.path.starts_with("conformance/vectors/signatures/"));
    let vectors = vectors.filter_map(tree::File::text).collect::<String>();
    let mut shown = 0;
    let mut findings = Vec::new();
    for chapter in ["02-signatures", "06-receipts-and-retention"].into_iter().flat_map(chapter::both) {
        for line in chapter.code_lines() {
            let line = line.replace('"', "\\\"");
            let value =
                line.split_once("(base64)").or_else(|| line.split_once("signature: ")).map(|(_, value)| value.trim());
            let is_base = line.starts_with("\\\"@signature-params") || line.starts_with("content-digest");
            let Some(value) = value.or_else(|| is_base.then_some(line.trim_start_matches("content-digest: "))) else {
                continue;
            };
            shown += 1;
            if !vectors.contains(value) {
                findings.push(format!("{}: {value}", chapter.path));
            }
        }
    }
    assert!(shown >= 30, "found only {shown} values: are they still marked?");
    tree::assert_none(&findings, "take examples from conformance/vectors/signatures, never make them up");
}

#[test]
fn the_digests_of_the_example_record_are_its_digests() {
    let record = r#"{"name":"铜陵市","sequence":1}"#;
    for chapter in chapter::both("02-signatures") {
        assert!(chapter.text.contains(&format!("`{record}`")), "{}", chapter.path);
        for suite in [Suite::International, Suite::ShangMi] {
            let digest = Digest::of(suite, record.as_bytes()).to_string();
            assert!(chapter.code_lines().contains(&digest.as_str()), "{}: {digest}", chapter.path);
        }
    }
}

#[test]
fn a_sentence_without_an_id_or_with_two_words_is_noticed() {
    let chapter = |text: &str| Chapter { path: "x.md".to_owned(), text: text.to_owned() };
    assert!(chapter("- [TQ-TRN-001] A MUST b.\nMay it?\n```\nMUST\n```\n").findings().is_empty());
    for wrong in ["A MUST b.", "- [TQ-TRN-001] A b.", "- [TQ-TRN-001] A MUST b and MAY c.", "- [TQ-TRN-1] A MUST b."] {
        assert_eq!(chapter(wrong).findings().len(), 1, "{wrong}");
    }
    let twin = Chapter { path: "x.zh-CN.md".to_owned(), text: "- [TQ-TRN-001] 甲不得乙。".to_owned() };
    assert_eq!(twin.requirements(), chapter("- [TQ-TRN-001] A MUST NOT b.").requirements());
}
