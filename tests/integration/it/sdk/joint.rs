//! A joint procedure with the client library: one window opens it, three departments work on it, one answers.

use serde_json::json;
use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Decision, DecisionResult, JointClosing, OpenValue, PartnerOutcome, PartnerResult,
    Procedure, ProjectStage, Promise, SpecialBegin,
};
use tongqiao::protocol::inbox::InboxKind;
use tongqiao::protocol::{CaseId, ErrorCode, ProjectCode};
use tongqiao::{Basis, CaseDraft, CaseHandle, CaseState, Client, Duty, Item, ItemQuery, JointDraft, JointRole};
use tongqiao_protocol::Suite;

use super::cases::PATIENCE;
use super::sandbox::{CITIZEN, Sandbox};

const PROJECT: &str = "2601-340700-04-01-000017";

async fn enrolled(sandbox: &Sandbox, party: &str, grant: serde_json::Value) -> Client {
    let code = sandbox.post("/sandbox/enrolment-codes", &grant).await;
    let code = code["code"].as_str().unwrap().to_owned();
    let credentials = tongqiao::enrol(&sandbox.url(), party, &code).unwrap().suite(Suite::ShangMi).run().await.unwrap();
    let client = sandbox.builder(&credentials).store(sandbox.path(&format!("{party}.sqlite"))).build().await.unwrap();
    // Hears what time it is at the platform, before anything is said of days.
    client.refresh_directory().await.unwrap();
    client
}

/// Far from midnight, where a second of doubt is no day.
async fn sandbox() -> Sandbox {
    Sandbox::start_at("2026-11-23T10:00:00+08:00".parse().unwrap()).await
}

/// Two items of the city that different agencies handle, and that a person may apply for.
async fn items(client: &Client) -> [std::sync::Arc<Item>; 2] {
    let all = client.items().find(&ItemQuery::all()).await.unwrap();
    let fit = |item: &&std::sync::Arc<Item>| {
        let is_personal = item.targets.codes.iter().any(|code| code == "1");
        item.division.as_deref() == Some("340700000000") && is_personal && item.form.len() == 2
    };
    let first = all.iter().find(fit).unwrap();
    let second = all.iter().filter(fit).find(|item| item.agency.code != first.agency.code).unwrap();
    [first.clone(), second.clone()]
}

fn draft(item: &Item) -> CaseDraft {
    let mut draft = CaseDraft::for_item(item).person("测试用户", CITIZEN);
    for material in item.materials.iter().filter(|material| material.required) {
        draft = draft.material(&material.key, &material.name.zh);
    }
    for field in &item.form {
        let value = match (field.kind.as_str(), field.choices.first()) {
            (_, Some(choice)) => choice.zh.clone(),
            ("phone", _) => "13800000000".to_owned(),
            _ => "填写".to_owned(),
        };
        draft = draft.field(&field.key, value);
    }
    draft
}

