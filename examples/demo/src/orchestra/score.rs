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

/// The state of the performance.
pub(super) struct Score {
    pub(super) stage: Stage,
    codes: Vec<String>,
    platform: Option<Process>,
    platform_life: u32,
    died: Option<(Instant, usize)>,
    departments: Vec<Option<Process>>,
    lives: Vec<u32>,
    done: Vec<bool>,
    moves: Vec<(usize, Move)>,
}

impl Score {
    pub(super) fn new(stage: Stage, codes: Vec<String>, platform: Process) -> Self {
        // Every case has about six records; fractions of that are where it hurts most.
        let records = stage.cases as usize * 6;
        let moves = vec![
            (records * 7 / 10, Move::KillPlatform),
            (records / 2, Move::KillDepartment(0)),
            (records / 5, Move::KillPlatform),
        ];
        Self {
            stage,
            codes,
            platform: Some(platform),
            platform_life: 0,
            died: None,
            departments: DEPARTMENTS.iter().map(|_| None).collect(),
            lives: vec![0; DEPARTMENTS.len()],
            done: vec![false; DEPARTMENTS.len()],
            moves,
        }
    }

    pub(super) fn start_departments(&mut self) -> Result<(), DemoError> {
        (0..DEPARTMENTS.len()).try_for_each(|index| self.start_department(index))
    }

    fn start_department(&mut self, index: usize) -> Result<(), DemoError> {
        self.departments[index] = Some(self.stage.start_department(index, self.lives[index], &self.codes[index])?);
        Ok(())
    }

    pub(super) fn is_platform_dead(&self) -> bool {
        self.platform.is_none()
    }

    pub(super) fn done(&mut self, role: Role) {
        if let Role::Department(index) = role {
            self.done[index] = true;
        }
    }

    /// An output has ended: fine for a life that was taken or a department that is done, a defect otherwise.
    pub(super) fn silent(&self, role: Role, life: u32) -> Result<(), DemoError> {
        let expected = match role {
            Role::Platform => life < self.platform_life,
            Role::Department(index) => life < self.lives[index] || self.done[index],
        };
        if expected { Ok(()) } else { Err(DemoError::broken(format!("{role:?} ended by itself"))) }
    }

    /// Kills and restarts as far as the number of accepted records has come.
    pub(super) fn next_move(&mut self, progress: &Progress, journal: &mut Journal) -> Result<(), DemoError> {
        let accepted = journal.acknowledged.len();
        if let Some((since, then)) = self.died {
            if accepted >= then + ACCEPTED_WHILE_DEAD || since.elapsed() >= DEAD_MAX {
                self.platform = Some(self.stage.start_platform(self.platform_life)?);
                self.died = None;
                progress.say(&format!("platform restarted; {} records were accepted without it", accepted - then));
            }
            return Ok(());
        }
        let Some(&(at, next)) = self.moves.last() else { return Ok(()) };
        if accepted < at {
            return Ok(());
        }
        self.moves.pop();
        match next {
            Move::KillPlatform => {
                if let Some(platform) = self.platform.take() {
                    self.platform_life += 1;
                    platform.kill()?;
                    journal.platform_kills += 1;
                    self.died = Some((Instant::now(), accepted));
                    progress.say(&format!("platform killed (SIGKILL) after {accepted} accepted records"));
                }
            }
            Move::KillDepartment(index) => {
                if let Some(department) = self.departments[index].take().filter(|_| !self.done[index]) {
                    self.lives[index] += 1;
                    department.kill()?;
                    journal.department_kills += 1;
                    progress.say(&format!(
                        "{} killed (SIGKILL) after {accepted} accepted records, and started again",
                        DEPARTMENTS[index].0
                    ));
                    self.start_department(index)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn is_over(&self) -> bool {
        self.done.iter().all(|done| *done) && self.platform.is_some()
    }

    pub(super) fn take_platform(&mut self) -> Result<Process, DemoError> {
        self.platform.take().ok_or_else(|| DemoError::broken("the platform is not alive at the end"))
    }
}
