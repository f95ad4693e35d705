//! Whether the program that is installed serves.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use http::StatusCode;
use tongqiao::{HttpTransport, Transport as _, Trust};

use super::{Installation, Version};

/// Between two looks.
const PACE: Duration = Duration::from_millis(200);
/// One look takes no longer.
const LOOK_MOST: Duration = Duration::from_secs(5);

/// Where a service says that it serves.
#[derive(Debug, Clone)]
pub enum Watched {
    /// Plain HTTP.
    Plain(SocketAddr),
    /// HTTPS with the authority in this file, which the service makes.
    Tls(SocketAddr, PathBuf),
}

impl Watched {
    fn url(&self, path: &str) -> String {
        let (scheme, address) = match self {
            Self::Plain(address) => ("http", address),
            Self::Tls(address, _) => ("https", address),
        };
        if address.ip().is_unspecified() {
            format!("{scheme}://localhost:{}{path}", address.port())
        } else {
            format!("{scheme}://{address}{path}")
        }
    }

    fn transport(&self) -> Option<HttpTransport> {
        let trust = match self {
            Self::Plain(_) => Trust::system(),
            Self::Tls(_, authority) => Trust::only(&std::fs::read(authority).ok()?).ok()?,
        };
        HttpTransport::direct(&trust).ok()
    }

    async fn get(&self, path: &str) -> Option<String> {
        let request = http::Request::get(self.url(path)).body(Vec::new()).ok()?;
        let answer = tokio::time::timeout(LOOK_MOST, self.transport()?.send(request)).await.ok()?.ok()?;
        (answer.status() == StatusCode::OK).then(|| String::from_utf8_lossy(answer.body()).into_owned())
    }
}

/// What is tried.
pub(super) struct Trial<'a>(&'a Installation);

impl<'a> Trial<'a> {
    pub(super) const fn of(installation: &'a Installation) -> Self {
        Self(installation)
    }

    /// Restarts the service; whether the command says that it has.
    pub(super) fn restart(&self) -> bool {
        let usual = ["systemctl".to_owned(), "restart".to_owned(), self.0.service.to_owned()];
        let wanted = self.0.settings.restart.as_slice();
        let command = if wanted.is_empty() { &usual } else { wanted };
        let Some((program, arguments)) = command.split_first() else { return false };
        match Command::new(program).args(arguments).stdin(Stdio::null()).status() {
            Ok(status) if status.success() => true,
            Ok(status) => {
                tracing::error!(%program, %status, "the service was not restarted");
                false
            }
            Err(error) => {
                tracing::error!(%program, %error, "the service was not restarted");
                false
            }
        }
    }

    /// Waits until that very version serves; not for ever.
    pub(super) async fn serves(&self, version: &Version) -> bool {
        let own = format!("build_info{{version=\"{version}\"}} 1");
        let waiting = async {
            loop {
                let is_own = || async {
                    let figures = self.0.watched.get("/metrics").await;
                    figures.is_some_and(|figures| figures.lines().any(|line| line.ends_with(&own)))
                };
                if self.0.watched.get("/readyz").await.is_some() && is_own().await {
                    return;
                }
                tokio::time::sleep(PACE).await;
            }
        };
        tokio::time::timeout(self.0.patience(), waiting).await.is_ok()
    }
}
