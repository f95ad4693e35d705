//! Documents: twins say the same things in the same order, and links lead somewhere.

use std::path::Path;

use super::tree;

const CHINESE: &str = ".zh-CN.md";

/// What a reader sees of a document's structure: heading levels, and code blocks with their exact text.
fn outline(text: &str) -> Vec<String> {
    let mut outline = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line.starts_with("```")) {
            (None, true) => block = Some(format!("{line}\n")),
            (Some(lines), false) => {
                // A comment in a code block is prose and belongs to its language; the command before it must agree.
                let command = line.split(" #").next().unwrap_or(line).trim_end();
                let is_comment = command.trim_start().starts_with(['#', '/']);
                lines.push_str(if is_comment { "" } else { command });
                lines.push('\n');
            }
            (Some(_), true) => outline.extend(block.take()),
            (None, false) if line.starts_with('#') => {
                outline.push(line.chars().take_while(|character| *character == '#').collect());
            }
            (None, false) => {}
        }
    }
    outline
}

#[test]
fn twins_have_the_same_headings_and_the_same_code() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.path.ends_with(CHINESE)) {
        let english_path = file.path.replace(CHINESE, ".md");
        let Ok(english) = std::fs::read_to_string(tree::root().join(&english_path)) else {
            findings.push(format!("{} has no English twin", file.path));
            continue;
        };
        let chinese = outline(&file.text().unwrap());
        let english = outline(&english);
        let differs = english.iter().zip(&chinese).position(|(left, right)| left != right);
        if let Some(place) = differs {
            findings.push(format!("{}: differs from its twin at\n{}\n{}", file.path, english[place], chinese[place]));
        } else if english.len() != chinese.len() {
            findings.push(format!("{}: {} parts, its twin has {}", file.path, chinese.len(), english.len()));
        }
    }
    tree::assert_none(&findings, "twins change together: same headings in the same order, same commands");
}

#[test]
fn the_readme_and_the_starting_guide_have_a_chinese_twin() {
    let files = tree::files();
    for path in ["README.md", "docs/start.md", "docs/demo.md"] {
        let exists = |wanted: &str| files.iter().any(|file| file.path == wanted);
        assert!(!exists(path) || exists(&path.replace(".md", CHINESE)), "{path} needs a Chinese twin");
    }
}

/// The code blocks of one language, each line without its indentation.
fn code(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let blocks = text.split(&opening).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(without_indentation).collect()
}

fn without_indentation(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_start())).collect()
}

#[test]
fn the_program_text_of_the_guides_stands_in_an_example_that_is_compiled() {
    let files = tree::files();
    let programs = files.iter().filter(|file| file.path.starts_with("examples/") && file.has_extension(&["rs"]));
    let programs = programs.map(|file| without_indentation(&file.text().unwrap())).collect::<Vec<_>>();
    let mut findings = Vec::new();
    for path in ["README.md", "docs/start.md"] {
        let Ok(text) = std::fs::read_to_string(tree::root().join(path)) else { continue };
        for block in code(&text, "rust") {
            if !programs.iter().any(|program| program.contains(&block)) {
                findings.push(format!("{path}:\n{block}"));
            }
        }
    }
    tree::assert_none(&findings, "copy the lines from the example, so that the guide shows what compiles");
}

#[test]
fn links_to_files_lead_somewhere() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.has_extension(&["md"])) {
        let text = file.text().unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let folder = Path::new(&file.path).parent().unwrap();
            if !tree::root().join(folder).join(path).exists() {
                findings.push(format!("{}: {target} does not exist", file.path));
            }
        }
    }
    tree::assert_none(&findings, "repair or remove the link");
}

#[test]
fn an_outline_notices_a_changed_command_and_ignores_a_translated_comment() {
    let english = "# A\n```sh\ncargo demo # run\n# comment\n```\n";
    assert_eq!(outline(english), outline("# 甲\n```sh\ncargo demo # 运行\n# 说明\n```\n"));
    assert_ne!(outline(english), outline("# 甲\n```sh\ncargo demo --json # 运行\n# 说明\n```\n"));
    assert_ne!(outline(english), outline("## 甲\n```sh\ncargo demo # 运行\n# 说明\n```\n"));
}
