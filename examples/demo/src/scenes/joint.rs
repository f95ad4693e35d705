//! 并联办理: two agencies handle one matter at the same time, in a construction project. The answer to the applicant comes when both have
//! ended, and not before.

use tongqiao::JointDraft;
use tongqiao::protocol::CaseId;
use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Decision, DecisionResult, OpenValue, PartnerResult, ProjectStage, Promise,
};

use super::Act;
use super::stage::{Stage, draft};
use crate::error::DemoError;

/// An investment project's code.
const PROJECT: &str = "2601-340700-04-01-000017";

pub(super) async fn play(stage: &Stage, act: &mut Act) -> Result<(), DemoError> {
    let items = stage.items().await?;
    let cases = stage.client.cases();
    let procedure =
        JointDraft::new(draft(&items[0]).project(PROJECT, ProjectStage::Planning)).partner(draft(&items[1]));
    let opened = cases.open_joint(&procedure).await.map_err(DemoError::broken)?;
    opened.settled().await.map_err(DemoError::broken)?;
    let lead = opened.lead.id();
    let partner = opened.partners.first().map(|partner| partner.id()).ok_or_else(|| DemoError::broken("no partner"))?;
    for case in [lead, partner] {
        append(stage, case, accepted(stage)).await?;
    }
    let view = cases.joint(lead).await.map_err(DemoError::broken)?;
    act.must(
        view.results().is_err(),
        "协办件未办结，牵头件却可答复",
        "the leading case could be answered before its partner",
    );
    append(stage, partner, decided(stage, Vec::new())).await?;
    let view = cases.joint(lead).await.map_err(DemoError::broken)?;
    match view.results() {
        Ok(results) => append(stage, lead, decided(stage, results)).await?,
        Err(waiting) => {
            act.must(false, "协办件均已办结，牵头件仍不能答复", format!("{} partners still wait", waiting.len()))
        }
    }
    judge(stage, act, lead, partner)
}

/// By the platform's books: both decided, the partner first, and both in one procedure.
fn judge(stage: &Stage, act: &mut Act, lead: CaseId, partner: CaseId) -> Result<(), DemoError> {
    let books = stage.books()?;
    let decided_at = |case: CaseId| {
        let query = "SELECT position FROM event WHERE case_id = ?1 AND kind = 'decided' AND effect = 1";
        books.query_row(query, [case.as_bytes()], |row| row.get::<_, i64>(0)).ok()
    };
    let (of_lead, of_partner) = (decided_at(lead), decided_at(partner));
    let in_order = of_partner.is_some() && of_partner < of_lead;
    act.must(in_order, "牵头件先于协办件作出决定", "the leading case was not decided after its partner");
    let members: i64 = books
        .query_row(
            "SELECT count(*) FROM joint_member WHERE lead = ?1 AND place IS NOT NULL",
            [lead.as_bytes()],
            |row| row.get(0),
        )
        .map_err(DemoError::broken)?;
    act.must(members == 2, "联办成员与计划不符", "another number of cases in the joint procedure");
    act.came_to("联办件（牵头与协办）", "cases of a joint procedure, answered together", members);
    Ok(())
}

async fn append(stage: &Stage, case: CaseId, data: CaseEventData) -> Result<(), DemoError> {
    let appended = stage.client.cases().append(case, data).await.map_err(DemoError::broken)?;
    appended.settled().await.map(drop).map_err(DemoError::broken)
}

fn accepted(stage: &Stage) -> CaseEventData {
    let now = stage.client.platform_time();
    CaseEventData::Accepted(Acceptance {
        accepted_on: now,
        handler: "测试经办人".to_owned(),
        document_number: None,
        promise: Promise { working_days: 5, due: now.plus_millis(7 * 86_400_000) },
    })
}

fn decided(stage: &Stage, partners: Vec<PartnerResult>) -> CaseEventData {
    CaseEventData::Decided(Decision {
        result: OpenValue::Known(DecisionResult::Granted),
        decided_on: stage.client.platform_time(),
        handler: "测试主管".to_owned(),
        explanation: None,
        licence: None,
        partners,
    })
}
