//! What anybody may ask of the city: guides, progress by receipt, figures, masked data.

use serde_json::{Value, json};
use tongqiao::{Client, StatisticsBy};
use tongqiao_protocol::case::{Acceptance, Promise};
use tongqiao_protocol::case::{
    CaseEventData, Decision, DecisionResult, Evaluation, EvaluationChannel, OpenValue, PreReview,
};
use tongqiao_protocol::limits::{QUERY_FAILURES_MAX, QUERY_LOCK_MS};
use tongqiao_protocol::{CivilDate, ErrorCode, QueryPassword, Timestamp};

use super::cases::PATIENCE;
use super::sandbox::{CITIZEN, Sandbox, draft, reqwest_client};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn wrong() -> QueryPassword {
    QueryPassword::parse("0000-0000-0000").unwrap()
}

async fn settled(case: tongqiao::CaseHandle) {
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
}

/// A case that was accepted, decided and evaluated.
async fn finished_case(client: &Client) -> tongqiao::CaseHandle {
    let case = client.cases().open(&draft(client).await).await.unwrap();
    let now = client.platform_time();
    let accepted = Acceptance {
        accepted_on: now,
        handler: "测试经办".to_owned(),
        document_number: None,
        promise: Promise { working_days: 5, due: now.plus_millis(7 * 86_400_000) },
    };
    client.cases().append(case.id(), CaseEventData::Accepted(accepted)).await.unwrap();
    let decided = Decision {
        result: OpenValue::Known(DecisionResult::Granted),
        decided_on: now,
        handler: "测试经办".to_owned(),
        explanation: None,
        licence: None,
        partners: Vec::new(),
    };
    client.cases().append(case.id(), CaseEventData::Decided(decided)).await.unwrap();
    let evaluated =
        Evaluation { score: 1, channel: OpenValue::Known(EvaluationChannel::Window), comment: Some("快".to_owned()) };
    settled(client.cases().append(case.id(), CaseEventData::Evaluated(evaluated)).await.unwrap()).await;
    case
}

#[tokio::test]
async fn whoever_holds_the_receipt_sees_how_the_case_stands_and_nobody_s_name() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    let reviewed = PreReview { result: "内部意见：材料齐全".to_owned(), handler: "测试经办".to_owned() };
    settled(client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await.unwrap()).await;

    let password = client.cases().query_password(case.id()).await.unwrap();
    assert!(password == client.cases().query_password(case.id()).await.unwrap(), "a receipt can be printed again");
    let progress = client.publication().progress(&case.number(), &password).await.unwrap();
    assert_eq!((progress.number, progress.state.as_str()), (case.number(), "pre-reviewed"));
    assert_eq!(progress.steps.iter().map(|step| step.kind.as_str()).collect::<Vec<_>>(), ["applied", "pre-reviewed"]);
    assert!(progress.agency.is_some() && !progress.duties.is_empty());
    let told = serde_json::to_string(&progress).unwrap();
    for inside in ["测试用户", CITIZEN, "测试经办", "内部意见", "13800000000"] {
        assert!(!told.contains(inside), "{inside} is nobody else's business: {told}");
    }
    let answer = reqwest_client()
        .post(format!("{}/v1/progress-queries", sandbox.url()))
        .json(&json!({ "number": case.number(), "password": password.grouped().to_lowercase() }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn a_prepared_case_has_its_password_before_it_is_submitted_and_two_stores_have_different_secrets() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let prepared = client.cases().prepare(&draft(&client).await).await.unwrap();
    let password = client.cases().query_password(prepared.case()).await.unwrap();
    settled(client.cases().submit(prepared.bytes()).await.unwrap()).await;
    let number = prepared.number().unwrap();
    assert_eq!(client.publication().progress(&number, &password).await.unwrap().state, "applied");
    let other = sandbox.client("natural-resources").await;
    let elsewhere = other.cases().query_password(prepared.case()).await.unwrap();
    assert!(elsewhere != password);
    let refused = other.publication().progress(&number, &elsewhere).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProgressMismatch);
}

