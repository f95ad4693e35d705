//! Who is alive, who is killed when, and when it is over.

use std::time::{Duration, Instant};

use super::townships::{DARK, DARK_FOR, TOWNSHIPS, Townships};
use super::{DEPARTMENTS, Stage};
use crate::error::DemoError;
use crate::ledger::Journal;
use crate::process::{Process, Role};
use crate::progress::Progress;

/// The platform stays dead until departments have accepted so many records without it.
const ACCEPTED_WHILE_DEAD: usize = 30;
/// … or until this has passed, should they have nothing left to accept.
const DEAD_MAX: Duration = Duration::from_secs(3);

/// What happens to whom, as a function of how many records were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    KillPlatform,
    KillDepartment(usize),
    KillHub,
    KillNode(usize),
    Darken,
}

/// When, in tenths of all planned records: fractions where it hurts most.
const MOVES: [(usize, Move); 6] = [
    (2, Move::KillPlatform),
    (3, Move::Darken),
    (4, Move::KillHub),
    (5, Move::KillDepartment(0)),
    (6, Move::KillNode(1)),
    (7, Move::KillPlatform),
];

/// The state of the performance.
pub(super) struct Score {
    pub(super) stage: Stage,
    pub(super) townships: Townships,
    codes: Vec<String>,
    platform: Option<Process>,
    platform_life: u32,
    died: Option<(Instant, usize)>,
    departments: Vec<Option<Process>>,
    lives: Vec<u32>,
    planned: Vec<Option<usize>>,
    done: Vec<bool>,
    moves_made: usize,
}

impl Score {
    pub(super) fn new(stage: Stage, codes: Vec<String>, platform: Process, townships: Townships) -> Self {
        Self {
            stage,
            townships,
            codes,
            platform: Some(platform),
            platform_life: 0,
            died: None,
            departments: DEPARTMENTS.iter().map(|_| None).collect(),
            lives: vec![0; DEPARTMENTS.len()],
            planned: vec![None; DEPARTMENTS.len()],
            done: vec![false; DEPARTMENTS.len()],
            moves_made: 0,
        }
    }

    pub(super) fn start_departments(&mut self) -> Result<(), DemoError> {
        (0..DEPARTMENTS.len()).try_for_each(|index| self.start_department(index))
    }

    fn start_department(&mut self, index: usize) -> Result<(), DemoError> {
        let (life, code) = (self.lives[index], &self.codes[index]);
        self.departments[index] = Some(self.stage.start_department(index, life, code, &self.townships)?);
        Ok(())
    }

    pub(super) fn planned(&mut self, role: Role, records: usize) {
        if let Role::Department(index) = role {
            self.planned[index] = Some(records);
        }
    }

    pub(super) fn done(&mut self, role: Role) {
        if let Role::Department(index) = role {
            self.done[index] = true;
        }
    }

    /// An output has ended: fine for a life that was taken, a defect otherwise, since nobody leaves before he is killed.
    pub(super) fn is_expected_to_be_silent(&self, role: Role, life: u32) -> bool {
        match role {
            Role::Platform => life < self.platform_life,
            Role::Department(index) => life < self.lives[index],
            Role::Hub(_) | Role::Node(_) => self.townships.is_expected_to_be_silent(role, life),
        }
    }