fn accepted(client: &Client) -> CaseEventData {
    let now = client.platform_time();
    let promise = Promise { working_days: 5, due: now.plus_millis(7 * 86_400_000) };
    let handler = "测试经办".to_owned();
    CaseEventData::Accepted(Acceptance { accepted_on: now, handler, document_number: None, promise })
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

async fn settles(event: CaseHandle) {
    tokio::time::timeout(PATIENCE, event.settled()).await.unwrap().unwrap();
}

/// Takes the next dispatched case over.
async fn taken_over(client: &Client) -> CaseId {
    loop {
        let entry = tokio::time::timeout(PATIENCE, client.inbox().next()).await.unwrap().unwrap();
        client.inbox().acknowledge(entry.id).await.unwrap();
        if entry.kind == OpenValue::Known(InboxKind::CaseDispatched) {
            let case = entry.subject.parse().unwrap();
            client.cases().take_over(case).await.unwrap();
            return case;
        }
    }
}

#[tokio::test]
async fn one_window_opens_all_cases_each_agency_handles_its_own_and_the_lead_answers_last() {
    let mut sandbox = sandbox().await;
    let window = enrolled(&sandbox, "window", json!({})).await;
    let [shop, fire] = items(&window).await;
    let leading = enrolled(&sandbox, "leading", json!({ "handles": [shop.agency.code] })).await;
    let partner = enrolled(&sandbox, "partner", json!({ "handles": [fire.agency.code] })).await;
    window.items().refresh().await.unwrap();

    // The platform may be away: everything has its number before it hears of anything.
    window.cases().check(&draft(&shop)).await.unwrap();
    let stock = window.cases().open(&draft(&shop)).await.unwrap();
    settles(stock).await;
    taken_over(&leading).await;
    sandbox.stop().await;
    let procedure = JointDraft::new(draft(&shop).project(PROJECT, ProjectStage::Planning)).partner(draft(&fire));
    let opened = window.cases().open_joint(&procedure).await.unwrap();
    assert_ne!(opened.lead.number(), opened.partners[0].number());
    sandbox.start_again().await;
    let receipts = tokio::time::timeout(PATIENCE, opened.settled()).await.unwrap().unwrap();
    assert_eq!(receipts.len(), 2);

    assert_eq!(taken_over(&leading).await, opened.lead.id());
    assert_eq!(taken_over(&partner).await, opened.partners[0].id());
    let (lead, part) = (opened.lead.id(), opened.partners[0].id());
    settles(leading.cases().append(lead, accepted(&leading)).await.unwrap()).await;
    let duties = leading.cases().deadlines(lead).await.unwrap().duties;
    let deciding: Vec<_> = duties.iter().filter(|duty| duty.duty == Duty::Decide).collect();
    assert_eq!(
        deciding.iter().map(|duty| (duty.basis, duty.limit.days())).collect::<Vec<_>>(),
        [(Basis::Statutory, 45)]
    );
    let said = leading.cases().deadlines_of_platform(lead).await.unwrap();
    assert_eq!(said.differences, Some(Vec::new()));

    let view = leading.cases().joint(lead).await.unwrap();
    assert_eq!((view.closes, view.cases[0].role), (Some(JointClosing::AfterPartners), JointRole::Lead));
    assert_eq!(view.results(), Err(vec![part]), "the partner is waited for");
    settles(partner.cases().append(part, accepted(&partner)).await.unwrap()).await;
    settles(partner.cases().append(part, decided(&partner, Vec::new())).await.unwrap()).await;
    let view = leading.cases().joint(lead).await.unwrap();
    let results = view.results().unwrap();
    let granted = OpenValue::Known(PartnerOutcome::Granted);
    assert_eq!(results, [PartnerResult { case: part, outcome: granted }]);
    settles(leading.cases().append(lead, decided(&leading, results)).await.unwrap()).await;

    let listed = leading.cases().project(&ProjectCode::parse(PROJECT).unwrap()).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|one| (one.case, one.stage.as_str(), one.lead)).collect();
    assert_eq!(listed, [(lead, "planning", Some(lead))]);
    let own = window.cases().joint(part).await.unwrap();
    assert_eq!((own.lead, own.cases[0].state), (lead, CaseState::Decided));
}

#[tokio::test]
async fn what_is_wrong_with_any_of_the_drafts_is_told_at_once_and_nothing_is_opened() {
    let sandbox = sandbox().await;
    let window = enrolled(&sandbox, "window", json!({})).await;
    let [shop, fire] = items(&window).await;
    let faulty = CaseDraft::for_item(&fire).person("测试用户", "340702196802290212");
    let procedure = JointDraft::new(CaseDraft::for_item(&shop).person("测试用户", CITIZEN)).partner(faulty);
    let refused = window.cases().open_joint(&procedure).await.unwrap_err();
    let paths: Vec<_> = refused.faults().iter().map(|fault| fault.path.as_str()).collect();
    assert!(paths.contains(&"/lead/data/materials"), "{paths:?}");
    assert!(paths.contains(&"/partners/0/data/applicant/identity/number"), "{paths:?}");
    assert_eq!(window.outbox().statistics().await.unwrap().pending, 0);
    let lonely = window.cases().open_joint(&JointDraft::new(draft(&shop))).await.unwrap_err();
    assert_eq!(lonely.faults()[0].path, "/lead/data/joint/partners");
}

