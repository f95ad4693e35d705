//! Starts the processes, listens to them, kills them at the wrong moment, and draws up the ledger.

mod patience;
mod score;
mod townships;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use patience::{Patience, SILENCE_MAX};
use score::Score;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::Arguments;
use crate::citizen::Citizens;
use crate::error::DemoError;
use crate::ledger::{Finding, Id, Journal, Ledger, Line, Reconciled};
use crate::log_file;
use crate::plan::Plan;
use crate::process::{Heard, Process, Report, Role};
use crate::progress::Progress;
use crate::scenes;
use crate::summary::{self, Kept};
use townships::{FIRST_BEHIND, TOWNSHIPS, Townships};

/// One of the demo's departments.
pub(crate) struct Department {
    /// The party under which it is enrolled.
    pub(crate) name: &'static str,
    /// The word that finds its agencies in the catalogue.
    pub(crate) agencies: &'static str,
}

/// The departments; each handles its share of the cases. The last ones stand behind the nodes of [`TOWNSHIPS`].
pub(crate) const DEPARTMENTS: [Department; 5] = [
    Department { name: "civil-affairs", agencies: "民政" },
    Department { name: "natural-resources", agencies: "自然资源" },
    Department { name: "public-security", agencies: "公安" },
    Department { name: "health", agencies: "卫生健康" },
    Department { name: "water", agencies: "水利" },
];

/// How often it is looked whether a dead platform may rise, and whether patience is exhausted.
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
        self.data.join(DEPARTMENTS[index].name)
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

    fn start_department(
        &self,
        index: usize,
        life: u32,
        code: &str,
        townships: &Townships,
    ) -> Result<Process, DemoError> {
        let Department { name, agencies } = DEPARTMENTS[index];
        // The first gets the odd one.
        let cases = (self.cases as usize + DEPARTMENTS.len() - 1 - index) / DEPARTMENTS.len();
        let mut arguments = vec![
            "department".to_owned(),
            format!("--party={name}"),
            format!("--agency={agencies}"),
            format!("--endpoint=http://{}", self.listen),
            format!("--data={}", self.department_folder(index).display()),
            format!("--code={code}"),
            format!("--cases={cases}"),
            format!("--seed={}", self.seed.wrapping_add(index as u64)),
        ];
        if let Some(hall) = index.checked_sub(FIRST_BEHIND) {
            arguments.push(format!("--node=http://{}", townships.address(hall)));
            arguments.push(format!("--township={}", TOWNSHIPS[hall].code));
        }
        Process::start(Role::Department(index), life, &arguments, self.hear.clone())
    }
}

/// How the performance ended.
enum Ending {
    /// Everything is done.
    Over,
    /// Something is wrong, and there is no use in waiting.
    Stopped(Finding),
}

