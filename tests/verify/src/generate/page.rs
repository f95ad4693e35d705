//! The reference pages in English and Chinese.

use std::fmt::Write as _;

use super::registry::{Entry, Registry, Words};

/// What differs between the two pages.
struct Language {
    opening: &'static str,
    columns: &'static str,
    reserved: &'static str,
    words: fn(&Entry) -> &Words,
    retry: fn(&str) -> &'static str,
    outcome: fn(&str) -> &'static str,
}

pub(super) fn english(registry: &Registry) -> String {
    page(
        registry,
        &Language {
            opening: "# Error codes\n\nGenerated from `sdk/protocol/errors.toml` by `cargo verify --generate`; do not \
                      edit. Codes and numbers are never renamed or reused. *Retry* says whether trying again can help; \
                      *outcome* says whether the request took effect. A code that is *reserved* is given by no part yet; it waits \
                      for one that is planned.\n",
            columns: "| number | code | what it means | what to do | retry | outcome | HTTP |",
            reserved: " *(reserved)*",
            words: |entry| &entry.facts.en,
            retry: |retry| match retry {
                "never" => "never",
                "same_request" => "the same request",
                "after_delay" => "after a delay",
                _ => "after a change",
            },
            outcome: |outcome| match outcome {
                "not_sent" => "not sent",
                "rejected" => "did not happen",
                "unknown" => "unknown",
                _ => "happened",
            },
        },
    )
}

pub(super) fn chinese(registry: &Registry) -> String {
    page(
        registry,
        &Language {
            opening: "# 错误代码\n\n由 `cargo verify --generate` 根据 `sdk/protocol/errors.toml` 生成（generated），请勿手改。\
                      代码和编号一经发布，不改名、不复用。“可否重试”说的是再试有没有用；“是否办成”说的是请求到底生效没有。\
                      标有“预留”的代码眼下不会出现，留给计划中的部分使用。\n",
            columns: "| 编号 | 代码 | 含义 | 怎么办 | 可否重试 | 是否办成 | HTTP |",
            reserved: "（预留）",
            words: |entry| &entry.facts.zh,
            retry: |retry| match retry {
                "never" => "不可",
                "same_request" => "原样重试",
                "after_delay" => "稍后重试",
                _ => "改后重试",
            },
            outcome: |outcome| match outcome {
                "not_sent" => "未发出",
                "rejected" => "未办成",
                "unknown" => "未知",
                _ => "已办成",
            },
        },
    )
}

fn page(registry: &Registry, language: &Language) -> String {
    let mut page = language.opening.to_owned();
    // Entries come by number, and later ones of an area have higher numbers: the sort keeps both orders.
    let mut areas = Vec::new();
    for entry in &registry.entries {
        if !areas.contains(&entry.area()) {
            areas.push(entry.area());
        }
    }
    let mut entries = registry.entries.iter().collect::<Vec<_>>();
    entries.sort_by_key(|entry| areas.iter().position(|area| *area == entry.area()));
    let mut area = "";
    for entry in entries {
        if entry.area() != area {
            area = entry.area();
            // Writing to a String cannot fail.
            let _always_ok = write!(page, "\n## {area}\n\n{}\n|---|---|---|---|---|---|---|\n", language.columns);
        }
        let facts = &entry.facts;
        let words = (language.words)(entry);
        let _always_ok = writeln!(
            page,
            "| {} | `{}`{} | {} | {} | {} | {} | {} |",
            facts.number,
            entry.code,
            if facts.reserved { language.reserved } else { "" },
            cell(&words.title),
            cell(&words.action),
            (language.retry)(&facts.retry),
            (language.outcome)(&facts.outcome),
            facts.http
        );
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