    /// Kills and restarts as far as the number of accepted records has come; says whether it did.
    pub(super) fn next_move(&mut self, progress: &Progress, journal: &mut Journal) -> Result<bool, DemoError> {
        let Some(planned) = self.planned.iter().copied().sum::<Option<usize>>() else { return Ok(false) };
        let accepted = journal.acknowledged.len();
        self.townships.weaken()?;
        if self.townships.lighten()? {
            let (zh, en) = (TOWNSHIPS[DARK].zh, TOWNSHIPS[DARK].en);
            progress.say(&format!("{zh}线路恢复"), &format!("the link of {en} is back"));
            return Ok(true);
        }
        if let Some((since, then)) = self.died {
            let enough = ACCEPTED_WHILE_DEAD.min(planned / 10).max(1);
            let may_rise = accepted >= then + enough || since.elapsed() >= DEAD_MAX;
            if may_rise {
                self.platform = Some(self.stage.start_platform(self.platform_life)?);
                self.died = None;
                let without = accepted - then;
                progress.say(
                    &format!("平台已重启；停机期间部门受理了 {without} 条记录"),
                    &format!("platform restarted; {without} records were accepted without it"),
                );
            }
            return Ok(may_rise);
        }
        let Some((tenths, next)) = MOVES.get(self.moves_made) else { return Ok(false) };
        // A small run may be over before its first death is due; then the deaths come last, and what is done must stay so.
        if accepted < planned * tenths / 10 && !self.are_departments_done() {
            return Ok(false);
        }
        self.moves_made += 1;
        match *next {
            Move::KillPlatform => self.kill_platform(accepted, progress, journal)?,
            Move::KillDepartment(index) => self.kill_department(index, accepted, progress, journal)?,
            Move::KillHub => {
                self.townships.kill_hub()?;
                journal.hub_kills += 1;
                progress.say(
                    "强杀各乡镇所连的汇聚节点（SIGKILL），另一个在同一地址接替",
                    "the hub of all townships killed (SIGKILL); the other takes over behind the same address",
                );
            }
            Move::KillNode(index) => {
                self.townships.kill_node(&self.stage, index)?;
                journal.node_kills += 1;
                let (zh, en) = (TOWNSHIPS[index].zh, TOWNSHIPS[index].en);
                progress.say(
                    &format!("强杀{zh}节点（SIGKILL）并重新启动"),
                    &format!("the node of {en} killed (SIGKILL), and started again"),
                );
            }
            Move::Darken => {
                self.townships.darken()?;
                let (zh, en, seconds) = (TOWNSHIPS[DARK].zh, TOWNSHIPS[DARK].en, DARK_FOR.as_secs());
                progress.say(
                    &format!("{zh}线路中断 {seconds} 秒"),
                    &format!("the link of {en} is down for {seconds} seconds"),
                );
            }
        }
        Ok(true)
    }

    fn kill_platform(&mut self, accepted: usize, progress: &Progress, journal: &mut Journal) -> Result<(), DemoError> {
        if let Some(platform) = self.platform.take() {
            self.platform_life += 1;
            platform.kill()?;
            journal.platform_kills += 1;
            self.died = Some((Instant::now(), accepted));
            progress.say(
                &format!("受理 {accepted} 条记录后，强杀平台（SIGKILL）"),
                &format!("platform killed (SIGKILL) after {accepted} accepted records"),
            );
        }
        Ok(())
    }

    fn kill_department(
        &mut self,
        index: usize,
        accepted: usize,
        progress: &Progress,
        journal: &mut Journal,
    ) -> Result<(), DemoError> {
        if let Some(department) = self.departments[index].take() {
            self.lives[index] += 1;
            self.done[index] = false;
            department.kill()?;
            journal.department_kills += 1;
            let name = DEPARTMENTS[index].name;
            progress.say(
                &format!("受理 {accepted} 条记录后，强杀 {name}（SIGKILL）并重新启动"),
                &format!("{name} killed (SIGKILL) after {accepted} accepted records, and started again"),
            );
            self.start_department(index)?;
        }
        Ok(())
    }

    fn are_departments_done(&self) -> bool {
        self.done.iter().all(|done| *done)
    }

    /// Whether every death was died and everything is done all the same.
    pub(super) fn is_over(&self) -> bool {
        self.are_departments_done()
            && self.platform.is_some()
            && !self.townships.is_dark()
            && self.moves_made == MOVES.len()
    }

    /// The end, for departments as sudden as any: their files are read next, from outside.
    pub(super) fn end_departments(&mut self) -> Result<(), DemoError> {
        self.departments.iter_mut().filter_map(Option::take).try_for_each(Process::kill)
    }

    /// The platform, if it is alive.
    pub(super) fn take_platform(&mut self) -> Option<Process> {
        self.platform.take()
    }
}
