//! Who is alive, who is killed when, and when it is over.

use std::time::{Duration, Instant};

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
}

/// When, in tenths of all planned records: fractions where it hurts most.
const MOVES: [(usize, Move); 3] = [(2, Move::KillPlatform), (5, Move::KillDepartment(0)), (7, Move::KillPlatform)];

/// The state of the performance.
pub(super) struct Score {
    pub(super) stage: Stage,
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
    pub(super) fn new(stage: Stage, codes: Vec<String>, platform: Process) -> Self {
        Self {
            stage,
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
        self.departments[index] = Some(self.stage.start_department(index, self.lives[index], &self.codes[index])?);
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
        }
    }

    /// Kills and restarts as far as the number of accepted records has come; says whether it did.
    pub(super) fn next_move(&mut self, progress: &Progress, journal: &mut Journal) -> Result<bool, DemoError> {
        let Some(planned) = self.planned.iter().copied().sum::<Option<usize>>() else { return Ok(false) };
        let accepted = journal.acknowledged.len();
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
        self.are_departments_done() && self.platform.is_some() && self.moves_made == MOVES.len()
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
