//! The table of parts. To add a check, add a row here and a function below `part/`.

mod calendar;
mod console;
mod deny;
mod fuzzing;
mod guide;
mod guides;
mod oidc;
mod peer;
mod program;
mod rust;
mod start;
mod verifier;

use crate::generate;
use crate::repository::Repository;

/// One check of the repository.
pub(crate) struct Part {
    /// What the user types after `--only`.
    pub(crate) name: &'static str,
    /// One line for `--list`.
    pub(crate) about: &'static str,
    /// Minutes it may take from a fresh clone on two cores. Longer is reported, three times as long kills it.
    pub(crate) budget_minutes: u32,
    /// When it runs.
    pub(crate) reach: Reach,
    /// The check itself.
    pub(crate) run: fn(&Repository) -> Result<(), Trouble>,
}

/// When a part runs.
pub(crate) enum Reach {
    /// In every run.
    Everywhere,
    /// Only with `--all` or when named by `--only`, for the reason given.
    OnlyWithAll(&'static str),
}

/// Why a part did not pass.
pub(crate) enum Trouble {
    /// The check ran and found something.
    Failed(String),
    /// The check could not run here.
    Skipped(String),
}

/// Every part, in the order in which they run: what fails fast comes first.
pub(crate) const PARTS: &[Part] = &[
    Part {
        name: "fmt",
        about: "rustfmt finds nothing to change",
        budget_minutes: 1,
        reach: Reach::Everywhere,
        run: rust::fmt,
    },
    Part {
        name: "generate",
        about: "generated files are what their sources make of them",
        budget_minutes: 1,
        reach: Reach::Everywhere,
        run: generate::check,
    },
    Part {
        name: "clippy",
        about: "clippy finds nothing in any target",
        budget_minutes: 6,
        reach: Reach::Everywhere,
        run: rust::clippy,
    },
    Part {
        name: "test",
        about: "unit, property, integration, tidy and documentation tests",
        budget_minutes: 12,
        reach: Reach::Everywhere,
        run: rust::test,
    },
    Part {
        name: "doc",
        about: "rustdoc builds without a warning",
        budget_minutes: 3,
        reach: Reach::Everywhere,
        run: rust::doc,
    },
    Part {
        name: "calendar",
        about: "holidays and deadline vectors agree with a package that others keep",
        budget_minutes: 1,
        reach: Reach::OnlyWithAll("needs a package from PyPI"),
        run: calendar::check,
    },
    Part {
        name: "deny",
        about: "licences, sources and layering of dependencies are as deny.toml says",
        budget_minutes: 4,
        reach: Reach::OnlyWithAll("builds cargo-deny"),
        run: deny::check,
    },
    Part {
        name: "demo",
        about: "the main job, with a platform and departments killed in the middle",
        budget_minutes: 10,
        reach: Reach::Everywhere,
        run: program::demo,
    },
    Part {
        name: "start",
        about: "the starting guide's commands, as they stand in docs/start.md",
        budget_minutes: 4,
        reach: Reach::Everywhere,
        run: start::run,
    },
    Part {
        name: "guides",
        about: "the commands of every guide run, and print what it shows",
        budget_minutes: 5,
        reach: Reach::Everywhere,
        run: guides::run,
    },
    Part {
        name: "model",
        about: "the real engine under a model checker",
        budget_minutes: 8,
        reach: Reach::Everywhere,
        run: program::model,
    },
    Part {
        name: "simulation",
        about: "departments, nodes, hubs and platform in one process, and whether planted bugs are found there",
        budget_minutes: 4,
        reach: Reach::Everywhere,
        run: program::simulation,
    },
    Part {
        name: "bench",
        about: "prints the figures that documents quote, each beside its baseline",
        budget_minutes: 5,
        reach: Reach::OnlyWithAll("needs redis-server and strace"),
        run: program::bench,
    },
    Part {
        name: "oidc",
        about: "signing in at a certified OpenID Connect provider",
        budget_minutes: 3,
        reach: Reach::OnlyWithAll("needs node and packages from npm"),
        run: oidc::run,
    },
    Part {
        name: "console",
        about: "a clerk takes a case in a real browser, by the keyboard, with the link down",
        budget_minutes: 5,
        reach: Reach::OnlyWithAll("needs Chromium, node and a package from npm"),
        run: console::run,
    },
    Part {
        name: "verifier",
        about: "a script without our code proves the platform's receipts and finds what was deleted or changed",
        budget_minutes: 4,
        reach: Reach::OnlyWithAll("needs packages from PyPI"),
        run: verifier::run,
    },
    Part {
        name: "peer",
        about: "a client in Python, written from the specification alone, does a department's day in both suites",
        budget_minutes: 3,
        reach: Reach::OnlyWithAll("needs packages from PyPI"),
        run: peer::run,
    },
    Part {
        name: "schemathesis",
        about: "every route is fuzzed by its OpenAPI document, signed, with records that are nearly right",
        budget_minutes: 5,
        reach: Reach::OnlyWithAll("needs packages from PyPI"),
        run: fuzzing::run,
    },
];
