//! The second act: what must not go wrong with a single case, each shown once in the same city on a day of its own.
//!
//! A second platform is started on a February morning, before a Saturday that is worked. Every scene is played with the SDK by a
//! counter of all departments, and judged from outside: by the platform's database, by a day counted here, by a script in another
//! language. Its result is a line of the ledger; what is wrong is a finding, like any other.

mod clock_stop;
mod joint;
mod material;
mod proof;
mod stage;
mod unknown_payment;

use std::path::Path;

use serde::Serialize;

pub(crate) use self::material::{Arguments as SenderArguments, run as send};
use self::stage::Stage;
use crate::error::DemoError;
use crate::ledger::Finding;
use crate::progress::Progress;

/// What a scene came to: a line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    pub(crate) value: String,
}

/// All scenes.
#[derive(Debug, Default)]
pub(crate) struct Act {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) findings: Vec<Finding>,
}

impl Act {
    /// The result of a scene; what is wrong with it comes after it.
    fn came_to(&mut self, zh: &'static str, en: &'static str, value: impl ToString) {
        self.outcomes.push(Outcome { zh, en, value: value.to_string() });
    }

    /// Something that must hold.
    fn must(&mut self, holds: bool, zh: impl Into<String>, en: impl Into<String>) {
        if !holds {
            self.findings.push(Finding::new(zh, en));
        }
    }
}

/// Plays every scene, one after the other.
pub(crate) async fn play(data: &Path, progress: &Progress) -> Result<Act, DemoError> {
    progress.say("第二幕：单件情形", "second act: single cases");
    let stage = Stage::set(&data.join("scenes")).await?;
    let mut act = Act::default();
    joint::play(&stage, &mut act).await?;
    material::play(&stage, &mut act).await?;
    unknown_payment::play(&stage, &mut act).await?;
    clock_stop::play(&stage, &mut act).await?;
    proof::play(&stage, &mut act).await?;
    stage.strike().await?;
    Ok(act)
}