#[tokio::test]
async fn wrong_passwords_lock_a_number_whether_or_not_there_is_such_a_case() {
    let sandbox = Sandbox::start_at(time("2026-10-12T10:00:00+08:00")).await;
    let client = sandbox.client("civil-affairs").await;
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    settled(case.clone()).await;
    let password = client.cases().query_password(case.id()).await.unwrap();
    let nobody = {
        let (division, year) = (case.number().division().parse().unwrap(), 2026);
        tongqiao_protocol::CaseNumber::build(&division, year, 9_999_999).unwrap()
    };
    for number in [case.number(), nobody] {
        for attempt in 1..=QUERY_FAILURES_MAX {
            let code = client.publication().progress(&number, &wrong()).await.unwrap_err().code();
            let locks = attempt == QUERY_FAILURES_MAX;
            assert_eq!(code, if locks { ErrorCode::ProgressLocked } else { ErrorCode::ProgressMismatch }, "{attempt}");
        }
    }
    // The right password does not open it either, until the time is over.
    let locked = client.publication().progress(&case.number(), &password).await.unwrap_err();
    assert_eq!(locked.code(), ErrorCode::ProgressLocked);
    assert_eq!(locked.retry_after().map(|wait| wait.as_millis()), Some(QUERY_LOCK_MS.unsigned_abs().into()));
    sandbox.now_is(time("2026-10-12T10:14:59.999+08:00"));
    let still = client.publication().progress(&case.number(), &password).await.unwrap_err();
    assert_eq!(still.code(), ErrorCode::ProgressLocked);
    sandbox.now_is(time("2026-10-12T10:15:00+08:00"));
    assert!(client.publication().progress(&case.number(), &password).await.is_ok());
    // And with it all failures are forgotten.
    let code = client.publication().progress(&case.number(), &wrong()).await.unwrap_err().code();
    assert_eq!(code, ErrorCode::ProgressMismatch);
}

