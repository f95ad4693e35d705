//! What is wrong with a node, hub or sidecar, and what to do: for whoever stands before the machine and knows neither it nor us.
//!
//! The doctor is a program of its own beside the service. It looks at the same folder, asks the platform through a connection of its
//! own, and changes nothing but the key directory, which it renews. It delivers nothing and works whether the service runs or not.

mod audit;
mod backlog;
mod clock;
mod files;
mod finding;
mod hub;
mod keys;
mod platform;
mod premises;
mod role;
mod room;
mod sidecar;
mod way;

use std::path::Path;
use std::sync::Arc;

use tongqiao::{Client, Credentials, Statistics};

use self::backlog::Way;
use self::clock::Known;
pub use self::finding::{Finding, Gravity, Report, Said, Subject};
pub use self::hub::examine as examine_hub;
pub use self::role::Role;
pub(crate) use self::room::Room;
pub use self::sidecar::examine as examine_sidecar;
use crate::audit::Mark;
use crate::courier::local_now;
use crate::link::Uplink;
use crate::node::Node;
use crate::{HubSettings, NodeSettings, SidecarSettings, settings};

const DAY_MS: i64 = 86_400_000;

/// Looks at the service whose settings stand in a file.
pub async fn examine_file(role: Role, path: &Path) -> Report {
    let examined = match role {
        Role::Node => match NodeSettings::from_file(path) {
            Ok(settings) => Ok(examine(&settings).await),
            Err(error) => Err(error),
        },
        Role::Hub => match HubSettings::from_file(path) {
            Ok(settings) => Ok(examine_hub(&settings).await),
            Err(error) => Err(error),
        },
        Role::Sidecar => match SidecarSettings::from_file(path) {
            Ok(settings) => Ok(examine_sidecar(&settings).await),
            Err(error) => Err(error),
        },
    };
    examined.unwrap_or_else(|error| {
        let mut report = Report::default();
        report.push(premises::no_settings(role, &error));
        report
    })
}

/// Looks at the audit file of the node whose settings stand in a file; `noted` is a place of the chain that was noted earlier.
pub fn examine_audit(path: &Path, noted: Option<&Mark>) -> Report {
    match NodeSettings::from_file(path) {
        Ok(settings) => audit::examine(&settings.data, noted),
        Err(error) => {
            let mut report = Report::default();
            report.push(premises::no_settings(Role::Node, &error));
            report
        }
    }
}

/// Looks at a node. Takes up to half a minute when the link is down.
pub async fn examine(settings: &NodeSettings) -> Report {
    let mut report = Report::default();
    let serves = premises::serves(settings.listen).await;
    report.push(premises::service(Role::Node, settings.listen, serves));
    let Some(credentials) = premises::credentials(&mut report, &settings.data) else { return report };
    report.extend(audit::examine(&settings.data, None));
    // Opening a store that is not there would make one.
    let store = settings::store(&settings.data);
    if !store.is_file() {
        report.push(premises::no_store(&store, &"not there"));
        return report;
    }
    let (client, uplink, register) = match Node::at_rest(settings, &credentials).await {
        Ok(opened) => opened,
        Err(error) => {
            report.push(premises::no_store(&store, &error));
            return report;
        }
    };
    look_outside(&mut report, settings, &credentials, &client, &uplink).await;
    look_inside(&mut report, settings, &client, serves).await;
    register.close();
    client.close().await;
    report
}

/// The link, and what is known through it.
async fn look_outside(
    report: &mut Report,
    settings: &NodeSettings,
    credentials: &Credentials,
    client: &Client,
    uplink: &Arc<Uplink>,
) {
    // The last directory says who may be the hub; it is in use as soon as it was read.
    let before = client.carrier().directory().await.ok().flatten();
    let seen = way::ask(&settings.hub, uplink).await;
    report.push(way::judge(&seen, settings));
    let renewed = if seen.is_up() { Some(client.refresh_directory().await) } else { None };
    let now = local_now();
    let known = match (&renewed, &before) {
        (Some(Ok(())), _) => Known::Ahead(client.clock_offset_ms()),
        (_, Some(directory)) => Known::NotBefore(directory.issued),
        (_, None) => Known::Nothing,
    };
    report.push(clock::judge(known, now));
    let directory = client.carrier().directory().await.ok().flatten();
    match renewed {
        Some(Err(error)) => report.push(keys::not_renewed(&error)),
        _ => report.push(keys::age(directory.as_ref(), client.platform_time())),
    }
    if let Some(directory) = directory {
        let now = client.platform_time();
        report.push(keys::signing(&directory, credentials, now));
        report.push(keys::link(&directory, credentials, now));
        report.push(keys::hub(&directory, &settings.hub_party, now));
    }
}

/// The store, the disk, and what is in custody.
async fn look_inside(report: &mut Report, settings: &NodeSettings, client: &Client, serves: bool) {
    let way = if is_up(report) && serves { Way::Open } else { Way::Closed };
    let room = |statistics: &Statistics| Room::of(settings, statistics);
    look_into_store(report, &settings.data, client, room, way).await;
}

fn is_up(report: &Report) -> bool {
    report.about(Subject::Link).all(|finding| finding.gravity == Gravity::Sound)
}

async fn look_into_store(
    report: &mut Report,
    data: &Path,
    client: &Client,
    room: impl Fn(&Statistics) -> std::io::Result<Room>,
    way: Way,
) {
    match client.outbox().check().await {
        Ok(integrity) => report.push(room::soundness(&integrity)),
        Err(error) => report.push(premises::no_store(&settings::store(data), &error)),
    }
    let statistics = match client.outbox().statistics().await {
        Ok(statistics) => statistics,
        Err(error) => {
            report.push(premises::no_store(&settings::store(data), &error));
            return;
        }
    };
    match room(&statistics) {
        Ok(room) => report.push(room::judge(&room)),
        Err(error) => report.push(Finding::unseen(
            Subject::Disk,
            Said::new(format!("读不到磁盘余量：{error}"), format!("the disk does not say what is left: {error}")),
        )),
    }
    report.push(backlog::judge(&statistics, way, local_now()));
}
