//! `tongqiao-platform`: the reference platform as a program.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tongqiao_protocol::Suite;
use tongqiao_reference_platform::{CodeWish, Platform, StartError};

/// The database file in the data directory.
const DATABASE: &str = "platform.sqlite";

/// Reference platform and vendors' sandbox 参考平台与开发沙箱
#[derive(Parser)]
#[command(name = "tongqiao-platform", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where to listen; port 0 takes a free one, which is printed 监听地址，端口 0 表示自动选取
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Directory of the database, created when absent 数据目录
    #[arg(long, default_value = "tongqiao-platform-data")]
    data: PathBuf,
    /// Certificate chain in PEM 证书链（PEM）
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key in PEM 私钥（PEM）
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Open the sandbox's control routes; never in production 开放沙箱控制接口，生产环境禁用
    #[arg(long)]
    sandbox: bool,
    /// Scheme and authority under which callers reach it, where that is not the address listened on 对外地址
    #[arg(long)]
    base_url: Option<String>,
    /// Suite of what is signed for everybody: international or sm 公共签名所用算法套件
    #[arg(long, default_value = "international", value_parser = suite)]
    suite: Suite,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a one-time code with which a department's system, an edge node or a hub enrols 生成一次性接入码
    EnrolmentCode(CodeArguments),
}

#[derive(clap::Args)]
struct CodeArguments {
    /// Directory of the database; the platform may be running 数据目录
    #[arg(long, default_value = "tongqiao-platform-data")]
    data: PathBuf,
    /// The only party that may use it 限定的接入方
    #[arg(long)]
    party: Option<String>,
    /// What it enrols as: department, edge, hub or terminal 接入方类别
    #[arg(long, default_value = "department")]
    kind: String,
    /// A division within which the party may write; may be repeated, a department has one at least 允许的行政区划，可重复
    #[arg(long = "division")]
    divisions: Vec<String>,
    /// A party whose records an edge node may carry; may be repeated 边缘节点可以代送的接入方，可重复
    #[arg(long)]
    carries: Vec<String>,
    /// A party whose cases it may move; may be repeated 可以共同办理其办件的接入方，可重复
    #[arg(long)]
    joins: Vec<String>,
    /// A credit code of an agency or a code of an item that it is in charge of; may be repeated 负责的部门或事项，可重复
    #[arg(long)]
    handles: Vec<String>,
    /// A division for which it may accept what others handle; may be repeated 可以代收的行政区划，可重复
    #[arg(long)]
    accepts: Vec<String>,
}

fn suite(name: &str) -> Result<Suite, String> {
    let known = [Suite::International, Suite::ShangMi];
    known.into_iter().find(|suite| suite.as_str() == name).ok_or_else(|| "international or sm".to_owned())
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("tongqiao-platform: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut arguments = Arguments::parse();
    let done = match arguments.command.take() {
        Some(Command::EnrolmentCode(code)) => runtime.block_on(make_code(code)),
        None => runtime.block_on(run(arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tongqiao-platform: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn make_code(arguments: CodeArguments) -> Result<(), Box<dyn std::error::Error>> {
    let CodeArguments { data, party, kind, divisions, carries, joins, handles, accepts } = arguments;
    std::fs::create_dir_all(&data)?;
    let wish = CodeWish { party, kind, divisions, carries, joins, handles, accepts };
    println!("enrolment-code {}", Platform::builder().database(data.join(DATABASE)).enrolment_code(&wish).await?);
    Ok(())
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(&arguments.data)?;
    let mut builder =
        Platform::builder().database(arguments.data.join(DATABASE)).listen(arguments.listen).suite(arguments.suite);
    if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        builder = builder.tls(tls_config(certificate, key)?);
    }
    if arguments.sandbox {
        builder = builder.sandbox();
    }
    if let Some(url) = arguments.base_url {
        builder = builder.base_url(url.trim_end_matches('/'));
    }
    let mut running = builder.start().await.map_err(|error: StartError| error.to_string())?;
    // The line is read by programs that started us with port 0.
    println!("listening {}", running.base_url());
    if arguments.sandbox {
        let code = running.enrolment_code(None, &["340700000000"]).await.map_err(|error| error.to_string())?;
        println!("enrolment-code {code}");
        println!("sandbox-login {} {}", Platform::sandbox_login(), running.sandbox_sign_in());
    }
    tokio::select! {
        served = running.wait() => served?,
        stopped = stop_signal() => stopped?,
    }
    running.shutdown().await;
    Ok(())
}

fn tls_config(certificate: &Path, key: &Path) -> Result<Arc<rustls::ServerConfig>, Box<dyn std::error::Error>> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
