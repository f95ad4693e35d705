//! Until when must I decide, and does the city count the same?
//!
//! `cargo run -p tongqiao-examples --bin deadlines -- <platform> <one-time code> <folder>`

use clap::Parser;
use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Complaint, ComplaintChannel, Grievance, OpenValue, PreReview, Procedure, Promise,
    SpecialBegin,
};
use tongqiao::{CaseDraft, CaseHandle, Client, Due, DutyStanding, Error, ItemQuery};
use tongqiao_examples::{Arguments, ended};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(deadlines(&Arguments::parse()).await)
}

async fn deadlines(arguments: &Arguments) -> Result<(), Error> {
    let client = arguments.join("social-security").await?;
    let items = client.items().find(&ItemQuery::text("社会保障卡申领")).await?;
    let Some(item) = items.first() else { return Ok(()) };
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .material("id-card", "居民身份证");
    let case = client.cases().open(&draft).await?;
    println!("收件 handed in");
    show(&client, &case).await?;

    let now = client.platform_time();
    let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await?;
    let accepted = Acceptance {
        accepted_on: now,
        handler: "测试经办".to_owned(),
        document_number: None,
        promise: Promise { working_days: item.promised_days.into(), due: now.plus_millis(14 * 86_400_000) },
    };
    client.cases().append(case.id(), CaseEventData::Accepted(accepted)).await?;
    println!("受理 accepted");
    show(&client, &case).await?;

    client.cases().append(case.id(), expert_review(&client)).await?;
    let complaint = Complaint {
        grounds: OpenValue::Known(Grievance::Conduct),
        text: "窗口无人".to_owned(),
        channel: OpenValue::Known(ComplaintChannel::Hotline),
    };
    let last = client.cases().append(case.id(), CaseEventData::Complained(complaint)).await?;
    println!("停表并被投诉 clock stopped, and a complaint");
    show(&client, &case).await?;

    last.settled().await?; // the platform has heard of everything
    compare(&client, &case).await?;
    client.close().await;
    Ok(())
}

/// A procedure of type 2 stops the clock (行政许可法第四十五条); one of type 1 moves the deadline.
fn expert_review(client: &Client) -> CaseEventData {
    CaseEventData::SpecialBegun(SpecialBegin {
        procedure: Procedure::Suspension,
        begun: client.platform_time(),
        reason: "专家评审".to_owned(),
        expected_working_days: Some(10),
        extended_by_days: None,
        approved_by: None,
    })
}

/// Counted here, without a network, by the mirrored calendar, guide and rules.
async fn show(client: &Client, case: &CaseHandle) -> Result<(), Error> {
    let report = client.cases().deadlines(case.id()).await?;
    for duty in &report.duties {
        let (name, basis) = (duty.duty.as_str(), duty.basis.as_str());
        match (duty.due, duty.standing) {
            (Due::On(day), DutyStanding::Running { days_left }) => {
                println!("  {name} {basis}: until {day}, {days_left} days left, {:?}", duty.calendar);
            }
            (Due::Stopped { since, days_left }, _) => {
                println!("  {name} {basis}: stopped since {since}, {days_left} days left");
            }
            (_, standing) => println!("  {name} {basis}: {standing:?}"),
        }
    }
    for alert in &report.alerts {
        println!("  {} {}", alert.rule.level.as_str(), alert.rule.id);
    }
    Ok(())
}

/// The platform's own signed word, and every value in which it differs.
async fn compare(client: &Client, case: &CaseHandle) -> Result<(), Error> {
    let said = client.cases().deadlines_of_platform(case.id()).await?;
    let differences = said.differences.unwrap_or_default();
    println!("平台同算 platform agrees: {} clocks, {} differences", said.statement.duties.len(), differences.len());
    for difference in &differences {
        println!("  {}: {:?} here, {:?} there", difference.what, difference.here, difference.platform);
    }
    Ok(())
}
