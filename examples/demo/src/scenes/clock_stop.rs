//! 补正之外的停表: experts are asked, and the clock stands over a Saturday that is worked and over Spring Festival. When the deadline is, the
//! library says, the platform says, and this file counts it by itself from the calendar as it is published.

use std::collections::BTreeSet;

use serde_json::Value;
use tongqiao::protocol::case::{Acceptance, CaseEventData, PreReview, Procedure, Promise, SpecialBegin, SpecialEnd};
use tongqiao::protocol::{CaseId, CivilDate, SignedRecord};
use tongqiao::{Basis, Due, Duty};

use super::Act;
use super::stage::{Stage, draft, moment};
use crate::error::DemoError;

/// The Wednesday of the other scenes, a little later.
const ACCEPTED: &str = "2026-02-11T10:30:00+08:00";
/// On Thursday experts are asked; that day counts.
const STOPPED: &str = "2026-02-12T15:00:00+08:00";
/// On the Tuesday after the holidays they have answered; that day does not count.
const WENT_ON: &str = "2026-02-24T09:00:00+08:00";
/// The Saturday that is worked, and lies within.
const MADE_UP: &str = "2026-02-14";

pub(super) async fn play(stage: &Stage, act: &mut Act) -> Result<(), DemoError> {
    let items = stage.items().await?;
    let item = &items[0];
    stage.now_is(ACCEPTED).await?;
    let case = stage.client.cases().open(&draft(item)).await.map_err(DemoError::broken)?.id();
    let handler = "测试经办人".to_owned();
    let accepted_on = moment(ACCEPTED)?;
    append(
        stage,
        case,
        CaseEventData::PreReviewed(PreReview { result: "材料齐全".to_owned(), handler: handler.clone() }),
    )
    .await?;
    let days = u32::from(item.promised_days);
    let promise = Promise { working_days: days, due: accepted_on.plus_millis(30 * 86_400_000) };
    append(stage, case, CaseEventData::Accepted(Acceptance { accepted_on, handler, document_number: None, promise }))
        .await?;
    stage.now_is(STOPPED).await?;
    append(
        stage,
        case,
        CaseEventData::SpecialBegun(SpecialBegin {
            procedure: Procedure::Suspension,
            begun: moment(STOPPED)?,
            reason: "专家评审".to_owned(),
            expected_working_days: Some(10),
            extended_by_days: None,
            approved_by: None,
        }),
    )
    .await?;
    stage.now_is(WENT_ON).await?;
    let result = "评审通过".to_owned();
    let ended = SpecialEnd { procedure: Procedure::Suspension, ended: moment(WENT_ON)?, result };
    append(stage, case, CaseEventData::SpecialEnded(ended)).await?;
    judge(stage, act, case, days).await
}

async fn append(stage: &Stage, case: CaseId, data: CaseEventData) -> Result<(), DemoError> {
    let appended = stage.client.cases().append(case, data).await.map_err(DemoError::broken)?;
    appended.settled().await.map(drop).map_err(DemoError::broken)
}

async fn judge(stage: &Stage, act: &mut Act, case: CaseId, days: u32) -> Result<(), DemoError> {
    let calendar = Calendar::published(&stage.read("/v1/working-calendar").await?)?;
    let (begun, stopped, went_on) = (day(ACCEPTED)?, day(STOPPED)?, day(WENT_ON)?);
    let made_up: CivilDate = MADE_UP.parse().map_err(|_| DemoError::broken("no date"))?;
    let is_within = made_up > stopped && made_up < went_on && calendar.works(made_up);
    act.must(is_within, "公布的日历中该周六不上班", "the Saturday is not worked by the published calendar");
    let due = calendar.due(begun, days, stopped, went_on);
    let here = stage.client.cases().deadlines(case).await.map_err(DemoError::broken)?;
    let promised = here.duties.iter().find(|duty| (duty.duty, duty.basis) == (Duty::Decide, Basis::Promised));
    act.must(
        promised.is_some_and(|duty| duty.due == Due::On(due)),
        "本地计算的承诺时限有误",
        "the library counts another deadline",
    );
    let there = stage.client.cases().deadlines_of_platform(case).await.map_err(DemoError::broken)?;
    let stated = there.statement.duties.iter().find(|duty| duty.duty == "decide" && duty.basis == "promised");
    act.must(
        stated.is_some_and(|duty| duty.due == Some(due)),
        "平台签名的承诺时限有误",
        "the platform states another deadline",
    );
    let agree = there.differences.as_ref().is_some_and(Vec::is_empty);
    act.must(agree, "两边时限不一致", "library and platform differ about a clock");
    act.came_to("跨调休周六停表后的承诺时限", "deadline after a stop over a worked Saturday", due);
    Ok(())
}

fn day(text: &str) -> Result<CivilDate, DemoError> {
    moment(text).map(CivilDate::of)
}

/// Days off and days worked, as the platform publishes them.
struct Calendar {
    off: BTreeSet<String>,
    worked: BTreeSet<String>,
}

impl Calendar {
    fn published(answer: &[u8]) -> Result<Self, DemoError> {
        let record = serde_json::from_slice::<SignedRecord>(answer).map_err(DemoError::broken)?;
        let calendar = serde_json::from_slice::<Value>(&record.record).map_err(DemoError::broken)?;
        let all = |name: &str| {
            let years = calendar["years"].as_array().into_iter().flatten();
            let days = years.flat_map(|year| year[name].as_array().into_iter().flatten());
            days.filter_map(|day| day.as_str().map(str::to_owned)).collect()
        };
        Ok(Self { off: all("days_off"), worked: all("days_worked") })
    }

    fn works(&self, day: CivilDate) -> bool {
        let text = day.to_string();
        self.worked.contains(&text) || !(self.off.contains(&text) || day.is_weekend())
    }

    /// The last day of a limit: its first day does not count, the day of a stop does, the days behind it until the clock goes on do not.
    fn due(&self, begun: CivilDate, days: u32, stopped: CivilDate, went_on: CivilDate) -> CivilDate {
        let (mut day, mut left) = (begun, days);
        while left > 0 {
            day = day.plus_days(1);
            let stands = day > stopped && day <= went_on;
            if self.works(day) && !stands {
                left -= 1;
            }
        }
        day
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;

    fn day(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_worked_saturday_counts_unless_the_clock_stands() {
        let set = |days: &[&str]| days.iter().map(|day| (*day).to_owned()).collect();
        let calendar = Calendar { off: set(&["2026-02-16", "2026-02-17"]), worked: set(&["2026-02-14"]) };
        // Wednesday: Thursday, Friday and the worked Saturday.
        let never = day("2030-01-01");
        assert_eq!(calendar.due(day("2026-02-11"), 3, never, never), day("2026-02-14"));
        assert_eq!(calendar.due(day("2026-02-11"), 4, never, never), day("2026-02-18"));
        // Thursday counts, what follows until Wednesday not.
        assert_eq!(calendar.due(day("2026-02-11"), 3, day("2026-02-12"), day("2026-02-18")), day("2026-02-20"));
    }
}
