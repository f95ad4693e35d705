//! Documents: those for users have twins that say the same in the same order, and links lead somewhere.

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

/// Documents for people who change this repository, generated for machines, or written in both languages at once.
const WITHOUT_TWIN: &[&str] = &[
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/glossary.md",
    "docs/decisions/",
    "conformance/vectors/signatures/README.md",
];

#[test]
fn every_document_for_users_has_a_chinese_twin() {
    let files = tree::files();
    let documents = files.iter().filter(|file| file.has_extension(&["md"]) && !file.path.ends_with(CHINESE));
    let (without, users) =
        documents.partition::<Vec<_>, _>(|file| WITHOUT_TWIN.iter().any(|start| file.path.starts_with(start)));
    assert!(without.len() >= WITHOUT_TWIN.len() && users.len() >= 10, "the list of exceptions is out of date");
    let missing = users
        .iter()
        .map(|file| file.path.replace(".md", CHINESE))
        .filter(|twin| files.iter().all(|file| file.path != *twin))
        .collect::<Vec<_>>();
    tree::assert_none(&missing, "write it, in Chinese as Chinese; only what WITHOUT_TWIN lists goes without");
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
    let guides = files.iter().filter(|file| {
        ["README.md", "docs/start.md"].contains(&file.path.as_str()) || file.path.starts_with("docs/guides/")
    });
    let mut seen = 0;
    for file in guides {
        let (path, text) = (&file.path, file.text().unwrap());
        for block in code(&text, "rust") {
            seen += 1;
            if !programs.iter().any(|program| program.contains(&block)) {
                findings.push(format!("{path}:\n{block}"));
            }
        }
    }
    assert!(seen > 0, "no guide shows any program text");
    tree::assert_none(&findings, "copy the lines from the example, so that the guide shows what compiles");
}

#[test]
fn every_guide_stands_in_the_list_of_guides_of_its_language() {
    let mut findings = Vec::new();
    for (ending, index) in [(".md", "docs/guides/README.md"), (CHINESE, "docs/guides/README.zh-CN.md")] {
        let list = std::fs::read_to_string(tree::root().join(index)).unwrap();
        for file in tree::files() {
            let Some(name) = file.path.strip_prefix("docs/guides/") else { continue };
            let is_of_this_language = name.ends_with(CHINESE) == (ending == CHINESE);
            if is_of_this_language && !name.starts_with("README") && !list.contains(&format!("]({name})")) {
                findings.push(format!("{index} does not list {name}"));
            }
        }
    }
    tree::assert_none(&findings, "add a row");
}

/// The anchors of a document, as forges make them from headings: small letters, blanks as hyphens, no punctuation.
fn anchors(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut anchors = Vec::new();
    for line in text.lines() {
        in_code ^= line.starts_with("```");
        if !in_code && line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            anchors.push(kept.collect::<String>().replace(' ', "-"));
        }
    }
    anchors
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.has_extension(&["md"])) {
        let text = file.text().unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            if path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let here = tree::root().join(&file.path);
            let there = if path.is_empty() { here } else { here.parent().unwrap().join(path) };
            if !there.exists() {
                findings.push(format!("{}: {target} does not exist", file.path));
            } else if !anchor.is_empty() {
                let headings = anchors(&std::fs::read_to_string(&there).unwrap_or_default());
                if !headings.iter().any(|heading| heading == anchor) {
                    findings.push(format!("{}: {target} has no such heading", file.path));
                }
            }
        }
    }
    tree::assert_none(&findings, "repair or remove the link");
}

#[test]
fn an_anchor_is_the_heading_in_small_letters_with_hyphens() {
    assert_eq!(anchors("# A full disk\n```\n# no heading\n```\n## 5. Look, again!"), ["a-full-disk", "5-look-again"]);
}

#[test]
fn an_outline_notices_a_changed_command_and_ignores_a_translated_comment() {
    let english = "# A\n```sh\ncargo demo # run\n# comment\n```\n";
    assert_eq!(outline(english), outline("# 甲\n```sh\ncargo demo # 运行\n# 说明\n```\n"));
    assert_ne!(outline(english), outline("# 甲\n```sh\ncargo demo --json # 运行\n# 说明\n```\n"));
    assert_ne!(outline(english), outline("## 甲\n```sh\ncargo demo # 运行\n# 说明\n```\n"));
}
