//! How does a case go from application to evaluation, with papers missing in between?
//!
//! `cargo run -p tongqiao-examples --bin case-life -- <platform> <one-time code> <folder>`

use std::time::Duration;

use clap::Parser;
use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Citation, Correction, CorrectionLine, CorrectionNotice, Decision, DecisionResult,
    Delivery, DeliveryMethod, Evaluation, EvaluationChannel, EvaluationFollowUp, Finding, OpenValue, PreReview,
    Promise, Step,
};
use tongqiao::{CaseDraft, CaseHandle, Client, Error, ItemQuery};
use tongqiao_examples::{Arguments, ended};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(case_life(&Arguments::parse()).await)
}

async fn case_life(arguments: &Arguments) -> Result<(), Error> {
    let client = arguments.join("social-security").await?;
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let Some(item) = items.first() else { return Ok(()) };
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证");
    let case = client.cases().open(&draft).await?;
    println!("办件编号 case number {}", case.number());

    let reviewed = PreReview { result: "身份证影印件不清".to_owned(), handler: "测试经办".to_owned() };
    client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await?;
    demand_what_the_guide_does_not_say(&client, &case).await?;
    correct(&client, &case).await?;
    handle(&client, &case, item.promised_days.into()).await?;
    evaluate(&client, &case).await?;

    if let Some(view) = client.cases().get(case.id()).await? {
        for event in &view.events {
            let position = event.receipt.as_ref().map(|receipt| receipt.position);
            println!("  {} {position:?}", event.kind);
        }
        println!("状态 state {}", view.state.map_or("?", |state| state.as_str()));
    }
    client.close().await;
    Ok(())
}

/// Nothing may be demanded that the published guide does not say: such a notice is refused before it is signed.
async fn demand_what_the_guide_does_not_say(client: &Client, case: &CaseHandle) -> Result<(), Error> {
    let line = CorrectionLine {
        cites: Citation::Material,
        id: "proof-that-you-are-you".to_owned(),
        text: "请提交证明".to_owned(),
    };
    let notice = CorrectionNotice { lines: vec![line], handler: "测试经办".to_owned(), due: None };
    if let Err(refused) = client.cases().append(case.id(), CaseEventData::CorrectionRequested(notice)).await {
        for fault in refused.faults() {
            println!("  {} {}", fault.path, fault.code);
        }
    }
    Ok(())
}

/// One notice, complete (行政许可法第三十二条), and its answer.
async fn correct(client: &Client, case: &CaseHandle) -> Result<(), Error> {
    let line = CorrectionLine {
        cites: Citation::Material,
        id: "id-card".to_owned(),
        text: "影印件请重新拍摄，四角完整".to_owned(),
    };
    let notice = CorrectionNotice { lines: vec![line.clone()], handler: "测试经办".to_owned(), due: None };
    client.cases().append(case.id(), CaseEventData::CorrectionRequested(notice)).await?;

    let corrected = Correction { lines: vec![line], materials: Vec::new() };
    client.cases().append(case.id(), CaseEventData::Corrected(corrected)).await?;
    Ok(())
}

/// Accepted, worked on, decided, handed over.
async fn handle(client: &Client, case: &CaseHandle, promised_days: u32) -> Result<(), Error> {
    let now = client.platform_time();
    let accepted = Acceptance {
        accepted_on: now,
        handler: "测试经办".to_owned(),
        document_number: None,
        promise: Promise { working_days: promised_days, due: now.plus_millis(14 * 86_400_000) },
    };
    client.cases().append(case.id(), CaseEventData::Accepted(accepted)).await?;
    let step =
        Step { step: "制卡".to_owned(), started: now, ended: now, handler: "测试制卡".to_owned(), opinion: None };
    client.cases().append(case.id(), CaseEventData::StepRecorded(step)).await?;
    let decided = Decision {
        result: OpenValue::Known(DecisionResult::Granted),
        decided_on: now,
        handler: "测试主管".to_owned(),
        explanation: None,
        licence: None,
        partners: Vec::new(),
    };
    client.cases().append(case.id(), CaseEventData::Decided(decided)).await?;
    let delivered = Delivery {
        method: OpenValue::Known(DeliveryMethod::Express),
        delivered_on: now,
        logistics_number: Some("TEST-0001".to_owned()),
    };
    client.cases().append(case.id(), CaseEventData::Delivered(delivered)).await?;
    Ok(())
}

/// 1 is best; 4 and 5 call for a follow-up, once each.
async fn evaluate(client: &Client, case: &CaseHandle) -> Result<(), Error> {
    let bad = Evaluation {
        score: 4,
        channel: OpenValue::Known(EvaluationChannel::Message),
        comment: Some("等得太久".to_owned()),
    };
    let bad = client.cases().append(case.id(), CaseEventData::Evaluated(bad)).await?;
    let followed_up = EvaluationFollowUp {
        evaluation: bad.event(),
        finding: OpenValue::Known(Finding::PartlyFounded),
        measures: "增设一台制卡机".to_owned(),
        handler: "测试主管".to_owned(),
    };
    let last = client.cases().append(case.id(), CaseEventData::EvaluationFollowedUp(followed_up)).await?;
    // Events of a case settle in their order: when the last is settled, all are.
    match tokio::time::timeout(Duration::from_secs(60), last.settled()).await {
        Ok(receipt) => println!("已落定 settled: position {}", receipt?.position),
        Err(_) => println!("仍在途 still on its way"), // nothing is lost: it will be sent when the line is back
    }
    Ok(())
}
