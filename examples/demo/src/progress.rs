//! Progress bars for a person; nothing for a program.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ledger::Journal;
use crate::orchestra::DEPARTMENTS;
use crate::process::{Report, Role};

/// One bar a department, one for the money.
pub(crate) struct Progress {
    all: MultiProgress,
    departments: Vec<ProgressBar>,
    money: ProgressBar,
}

impl Progress {
    /// Bars on standard error, where they are drawn only on a terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let all = MultiProgress::with_draw_target(target);
        let style =
            |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let departments = DEPARTMENTS
            .iter()
            .map(|party| {
                let bar = all.add(ProgressBar::new(1));
                bar.set_style(style("{prefix:20} {bar:40} {pos:>5}/{len:5} 条已落定 settled"));
                bar.set_prefix(party.name);
                bar
            })
            .collect();
        let money = all.add(ProgressBar::new_spinner());
        money.set_style(style("{prefix:20} {msg}"));
        money.set_prefix("申请人 citizens");
        Self { all, departments, money }
    }

    /// One line above the bars.
    pub(crate) fn say(&self, zh: &str, en: &str) {
        let line = format!("{zh} / {en}");
        if self.all.is_hidden() {
            eprintln!("{line}");
        } else {
            // A terminal that went away is no reason to stop.
            drop(self.all.println(&line));
        }
    }

    /// Moves the bars.
    pub(crate) fn show(&self, role: Role, report: &Report, journal: &Journal) {
        if let (Role::Department(index), Report::Settled { count, accepted }) = (role, report) {
            self.departments[index].set_length(*accepted);
            self.departments[index].set_position(*count);
        }
        let yuan = journal.paid_fen.values().sum::<i64>();
        self.money.set_message(format!(
            "登录 signed in {}, 缴款 bills paid {}, {}.{:02} 元 yuan",
            journal.signed_in.len(),
            journal.paid_fen.len(),
            yuan / 100,
            yuan % 100
        ));
    }

    /// Takes the bars away.
    pub(crate) fn finish(&self) {
        self.departments.iter().for_each(ProgressBar::finish);
        self.money.finish();
    }
}