#[tokio::test]
async fn what_is_no_number_or_password_is_told_with_all_faults_and_counts_as_no_guess() {
    let sandbox = Sandbox::start().await;
    let answer = reqwest_client()
        .post(format!("{}/v1/progress-queries", sandbox.url()))
        .json(&json!({ "number": "12", "password": "short" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let problem: Value = answer.json().await.unwrap();
    let paths: Vec<_> = problem["faults"].as_array().unwrap().iter().map(|fault| fault["path"].clone()).collect();
    assert_eq!(paths, ["/number", "/password"]);
}

#[tokio::test]
async fn figures_and_open_data_tell_of_many_and_of_nobody() {
    let sandbox = Sandbox::start_at(time("2026-10-12T10:00:00+08:00")).await;
    let client = sandbox.client("civil-affairs").await;
    for _ in 0..6 {
        finished_case(&client).await;
    }
    let (from, to) = (day("2026-10-01"), day("2026-10-31"));
    for by in [StatisticsBy::Agency, StatisticsBy::Item, StatisticsBy::Division, StatisticsBy::Month] {
        let figures = client.publication().statistics(from, to, by).await.unwrap();
        assert_eq!((figures.rows.len(), figures.withheld), (1, false), "{by:?}");
        let total = &figures.total;
        assert_eq!((total.cases, total.accepted, total.decided, total.granted), (6, 6, 6, 6));
        assert_eq!((total.evaluations, total.satisfied_rate.as_deref()), (6, Some("1.0000")));
        assert_eq!((total.online, total.online_rate.as_deref()), (0, Some("0.0000")));
    }
    // A month that runs is not told of yet.
    let running = client.publication().open_data("2026-10", None).await.unwrap_err();
    assert_eq!(running.code(), ErrorCode::RequestOutOfRange);
    sandbox.now_is(time("2026-11-01T00:00:00+08:00"));
    let page = client.publication().open_data("2026-10", None).await.unwrap();
    assert_eq!((page.rows.len(), page.cases, page.withheld), (6, 6, 0));
    assert!(page.rows.iter().all(|row| row.item.is_some() && row.result.as_deref() == Some("granted")));
    // November's one case is nobody's business, neither in rows nor by subtraction.
    finished_case(&sandbox.client("natural-resources").await).await;
    let figures = client.publication().statistics(from, day("2026-11-30"), StatisticsBy::Month).await.unwrap();
    assert_eq!((figures.total.cases, figures.withheld), (6, true));
    sandbox.now_is(time("2026-12-01T00:00:00+08:00"));
    let page = client.publication().open_data("2026-11", None).await.unwrap();
    assert_eq!((page.rows.len(), page.withheld), (0, 1));

    let csv = reqwest_client()
        .get(format!("{}/v1/open-data/cases?month=2026-10&limit=2&after=1", sandbox.url()))
        .header("accept", "text/csv")
        .send()
        .await
        .unwrap();
    let lines = csv.text().await.unwrap();
    assert_eq!(lines.lines().count(), 3, "a header and two rows: {lines}");
    assert!(lines.starts_with("month,item,division,applicant,online,state,result,working_days\n"), "{lines}");
}

#[tokio::test]
async fn bad_questions_for_figures_are_told_with_all_faults() {
    let sandbox = Sandbox::start().await;
    for (question, paths) in [
        ("/v1/statistics", vec!["/query/from", "/query/to"]),
        ("/v1/statistics?from=2026-02-30&to=x&by=shoe", vec!["/query/from", "/query/to", "/query/by"]),
        ("/v1/statistics?from=2026-02-02&to=2026-02-01", vec!["/query/to"]),
        ("/v1/statistics?from=2025-01-01&to=2026-01-02", vec!["/query/to"]),
        ("/v1/open-data/cases", vec!["/query/month"]),
        ("/v1/open-data/cases?month=2026-13&limit=0&after=-1", vec!["/query/month", "/query/after", "/query/limit"]),
        ("/v1/open-data/cases?month=2025-01&limit=1001", vec!["/query/limit"]),
        ("/v1/agencies?division=34x", vec!["/query/division"]),
        ("/v1/guides/11340700TQ1100017W?version=one", vec!["/query/version"]),
    ] {
        let problem = sandbox.get(question).await;
        let told: Vec<_> = problem["faults"].as_array().unwrap().iter().map(|fault| fault["path"].clone()).collect();
        assert_eq!(told, paths, "{question}: {problem:#}");
    }
    assert!(sandbox.get("/v1/statistics?from=2025-01-01&to=2026-01-01").await["rows"].is_array(), "366 days");
}

#[tokio::test]
async fn guides_lists_and_questions_are_those_of_the_mirrored_catalogue() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let catalogue = client.items().catalogue().await.unwrap();
    let found = client.items().find(&tongqiao::ItemQuery::text("采伐")).await.unwrap();
    let item = &found[0];
    let guide = sandbox.get(&format!("/v1/guides/{}", item.code)).await;
    assert_eq!(guide["edition"], catalogue.edition().digest.to_string());
    assert_eq!(guide["item"], serde_json::to_value(item.as_ref()).unwrap());
    assert_eq!(guide["agency"]["code"], item.agency.code);
    let questions: Vec<_> = catalogue.questions_about(item).collect();
    assert!(questions.len() >= 5);
    assert_eq!(guide["questions"], serde_json::to_value(&questions).unwrap());
    let intermediaries: Vec<_> = catalogue.intermediaries_for(item).collect();
    assert_eq!(intermediaries.len(), 1, "who designs fellings");
    assert_eq!(guide["intermediaries"], serde_json::to_value(&intermediaries).unwrap());
    for intermediary in catalogue.intermediaries() {
        tongqiao_protocol::CreditCode::parse(&intermediary.code).unwrap();
    }
    let agencies = sandbox.get("/v1/agencies?division=340706").await;
    let agencies = agencies["agencies"].as_array().unwrap();
    let within = catalogue.agencies().iter().filter(|agency| agency.division.starts_with("340706"));
    assert_eq!(agencies.len(), within.count());
    let surveyors = sandbox.get("/v1/intermediaries?material=survey-report").await;
    assert_eq!(surveyors["intermediaries"].as_array().unwrap().len(), 2);
    let superseded = sandbox.get(&format!("/v1/guides/{}?version=999", item.code)).await;
    assert_eq!(superseded["code"], "item.unknown");
    let all = sandbox.get("/v1/questions").await;
    assert_eq!(all["questions"].as_array().unwrap().len(), catalogue.questions().len());
}
