//! `tongqiao-edge ferry`: what waits, carried as files.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use tongqiao_edge::ferry::{self, Exported, Fate, FerryError, Read};
use tongqiao_edge::{HubSettings, NodeSettings};

/// What is to be carried.
#[derive(Subcommand)]
pub(crate) enum Errand {
    /// At the node: write all that waits to a folder; nothing counts as delivered by that 节点：把待送记录写入目录
    Export {
        /// Settings of the node 节点设置文件
        #[arg(long, default_value = "/etc/tongqiao/node.toml")]
        settings: PathBuf,
        /// The stick 目录（U 盘）
        #[arg(long)]
        folder: PathBuf,
    },
    /// At the node: read the platform's answers from a folder 节点：从目录读取平台的答复
    Import {
        /// Settings of the node 节点设置文件
        #[arg(long, default_value = "/etc/tongqiao/node.toml")]
        settings: PathBuf,
        /// The stick 目录（U 盘）
        #[arg(long)]
        folder: PathBuf,
    },
    /// At the node, before a gap that passes files one way: both, over and over 节点：网闸两侧目录的持续摆渡
    Watch {
        /// Settings of the node 节点设置文件
        #[arg(long, default_value = "/etc/tongqiao/node.toml")]
        settings: PathBuf,
        /// Where records are written 记录写入的目录
        #[arg(long)]
        out: PathBuf,
        /// Where answers arrive 答复到达的目录
        #[arg(long = "in")]
        arriving: PathBuf,
        /// Seconds between two looks 间隔秒数
        #[arg(long, default_value_t = 30)]
        every: u64,
    },
    /// At the hub: bring the records of a folder to the platform and write its answers 汇聚节点：转送目录中的记录并写回答复
    Pass {
        /// Settings of the hub 汇聚节点设置文件
        #[arg(long, default_value = "/etc/tongqiao/hub.toml")]
        settings: PathBuf,
        /// The stick, or where records arrive 目录（U 盘），或记录到达的目录
        #[arg(long)]
        folder: PathBuf,
        /// Where answers are written, if elsewhere 答复写入的目录，不写则为同一目录
        #[arg(long)]
        receipts: Option<PathBuf>,
        /// Go on, with so many seconds between two looks 持续运行，间隔秒数
        #[arg(long)]
        every: Option<u64>,
    },
}

/// Does it; `stopped` ends what goes on for ever.
pub(crate) async fn run(
    errand: Errand,
    stopped: impl Future<Output = std::io::Result<()>>,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match errand {
        Errand::Export { settings, folder } => {
            tell(&ferry::export(&NodeSettings::from_file(&settings)?, &folder).await?);
            Ok(ExitCode::SUCCESS)
        }
        Errand::Import { settings, folder } => {
            Ok(tell_all(&ferry::import(&NodeSettings::from_file(&settings)?, &folder).await?))
        }
        Errand::Pass { settings, folder, receipts, every } => {
            let settings = HubSettings::from_file(&settings)?;
            let receipts = receipts.as_ref().unwrap_or(&folder);
            let Some(every) = every else { return Ok(tell_all(&ferry::pass(&settings, &folder, receipts).await?)) };
            let passing = async {
                loop {
                    tell_or_warn(ferry::pass(&settings, &folder, receipts).await);
                    tokio::time::sleep(Duration::from_secs(every.max(1))).await;
                }
            };
            until(stopped, passing).await
        }
        Errand::Watch { settings, out, arriving, every } => {
            let settings = NodeSettings::from_file(&settings)?;
            let watching = async {
                let mut before: Option<Exported> = None;
                loop {
                    tell_or_warn(ferry::import(&settings, &arriving).await);
                    match ferry::export_if_changed(&settings, &out, before.as_ref()).await {
                        Ok(None) => {}
                        Ok(Some(exported)) => {
                            tell(&exported);
                            before = Some(exported);
                        }
                        Err(error) => tracing::warn!(%error, "nothing was written; tried again"),
                    }
                    tokio::time::sleep(Duration::from_secs(every.max(1))).await;
                }
            };
            until(stopped, watching).await
        }
    }
}

async fn until(
    stopped: impl Future<Output = std::io::Result<()>>,
    forever: impl Future<Output = std::convert::Infallible>,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    tokio::select! {
        stopped = stopped => stopped?,
        never = forever => match never {},
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(exported: &Exported) {
    println!("{} records in {} bundles", exported.records, exported.bundles);
}

fn tell_or_warn(read: Result<Vec<Read>, FerryError>) {
    match read {
        Ok(read) => drop(tell_all(&read)),
        Err(error) => tracing::warn!(%error, "nothing was read; tried again"),
    }
}

/// Ends with 1 when somebody has to do something.
fn tell_all(read: &[Read]) -> ExitCode {
    if read.is_empty() {
        println!("no bundles here");
    }
    for Read { file, fate } in read {
        let file = file.file_name().unwrap_or_default().display();
        match fate {
            Fate::Taken { judged, open, reasons, .. } if reasons.is_empty() => {
                println!("{file}: {judged} judged, {open} open");
            }
            Fate::Taken { judged, open, reasons, .. } => {
                println!("{file}: {judged} judged, {open} open ({})", reasons.join(", "));
            }
            Fate::Quarantined => {
                println!("{file}: its key is revoked or was not valid; kept in quarantine for a person")
            }
            Fate::Refused(unusable) => println!("{file}: not taken: {unusable}"),
            Fate::Failed(error) => println!("{file}: not taken now, may be read again: {error}"),
        }
    }
    if read.iter().any(|read| read.fate.needs_somebody()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
