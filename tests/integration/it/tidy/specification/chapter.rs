//! A chapter of the specification in one language, taken apart.

use std::collections::BTreeSet;

use super::super::tree;

pub(super) const FOLDER: &str = "conformance/spec/";
const CHINESE: &str = ".zh-CN.md";

/// A chapter.
pub(super) struct Chapter {
    pub(super) path: String,
    pub(super) text: String,
}

/// A sentence that obliges.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) id: String,
    /// The word of BCP 14, in English.
    strength: Option<&'static str>,
}

/// The words that oblige; the longer of two that begin alike comes first.
const STRENGTHS: [(&str, &str); 4] = [("MUST NOT", "不得"), ("MUST", "必须"), ("SHOULD", "应当"), ("MAY", "可以")];

/// All chapters, each with its Chinese twin, in their order.
pub(super) fn all() -> Vec<(Chapter, Chapter)> {
    let files = tree::files();
    let mut paths = files.iter().map(|file| file.path.as_str()).filter(|path| is_chapter(path)).collect::<Vec<_>>();
    paths.sort_unstable();
    assert!(paths.len() >= 14, "found only {paths:?}");
    paths.into_iter().map(|path| (Chapter::read(path), Chapter::read(&path.replace(".md", CHINESE)))).collect()
}

fn is_chapter(path: &str) -> bool {
    let name = path.strip_prefix(FOLDER).unwrap_or_default();
    name.starts_with(|first: char| first.is_ascii_digit()) && name.ends_with(".md") && !name.ends_with(CHINESE)
}

/// All chapters in both languages.
pub(super) fn every() -> Vec<Chapter> {
    all().into_iter().flat_map(|(english, chinese)| [english, chinese]).collect()
}

/// One chapter in both languages.
pub(super) fn both(name: &str) -> [Chapter; 2] {
    [Chapter::read(&format!("{FOLDER}{name}.md")), Chapter::read(&format!("{FOLDER}{name}{CHINESE}"))]
}

impl Chapter {
    fn read(path: &str) -> Self {
        Self { path: path.to_owned(), text: super::text_of(path) }
    }

    pub(super) fn file_name(&self) -> &str {
        self.path.strip_prefix(FOLDER).unwrap_or(&self.path)
    }

    fn is_chinese(&self) -> bool {
        self.path.ends_with(CHINESE)
    }

    /// Lines with whether they stand in a code block.
    fn lines(&self) -> impl Iterator<Item = (bool, &str)> {
        let mut in_code = false;
        self.text.lines().map(move |line| {
            let is_fence = line.starts_with("```");
            in_code ^= is_fence;
            (in_code || is_fence, line)
        })
    }

    fn prose(&self) -> impl Iterator<Item = &str> {
        self.lines().filter(|(in_code, _)| !in_code).map(|(_, line)| line)
    }

    /// What stands in code blocks.
    pub(super) fn code_lines(&self) -> Vec<&str> {
        self.lines().filter(|(in_code, line)| *in_code && !line.starts_with("```")).map(|(_, line)| line).collect()
    }

    /// The rows of all tables.
    pub(super) fn rows(&self) -> Vec<&str> {
        self.prose().filter(|line| line.starts_with("| ")).collect()
    }

    /// The single words that stand in code within sentences; placeholders are translated and left out.
    pub(super) fn words_in_code(&self) -> BTreeSet<&str> {
        let words = self.prose().flat_map(|line| line.split('`').skip(1).step_by(2));
        words.filter(|word| word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<')).collect()
    }

    /// The numbers of its sections, such as `5.3`.
    pub(super) fn sections(&self) -> Vec<String> {
        let headings = self.prose().filter_map(|line| line.strip_prefix("## "));
        headings.filter_map(|heading| heading.split(' ').next()).map(str::to_owned).collect()
    }

    /// The text of a section, by its number.
    pub(super) fn section(&self, number: &str) -> Option<&str> {
        let (_, text) = self.text.split_once(&format!("\n## {number} "))?;
        Some(text.split_once("\n## ").map_or(text, |(section, _)| section))
    }

    /// The sentences that oblige, in their order.
    pub(super) fn requirements(&self) -> Vec<Requirement> {
        let with_id = self.prose().filter_map(|line| Some((id_of(line)?, line)));
        let requirements = with_id.map(|(id, line)| {
            let strength = self.strengths(line);
            Requirement { id: id.to_owned(), strength: strength.first().copied() }
        });
        requirements.collect()
    }

    /// Sentences with a word of BCP 14 but no id, with an id but no such word, or with several.
    pub(super) fn findings(&self) -> Vec<String> {
        let wrong = self.prose().filter(|line| self.strengths(line).len() != usize::from(id_of(line).is_some()));
        wrong.map(|line| format!("{}: {line}", self.path)).collect()
    }

    /// The words of BCP 14 in a line, in English.
    fn strengths(&self, line: &str) -> Vec<&'static str> {
        let mut rest = line.to_owned();
        let mut found = Vec::new();
        for (english, chinese) in STRENGTHS {
            let word = if self.is_chinese() { chinese } else { english };
            found.extend(std::iter::repeat_n(english, rest.matches(word).count()));
            rest = rest.replace(word, "");
        }
        found
    }
}

/// The id before a requirement: `- [TQ-SIG-012] `.
fn id_of(line: &str) -> Option<&str> {
    let (id, _) = line.strip_prefix("- [")?.split_once("] ")?;
    let mut parts = id.split('-');
    let is_id = parts.next() == Some("TQ")
        && parts.next().is_some_and(|area| area.len() == 3 && area.bytes().all(|byte| byte.is_ascii_uppercase()))
        && parts.next().is_some_and(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
        && parts.next().is_none();
    is_id.then_some(id)
}
