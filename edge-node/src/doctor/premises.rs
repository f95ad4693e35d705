//! What must be there before anything else can be seen: a node that answers, its credentials, its store.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;
use tongqiao::{Credentials, Error};

use super::finding::{Finding, Said, Subject};

/// A node on this machine answers at once, or not at all.
const NEAR: Duration = Duration::from_secs(3);

/// Whether somebody answers where the node should.
pub(super) async fn serves(listen: SocketAddr) -> bool {
    let near = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let connecting = TcpStream::connect(SocketAddr::new(near, listen.port()));
    matches!(tokio::time::timeout(NEAR, connecting).await, Ok(Ok(_)))
}

pub(super) fn service(listen: SocketAddr, serves: bool) -> Finding {
    if serves {
        let said = Said::new(format!("在 {listen} 应答"), format!("answers at {listen}"));
        return Finding::sound(Subject::Service, said);
    }
    Finding::fault(
        Subject::Service,
        Said::new(
            format!("{listen} 没有应答，节点没有运行"),
            format!("nobody answers at {listen}: the node does not run"),
        ),
        Said::new(
            "启动节点：装成系统服务的，启动该服务；未装的，执行 tongqiao-edge node --settings 设置文件。起不来的看它最后几行输出和下面各项",
            "start it: the system's service where one was made, else tongqiao-edge node --settings FILE; if it does not stay, its \
             last lines and what is said below tell why",
        ),
    )
}

pub(super) fn no_credentials(path: &Path, error: &Error) -> Finding {
    Finding::fault(
        Subject::Credentials,
        Said::new(
            format!("{} 不能用（{error}）", path.display()),
            format!("{} cannot be used ({error})", path.display()),
        ),
        Said::new(
            "核对设置中的 data，并以节点所用的账户或管理员身份检查；尚未登记的，请市级平台管理员发放接入码后执行 tongqiao-edge enrol",
            "check data in the settings, and look as the node's own account or as the administrator; where nothing is enrolled \
             yet, get a one-time code from the city's operator and run tongqiao-edge enrol",
        ),
    )
}

/// The file holds the private keys in the clear.
pub(super) fn own_eyes_only(path: &Path, credentials: &Credentials) -> Finding {
    use std::os::unix::fs::PermissionsExt as _;

    let party = credentials.party();
    let is_open = std::fs::metadata(path).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0);
    if is_open {
        let path = path.display();
        return Finding::warning(
            Subject::Credentials,
            Said::new(format!("{party}，但私钥文件可被他人读取"), format!("{party}, and others can read its keys")),
            Said::new(format!("执行 chmod 600 {path}"), format!("run chmod 600 {path}")),
        );
    }
    Finding::sound(Subject::Credentials, Said::new(party.to_string(), party.to_string()))
}

pub(super) fn no_store(path: &Path, error: &dyn std::fmt::Display) -> Finding {
    let path = path.display();
    Finding::fault(
        Subject::Store,
        Said::new(format!("{path} 打不开：{error}"), format!("{path} cannot be opened: {error}")),
        Said::new(
            "核对设置中的 data，并以节点所用的账户或管理员身份检查；文件丢失的，先查磁盘是否挂载，不要新建空文件",
            "check data in the settings, and look as the node's own account or as the administrator; if the file is gone, see \
             whether the disk is mounted, and make no new one",
        ),
    )
}
