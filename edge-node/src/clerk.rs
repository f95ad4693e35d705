//! `tongqiao-edge clerk`: who may sign in to the console of a node.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use tongqiao_edge::NodeSettings;
use tongqiao_edge::audit::{self, Audit, OPERATOR};
use tongqiao_edge::console::{Accounts, Role};

/// What is to be done about accounts.
#[derive(Subcommand)]
pub(crate) enum Deed {
    /// Add somebody, or give somebody another password; it is asked for, or read from standard input 新增账号或重设口令
    Add {
        #[command(flatten)]
        whose: Whose,
        /// For typing: a-z, 0-9, - and _ 登录名
        #[arg(long)]
        name: String,
        /// What stands on receipts 显示姓名
        #[arg(long)]
        shown: String,
        /// clerk or administrator 角色
        #[arg(long, default_value = "clerk", value_parser = role)]
        role: Role,
    },
    /// Take somebody out; sessions end at once 删除账号
    Remove {
        #[command(flatten)]
        whose: Whose,
        /// The name for signing in 登录名
        #[arg(long)]
        name: String,
    },
    /// Show everybody 列出账号
    List {
        #[command(flatten)]
        whose: Whose,
    },
}

/// The node that it is about.
#[derive(Args)]
pub(crate) struct Whose {
    /// Settings in TOML 设置文件
    #[arg(long, default_value = "/etc/tongqiao/node.toml")]
    settings: PathBuf,
}

impl Whose {
    fn accounts(&self) -> Result<(Accounts, Audit), tongqiao_edge::SettingsError> {
        let data = NodeSettings::from_file(&self.settings)?.data;
        Ok((Accounts::of(&data), Audit::of(&data)))
    }
}

fn role(name: &str) -> Result<Role, String> {
    match name {
        "clerk" => Ok(Role::Clerk),
        "administrator" => Ok(Role::Administrator),
        _ => Err("clerk or administrator".to_owned()),
    }
}

/// Does it, and says so.
pub(crate) fn run(deed: Deed) -> Result<(), Box<dyn std::error::Error>> {
    match deed {
        Deed::Add { whose, name, shown, role } => {
            let (accounts, audit) = whose.accounts()?;
            accounts.set(&name, &shown, role, &password()?)?;
            audit.note(OPERATOR, audit::Deed::AccountSet, &name)?;
            println!("added {name}");
        }
        Deed::Remove { whose, name } => {
            let (accounts, audit) = whose.accounts()?;
            let was_there = accounts.remove(&name)?;
            if was_there {
                audit.note(OPERATOR, audit::Deed::AccountRemoved, &name)?;
            }
            println!("{} {name}", if was_there { "removed" } else { "there is no" });
        }
        Deed::List { whose } => {
            for (name, shown, role) in whose.accounts()?.0.list()? {
                println!("{name}\t{shown}\t{role:?}");
            }
        }
    }
    Ok(())
}

/// Asked for without showing it, or the first line of what another program sends.
fn password() -> std::io::Result<String> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("password 口令: ");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
