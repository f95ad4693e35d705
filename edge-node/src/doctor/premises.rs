//! What must be there before anything else can be seen: a service that answers, its credentials, its store.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;
use tongqiao::{Credentials, Error, Trust};
use tongqiao_protocol::Language;

use super::finding::{Finding, Report, Said, Subject};
use super::role::Role;
use crate::{SettingsError, StartError, settings};

/// What runs on this machine answers at once, or not at all.
const NEAR: Duration = Duration::from_secs(3);

/// Whether somebody answers where the service should.
pub(super) async fn serves(listen: SocketAddr) -> bool {
    let near = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let connecting = TcpStream::connect(SocketAddr::new(near, listen.port()));
    matches!(tokio::time::timeout(NEAR, connecting).await, Ok(Ok(_)))
}

pub(super) fn service(role: Role, listen: SocketAddr, serves: bool) -> Finding {
    if serves {
        let said = Said::new(format!("在 {listen} 应答"), format!("answers at {listen}"));
        return Finding::sound(Subject::Service, said);
    }
    let (name, command) = (role.name(), role.command());
    let (zh, en) = (name.text(Language::Chinese), name.text(Language::English));
    Finding::fault(
        Subject::Service,
        Said::new(
            format!("{listen} 没有应答，{zh}没有运行"),
            format!("nobody answers at {listen}: the {en} does not run"),
        ),
        Said::new(
            format!(
                "启动{zh}：装成系统服务的，启动该服务；未装的，执行 tongqiao-edge {command} --settings 设置文件。起不来的看它最后几行输出\
                 和下面各项"
            ),
            format!(
                "start it: the system's service where one was made, else tongqiao-edge {command} --settings FILE; if it does not \
                 stay, its last lines and what is said below tell why"
            ),
        ),
    )
}

pub(super) fn no_settings(role: Role, error: &SettingsError) -> Finding {
    let shipped = format!("{}.toml", role.command());
    Finding::fault(
        Subject::Settings,
        Said::new(format!("设置文件不能用：{error}"), format!("the file of settings cannot be used: {error}")),
        Said::new(
            format!("用 --settings 指明设置文件；各项的写法和默认值见随附的 {shipped}"),
            format!("name the file by --settings; every setting stands in the {shipped} that comes with the program"),
        ),
    )
}

/// The credentials in a folder of data, and what is to be said of them; `None` when there is nothing to go on with.
pub(super) fn credentials(report: &mut Report, data: &Path) -> Option<Credentials> {
    let path = settings::credentials(data);
    match Credentials::from_file(&path) {
        Ok(credentials) => {
            report.push(own_eyes_only(&path, &credentials));
            Some(credentials)
        }
        Err(error) => {
            report.push(no_credentials(&path, &error));
            None
        }
    }
}

fn no_credentials(path: &Path, error: &Error) -> Finding {
    Finding::fault(
        Subject::Credentials,
        Said::new(
            format!("{} 不能用（{error}）", path.display()),
            format!("{} cannot be used ({error})", path.display()),
        ),
        Said::new(
            "核对设置中的 data，并以该服务所用的账户或管理员身份检查；尚未登记的，请市级平台管理员发放接入码后执行 tongqiao-edge enrol",
            "check data in the settings, and look as the service's own account or as the administrator; where nothing is enrolled \
             yet, get a one-time code from the city's operator and run tongqiao-edge enrol",
        ),
    )
}

/// The file holds the private keys in the clear.
fn own_eyes_only(path: &Path, credentials: &Credentials) -> Finding {
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

/// Credentials of something else.
pub(super) fn not_of_the_role(role: Role) -> Finding {
    let (name, command) = (role.name(), role.command());
    let (zh, en) = (name.text(Language::Chinese), name.text(Language::English));
    Finding::fault(
        Subject::Credentials,
        Said::new(
            format!("凭据中没有链路密钥，不是{zh}的凭据"),
            format!("there is no key for the link in it: it is not a {en}'s"),
        ),
        Said::new(
            format!("请市级平台管理员发放{zh}的接入码，执行 tongqiao-edge enrol --kind {command}"),
            format!("get a {en}'s one-time code from the city's operator and run tongqiao-edge enrol --kind {command}"),
        ),
    )
}

/// Whom the settings let a platform's certificate be from; `None` when that cannot be read.
pub(super) fn trust(report: &mut Report, authority: Option<&Path>) -> Option<Trust> {
    settings::trust(authority).inspect_err(|error| report.push(no_authority(error))).ok()
}

/// The file of the authority that the platform's certificate is from.
fn no_authority(error: &StartError) -> Finding {
    Finding::fault(
        Subject::Settings,
        Said::new(format!("platform_authority 不能用：{error}"), format!("platform_authority cannot be used: {error}")),
        Said::new(
            "请市级平台管理员提供其证书签发机构的 PEM 文件，并核对该设置",
            "get the PEM file of the authority from the city's operator, and check the setting",
        ),
    )
}

/// The secret by which programs of this machine are let in.
pub(super) fn token(path: &Path) -> Finding {
    use std::os::unix::fs::PermissionsExt as _;

    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(facts) if facts.permissions().mode() & 0o007 != 0 => Finding::warning(
            Subject::Credentials,
            Said::new(
                format!("本机任何账户都能读取令牌 {shown}"),
                format!("every account of this machine can read the token {shown}"),
            ),
            Said::new(
                format!("执行 chmod o= {shown}，只让业务系统的账户能读"),
                format!("run chmod o= {shown}: only the department's system should read it"),
            ),
        ),
        Ok(_) => Finding::sound(Subject::Credentials, Said::new("令牌文件完好", "the token is there")),
        Err(error) => Finding::warning(
            Subject::Credentials,
            Said::new(
                format!("读不到令牌 {shown}（{error}）"),
                format!("the token {shown} cannot be looked at ({error})"),
            ),
            Said::new("启动边车即自动生成；以它的账户再查", "the sidecar makes one at its start; look as its account"),
        ),
    }
}

pub(super) fn no_store(path: &Path, error: &dyn std::fmt::Display) -> Finding {
    let path = path.display();
    Finding::fault(
        Subject::Store,
        Said::new(format!("{path} 打不开：{error}"), format!("{path} cannot be opened: {error}")),
        Said::new(
            "核对设置中的 data，并以该服务所用的账户或管理员身份检查；文件丢失的，先查磁盘是否挂载，不要新建空文件",
            "check data in the settings, and look as the service's own account or as the administrator; if the file is gone, see \
             whether the disk is mounted, and make no new one",
        ),
    )
}
