//! Words that do not belong in the repository.

use super::tree;

/// This file names what it forbids.
const THIS_FILE: &str = "tests/integration/it/tidy/words.rs";

/// Marks of unfinished work: what is missing stands in the README's status or in an issue.
const UNFINISHED: &[&str] = &["TODO", "FIXME", "XXX:", "HACK:", "todo!(", "unimplemented!(", "#[ignore"];

/// Initials of pinyin as identifiers. Legacy names of others stand only in `rename` attributes.
const PINYIN_INITIALS: &[&str] = &["sfzh", "xzqh", "bjbh", "sxbm", "ssqd", "yhid", "zjhm", "zjlx", "sqr_", "bljg"];

/// Folders of somebody's machine, which mean nothing elsewhere.
const MACHINE: &[&str] = &["/root/", "/home/", "/Users/", "C:\\Users"];

const TEXT: &[&str] =
    &["rs", "toml", "md", "json", "tsv", "csv", "sql", "js", "mjs", "java", "py", "swift", "html", "css"];

fn lines_with(words: &[&str], may_stay: fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.has_extension(TEXT) && file.path != THIS_FILE) {
        let Some(text) = file.text() else { continue };
        for (number, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word) && !may_stay(line)) {
                findings.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
    findings
}

#[test]
fn nothing_is_marked_as_unfinished() {
    let findings = lines_with(UNFINISHED, |_| false);
    tree::assert_none(&findings, "finish it, or say in the README's status that it is missing");
}

#[test]
fn no_identifier_is_made_of_pinyin_initials() {
    let findings = lines_with(PINYIN_INITIALS, |line| line.contains("rename"));
    tree::assert_none(&findings, "use the English noun of the glossary");
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let findings = lines_with(MACHINE, |line| line.contains("://"));
    tree::assert_none(&findings, "paths are relative to the repository");
}

/// Libraries, whose words reach people only through their callers and through tracing.
const LIBRARIES: &[&str] = &["sdk/", "conformance/platform/src/"];

#[test]
fn libraries_do_not_print() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.has_extension(&["rs"]) && file.path.contains("src/")) {
        let is_library = LIBRARIES.iter().any(|folder| file.path.starts_with(folder));
        let is_program = file.path.ends_with("main.rs") || file.path.contains("/bin/") || file.path.contains("/cli/");
        if !is_library || is_program {
            continue;
        }
        let text = file.text().unwrap();
        let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in before_tests.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            if ["println!(", "print!(", "eprintln!(", "eprint!("].iter().any(|call| line.contains(call)) {
                findings.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    tree::assert_none(&findings, "return it, or trace it");
}
