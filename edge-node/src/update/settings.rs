//! What the settings say of updates.

use serde::Deserialize;

/// Whose releases are believed, and how one is tried.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateSettings {
    /// The public half of the release key in PEM; empty takes no update.
    pub key: String,
    /// The command that restarts the service; empty is that of systemd.
    pub restart: Vec<String>,
    /// In how many seconds a new version must serve.
    pub ready_seconds: u64,
}

impl Default for UpdateSettings {
    fn default() -> Self {
        Self { key: String::new(), restart: Vec::new(), ready_seconds: 60 }
    }
}
