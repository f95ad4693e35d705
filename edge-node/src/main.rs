//! `tongqiao-edge`: the edge node and the hub as a program.

mod clerk;
mod errand;
mod release;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tongqiao::{Trust, enrol};
use tongqiao_edge::audit::{Audit, Deed, Mark, OPERATOR};
use tongqiao_edge::hub::Hub;
use tongqiao_edge::node::Node;
use tongqiao_edge::sidecar::Sidecar;
use tongqiao_edge::{HubSettings, NodeSettings, SidecarSettings, console, doctor};
use tongqiao_protocol::enrolment::PartyKind;
use tongqiao_protocol::{Language, Suite};

/// Edge node of a township office, and hub in the city 乡镇边缘节点与市级汇聚节点
#[derive(Parser)]
#[command(name = "tongqiao-edge", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the office's systems and pass on to the city 运行边缘节点
    Node {
        /// Settings in TOML 设置文件
        #[arg(long, default_value = "/etc/tongqiao/node.toml")]
        settings: PathBuf,
    },
    /// Say what is wrong on this machine and what to do; ends with 0 sound, 1 warnings, 2 faults 检查本机并给出办法
    #[command(args_conflicts_with_subcommands = true)]
    Doctor {
        /// One thing only 只查一项
        #[command(subcommand)]
        only: Option<Only>,
        /// What is looked at: node, hub or sidecar 检查节点、汇聚还是边车
        #[arg(long, default_value = "node", value_parser = role)]
        kind: doctor::Role,
        /// Settings in TOML; else those of the kind in /etc/tongqiao 设置文件，不写则为 /etc/tongqiao 中的同名文件
        #[arg(long)]
        settings: Option<PathBuf>,
        /// Language of the report: zh or en 报告所用语言
        #[arg(long, default_value = "zh", value_parser = language)]
        language: Language,
    },
    /// Unpack what nodes send, in front of the platform 运行汇聚节点
    Hub {
        /// Settings in TOML 设置文件
        #[arg(long, default_value = "/etc/tongqiao/hub.toml")]
        settings: PathBuf,
    },
    /// Serve programs of this machine that send plain JSON 运行边车
    Sidecar {
        /// Settings in TOML 设置文件
        #[arg(long, default_value = "/etc/tongqiao/sidecar.toml")]
        settings: PathBuf,
    },
    /// Who may sign in to the console 窗口页面的账号
    Clerk {
        #[command(subcommand)]
        deed: clerk::Deed,
    },
    /// Carry what waits as files: on a stick, or through a gap that passes files one way 摆渡：U 盘或网闸
    Ferry {
        #[command(subcommand)]
        errand: errand::Errand,
    },
    /// Install a new version that was brought as a file, and take it back if it does not serve 离线更新，不能就绪则自动恢复
    Update {
        #[command(subcommand)]
        deed: release::Deed,
    },
    /// Turn a one-time code into credentials 用一次性接入码登记
    Enrol {
        /// Where the platform is reached 平台地址
        #[arg(long)]
        platform: String,
        /// What enrols: node, hub, sidecar or console 登记的是节点、汇聚、边车还是窗口页面
        #[arg(long, value_parser = kind)]
        kind: Enrolled,
        /// The party that the code was made for 接入方标识
        #[arg(long)]
        party: String,
        /// The one-time code 一次性接入码
        #[arg(long)]
        code: String,
        /// What people call it 名称
        #[arg(long)]
        name: Option<String>,
        /// The folder of data, created when absent 数据目录
        #[arg(long)]
        data: PathBuf,
        /// Suite of the signing key: international or sm 签名密钥的算法套件
        #[arg(long, default_value = "international", value_parser = suite)]
        suite: Suite,
        /// PEM file of the authority that the platform's certificate is from 平台证书的签发机构
        #[arg(long)]
        platform_authority: Option<PathBuf>,
    },
}

/// One thing that the doctor looks at.
#[derive(Subcommand)]
enum Only {
    /// Whether anybody was at the audit file: which line was altered, removed, inserted, moved or cut off 核验审计链
    Audit {
        /// Settings of the node 节点设置文件
        #[arg(long, default_value = "/etc/tongqiao/node.toml")]
        settings: PathBuf,
        /// A last line as an earlier report named it, number:digest 此前报告中记下的末行，写作“行号:摘要”
        #[arg(long)]
        noted: Option<Mark>,
        /// Language of the report: zh or en 报告所用语言
        #[arg(long, default_value = "zh", value_parser = language)]
        language: Language,
    },
}

/// What a folder of data is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enrolled {
    Node,
    Hub,
    Sidecar,
    /// The clerk's console, in the folder of its node.
    Console,
}

