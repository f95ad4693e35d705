//! Is this code right, what does it say, and which item is meant?
//!
//! `cargo run -p tongqiao-examples --bin codes-and-items -- <platform> <one-time code> <folder>`

use clap::Parser;
use tongqiao::protocol::IdentifierKind;
use tongqiao::protocol::identifier::inspection::{inspect, suggest_repairs};
use tongqiao::{CaseDraft, Client, Error, Item, ItemQuery};
use tongqiao_examples::{Arguments, ended};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(codes_and_items(&Arguments::parse()).await)
}

async fn codes_and_items(arguments: &Arguments) -> Result<(), Error> {
    check(IdentifierKind::CitizenNumber, "340705199001010016");
    check(IdentifierKind::CitizenNumber, "34070519900101OO16"); // the letter O twice
    check(IdentifierKind::DivisionCode, "340705");

    let client = arguments.join("social-security").await?;
    let edition = client.items().edition().await?;
    println!("目录 catalogue: published {}, last heard of {}", edition.published, edition.fetched_at);
    for item in client.items().find(&ItemQuery::text("社会保障卡").division("340700")).await? {
        show(&item);
    }
    judge(&client).await?;
    client.close().await;
    Ok(())
}

/// All faults at once; a repair is suggested and never made.
fn check(kind: IdentifierKind, text: &str) {
    match inspect(kind, text) {
        Ok(inspection) => {
            println!("正确 right: {}", inspection.mask());
            for line in inspection.lines() {
                println!("  {}：{}", line.value(), line.zh());
            }
        }
        Err(faults) => {
            for fault in faults.iter() {
                println!("有误 wrong: {} {}", fault.code(), fault.zh());
            }
            for repair in suggest_repairs(kind, text) {
                println!("  建议 suggestion: {}", repair.zh());
            }
        }
    }
}

/// An item's identity is its code and version; a case stays with the version under which it was taken.
fn show(item: &Item) {
    println!("{} 版本 version {} {}", item.code, item.version, item.name.zh);
    println!("  法定 {} 承诺 {} 个工作日 working days", item.statutory_days, item.promised_days);
    for material in &item.materials {
        println!("  材料 material {} {} {}", material.key, material.name.zh, material.required);
    }
}

/// What a clerk would hear at the counter, without a network: everything that is wrong with a draft, nothing kept.
async fn judge(client: &Client) -> Result<(), Error> {
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let Some(item) = items.first() else { return Ok(()) };
    let draft = CaseDraft::for_item(item).person("测试用户", "340705199001010017").field("reason", "");
    if let Err(refused) = client.cases().check(&draft).await {
        for fault in refused.faults() {
            println!("  {} {}", fault.path, fault.code);
        }
    }
    Ok(())
}
