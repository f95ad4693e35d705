//! Three rules look at more than the state of a case; what our own store knows is enough to refuse without the platform.

use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Citation, Correction, CorrectionLine, CorrectionNotice, Procedure, Promise,
    SpecialBegin, SpecialEnd,
};
use tongqiao_protocol::{ErrorCode, Outcome};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

fn lines(id: &str) -> Vec<CorrectionLine> {
    vec![CorrectionLine { cites: Citation::Material, id: id.to_owned(), text: "请补交".to_owned() }]
}

fn notice(id: &str) -> CaseEventData {
    let (lines, handler) = (lines(id), "测试经办".to_owned());
    CaseEventData::CorrectionRequested(CorrectionNotice { lines, handler, due: None })
}

fn corrected(id: &str) -> CaseEventData {
    CaseEventData::Corrected(Correction { lines: lines(id), materials: Vec::new() })
}

#[tokio::test]
async fn a_second_notice_an_answer_to_nothing_and_an_end_without_a_begin_are_refused_here_at_once() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = client.cases().open(&draft(&client).await).await.unwrap().id();
    let asked = client.cases().append(case, notice("id-card")).await.unwrap();
    tokio::time::timeout(PATIENCE, asked.settled()).await.unwrap().unwrap();
    sandbox.stop().await;
    let now = client.platform_time();
    let procedure = Procedure::Extension;
    let ended = || CaseEventData::SpecialEnded(SpecialEnd { procedure, ended: now, result: "已办结".to_owned() });
    let refused = async |data| client.cases().append(case, data).await.unwrap_err();

    let astray = refused(corrected("photograph")).await;
    let found: Vec<_> = astray.faults().iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
    assert_eq!(found, [("/data/lines/0/id", ErrorCode::CaseCorrectionUncited)]);
    assert_eq!(astray.outcome(), Outcome::NotSent);
    client.cases().append(case, corrected("id-card")).await.unwrap();
    assert_eq!(refused(notice("id-card")).await.code(), ErrorCode::CaseTransitionImpossible);

    let promise = Promise { working_days: 5, due: now };
    let acceptance =
        Acceptance { accepted_on: now, handler: "测试经办".to_owned(), document_number: None, promise };
    client.cases().append(case, CaseEventData::Accepted(acceptance)).await.unwrap();
    assert_eq!(refused(ended()).await.code(), ErrorCode::CaseTransitionImpossible);
    let begun = CaseEventData::SpecialBegun(SpecialBegin {
        procedure,
        begun: now,
        reason: "案情复杂".to_owned(),
        expected_working_days: None,
        extended_by_days: None,
        approved_by: None,
    });
    client.cases().append(case, begun).await.unwrap();
    client.cases().append(case, ended()).await.unwrap();
    assert_eq!(refused(ended()).await.code(), ErrorCode::CaseTransitionImpossible);
}
