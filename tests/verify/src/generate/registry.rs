//! The error registry as it is read, with the rules that every entry keeps.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::repository::Repository;

const PATH: &str = "sdk/protocol/errors.toml";
const KINDS: [&str; 12] = [
    "invalid_input",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "integrity",
    "limit",
    "unsupported",
    "unavailable",
    "timeout",
    "storage",
    "internal",
];
const RETRIES: [&str; 4] = ["never", "same_request", "after_delay", "after_change"];
const OUTCOMES: [&str; 4] = ["not_sent", "rejected", "unknown", "applied"];

/// All entries, by number.
pub(crate) struct Registry {
    pub(crate) entries: Vec<Entry>,
}

/// One error.
#[derive(Serialize)]
pub(crate) struct Entry {
    pub(crate) code: String,
    #[serde(flatten)]
    pub(crate) facts: Facts,
}

/// What the registry says about an error.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    pub(crate) number: u16,
    /// Nothing gives it yet; it waits for a planned part.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) reserved: bool,
    pub(crate) kind: String,
    pub(crate) http: u16,
    pub(crate) retry: String,
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) params: Vec<String>,
    pub(crate) en: Words,
    pub(crate) zh: Words,
}

/// What a person reads, in one language.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) action: String,
}

impl Entry {
    /// The area before the dot.
    pub(crate) fn area(&self) -> &str {
        self.code.split('.').next().unwrap_or(&self.code)
    }

    /// The variant of the Rust enum: `case.conflict_lost` becomes `CaseConflictLost`.
    pub(crate) fn variant(&self) -> String {
        camel_case(&self.code)
    }
}

/// `after_delay` becomes `AfterDelay`.
pub(crate) fn camel_case(words: &str) -> String {
    let capitalised = words.split(['.', '_']).map(|word| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect::<String>()
    });
    capitalised.collect()
}

impl Registry {
    /// Reads and checks the registry; the error text holds every broken rule.
    pub(crate) fn read(repository: &Repository) -> Result<Self, String> {
        let text = std::fs::read_to_string(repository.root().join(PATH)).map_err(|error| format!("{PATH}: {error}"))?;
        Self::parse(&text).map_err(|faults| format!("{PATH}: {faults}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table =
            toml::from_str::<std::collections::BTreeMap<String, Facts>>(text).map_err(|error| error.to_string())?;
        let mut entries = table.into_iter().map(|(code, facts)| Entry { code, facts }).collect::<Vec<_>>();
        entries.sort_by_key(|entry| entry.facts.number);
        let faults = faults(&entries);
        if faults.is_empty() { Ok(Self { entries }) } else { Err(faults.join("\n")) }
    }
}

fn faults(entries: &[Entry]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut numbers = BTreeSet::new();
    for Entry { code, facts } in entries {
        let mut check = |holds: bool, rule: &str| {
            if !holds {
                faults.push(format!("{code}: {rule}"));
            }
        };
        let is_word = |word: &str| {
            !word.is_empty()
                && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        };
        check(code.split('.').count() == 2 && code.split('.').all(is_word), "a code is area.name in lower case");
        check(numbers.insert(facts.number), "the number is taken");
        check(KINDS.contains(&facts.kind.as_str()), "no such kind");
        check(RETRIES.contains(&facts.retry.as_str()), "no such retry");
        check(OUTCOMES.contains(&facts.outcome.as_str()), "no such outcome");
        check((400..600).contains(&facts.http), "the HTTP status is not that of an error");
        for words in [&facts.en, &facts.zh] {
            check(!words.title.trim().is_empty() && !words.action.trim().is_empty(), "a title or an action is empty");
        }
        check(!facts.zh.title.is_ascii(), "the Chinese title is not Chinese");
        check(facts.en.title.is_ascii(), "the English title is not English");
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{Registry, camel_case};

    const ENTRY: &str = r#"
        ["case.conflict_lost"]
        number = 4001
        kind = "conflict"
        http = 409
        retry = "never"
        outcome = "rejected"
        en = { title = "Lost", action = "Look again." }
        zh = { title = "冲突", action = "请重新查看。" }
    "#;

    #[test]
    fn every_broken_rule_of_an_entry_is_told_at_once() {
        let broken = ENTRY.replace("\"conflict\"", "\"quarrel\"").replace("409", "200").replace("冲突", "lost");
        let faults = Registry::parse(&broken).err().unwrap_or_default();
        assert_eq!(faults.lines().count(), 3, "{faults}");
        assert!(Registry::parse(ENTRY).is_ok());
    }

    #[test]
    fn variants_are_named_after_their_codes() {
        assert_eq!(camel_case("case.conflict_lost"), "CaseConflictLost");
    }
}
