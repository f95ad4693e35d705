//! The way to the platform without a hub, as hubs and sidecars go it.

use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;
use tongqiao::{Arrival, Client, Credentials, HttpTransport, Silence, Transport as _, TransportFailure, Trust};

use super::clock::{self, Known};
use super::finding::{Finding, Report, Said, Subject};
use super::keys;
use crate::courier::local_now;

/// Whoever stands at the machine is not kept waiting for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of asking.
#[derive(Debug)]
pub(super) enum Seen {
    /// Somebody answered.
    Answered { status: StatusCode, took: Duration },
    /// Nobody did.
    Silent(TransportFailure),
}

/// Asks the platform for its time.
async fn ask(platform: &str, transport: &HttpTransport) -> Seen {
    let silent = |silence, detail: &str| Seen::Silent(TransportFailure::new(silence, Arrival::No, detail));
    let address = format!("{}/v1/time", platform.trim_end_matches('/'));
    let Ok(request) = http::Request::builder().method(Method::GET).uri(address).body(Vec::new()) else {
        return silent(Silence::NotConnected, "the platform's address cannot be read");
    };
    let began = Instant::now();
    match tokio::time::timeout(PATIENCE, transport.send(request)).await {
        Ok(Ok(answer)) => Seen::Answered { status: answer.status(), took: began.elapsed() },
        Ok(Err(failure)) => Seen::Silent(failure),
        Err(_) => silent(Silence::TimedOut, "no answer in 30 s"),
    }
}

/// Link, clock and directory; the signing key and, where the service has one, that of the link.
pub(super) async fn look(
    report: &mut Report,
    platform: &str,
    trust: &Trust,
    credentials: &Credentials,
    client: &Client,
) {
    let before = client.carrier().directory().await.ok().flatten();
    let seen = match HttpTransport::direct(trust) {
        Ok(transport) => ask(platform, &transport).await,
        Err(error) => Seen::Silent(TransportFailure::new(Silence::TlsFailed, Arrival::No, error)),
    };
    report.push(judge(&seen, platform));
    let is_up = matches!(seen, Seen::Answered { status: StatusCode::OK, .. });
    let renewed = if is_up { Some(client.refresh_directory().await) } else { None };
    let known = match (&renewed, &before) {
        (Some(Ok(())), _) => Known::Ahead(client.clock_offset_ms()),
        (_, Some(directory)) => Known::NotBefore(directory.issued),
        (_, None) => Known::Nothing,
    };
    report.push(clock::judge(known, local_now()));
    let directory = client.carrier().directory().await.ok().flatten();
    let now = client.platform_time();
    match (renewed, &directory) {
        (Some(Err(error)), _) => report.push(keys::not_renewed(&error)),
        // A hub keeps none: there is nothing to be old.
        (None, None) => report.push(Finding::unseen(
            Subject::Directory,
            Said::new("平台不通，取不到密钥目录", "the platform cannot be asked for it"),
        )),
        (_, directory) => report.push(keys::age(directory.as_ref(), now)),
    }
    if let Some(directory) = directory {
        report.push(keys::signing(&directory, credentials, now));
        if credentials.link_key().is_some() {
            report.push(keys::link(&directory, credentials, now));
        }
    }
}

pub(super) fn judge(seen: &Seen, platform: &str) -> Finding {
    let failure = match seen {
        Seen::Answered { status: StatusCode::OK, took } => {
            let millis = took.as_millis();
            let said = Said::new(
                format!("{platform} 应答正常，往返 {millis} 毫秒"),
                format!("{platform} answers in {millis} ms"),
            );
            return Finding::sound(Subject::Link, said);
        }
        Seen::Answered { status, .. } => {
            let said = Said::new(format!("{platform} 答以 HTTP {status}"), format!("{platform} answers HTTP {status}"));
            let advice = Said::new(
                "核对设置中的 platform 是否写对；无误则稍后再查，仍如此则联系市级平台管理员",
                "check platform in the settings; if it is right, look again later, then tell the city's operator",
            );
            return Finding::warning(Subject::Link, said, advice);
        }
        Seen::Silent(failure) => failure,
    };
    match failure.silence() {
        Silence::TlsFailed => Finding::fault(
            Subject::Link,
            Said::new(
                format!("{platform} 的证书不可信（{failure}）"),
                format!("the certificate of {platform} is not believed ({failure})"),
            ),
            Said::new(
                "核对设置中的 platform 与 platform_authority，再看本机时钟；均无误则可能有人冒充，立即报告市级平台管理员",
                "check platform and platform_authority in the settings, and this machine's clock; if they are right, somebody \
                 may be in between: tell the city's operator at once",
            ),
        ),
        Silence::NotConnected => Finding::warning(
            Subject::Link,
            Said::new(format!("连不上 {platform}（{failure}）"), format!("no connection to {platform} ({failure})")),
            Said::new(
                "先看本机网络与 DNS，再看防火墙是否放行，并核对设置中的 platform；恢复后自动继续，已受理的不会丢",
                "look at this machine's network and DNS, then at the firewall, and check platform in the settings; work goes on \
                 by itself when it is back, and nothing that was taken is lost",
            ),
        ),
        _ => Finding::warning(
            Subject::Link,
            Said::new(
                format!("{platform} 没有给出完整的应答（{failure}）"),
                format!("{platform} gave no whole answer ({failure})"),
            ),
            Said::new(
                "平台可能在维护或线路拥塞，稍后再查；一直如此则联系市级平台管理员",
                "the platform may be at rest or the line crowded: look again later, then tell the city's operator",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Gravity;
    use super::*;

    #[test]
    fn silence_is_a_warning_and_a_stranger_a_fault() {
        let gravity = |seen| judge(&seen, "https://platform.example").gravity;
        let silent = |silence| Seen::Silent(TransportFailure::new(silence, Arrival::No, "x"));
        assert_eq!(gravity(silent(Silence::NotConnected)), Gravity::Warning);
        assert_eq!(gravity(silent(Silence::TimedOut)), Gravity::Warning);
        assert_eq!(gravity(silent(Silence::TlsFailed)), Gravity::Fault);
        let answered = |status| Seen::Answered { status, took: Duration::from_millis(80) };
        assert_eq!(gravity(answered(StatusCode::OK)), Gravity::Sound);
        assert_eq!(gravity(answered(StatusCode::NOT_FOUND)), Gravity::Warning);
    }
}
