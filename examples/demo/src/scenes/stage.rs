//! Where the scenes are played: a platform as a process, on a morning in February, and a counter that is enrolled there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tongqiao::protocol::Timestamp;
use tongqiao::{CaseDraft, Client, Credentials, Item, ItemQuery};

use crate::citizen;
use crate::error::DemoError;
use crate::process::{Heard, Process, Report, Role};

/// Wednesday, ten in the morning; the Saturday of that week is worked, and the holidays of Spring Festival follow it.
const MORNING: &str = "2026-02-11T10:00:00+08:00";
/// The party at whose counter everything comes in.
const PARTY: &str = "government-window";

/// The platform and the counter.
pub(super) struct Stage {
    pub(super) folder: PathBuf,
    pub(super) address: String,
    pub(super) client: Client,
    platform: Process,
    browser: reqwest::Client,
}

impl Stage {
    pub(super) async fn set(folder: &Path) -> Result<Self, DemoError> {
        std::fs::create_dir_all(folder).map_err(|source| DemoError::io("make the scenes' folder", source))?;
        let (hear, mut heard) = mpsc::channel(64);
        let arguments = [
            "platform".to_owned(),
            format!("--database={}", folder.join("platform.sqlite").display()),
            "--listen=127.0.0.1:0".to_owned(),
            format!("--at={MORNING}"),
        ];
        let platform = Process::start(Role::Platform, 0, &arguments, hear)?;
        let address = loop {
            match heard.recv().await {
                Some(Heard::Said(_, Report::Listening { address, .. })) => break address,
                Some(Heard::Said(..)) => {}
                _ => return Err(DemoError::broken("the scenes' platform ended")),
            }
        };
        let browser = citizen::browser()?;
        let code = post(&browser, &address, "/sandbox/enrolment-codes", &json!({ "party": PARTY })).await?;
        let code = code["code"].as_str().unwrap_or_default().to_owned();
        let credentials = tongqiao::enrol(&address, PARTY, &code).map_err(DemoError::broken)?;
        let credentials =
            credentials.keep_in(folder.join("credentials.json")).run().await.map_err(DemoError::broken)?;
        let client = client(folder, &address, credentials).await?;
        Ok(Self { folder: folder.to_owned(), address, client, platform, browser })
    }

    /// What the operator of the sandbox orders.
    pub(super) async fn order(&self, path: &str, body: &Value) -> Result<Value, DemoError> {
        post(&self.browser, &self.address, path, body).await
    }

    /// Moves the platform's clock, and lets the client hear of it.
    pub(super) async fn now_is(&self, time: &str) -> Result<(), DemoError> {
        self.order("/sandbox/clock", &json!({ "set": time })).await?;
        self.client.refresh_directory().await.map_err(DemoError::broken)
    }

    /// A public page of the platform.
    pub(super) async fn read(&self, path: &str) -> Result<Vec<u8>, DemoError> {
        let answer = self.browser.get(format!("{}{path}", self.address)).send().await.map_err(DemoError::broken)?;
        Ok(answer.bytes().await.map_err(DemoError::broken)?.to_vec())
    }

    /// Somebody presses "pay" until the page says that it is paid; gives the fen that the page named.
    pub(super) async fn pay(&self, cashier_url: &str) -> i64 {
        let path = cashier_url.find("/cashier/").map_or(cashier_url, |at| &cashier_url[at..]);
        citizen::press(&self.browser, &self.address, path).await
    }

    /// Two items that may be applied for in the city, with what their guides ask for.
    pub(super) async fn items(&self) -> Result<Vec<Arc<Item>>, DemoError> {
        let query = ItemQuery::text("社会保障卡").division("340700");
        let items = self.client.items().find(&query).await.map_err(DemoError::broken)?;
        if items.len() < 2 {
            Err(DemoError::broken("the catalogue has too few items for the scenes"))
        } else {
            Ok(items)
        }
    }

    /// The platform's database, to be read only.
    pub(super) fn books(&self) -> Result<Connection, DemoError> {
        let path = self.folder.join("platform.sqlite");
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(DemoError::broken)
    }

    /// The end: the platform goes as it came in the first act, by SIGKILL.
    pub(super) async fn strike(self) -> Result<(), DemoError> {
        self.client.close().await;
        self.platform.kill()
    }
}

/// A client on the scenes' own store.
pub(super) async fn client(folder: &Path, address: &str, credentials: Credentials) -> Result<Client, DemoError> {
    let builder = Client::builder(address, credentials).store(folder.join("outbox.sqlite"));
    builder.build().await.map_err(DemoError::broken)
}

async fn post(browser: &reqwest::Client, address: &str, path: &str, body: &Value) -> Result<Value, DemoError> {
    let sent = browser.post(format!("{address}{path}")).json(body).send().await;
    let answer = sent.and_then(reqwest::Response::error_for_status).map_err(DemoError::broken)?;
    answer.json().await.map_err(DemoError::broken)
}

/// A complete application for an item.
pub(super) fn draft(item: &Item) -> CaseDraft {
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

/// The moment of a text that stands in this program.
pub(super) fn moment(text: &str) -> Result<Timestamp, DemoError> {
    text.parse().map_err(|_| DemoError::broken(format!("{text} is no time")))
}
