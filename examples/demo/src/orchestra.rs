//! Starts the processes, listens to them, kills them at the wrong moment, and draws up the ledger.

mod score;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use score::Score;
use serde_json::json;
use tokio::sync::mpsc;

use crate::Arguments;
use crate::citizen::Citizens;
use crate::error::DemoError;
use crate::ledger::{Id, Journal, Ledger};
use crate::plan::Plan;
use crate::process::{Heard, Process, Report, Role};
use crate::progress::Progress;
use crate::summary;

/// The departments: party, the word that finds their agencies in the catalogue, the share of cases in tenths.
pub(crate) const DEPARTMENTS: [(&str, &str, u32); 2] =
    [("civil-affairs", "民政", 5), ("natural-resources", "自然资源", 5)];

/// How long nothing at all may happen before the demo gives up.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long the platform stays dead at most, should the departments have nothing left to accept.
const DEAD_MAX: Duration = Duration::from_secs(3);

/// Where everything is.
struct Stage {
    data: PathBuf,
    seed: u64,
    cases: u32,
    /// `127.0.0.1:port`, known once the platform has listened for the first time.
    listen: String,
    hear: mpsc::Sender<Heard>,
}

impl Stage {
    fn platform_database(&self) -> PathBuf {
        self.data.join("platform.sqlite")
    }

    fn department_folder(&self, index: usize) -> PathBuf {
        self.data.join(DEPARTMENTS[index].0)
    }

    fn start_platform(&self, life: u32) -> Result<Process, DemoError> {
        let arguments = [
            "platform".to_owned(),
            "--database".to_owned(),
            self.platform_database().display().to_string(),
            "--listen".to_owned(),
            self.listen.clone(),
        ];
        Process::start(Role::Platform, life, &arguments, self.hear.clone())
    }

    fn start_department(&self, index: usize, life: u32, code: &str) -> Result<Process, DemoError> {
        let (party, word, share) = DEPARTMENTS[index];
        let arguments = [
            "department".to_owned(),
            format!("--party={party}"),
            format!("--agency={word}"),
            format!("--endpoint=http://{}", self.listen),
            format!("--data={}", self.department_folder(index).display()),
            format!("--code={code}"),
            format!("--cases={}", self.cases * share / 10),
            format!("--seed={}", self.seed.wrapping_add(index as u64)),
        ];
        Process::start(Role::Department(index), life, &arguments, self.hear.clone())
    }
}