#[tokio::test]
async fn the_same_procedure_opened_twice_is_one_and_another_under_its_id_is_none() {
    let sandbox = sandbox().await;
    let window = enrolled(&sandbox, "window", json!({})).await;
    let [shop, fire] = items(&window).await;
    let case = CaseId::from_time_and_random(window.platform_time(), [7; 10]);
    let procedure = JointDraft::new(draft(&shop).case_id(case)).partner(draft(&fire));
    let first = window.cases().open_joint(&procedure).await.unwrap();
    let again = window.cases().open_joint(&procedure).await.unwrap();
    let numbers = |handle: &tongqiao::JointHandle| (handle.lead.number(), handle.partners[0].number());
    assert_eq!(numbers(&first), numbers(&again));
    tokio::time::timeout(PATIENCE, again.settled()).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["effects"]["cases"].as_array().unwrap().len(), 2);
    let other = procedure.clone().closes(JointClosing::AfterPromises);
    assert_eq!(window.cases().open_joint(&other).await.unwrap_err().code(), ErrorCode::EventIdConflict);
    let alone = window.cases().open(&draft(&shop).case_id(case)).await.unwrap_err();
    assert_eq!(alone.code(), ErrorCode::EventIdConflict, "a case with a part is not one without");
}

#[tokio::test]
async fn a_lead_that_forgets_a_partner_or_extends_without_the_government_is_refused_here() {
    let sandbox = sandbox().await;
    let window = enrolled(&sandbox, "window", json!({})).await;
    let [shop, fire] = items(&window).await;
    let procedure = JointDraft::new(draft(&shop)).partner(draft(&fire));
    let opened = window.cases().open_joint(&procedure).await.unwrap();
    let (lead, part) = (opened.lead.id(), opened.partners[0].id());
    window.cases().append(lead, accepted(&window)).await.unwrap();
    let extension = |days, by: Option<&str>| {
        CaseEventData::SpecialBegun(SpecialBegin {
            procedure: Procedure::Extension,
            begun: window.platform_time(),
            reason: "会商".to_owned(),
            expected_working_days: None,
            extended_by_days: days,
            approved_by: by.map(str::to_owned),
        })
    };
    for (change, paths) in [
        (extension(None, None), vec!["/data/approved_by", "/data/extended_by_days"]),
        (extension(Some(16), Some("市人民政府")), vec!["/data/extended_by_days"]),
        (decided(&window, Vec::new()), vec!["/data/partners"]),
        (
            decided(&window, vec![PartnerResult { case: lead, outcome: PartnerOutcome::Granted.into() }]),
            vec!["/data/partners/0", "/data/partners"],
        ),
    ] {
        let refused = window.cases().append(lead, change).await.unwrap_err();
        assert_eq!(refused.faults().iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), paths);
    }
    window.cases().append(lead, extension(Some(15), Some("市人民政府"))).await.unwrap();
    window.cases().append(part, accepted(&window)).await.unwrap();
    let told = vec![PartnerResult { case: part, outcome: PartnerOutcome::Granted.into() }];
    let boasting = window.cases().append(part, decided(&window, told.clone())).await.unwrap_err();
    assert_eq!(boasting.faults()[0].code, ErrorCode::CaseJointMismatch);

    // Said too early, the platform refuses it; said anew when it is so, it stands.
    let early = window.cases().append(lead, decided(&window, told.clone())).await.unwrap();
    let refused = tokio::time::timeout(PATIENCE, early.settled()).await.unwrap().unwrap_err();
    assert_eq!(refused.faults()[0].code, ErrorCode::CaseJointOpen);
    settles(window.cases().append(part, decided(&window, Vec::new())).await.unwrap()).await;
    settles(window.cases().supersede(early.event(), decided(&window, told)).await.unwrap()).await;
    let days = window.cases().deadlines(lead).await.unwrap().duties;
    let statutory = days.iter().find(|duty| (duty.duty, duty.basis) == (Duty::Decide, Basis::Statutory)).unwrap();
    assert_eq!(statutory.limit.days(), 60);
}
