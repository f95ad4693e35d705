//! Why a node or hub does not start.

use crate::SettingsError;

/// Why a node or hub does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The keys, the store or the platform's answers.
    #[error(transparent)]
    Client(#[from] tongqiao::Error),
    /// A socket or file.
    #[error("{0}: {1}")]
    Io(&'static str, #[source] std::io::Error),
    /// TLS.
    #[error("{0}")]
    Tls(String),
}
