//! What may a citizen, a journalist or the next agency read, without an account?
//!
//! `cargo run -p tongqiao-examples --bin publication -- <platform> <one-time code> <folder>`

use clap::Parser;
use tongqiao::protocol::{CivilDate, QueryPassword};
use tongqiao::{CaseDraft, CaseHandle, Client, Error, ItemQuery, StatisticsBy};
use tongqiao_examples::{Arguments, ended};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(publication(&Arguments::parse()).await)
}

async fn publication(arguments: &Arguments) -> Result<(), Error> {
    let client = arguments.join("social-security").await?;
    let Some(case) = open(&client).await? else { return Ok(()) };
    case.settled().await?;
    ask_as_applicant(&client, &case).await?;
    figures(&client).await?;
    client.close().await;
    Ok(())
}

async fn open(client: &Client) -> Result<Option<CaseHandle>, Error> {
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let Some(item) = items.first() else { return Ok(None) };
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证");
    client.cases().open(&draft).await.map(Some)
}

/// Number and password stand on the applicant's receipt; the platform knows only a digest of the password.
async fn ask_as_applicant(client: &Client, case: &CaseHandle) -> Result<(), Error> {
    let password = client.cases().query_password(case.id()).await?;
    let progress = client.publication().progress(&case.number(), &password).await?;
    println!("进度 progress: {} {}", progress.state, progress.agency.map(|agency| agency.zh).unwrap_or_default());
    for step in &progress.steps {
        println!("  {} {}", step.kind, step.time);
    }

    let Ok(wrong) = QueryPassword::parse("0000-0000-0000") else { return Ok(()) };
    if let Err(refused) = client.publication().progress(&case.number(), &wrong).await {
        println!("密码不符 wrong password: {}", refused.code());
    }
    Ok(())
}

/// Figures never tell of few: what too few cases share stands together, or is withheld.
async fn figures(client: &Client) -> Result<(), Error> {
    let catalogue = client.items().catalogue().await?;
    println!("公布 published: {} agencies, {} questions", catalogue.agencies().len(), catalogue.questions().len());
    let today = CivilDate::of(client.platform_time());
    let figures = client.publication().statistics(today, today, StatisticsBy::Agency).await?;
    println!("统计 statistics: {} cases shown, withheld {}", figures.total.cases, figures.withheld);
    Ok(())
}