/// The whole demo.
pub(crate) async fn play(arguments: Arguments) -> Result<ExitCode, DemoError> {
    let begun = Instant::now();
    let temporary = tempfile::tempdir().map_err(|source| DemoError::io("make a temporary folder", source))?;
    let data = match &arguments.data {
        Some(folder) => empty(folder)?,
        None => temporary.path().to_path_buf(),
    };
    let (hear, mut heard) = mpsc::channel(4_096);
    let mut stage =
        Stage { data, seed: arguments.seed, cases: arguments.cases, listen: "127.0.0.1:0".to_owned(), hear };
    let progress = Progress::new(arguments.json);
    let mut journal = Journal::default();

    let platform = stage.start_platform(0)?;
    let kept = wait_for_address(&mut heard).await?;
    stage.listen = kept.address.trim_start_matches("http://").to_owned();
    progress.say(&format!("平台已启动：{}", kept.address), &format!("platform at {}", kept.address));
    let mut codes = Vec::new();
    for (index, department) in DEPARTMENTS.iter().enumerate() {
        std::fs::create_dir_all(stage.department_folder(index))
            .map_err(|source| DemoError::io("make a department's folder", source))?;
        codes.push(enrolment_code(&stage.listen, &json!({ "party": department.name })).await?);
    }
    let townships = Townships::open(&stage, &mut heard).await?;
    let halls = TOWNSHIPS.map(|township| township.zh).join("、");
    let english = TOWNSHIPS.map(|township| township.en).join(", ");
    progress
        .say(&format!("两个汇聚节点和乡镇节点已启动：{halls}"), &format!("two hubs and the nodes of {english} are up"));
    let mut score = Score::new(stage, codes, platform, townships);
    score.start_departments()?;
    let ending = perform(&mut score, &mut heard, &progress, &mut journal).await?;
    progress.finish();
    score.end_departments()?;

    let mut found = errors_in_logs(&score.stage);
    if let Ending::Stopped(finding) = ending {
        found.push(finding);
    }
    let mut ledger = draw_up(&score.stage, &journal, &found)?;
    ledger.add_nodes(nodes(&score), &journal)?;
    let act = scenes::play(&score.stage.data, &progress).await?;
    ledger.add(act);
    let platform = score.take_platform();
    let kept = (arguments.keep && platform.is_some()).then_some(&kept);
    summary::print(&ledger, &arguments, begun.elapsed(), kept)?;
    if let Some(kept) = kept {
        summary::keep(kept, &ledger.nodes, &score.stage.data, arguments.json).await?;
    }
    drop(score);
    platform.map_or(Ok(()), Process::kill)?;
    Ok(if ledger.is_balanced() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folder that was named, made when it is not there: the ledger is of one run, so nothing may be in it.
fn empty(folder: &Path) -> Result<PathBuf, DemoError> {
    std::fs::create_dir_all(folder).map_err(|source| DemoError::io("make the data folder", source))?;
    let mut inside = std::fs::read_dir(folder).map_err(|source| DemoError::io("read the data folder", source))?;
    if inside.next().is_some() { Err(DemoError::NotEmpty(folder.to_owned())) } else { Ok(folder.to_owned()) }
}

/// Listens until both departments are done, or something is wrong.
async fn perform(
    score: &mut Score,
    heard: &mut mpsc::Receiver<Heard>,
    progress: &Progress,
    journal: &mut Journal,
) -> Result<Ending, DemoError> {
    let mut citizens = Citizens::new(&score.stage.listen)?;
    let mut patience = Patience::new(Instant::now());
    loop {
        match tokio::time::timeout(LOOK_EVERY, heard.recv()).await {
            Ok(Some(Heard::Said(role, report))) => {
                patience.heard(role, &report, Instant::now());
                note(role, &report, progress, journal)?;
                match report {
                    Report::BillOpen { bill, cashier_url } => {
                        citizens.pay(bill, cashier_url, score.stage.hear.clone());
                    }
                    Report::Planned { records } => score.planned(role, records),
                    Report::Done => score.done(role),
                    _ => {}
                }
            }
            Ok(Some(Heard::Paid { bill, fen })) => {
                patience.moved(Instant::now());
                citizens.one_has_paid();
                // A department that was killed names its open bills again; whoever then comes to a paid bill pays nothing.
                // Money that was really paid twice is found in the platform's own books.
                let paid = journal.paid_fen.entry(parse_id(&bill)?).or_default();
                *paid = fen.max(*paid);
            }
            Ok(Some(Heard::Silent(role, life))) => {
                if !score.is_expected_to_be_silent(role, life) {
                    let en = format!("{role:?} ended by itself");
                    return Ok(Ending::Stopped(Finding::new(format!("进程自行退出：{role:?}"), en)));
                }
            }
            Ok(None) => return Err(DemoError::broken("every process is gone")),
            Err(_) => {}
        }
        if score.next_move(progress, journal)? {
            patience.moved(Instant::now());
        }
        if patience.is_exhausted(Instant::now()) {
            let seconds = SILENCE_MAX.as_secs();
            return Ok(Ending::Stopped(Finding::new(
                format!("{seconds} 秒内没有任何进展，已停止"),
                format!("nothing has moved for {seconds} seconds; stopped"),
            )));
        }
        if score.is_over() && citizens.are_done() && heard.is_empty() {
            return Ok(Ending::Over);
        }
    }
}

fn note(role: Role, report: &Report, progress: &Progress, journal: &mut Journal) -> Result<(), DemoError> {
    match report {
        Report::Accepted { record } => {
            journal.acknowledged.insert(parse_id(record)?);
        }
        Report::Numbered { case, number } => {
            journal.numbers.entry(parse_id(case)?).or_default().insert(number.clone());
        }
        Report::Reconciled { paid_fen, refunded_fen, differences } => {
            if let Role::Department(index) = role {
                let reconciled =
                    Reconciled { paid_fen: *paid_fen, refunded_fen: *refunded_fen, differences: *differences };
                journal.reconciled.insert(index, reconciled);
            }
        }
        Report::SignedIn { case, user } => {
            journal.signed_in.insert((parse_id(case)?, user.clone()));
        }
        _ => {}
    }
    progress.show(role, report, journal);
    Ok(())
}

fn errors_in_logs(stage: &Stage) -> Vec<Finding> {
    let departments = (0..DEPARTMENTS.len()).map(|index| stage.department_folder(index).join("log.jsonl"));
    let platform = stage.platform_database().with_extension("log.jsonl");
    departments.chain([platform]).chain(townships::logs(stage)).flat_map(|path| log_file::errors(&path)).collect()
}

fn draw_up(stage: &Stage, journal: &Journal, found: &[Finding]) -> Result<Ledger, DemoError> {
    let stores: Vec<PathBuf> =
        (0..DEPARTMENTS.len()).map(|index| stage.department_folder(index).join("outbox.sqlite")).collect();
    let stores: Vec<&Path> = stores.iter().map(PathBuf::as_path).collect();
    Ledger::draw_up(&stage.platform_database(), &stores, &plans(stage)?, journal, found)
}

/// What was seen of the nodes, with their stores and those of the systems behind them.
fn nodes(score: &Score) -> Vec<(Line, PathBuf, PathBuf)> {
    let stage = &score.stage;
    let behind = |hall: usize| stage.department_folder(FIRST_BEHIND + hall).join("outbox.sqlite");
    let lines = score.townships.lines().into_iter().enumerate();
    lines.map(|(hall, line)| (line, TOWNSHIPS[hall].folder(stage).join("store.sqlite"), behind(hall))).collect()
}

async fn wait_for_address(heard: &mut mpsc::Receiver<Heard>) -> Result<Kept, DemoError> {
    match tokio::time::timeout(SILENCE_MAX, heard.recv()).await {
        Ok(Some(Heard::Said(Role::Platform, Report::Listening { address, sign_in, user }))) => {
            Ok(Kept { address, sign_in, user })
        }
        other => Err(DemoError::broken(format!("the platform did not start: {other:?}"))),
    }
}

async fn enrolment_code(listen: &str, wanted: &Value) -> Result<String, DemoError> {
    let answer = reqwest::Client::new()
        .post(format!("http://{listen}/sandbox/enrolment-codes"))
        .json(wanted)
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
