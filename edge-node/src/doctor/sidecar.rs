//! A sidecar: a department's own keys, store and token beside its system.

use tongqiao::{Client, Statistics};

use super::backlog::Way;
use super::finding::{Finding, Report, Said, Subject};
use super::{Role, Room, is_up, look_into_store, platform, premises};
use crate::sidecar::token_file;
use crate::{SidecarSettings, settings};

/// For how long the library keeps what is settled where it is told nothing else.
const KEPT_DAYS: u16 = 30;

/// Looks at a sidecar. Takes up to half a minute when the platform cannot be reached.
pub async fn examine(settings: &SidecarSettings) -> Report {
    let mut report = Report::default();
    if !settings.listen.ip().is_loopback() {
        let listen = settings.listen;
        report.push(Finding::fault(
            Subject::Settings,
            Said::new(
                format!("{listen} 可从其他机器访问，边车不会启动"),
                format!("{listen} is open to other machines"),
            ),
            Said::new("把设置中的 listen 改为 127.0.0.1 的端口", "set listen to a port of 127.0.0.1"),
        ));
    }
    let serves = premises::serves(settings.listen).await;
    report.push(premises::service(Role::Sidecar, settings.listen, serves));
    let Some(credentials) = premises::credentials(&mut report, &settings.data) else { return report };
    report.push(premises::token(&token_file(&settings.data)));
    // Opening a store that is not there would make one.
    let store = settings::store(&settings.data);
    if !store.is_file() {
        report.push(premises::no_store(&store, &"not there"));
        return report;
    }
    let authority = settings.platform_authority.as_deref();
    let Some(trust) = premises::trust(&mut report, authority) else { return report };
    let builder = Client::builder(&settings.platform, credentials.clone()).trust(trust.clone());
    let client = match builder.store(&store).without_background().build().await {
        Ok(client) => client,
        Err(error) => {
            report.push(premises::no_store(&store, &error));
            return report;
        }
    };
    platform::look(&mut report, &settings.platform, &trust, &credentials, &client).await;
    let way = if is_up(&report) && serves { Way::Open } else { Way::Closed };
    let room = |statistics: &Statistics| Room::of_store(&settings.data, 0, KEPT_DAYS, statistics);
    look_into_store(&mut report, &settings.data, &client, room, way).await;
    client.close().await;
    report
}
