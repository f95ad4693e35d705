//! A department's process: its business system with the SDK inside.
//!
//! It may be killed at any moment. Started again it reads its own plan, asks the SDK how far each case has come, and goes
//! on; it never asks itself whether something was sent, because that is the SDK's business.

mod business;
mod money;
mod preparation;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tongqiao::protocol::CaseId;
use tongqiao::{Client, Credentials, IdentityProvider};

use crate::citizen;
use crate::error::DemoError;
use crate::log_file;
use crate::plan::{Plan, PlannedCase, place};
use crate::process::{Report, end_with_orchestrator, report};

/// How the orchestrator starts it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The party under which it is enrolled.
    #[arg(long)]
    party: String,
    /// The word that finds its agencies in the catalogue.
    #[arg(long)]
    agency: String,
    /// The platform, where it is enrolled and people sign in.
    #[arg(long)]
    endpoint: String,
    /// The node in its hall, when it knows no other way for its records.
    #[arg(long)]
    node: Option<String>,
    /// The township in which all its cases come in; by chance otherwise.
    #[arg(long)]
    township: Option<String>,
    /// Its folder: credentials, plan, outbox.
    #[arg(long)]
    data: PathBuf,
    /// The one-time enrolment code, used at the first start.
    #[arg(long)]
    code: String,
    /// How many cases it handles.
    #[arg(long)]
    cases: usize,
    /// Decides everything that is left to chance.
    #[arg(long)]
    seed: u64,
}

/// How many cases are worked on at once.
const AT_ONCE: usize = 16;
/// How often the number of settled records is reported.
const REPORT_EVERY: Duration = Duration::from_millis(100);
/// The public client of the sandbox's provider, and the address to which its browsers come back.
const OIDC_CLIENT: (&str, &str) = ("tongqiao-sandbox", "http://127.0.0.1:9/callback");

/// The department's whole day.
pub(crate) async fn run(arguments: Arguments) -> Result<(), DemoError> {
    end_with_orchestrator();
    log_file::open(&arguments.data.join("log.jsonl"))?;
    let credentials = credentials(&arguments).await?;
    let (client_id, redirect) = OIDC_CLIENT;
    let provider = IdentityProvider::new(&arguments.endpoint, client_id, redirect).map_err(DemoError::broken)?;
    let client = Client::builder(arguments.node.as_ref().unwrap_or(&arguments.endpoint), credentials)
        .store(arguments.data.join("outbox.sqlite"))
        .identity(provider)
        .numbers_in_stock(200)
        .build()
        .await
        .map_err(DemoError::broken)?;
    let plan = plan(&arguments, &client).await?;
    report(&Report::Planned { records: plan.records() });
    business::begin(plan.cases.len());
    let watcher = tokio::spawn(watch(client.clone()));

    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut working = JoinSet::new();
    for case in plan.cases {
        let place = Arc::clone(&places).acquire_owned().await.map_err(DemoError::broken)?;
        let client = client.clone();
        working.spawn(async move {
            let done = handle(&client, case).await;
            drop(place);
            done
        });
    }
    while let Some(done) = working.join_next().await {
        done.map_err(DemoError::broken)??;
    }
    watcher.await.map_err(DemoError::broken)??;
    money::reconcile(&client).await?;
    report(&Report::Done);
    // It stays open until it is killed, as a department's system does: there is no orderly end on which anything depends.
    std::future::pending().await
}

/// One case from sign-in to the last event, and its bill beside it.
async fn handle(client: &Client, case: PlannedCase) -> Result<(), DemoError> {
    let id = CaseId::from_bytes(case.id);
    if let Some(person) = &case.applicant.user
        && client.cases().get(id).await.map_err(DemoError::broken)?.is_none()
    {
        preparation::sign_in(client, id, person).await?;
    }
    let case = Arc::new(case);
    let business = tokio::spawn(business::carry_out(client.clone(), Arc::clone(&case)));
    if case.bill.is_some() {
        money::collect(client, &case).await?;
    }
    business.await.map_err(DemoError::broken)??;
    business::one_done();
    Ok(())
}

/// Reports how many records are settled until everything accepted is.
async fn watch(client: Client) -> Result<(), DemoError> {
    loop {
        let statistics = client.outbox().statistics().await.map_err(DemoError::broken)?;
        let waiting = statistics.pending + statistics.refused + statistics.expired + statistics.dead;
        // Said again and again: the orchestrator must tell a number that moves from one that does not.
        report(&Report::Settled { count: statistics.retained, accepted: statistics.retained + waiting });
        if business::is_over() && statistics.pending == 0 {
            return Ok(());
        }
        tokio::time::sleep(REPORT_EVERY).await;
    }
}

async fn credentials(arguments: &Arguments) -> Result<Credentials, DemoError> {
    let path = arguments.data.join("credentials.json");
    if path.exists() {
        return Credentials::from_file(&path).map_err(DemoError::broken);
    }
    let enrolment =
        tongqiao::enrol(&arguments.endpoint, &arguments.party, &arguments.code).map_err(DemoError::broken)?;
    let credentials = enrolment.run().await.map_err(DemoError::broken)?;
    credentials.to_file(&path).map_err(DemoError::broken)?;
    Ok(credentials)
}

/// The plan of an earlier life, or a new one over the catalogue.
async fn plan(arguments: &Arguments, client: &Client) -> Result<Plan, DemoError> {
    let path = arguments.data.join("plan.json");
    if let Some(plan) = Plan::load(&path)? {
        return Ok(plan);
    }
    let township = arguments.township.as_deref();
    let mut items = preparation::items(client, &arguments.agency).await?;
    items.retain(|item| township.is_none_or(|township| place::lies_in(township, &item.division)));
    let citizens = citizen::who_can_sign_in(&arguments.endpoint).await?;
    let now = client.platform_time();
    let mut plan = Plan::make(&arguments.party, &items, &citizens, arguments.cases, arguments.seed, now)?;
    if let Some(township) = township {
        plan.cases.iter_mut().for_each(|case| case.division = township.to_owned());
    }
    plan.save(&path)?;
    Ok(plan)
}
