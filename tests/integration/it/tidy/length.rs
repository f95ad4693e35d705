//! A file teaches one noun and is read in one sitting.

use super::tree;

const SOURCE: &[&str] = &["rs", "java", "py", "swift", "js", "mjs"];
const LINES_MAX: usize = 600;

#[test]
fn no_source_file_is_longer_than_600_lines() {
    let findings = tree::files()
        .iter()
        .filter(|file| file.has_extension(SOURCE) && !file.is_generated())
        .filter_map(|file| file.text().map(|text| (text.lines().count(), &file.path)))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{path} has {lines} lines"))
        .collect::<Vec<_>>();
    tree::assert_none(&findings, "look for the second noun in it; aim at 100 to 300 lines");
}
