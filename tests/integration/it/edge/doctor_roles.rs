//! What the doctor says of hubs and sidecars.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use tongqiao_edge::doctor::{Gravity, Report, Role, Subject, examine_file, examine_hub, examine_sidecar};
use tongqiao_edge::sidecar::Sidecar;
use tongqiao_edge::{HubSettings, SidecarSettings};
use tongqiao_protocol::{Language, Suite};

use super::doctor::gravity;
use super::office::Office;
use crate::sdk::sandbox::Sandbox;

fn text(report: &Report) -> String {
    report.text(Language::English)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_works_is_sound_and_each_thing_that_is_wrong_is_named() {
    let mut office = Office::open(Suite::ShangMi).await;
    let settings = HubSettings { listen: office.hub_address(), ..office.hub_settings().clone() };
    let report = examine_hub(&settings).await;
    assert_eq!((report.gravity(), report.exit_code()), (Gravity::Sound, 0), "{}", text(&report));
    for subject in [Subject::Service, Subject::Link, Subject::Clock, Subject::Directory, Subject::Keys] {
        assert_eq!(gravity(&report, subject), Gravity::Sound);
    }

    let link_key = tongqiao::Credentials::from_file(settings.data.join("credentials.json")).unwrap();
    let directory = office.node().client().carrier().directory().await.unwrap().unwrap();
    let own = link_key.link_key().unwrap().public_key();
    let row = directory.keys.iter().find(|key| key.public_key == *own).unwrap();
    office.sandbox.post("/sandbox/revoke", &json!({ "keyid": row.keyid, "reason": "taken away" })).await;
    let report = examine_hub(&settings).await;
    assert_eq!(gravity(&report, Subject::Keys), Gravity::Fault);
    assert!(text(&report).contains("taken away"));

    office.sandbox.stop().await;
    let report = examine_hub(&settings).await;
    assert_eq!(gravity(&report, Subject::Link), Gravity::Warning, "{}", text(&report));
    assert_eq!(gravity(&report, Subject::Clock), Gravity::Unseen);
    assert_eq!(gravity(&report, Subject::Directory), Gravity::Unseen);
    assert_eq!(gravity(&report, Subject::Service), Gravity::Sound);
    office.stop_hub().await;
    let report = examine_hub(&settings).await;
    assert_eq!(gravity(&report, Subject::Service), Gravity::Fault);
    assert!(text(&report).contains("tongqiao-edge hub --settings"), "{}", text(&report));
    office.sandbox.start_again().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_with_a_departments_credentials_or_no_authority_is_told_so() {
    let sandbox = Sandbox::start().await;
    let data = sandbox.path("hub");
    std::fs::create_dir_all(&data).unwrap();
    sandbox.enrol("civil-affairs", Suite::International).await.to_file(data.join("credentials.json")).unwrap();
    let settings = HubSettings { data, platform: sandbox.url(), ..HubSettings::default() };
    let report = examine_hub(&settings).await;
    assert_eq!(gravity(&report, Subject::Credentials), Gravity::Fault, "{}", text(&report));
    let missing = sandbox.path("nowhere.pem");
    let report = examine_hub(&HubSettings { platform_authority: Some(missing), ..settings }).await;
    assert_eq!(gravity(&report, Subject::Settings), Gravity::Fault);
    assert!(text(&report).contains("nowhere.pem"), "{}", text(&report));
    let report = examine_file(Role::Hub, &sandbox.path("nowhere.toml")).await;
    assert_eq!(report.exit_code(), 2);
    assert!(text(&report).contains("hub.toml"), "{}", text(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sidecar_is_looked_at_with_its_token_store_and_platform() {
    let mut sandbox = Sandbox::start().await;
    let data = sandbox.path("sidecar");
    std::fs::create_dir_all(&data).unwrap();
    sandbox.enrol("civil-affairs", Suite::International).await.to_file(data.join("credentials.json")).unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let settings = SidecarSettings { data, listen, platform: sandbox.url(), ..SidecarSettings::default() };
    let report = examine_sidecar(&settings).await;
    assert_eq!(gravity(&report, Subject::Store), Gravity::Fault, "it was never started");
    assert_eq!(std::fs::read_dir(&settings.data).unwrap().count(), 1, "a store was made");

    let sidecar = Sidecar::start(&settings).await.unwrap();
    let settings = SidecarSettings { listen: sidecar.address(), ..settings };
    let report = examine_sidecar(&settings).await;
    assert_eq!((report.gravity(), report.exit_code()), (Gravity::Sound, 0), "{}", text(&report));
    for subject in [Subject::Service, Subject::Link, Subject::Keys, Subject::Store, Subject::Disk, Subject::Custody] {
        assert_eq!(gravity(&report, subject), Gravity::Sound);
    }

    let token = settings.data.join("token");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.stop().await;
    let report = examine_sidecar(&settings).await;
    assert_eq!(gravity(&report, Subject::Credentials), Gravity::Warning, "everybody reads the token");
    assert_eq!(gravity(&report, Subject::Link), Gravity::Warning, "{}", text(&report));
    sidecar.stop().await;
    let outside = SidecarSettings { listen: SocketAddr::from(([0, 0, 0, 0], 1)), ..settings };
    let report = examine_sidecar(&outside).await;
    assert_eq!(gravity(&report, Subject::Settings), Gravity::Fault, "{}", text(&report));
    assert_eq!(gravity(&report, Subject::Service), Gravity::Fault);
}
