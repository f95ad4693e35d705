//! A hub: it keeps nothing, so that only its address, its keys and the way to the platform can be wrong.

use tongqiao::{Client, Credentials};

use super::finding::{Finding, Report, Said, Subject};
use super::{Role, platform, premises};
use crate::{HubSettings, settings};

/// Looks at a hub. Takes up to half a minute when the platform cannot be reached.
pub async fn examine(settings: &HubSettings) -> Report {
    let mut report = Report::default();
    report.push(premises::service(Role::Hub, settings.listen, premises::serves(settings.listen).await));
    let path = settings::credentials(&settings.data);
    let credentials = match Credentials::from_file(&path) {
        Ok(credentials) => credentials,
        Err(error) => {
            report.push(premises::no_credentials(&path, &error));
            return report;
        }
    };
    report.push(premises::own_eyes_only(&path, &credentials));
    if credentials.link_key().is_none() {
        report.push(premises::not_of_the_role(Role::Hub));
    }
    let trust = match settings::trust(settings.platform_authority.as_deref()) {
        Ok(trust) => trust,
        Err(error) => {
            report.push(premises::no_authority(&error));
            return report;
        }
    };
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
