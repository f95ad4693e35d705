//! Settings in one TOML file for each role. What is not written has the value that the shipped file shows.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tongqiao::Trust;
use tongqiao_protocol::PartyId;

use crate::StartError;
use crate::console::ConsoleSettings;
use crate::link::{HourCap, LinkChoice};
use crate::update::UpdateSettings;

/// A file of settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("{}: {}", .0.display(), .1)]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It is not of the form.
    #[error("{}: {}", .0.display(), .1)]
    Malformed(PathBuf, String),
    /// A sidecar would be reached from other machines.
    #[error("{0} is reached from other machines; a sidecar listens on loopback only")]
    NotLoopback(SocketAddr),
}

/// Settings of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// The folder of everything that the node keeps.
    pub data: PathBuf,
    /// Where systems in the office reach the node.
    pub listen: SocketAddr,
    /// Host and port of the hub.
    pub hub: String,
    /// The hub's party: whoever answers must hold one of its keys.
    pub hub_party: PartyId,
    /// By which ways the hub may be reached.
    pub link: LinkChoice,
    /// What the line carries in kbit/s; 0 where that is not known.
    pub link_kbit: u32,
    /// Hours at which less of it may be taken.
    pub link_hours: Vec<HourCap>,
    /// For how many days what the platform has judged is kept.
    pub retention_days: u16,
    /// How many bytes the store may take; 0 leaves it to the disk.
    pub store_limit_bytes: u64,
    /// Divisions of which case numbers are kept from the start, for the office's systems while the link is down.
    pub number_divisions: Vec<String>,
    /// How many numbers are kept of each division.
    pub number_stock: u32,
    /// The clerk's console, where one is enrolled.
    pub console: ConsoleSettings,
    /// Whose releases are installed.
    pub update: UpdateSettings,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("/var/lib/tongqiao-edge"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            hub: "hub.example:9443".to_owned(),
            hub_party: default_hub(),
            link: LinkChoice::Auto,
            link_kbit: 0,
            link_hours: Vec::new(),
            retention_days: 30,
            store_limit_bytes: 0,
            number_divisions: Vec::new(),
            number_stock: 1000,
            console: ConsoleSettings::default(),
            update: UpdateSettings::default(),
        }
    }
}

/// Settings of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HubSettings {
    /// The folder of the hub's credentials.
    pub data: PathBuf,
    /// Where nodes reach the hub.
    pub listen: SocketAddr,
    /// Scheme and authority of the platform.
    pub platform: String,
    /// PEM file of the authority that the platform's certificate is from; none leaves it to the operating system.
    pub platform_authority: Option<PathBuf>,
    /// Where the hub is watched: plain HTTP, figures only.
    pub watch: SocketAddr,
    /// Whose releases are installed.
    pub update: UpdateSettings,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("/var/lib/tongqiao-hub"),
            listen: SocketAddr::from(([0, 0, 0, 0], 9443)),
            platform: "https://platform.example".to_owned(),
            platform_authority: None,
            watch: SocketAddr::from(([127, 0, 0, 1], 9444)),
            update: UpdateSettings::default(),
        }
    }
}

/// Settings of a sidecar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SidecarSettings {
    /// The folder of credentials, token and store.
    pub data: PathBuf,
    /// Where programs of this machine reach it.
    pub listen: SocketAddr,
    /// The platform, or the node in the office.
    pub platform: String,
    /// PEM file of the authority that the platform's or node's certificate is from; none leaves it to the operating system.
    pub platform_authority: Option<PathBuf>,
    /// Divisions for which case numbers are kept in stock from the start.
    pub divisions: Vec<String>,
    /// Whose releases are installed.
    pub update: UpdateSettings,
}

impl Default for SidecarSettings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("/var/lib/tongqiao-sidecar"),
            listen: SocketAddr::from(([127, 0, 0, 1], 7070)),
            platform: "https://platform.example".to_owned(),
            platform_authority: None,
            divisions: Vec::new(),
            update: UpdateSettings::default(),
        }
    }
}

#[allow(clippy::expect_used, reason = "a literal, tested by every start")]
fn default_hub() -> PartyId {
    "city-hub".parse().expect("a party's name")
}

/// The file of the credentials in a folder of data.
pub(crate) fn credentials(data: &Path) -> PathBuf {
    data.join("credentials.json")
}

/// The file of what is in custody, in a folder of data.
pub(crate) fn store(data: &Path) -> PathBuf {
    data.join("store.sqlite")
}

/// Whose word is believed for the platform's name: the authority in a file, else those of the operating system.
pub(crate) fn trust(authority: Option<&Path>) -> Result<Trust, StartError> {
    let Some(path) = authority else { return Ok(Trust::system()) };
    let pem = std::fs::read(path).map_err(|error| SettingsError::Unreadable(path.to_owned(), error))?;
    Ok(Trust::only(&pem)?)
}

macro_rules! from_file {
    ($($settings:ident),*) => {$(
        impl $settings {
            /// Reads a file.
            ///
            /// # Errors
            /// [`SettingsError`] with the path.
            pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
                let text = std::fs::read_to_string(path).map_err(|error| SettingsError::Unreadable(path.to_owned(), error))?;
                toml::from_str(&text).map_err(|error| SettingsError::Malformed(path.to_owned(), error.to_string()))
            }
        }
    )*};
}
from_file!(NodeSettings, HubSettings, SidecarSettings);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_shipped_files_say_what_holds_anyway() {
        let shipped = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("settings").join(name);
        assert_eq!(NodeSettings::from_file(&shipped("node.toml")).unwrap(), NodeSettings::default());
        assert_eq!(HubSettings::from_file(&shipped("hub.toml")).unwrap(), HubSettings::default());
        assert_eq!(SidecarSettings::from_file(&shipped("sidecar.toml")).unwrap(), SidecarSettings::default());
    }

    #[test]
    fn a_mistyped_setting_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        std::fs::write(&path, "listn = \"127.0.0.1:1\"").unwrap();
        assert!(NodeSettings::from_file(&path).unwrap_err().to_string().contains("listn"));
    }
}
