//! `tongqiao-edge update`: a new version as a file.

use std::path::PathBuf;

use clap::Subcommand;
use tongqiao_edge::doctor::Role;
use tongqiao_edge::update::{self, Installation, Older, Updated, Version};

/// What is done with a release.
#[derive(Subcommand)]
pub(crate) enum Deed {
    /// Where releases are made: sign a program 发布方：为程序签名
    Pack {
        /// The private release key in PKCS#8 PEM 发布私钥
        #[arg(long)]
        key: PathBuf,
        /// The program 程序文件
        #[arg(long)]
        program: PathBuf,
        /// Its version 版本号
        #[arg(long)]
        release: Version,
        /// For which kind of machine; that of this one unless it is said 目标平台，不写则为本机
        #[arg(long)]
        target: Option<String>,
        /// The bundle 更新包
        #[arg(long)]
        out: PathBuf,
    },
    /// Install a bundle; the former version comes back when the new one does not serve in time 安装更新包，不能就绪则恢复旧版本
    Apply {
        /// The bundle 更新包
        bundle: PathBuf,
        /// Install it although it is not newer 允许装旧版本
        #[arg(long)]
        allow_older: bool,
        #[command(flatten)]
        here: Here,
    },
    /// End an update that was broken off by a power cut 了结因断电等中断的更新
    Recover {
        #[command(flatten)]
        here: Here,
    },
}

/// What is installed on this machine.
#[derive(clap::Args)]
pub(crate) struct Here {
    /// What runs: node, hub or sidecar 运行的是节点、汇聚还是边车
    #[arg(long, default_value = "node", value_parser = crate::role)]
    kind: Role,
    /// Settings in TOML; else those of the kind in /etc/tongqiao 设置文件，不写则为 /etc/tongqiao 中的同名文件
    #[arg(long)]
    settings: Option<PathBuf>,
    /// The file of the program, unless it is this one 程序文件，不写则为本程序
    #[arg(long)]
    program: Option<PathBuf>,
}

impl Here {
    fn installation(self) -> Result<Installation, Box<dyn std::error::Error>> {
        let settings = self.settings.unwrap_or_else(|| crate::usual_settings(self.kind));
        let program = match self.program {
            Some(program) => program,
            None => std::env::current_exe()?,
        };
        Ok(Installation::of(self.kind, &settings, program)?)
    }
}

/// Does it.
pub(crate) async fn run(deed: Deed) -> Result<(), Box<dyn std::error::Error>> {
    match deed {
        Deed::Pack { key, program, release, target, out } => {
            update::pack(&key, &program, &release, &target.unwrap_or_else(update::own_target), &out)?;
            println!("packed {release}");
        }
        Deed::Apply { bundle, allow_older, here } => {
            let older = if allow_older { Older::Allowed } else { Older::Refused };
            tell(&update::apply(&here.installation()?, &bundle, older).await?);
        }
        Deed::Recover { here } => tell(&update::recover(&here.installation()?).await?),
    }
    Ok(())
}

fn tell(updated: &Updated) {
    match updated {
        Updated::To(version) => println!("updated to {version}, which serves"),
        Updated::Nothing => println!("no update was broken off"),
        Updated::NotBegun(version) => println!("the update had not begun; {version} is installed"),
    }
}
