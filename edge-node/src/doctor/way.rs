//! The way to the city: the hub's name, its door, who stands behind it, and whether the platform answers through it.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use tokio::net::lookup_host;
use tokio::time::Instant;
use tongqiao::{Arrival, Silence, TransportFailure};

use super::finding::{Finding, Said, Subject};
use crate::NodeSettings;
use crate::link::{Call, Uplink};

/// Whoever stands at the machine is not kept waiting for longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the platform is asked: small, and open to everybody.
const QUESTION: &str = "/v1/time";

/// What came of asking.
#[derive(Debug)]
pub(super) enum Seen {
    /// An answer of the platform.
    Answered { status: StatusCode, took: Duration },
    /// The hub's name means nothing here.
    Nameless(String),
    /// No answer.
    Silent(TransportFailure),
}

impl Seen {
    /// Whether the platform answers as it should.
    pub(super) fn is_up(&self) -> bool {
        matches!(self, Self::Answered { status: StatusCode::OK, .. })
    }
}

/// Asks the platform for its time.
pub(super) async fn ask(hub: &str, uplink: &Uplink) -> Seen {
    match lookup_host(hub).await.map(|mut addresses| addresses.next()) {
        Ok(Some(_)) => {}
        Ok(None) => return Seen::Nameless("no address".to_owned()),
        Err(error) => return Seen::Nameless(error.to_string()),
    }
    let call = Call::new(Method::GET, QUESTION.to_owned(), &HeaderMap::new(), Vec::new());
    let began = Instant::now();
    match tokio::time::timeout(PATIENCE, uplink.pass(&call)).await {
        Ok(Ok(answer)) => Seen::Answered { status: answer.status, took: began.elapsed() },
        Ok(Err(failure)) => Seen::Silent(failure),
        Err(_) => Seen::Silent(TransportFailure::new(Silence::TimedOut, Arrival::Perhaps, "no answer in 30 s")),
    }
}

pub(super) fn judge(seen: &Seen, settings: &NodeSettings) -> Finding {
    let (hub, party) = (&settings.hub, &settings.hub_party);
    let failure = match seen {
        Seen::Answered { status: StatusCode::OK, took } => {
            let millis = took.as_millis();
            let said = Said::new(
                format!("经 {hub} 可达市级平台，往返 {millis} 毫秒"),
                format!("the platform answers through {hub} in {millis} ms"),
            );
            return Finding::sound(Subject::Link, said);
        }
        Seen::Answered { status, .. } => {
            let said = Said::new(format!("市级平台答以 HTTP {status}"), format!("the platform answers HTTP {status}"));
            let advice =
                Said::new("稍后再查，仍如此则联系市级平台管理员", "look again later, then tell the city's operator");
            return Finding::warning(Subject::Link, said, advice);
        }
        Seen::Nameless(detail) => {
            let said = Said::new(
                format!("查不到汇聚节点 {hub} 的地址（{detail}）"),
                format!("the hub's address {hub} cannot be found ({detail})"),
            );
            let advice = Said::new(
                "检查设置中的 hub 有无笔误，以及本机的 DNS；内网没有 DNS 的，改写 IP 地址",
                "check hub in the settings, and this machine's DNS; write an IP address where there is none",
            );
            return Finding::fault(Subject::Link, said, advice);
        }
        Seen::Silent(failure) => failure,
    };
    match failure.silence() {
        // A hub that is not the one expected does not become it by waiting.
        Silence::TlsFailed => Finding::fault(
            Subject::Link,
            Said::new(
                format!("{hub} 的对端不能证明自己是 {party}（{failure}）"),
                format!("whoever answers at {hub} does not prove to be {party} ({failure})"),
            ),
            Said::new(
                "核对设置中的 hub 与 hub_party；再看下面的时钟、密钥目录与密钥；均无误则可能有人冒充，立即报告市级平台管理员",
                "check hub and hub_party in the settings, then clock, directory and keys below; if they are right, somebody \
                 may be in between: tell the city's operator at once",
            ),
        ),
        Silence::NotConnected => Finding::warning(
            Subject::Link,
            Said::new(format!("连不上汇聚节点 {hub}（{failure}）"), format!("no connection to {hub} ({failure})")),
            Said::new(
                "先看光纤、路由器、4G 是否在线，再看防火墙是否放行该端口；办件照常受理，恢复后自动补送",
                "look at fibre, router and modem, then at the firewall; cases go on meanwhile and are sent when it is back",
            ),
        ),
        Silence::TimedOut => Finding::warning(
            Subject::Link,
            Said::new(format!("{hub} 没有及时应答（{failure}）"), format!("{hub} did not answer in time ({failure})")),
            Said::new(
                "线路拥塞或丢包，换一条线路或稍后再查；办件照常受理",
                "the line is crowded or loses much: take another, or look again later; cases go on meanwhile",
            ),
        ),
        _ => Finding::warning(
            Subject::Link,
            Said::new(
                format!("已接通 {hub}，但没有得到市级平台的应答（{failure}）"),
                format!("{hub} is reached, and no answer of the platform came ({failure})"),
            ),
            Said::new(
                "市级平台可能在维护，稍后再查；一直如此则本节点的密钥可能已失效，见下面的密钥，并联系市级平台管理员",
                "the platform may be at rest: look again later; if it stays so, the city may know this node's key no more: see \
                 the keys below, and tell the city's operator",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Gravity;
    use super::*;

    #[test]
    fn a_line_that_is_down_is_a_warning_and_a_stranger_at_its_end_a_fault() {
        let gravity = |seen| judge(&seen, &NodeSettings::default()).gravity;
        let silent = |silence| Seen::Silent(TransportFailure::new(silence, Arrival::No, "x"));
        assert_eq!(gravity(silent(Silence::NotConnected)), Gravity::Warning);
        assert_eq!(gravity(silent(Silence::TimedOut)), Gravity::Warning);
        assert_eq!(gravity(silent(Silence::Broken)), Gravity::Warning);
        assert_eq!(gravity(silent(Silence::TlsFailed)), Gravity::Fault);
        assert_eq!(gravity(Seen::Nameless("x".to_owned())), Gravity::Fault);
        let answered = |status| Seen::Answered { status, took: Duration::from_millis(80) };
        assert_eq!(gravity(answered(StatusCode::OK)), Gravity::Sound);
        assert_eq!(gravity(answered(StatusCode::SERVICE_UNAVAILABLE)), Gravity::Warning);
    }
}
