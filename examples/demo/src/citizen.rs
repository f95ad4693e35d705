//! Citizens: they sign in with a browser and pay at the cashier's page, as people do, without the SDK.

use std::time::Duration;

use reqwest::header::{ACCEPT_LANGUAGE, HeaderValue};
use tokio::sync::mpsc::Sender;

use crate::error::DemoError;
use crate::plan::Person;
use crate::process::Heard;

/// How long a citizen waits before pressing again when the platform does not answer.
const PATIENCE: Duration = Duration::from_millis(100);

/// Everybody who pays.
pub(crate) struct Citizens {
    browser: reqwest::Client,
    address: String,
    /// How many were sent to the cashier and have not been heard of since.
    paying: usize,
}

impl Citizens {
    /// Citizens of the city whose platform listens at `listen`.
    pub(crate) fn new(listen: &str) -> Result<Self, DemoError> {
        Ok(Self { browser: browser()?, address: format!("http://{listen}"), paying: 0 })
    }

    /// Somebody opens the page of a bill and presses "支付" until the page says that it is paid.
    pub(crate) fn pay(&mut self, bill: String, cashier_url: String, hear: Sender<Heard>) {
        let browser = self.browser.clone();
        // The platform names itself by the address it was started with; the path is what counts.
        let path = cashier_url.find("/cashier/").map_or(cashier_url.as_str(), |at| &cashier_url[at..]).to_owned();
        let address = self.address.clone();
        self.paying += 1;
        tokio::spawn(async move {
            let fen = press(&browser, &address, &path).await;
            // The receiver is gone only when the demo is over.
            drop(hear.send(Heard::Paid { bill, fen }).await);
        });
    }

    /// One of them was heard of. Counted where it is heard, so that none is missed between leaving and being heard.
    pub(crate) fn one_has_paid(&mut self) {
        self.paying -= 1;
    }

    /// Whether nobody stands at the cashier.
    pub(crate) const fn are_done(&self) -> bool {
        self.paying == 0
    }
}

/// Pays once and says how much, whatever becomes of answers: an unanswered press is looked at, not repeated blindly.
pub(crate) async fn press(browser: &reqwest::Client, address: &str, path: &str) -> i64 {
    let page = format!("{address}{path}");
    let mut seen = 0;
    loop {
        if let Some(text) = read(browser.get(&page)).await {
            let Some(token) = between(&text, "name=\"token\" value=\"", "\"") else { return seen };
            // The form's action is the cashier itself only while the bill is open.
            if !text.contains(&format!("action=\"{path}\"")) {
                return seen;
            }
            let button = between(&text, "<button>", "</button>").and_then(|button| button.rsplit('¥').next());
            seen = button.and_then(fen).unwrap_or(seen);
            drop(read(browser.post(&page).form(&[("token", token)])).await);
        } else {
            tokio::time::sleep(PATIENCE).await;
        }
    }
}

async fn read(request: reqwest::RequestBuilder) -> Option<String> {
    let answer = request.send().await.ok()?;
    answer.text().await.ok()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    text[start..].find(after).map(|end| &text[start..start + end])
}

fn fen(yuan: &str) -> Option<i64> {
    yuan.trim().parse::<tongqiao_protocol::Amount>().ok().map(tongqiao_protocol::Amount::as_fen)
}

/// A browser that shows where it is sent instead of going there.
pub(crate) fn browser() -> Result<reqwest::Client, DemoError> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .default_headers([(ACCEPT_LANGUAGE, HeaderValue::from_static("zh-CN"))].into_iter().collect())
        .build()
        .map_err(DemoError::broken)
}

/// A person of the sandbox signs in on the page at `address`; gives the callback to which the browser is sent.
pub(crate) async fn sign_in(address: &str, person: &str) -> Result<String, DemoError> {
    let (page, _) = address.split_once('?').ok_or_else(|| DemoError::broken("a sign-in address without query"))?;
    let mut form: Vec<(String, String)> =
        reqwest::Url::parse(address).map_err(DemoError::broken)?.query_pairs().into_owned().collect();
    form.push(("person".to_owned(), person.to_owned()));
    let answer = browser()?.post(page).form(&form).send().await.map_err(DemoError::broken)?;
    answer
        .headers()
        .get("location")
        .and_then(|location| location.to_str().ok())
        .map(str::to_owned)
        .ok_or_else(|| DemoError::broken(format!("signing in was answered with {}", answer.status())))
}

/// The synthetic natural persons of the sandbox, with the ids under which they sign in.
pub(crate) async fn who_can_sign_in(endpoint: &str) -> Result<Vec<Person>, DemoError> {
    let answer = browser()?.get(format!("{endpoint}/sandbox/people")).send().await.map_err(DemoError::broken)?;
    let answer: serde_json::Value = answer.json().await.map_err(DemoError::broken)?;
    let people = answer["people"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(people
        .iter()
        .filter(|claims| claims["subject_kind"] == "natural")
        .filter_map(|claims| {
            let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
            Some(Person {
                name: text(&claims["name"])?,
                number: text(&claims["identity"]["number"])?,
                user: Some(text(&claims["sub"])?),
            })
        })
        .collect())
}
