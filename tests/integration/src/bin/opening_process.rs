//! A department's application server, for tests that kill one: opens cases as fast as it can and prints each event's id
//! once the library has said yes. `opening-process ENDPOINT CREDENTIALS STORE`.

use std::io::Write as _;
use std::process::ExitCode;

use tongqiao::{CaseDraft, Client, Credentials, Error, ItemQuery};

#[tokio::main]
async fn main() -> ExitCode {
    tongqiao_integration::logging::log_everything();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, endpoint, credentials, store] = arguments.as_slice() else {
        eprintln!("usage: opening-process ENDPOINT CREDENTIALS STORE");
        return ExitCode::from(2);
    };
    match open_cases(endpoint, credentials, store).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn open_cases(endpoint: &str, credentials: &str, store: &str) -> Result<(), Error> {
    let client = Client::builder(endpoint, Credentials::from_file(credentials)?).store(store).build().await?;
    let items = client.items().find(&ItemQuery::text("file certificate")).await?;
    let Some(item) = items.first() else { return Ok(()) };
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340702196802290211")
        .field("contact-phone", "13800000000")
        .field("reason", "办理入职手续")
        .material("id-card", "居民身份证");
    let mut out = std::io::stdout();
    loop {
        let case = client.cases().open(&draft).await?;
        // Whoever reads may be gone: then nobody wants more cases.
        if writeln!(out, "{}", case.event()).and_then(|()| out.flush()).is_err() {
            client.close().await;
            return Ok(());
        }
    }
}