impl Enrolled {
    const fn party_kind(self) -> PartyKind {
        match self {
            Self::Node => PartyKind::Edge,
            Self::Hub => PartyKind::Hub,
            Self::Sidecar | Self::Console => PartyKind::Department,
        }
    }
}

fn kind(name: &str) -> Result<Enrolled, String> {
    match name {
        "node" => Ok(Enrolled::Node),
        "hub" => Ok(Enrolled::Hub),
        "sidecar" => Ok(Enrolled::Sidecar),
        "console" => Ok(Enrolled::Console),
        _ => Err("node, hub, sidecar or console".to_owned()),
    }
}

pub(crate) fn role(name: &str) -> Result<doctor::Role, String> {
    let known = [doctor::Role::Node, doctor::Role::Hub, doctor::Role::Sidecar];
    known.into_iter().find(|role| role.command() == name).ok_or_else(|| "node, hub or sidecar".to_owned())
}

fn usual_settings(role: doctor::Role) -> PathBuf {
    PathBuf::from(format!("/etc/tongqiao/{}.toml", role.command()))
}

fn suite(name: &str) -> Result<Suite, String> {
    let known = [Suite::International, Suite::ShangMi];
    known.into_iter().find(|suite| suite.as_str() == name).ok_or_else(|| "international or sm".to_owned())
}

fn language(name: &str) -> Result<Language, String> {
    match name {
        "zh" => Ok(Language::Chinese),
        "en" => Ok(Language::English),
        _ => Err("zh or en".to_owned()),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The doctor's report is what its reader wants to see, and not what the libraries thought meanwhile.
    let usual = if matches!(arguments.command, Command::Doctor { .. }) { "off" } else { "info" };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| usual.into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done =
        tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(run(arguments.command)));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tongqiao-edge: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match command {
        Command::Node { settings } => {
            let node = Node::start(&NodeSettings::from_file(&settings)?).await?;
            // The line is read by programs that started us with port 0.
            println!("listening {}", node.address());
            stop_signal().await?;
            node.stop().await;
        }
        Command::Doctor { only: Some(Only::Audit { settings, noted, language }), .. } => {
            let report = doctor::examine_audit(&settings, noted.as_ref());
            print!("{}", report.text(language));
            return Ok(ExitCode::from(report.exit_code()));
        }
        Command::Doctor { only: None, kind, settings, language } => {
            let settings = settings.unwrap_or_else(|| usual_settings(kind));
            let report = doctor::examine_file(kind, &settings).await;
            print!("{}", report.text(language));
            return Ok(ExitCode::from(report.exit_code()));
        }
        Command::Hub { settings } => {
            let hub = Hub::start(&HubSettings::from_file(&settings)?).await?;
            println!("listening {}", hub.address());
            stop_signal().await?;
            hub.stop().await;
        }
        Command::Sidecar { settings } => {
            let sidecar = Sidecar::start(&SidecarSettings::from_file(&settings)?).await?;
            println!("listening {}", sidecar.address());
            stop_signal().await?;
            sidecar.stop().await;
        }
        Command::Ferry { errand } => return errand::run(errand, stop_signal()).await,
        Command::Clerk { deed } => clerk::run(deed)?,
        Command::Update { deed } => release::run(deed).await?,
        Command::Enrol { platform, kind, party, code, name, data, suite, platform_authority } => {
            let trust = match platform_authority {
                Some(path) => Trust::only(&std::fs::read(path)?)?,
                None => Trust::system(),
            };
            let audit = matches!(kind, Enrolled::Node | Enrolled::Console).then(|| data.clone());
            let data = if kind == Enrolled::Console { console::folder(&data) } else { data };
            std::fs::create_dir_all(&data)?;
            let enrolment = enrol(&platform, &party, &code)?.kind(kind.party_kind()).suite(suite).trust(trust.clone());
            let enrolment = enrolment.name(name.as_deref().unwrap_or(&party)).keep_in(data.join("credentials.json"));
            let credentials = enrolment.run().await?;
            if kind == Enrolled::Node {
                first_directory(&platform, &data, credentials.clone(), trust).await?;
            }
            if let Some(data) = audit {
                Audit::of(&data).note(OPERATOR, Deed::Enrolled, credentials.party().as_str())?;
            }
            println!("enrolled {}", credentials.party());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A node knows its hub by the directory, and gets the directory from the hub: the first one is fetched here.
async fn first_directory(
    platform: &str,
    data: &Path,
    credentials: tongqiao::Credentials,
    trust: Trust,
) -> Result<(), tongqiao::Error> {
    let client = tongqiao::Client::builder(platform, credentials).trust(trust).store(data.join("store.sqlite")).build();
    let client = client.await?;
    client.refresh_directory().await?;
    client.close().await;
    Ok(())
}

async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
