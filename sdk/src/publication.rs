//! What anybody may ask of the city: how a case stands, figures, open data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tongqiao_protocol::{CaseNumber, CivilDate, QueryPassword, Timestamp};

use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, Text};

/// What the city publishes; see [`Client::publication`](crate::Client::publication). Guides, agencies, intermediaries and
/// questions are in the mirrored [`Catalogue`](crate::Catalogue), readable without a network.
///
/// ```no_run
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// use tongqiao::protocol::{CaseNumber, QueryPassword};
///
/// # let typed = ("", "");
/// let number = CaseNumber::parse(typed.0).expect("the form says what is wrong");
/// let password = QueryPassword::parse(typed.1).expect("the form says what is wrong");
/// let progress = client.publication().progress(&number, &password).await?;
/// println!("{}: {}", progress.number, progress.state);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Publication {
    shared: Arc<Shared>,
}

/// How a case stands, as its applicant may see it: nobody's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseProgress {
    /// The case number.
    pub number: CaseNumber,
    /// The state's word, such as `accepted`.
    pub state: String,
    /// What was applied for: code, version, name.
    pub item: Value,
    /// Who handles it; absent for an item that is no longer published.
    #[serde(default)]
    pub agency: Option<Text>,
    /// When the platform took the application.
    pub opened: Timestamp,
    /// When the platform took the last event.
    pub changed: Timestamp,
    /// What happened, in order.
    pub steps: Vec<ProgressStep>,
    /// Every deadline, as in [`PlatformDeadlines`](crate::PlatformDeadlines).
    pub duties: Vec<Value>,
    /// The platform's time of the answer.
    pub time: Timestamp,
}

/// One thing that happened to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressStep {
    /// The kind of event.
    pub kind: String,
    /// When.
    pub time: Timestamp,
    /// What of it is meant for the applicant, such as the lines of a correction notice.
    #[serde(flatten)]
    pub shown: Map<String, Value>,
}

/// By what figures are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatisticsBy {
    /// The agency that handles the item.
    Agency,
    /// The item.
    Item,
    /// The case's division, down to townships.
    Division,
    /// The month of application.
    Month,
}

impl StatisticsBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Item => "item",
            Self::Division => "division",
            Self::Month => "month",
        }
    }
}

/// Figures about cases that were applied for in a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatistics {
    /// The first day.
    pub from: CivilDate,
    /// The last day.
    pub to: CivilDate,
    /// By agency, item, division or month. What too few cases share stands together under `*`.
    pub rows: Vec<StatisticsRow>,
    /// The sum of the rows.
    pub total: StatisticsRow,
    /// Whether some cases are left out, because even together they are too few.
    pub withheld: bool,
}

/// The figures of a group of cases. Rates are decimals with four places, `None` of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatisticsRow {
    /// The agency, item, division or month; `None` in a sum.
    #[serde(default)]
    pub key: Option<String>,
    /// Cases applied for.
    pub cases: u64,
    /// Of these online.
    pub online: u64,
    /// Online of all 网办率.
    pub online_rate: Option<String>,
    /// Accepted, whatever came of them.
    pub accepted: u64,
    /// Not accepted.
    pub rejected: u64,
    /// Withdrawn.
    pub withdrawn: u64,
    /// Decided.
    pub decided: u64,
    /// Decided in the applicant's favour.
    pub granted: u64,
    /// Working days from acceptance to decision.
    pub average_working_days: Option<String>,
    /// Evaluations.
    pub evaluations: u64,
    /// Of these 1 to 3 of 5 (1 is best).
    pub satisfied: u64,
    /// Satisfied of all evaluations.
    pub satisfied_rate: Option<String>,
}

/// A page of masked cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDataPage {
    /// The month of application, `2026-10`.
    pub month: String,
    /// One row a case, sorted by content.
    pub rows: Vec<OpenDataRow>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<String>,
    /// Rows on all pages.
    pub cases: u64,
    /// Cases left out, because too few share what could be told.
    pub withheld: u64,
}

/// One case, only as exact as enough others are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDataRow {
    /// The month of application.
    pub month: String,
    /// The item, where enough cases remain.
    pub item: Option<String>,
    /// Where: twelve digits, widened as far as needed.
    pub division: String,
    /// `person` or `organisation`.
    pub applicant: String,
    /// Whether it was handed in online.
    pub online: bool,
    /// The state's word.
    pub state: String,
    /// The decision's word.
    pub result: Option<String>,
    /// Working days from acceptance to decision.
    pub working_days: Option<u32>,
}

impl Publication {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// How a case stands, for whoever holds its receipt.
    ///
    /// # Errors
    /// `progress.mismatch` when number and password do not fit together (which does not tell whether there is such a case),
    /// `progress.locked` after several wrong ones (wait [`Error::retry_after`] and do not go on guessing), or an error of the
    /// connection.
    pub async fn progress(&self, number: &CaseNumber, password: &QueryPassword) -> Result<CaseProgress, Error> {
        let body = json!({ "number": number, "password": password.grouped() }).to_string().into_bytes();
        let answer = self.shared.exchange.ask(Ask::post("/v1/progress-queries", body)).await?;
        serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
    }

    /// Figures about the cases applied for from one day to another, both included; at most 366 days.
    ///
    /// # Errors
    /// `request.out_of_range` for a longer or reversed span, or an error of the connection.
    pub async fn statistics(
        &self,
        from: CivilDate,
        to: CivilDate,
        by: StatisticsBy,
    ) -> Result<ServiceStatistics, Error> {
        let ask = Ask::get("/v1/statistics").query("from", &from.to_string()).query("to", &to.to_string());
        let answer = self.shared.exchange.ask(ask.query("by", by.as_str())).await?;
        serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
    }

    /// A page of the masked cases of a month (`2026-10`) that is over, from the beginning or behind a page that was read.
    ///
    /// # Errors
    /// `request.out_of_range` for a month that is not over, `request.invalid_value` for none, or an error of the connection.
    pub async fn open_data(&self, month: &str, after: Option<&OpenDataPage>) -> Result<OpenDataPage, Error> {
        let mut ask = Ask::get("/v1/open-data/cases").query("month", month);
        if let Some(next) = after.and_then(|page| page.next.as_deref()) {
            ask = ask.query("after", next);
        }
        let answer = self.shared.exchange.ask(ask).await?;
        serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
    }
}

impl std::fmt::Debug for Publication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Publication")
    }
}
