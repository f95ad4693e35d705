//! How does a department's system go on behind an edge node while the link to the city is down?
//!
//! `cargo run -p tongqiao-examples --bin township-office -- <node> <one-time code> <folder>`

use std::time::Duration;

use clap::Parser;
use tongqiao::{CaseDraft, CaseHandle, Client, Error, ItemQuery, Notice};
use tongqiao_examples::{Arguments, ended};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(township_office(&Arguments::parse()).await)
}

async fn township_office(arguments: &Arguments) -> Result<(), Error> {
    // The node stands where the platform would: nothing else in this program knows of it.
    let client = arguments.join("social-security").await?;
    catch_up(&client).await?;
    if let Some(case) = open(&client).await? {
        tell_the_counter(&client, &case).await?;
    }
    client.close().await;
    Ok(())
}

/// What was handed over before, and whether the city has judged it since.
async fn catch_up(client: &Client) -> Result<(), Error> {
    let waiting = client.outbox().statistics().await?.pending;
    if waiting > 0 && tokio::time::timeout(Duration::from_secs(30), client.outbox().drained()).await.is_ok() {
        println!("补送完毕 caught up: {waiting}");
    }
    Ok(())
}

async fn open(client: &Client) -> Result<Option<CaseHandle>, Error> {
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let Some(item) = items.first() else { return Ok(None) };
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证");
    client.cases().open(&draft).await.map(Some)
}

/// The citizen at the counter is not kept waiting for the link.
async fn tell_the_counter(client: &Client, case: &CaseHandle) -> Result<(), Error> {
    let mut notices = client.notices();
    let settled = tokio::time::timeout(Duration::from_secs(10), case.settled()).await;
    if let Ok(receipt) = settled {
        println!("落定 settled: position {}", receipt?.position);
        return Ok(());
    }
    let kept = async {
        loop {
            match notices.next().await {
                Some(Notice::InCustody { id, .. }) if id == case.event().into() => return true,
                Some(_) => {}
                None => return false,
            }
        }
    };
    let kept = tokio::time::timeout(Duration::from_secs(10), kept).await.unwrap_or(false);
    println!("{}", if kept { "代管 in custody: safe at the node" } else { "本机待送 waiting: safe on this machine" });
    Ok(())
}
