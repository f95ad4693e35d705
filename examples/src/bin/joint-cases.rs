//! How do several agencies handle one matter at the same time, with one answer to the applicant?
//!
//! `cargo run -p tongqiao-examples --bin joint-cases -- <platform> <one-time code> <folder>`

use clap::Parser;
use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Decision, DecisionResult, OpenValue, PartnerResult, ProjectStage, Promise,
};
use tongqiao::protocol::{CaseId, ProjectCode};
use tongqiao::{CaseDraft, Client, Error, Item, ItemQuery, JointDraft};
use tongqiao_examples::{Arguments, ended};

/// An investment project of nobody's.
const PROJECT: &str = "2601-340700-04-01-000017";

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(joint_cases(&Arguments::parse()).await)
}

async fn joint_cases(arguments: &Arguments) -> Result<(), Error> {
    let client = arguments.join("government-window").await?;
    let items = client.items().find(&ItemQuery::text("社会保障卡").division("340700")).await?;
    let [leading, partner, ..] = items.as_slice() else { return Ok(()) };

    let lead = draft(leading).project(PROJECT, ProjectStage::Planning);
    let procedure = JointDraft::new(lead).partner(draft(partner));
    let opened = client.cases().open_joint(&procedure).await?; // all of them are on disk, or none
    println!("牵头件 lead {}", opened.lead.number());
    for partner in &opened.partners {
        println!("协办件 partner {}", partner.number());
    }
    opened.settled().await?;

    // Each agency goes on with its own case; here one program plays both.
    let (lead, partner) = (opened.lead.id(), opened.partners.first().map_or(opened.lead.id(), |one| one.id()));
    client.cases().append(lead, accepted(&client)).await?;
    client.cases().append(partner, accepted(&client)).await?.settled().await?;
    answer(&client, lead).await?;
    client.cases().append(partner, decided(&client, Vec::new())).await?.settled().await?;
    answer(&client, lead).await?;
    of_project(&client).await?;
    client.close().await;
    Ok(())
}

/// The lead is decided when every partner has ended, and its decision says what became of each.
async fn answer(client: &Client, lead: CaseId) -> Result<(), Error> {
    let view = client.cases().joint(lead).await?;
    match view.results() {
        Ok(results) => {
            client.cases().append(lead, decided(client, results)).await?.settled().await?;
            println!("已统一答复 answered");
        }
        Err(waiting) => println!("尚有 {} 件未办结 still waiting", waiting.len()),
    }
    Ok(())
}

/// Everything that was applied for in one construction project.
async fn of_project(client: &Client) -> Result<(), Error> {
    let Ok(code) = ProjectCode::parse(PROJECT) else { return Ok(()) };
    for case in client.cases().project(&code).await? {
        println!("项目 project {code}: {} {} {}", case.stage, case.number, case.state);
    }
    Ok(())
}

fn draft(item: &Item) -> CaseDraft {
    let mut draft = CaseDraft::for_item(item).person("测试用户", "340705199001010016");
    for material in item.materials.iter().filter(|material| material.required) {
        draft = draft.material(&material.key, &material.name.zh);
    }
    for field in item.form.iter().filter(|field| field.required) {
        let value = field.choices.first().map_or("填写", |choice| &choice.zh);
        draft = draft.field(&field.key, if field.kind == "phone" { "13800000000" } else { value });
    }
    draft
}

fn accepted(client: &Client) -> CaseEventData {
    let now = client.platform_time();
    CaseEventData::Accepted(Acceptance {
        accepted_on: now,
        handler: "测试经办".to_owned(),
        document_number: None,
        promise: Promise { working_days: 5, due: now.plus_millis(7 * 86_400_000) },
    })
}

fn decided(client: &Client, partners: Vec<PartnerResult>) -> CaseEventData {
    CaseEventData::Decided(Decision {
        result: OpenValue::Known(DecisionResult::Granted),
        decided_on: client.platform_time(),
        handler: "测试主管".to_owned(),
        explanation: None,
        licence: None,
        partners,
    })
}