/// The whole demo.
pub(crate) async fn play(arguments: Arguments) -> Result<ExitCode, DemoError> {
    let temporary = tempfile::tempdir().map_err(|source| DemoError::io("make a temporary folder", source))?;
    let data = arguments.data.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    std::fs::create_dir_all(&data).map_err(|source| DemoError::io("make the data folder", source))?;
    let (hear, mut heard) = mpsc::channel(4_096);
    let cases = arguments.cases.next_multiple_of(10).max(10);
    let mut stage = Stage { data, seed: arguments.seed, cases, listen: "127.0.0.1:0".to_owned(), hear };
    let progress = Progress::new(arguments.json);
    let mut journal = Journal::default();

    let platform = stage.start_platform(0)?;
    stage.listen = wait_for_address(&mut heard).await?;
    progress.say(&format!("platform at http://{}", stage.listen));
    let mut codes = Vec::new();
    for (index, (party, _, _)) in DEPARTMENTS.iter().enumerate() {
        std::fs::create_dir_all(stage.department_folder(index))
            .map_err(|source| DemoError::io("make a department's folder", source))?;
        codes.push(enrolment_code(&stage.listen, party).await?);
    }
    let mut score = Score::new(stage, codes, platform);
    score.start_departments()?;
    let platform = perform(&mut score, &mut heard, &progress, &mut journal).await?;
    progress.finish();

    let plans = plans(&score.stage)?;
    let stores: Vec<PathBuf> =
        (0..DEPARTMENTS.len()).map(|index| score.stage.department_folder(index).join("outbox.sqlite")).collect();
    let stores: Vec<&Path> = stores.iter().map(PathBuf::as_path).collect();
    let ledger = Ledger::draw_up(&score.stage.platform_database(), &stores, &plans, &journal)?;
    summary::print(&ledger, arguments.json, arguments.seed)?;
    if arguments.keep {
        summary::keep(&score.stage.listen, &score.stage.data).await?;
    }
    platform.kill()?;
    Ok(if ledger.is_balanced() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Listens until both departments are done; gives back the platform that is alive at the end.
async fn perform(
    score: &mut Score,
    heard: &mut mpsc::Receiver<Heard>,
    progress: &Progress,
    journal: &mut Journal,
) -> Result<Process, DemoError> {
    let citizens = Citizens::new(&score.stage.listen)?;
    loop {
        let patience = if score.is_platform_dead() { DEAD_MAX } else { SILENCE_MAX };
        match tokio::time::timeout(patience, heard.recv()).await {
            Ok(Some(Heard::Said(role, report))) => {
                note(role, &report, progress, journal)?;
                match report {
                    Report::BillOpen { bill, cashier_url } => {
                        citizens.pay(bill, cashier_url, score.stage.hear.clone());
                    }
                    Report::Done => score.done(role),
                    _ => {}
                }
            }
            Ok(Some(Heard::Paid { bill, fen })) => {
                // A department that was killed names its open bills again; whoever then comes to a paid bill pays nothing.
                // Money that was really paid twice is found in the platform's own books.
                let paid = journal.paid_fen.entry(parse_id(&bill)?).or_default();
                *paid = fen.max(*paid);
            }
            Ok(Some(Heard::Silent(role, life))) => score.silent(role, life)?,
            Ok(None) => return Err(DemoError::broken("every process is gone")),
            Err(_) if score.is_platform_dead() => {}
            Err(_) => return Err(DemoError::broken("nothing has happened for a minute")),
        }
        score.next_move(progress, journal)?;
        if score.is_over() && citizens.are_done() && heard.is_empty() {
            return score.take_platform();
        }
    }
}

fn note(role: Role, report: &Report, progress: &Progress, journal: &mut Journal) -> Result<(), DemoError> {
    match report {
        Report::Accepted { record } => journal.acknowledged.push(parse_id(record)?),
        Report::SignedIn { .. } => journal.signed_in += 1,
        _ => {}
    }
    progress.show(role, report, journal);
    Ok(())
}

async fn wait_for_address(heard: &mut mpsc::Receiver<Heard>) -> Result<String, DemoError> {
    match tokio::time::timeout(SILENCE_MAX, heard.recv()).await {
        Ok(Some(Heard::Said(Role::Platform, Report::Listening { address }))) => {
            Ok(address.trim_start_matches("http://").to_owned())
        }
        other => Err(DemoError::broken(format!("the platform did not start: {other:?}"))),
    }
}

async fn enrolment_code(listen: &str, party: &str) -> Result<String, DemoError> {
    let answer = reqwest::Client::new()
        .post(format!("http://{listen}/sandbox/enrolment-codes"))
        .json(&json!({ "party": party }))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(DemoError::broken)?;
    let answer: serde_json::Value = answer.json().await.map_err(DemoError::broken)?;
    answer["code"].as_str().map(str::to_owned).ok_or_else(|| DemoError::broken("no enrolment code came"))
}

fn plans(stage: &Stage) -> Result<Vec<Plan>, DemoError> {
    (0..DEPARTMENTS.len())
        .map(|index| {
            Plan::load(&stage.department_folder(index).join("plan.json"))?
                .ok_or_else(|| DemoError::broken("a department has no plan"))
        })
        .collect()
}

/// The sixteen bytes of a written UUID.
pub(crate) fn parse_id(text: &str) -> Result<Id, DemoError> {
    let id: tongqiao_protocol::RecordId = text.parse().map_err(DemoError::broken)?;
    Ok(*id.as_bytes())
}
