//! A hub: it keeps nothing, so that only its address, its keys and the way to the platform can be wrong.

use tongqiao::Client;

use super::finding::{Finding, Report, Said, Subject};
use super::{Role, platform, premises};
use crate::HubSettings;

/// Looks at a hub. Takes up to half a minute when the platform cannot be reached.
pub async fn examine(settings: &HubSettings) -> Report {
    let mut report = Report::default();
    report.push(premises::service(Role::Hub, settings.listen, premises::serves(settings.listen).await));
    let Some(credentials) = premises::credentials(&mut report, &settings.data) else { return report };
    if credentials.link_key().is_none() {
        report.push(premises::not_of_the_role(Role::Hub));
    }
    let authority = settings.platform_authority.as_deref();
    let Some(trust) = premises::trust(&mut report, authority) else { return report };
    let builder = Client::builder(&settings.platform, credentials.clone()).trust(trust.clone());
    let client = match builder.in_memory().without_background().build().await {
        Ok(client) => client,
        Err(error) => {
            report.push(Finding::fault(
                Subject::Settings,
                Said::new(format!("platform 不能用：{error}"), format!("platform cannot be used: {error}")),
                Said::new("改正设置中的 platform", "mend platform in the settings"),
            ));
            return report;
        }
    };
    platform::look(&mut report, &settings.platform, &trust, &credentials, &client).await;
    client.close().await;
    report
}
