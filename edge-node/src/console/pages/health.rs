//! How the machine is, for the administrator: what the doctor says, and how old the copies are.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use crate::console::Console;
use crate::console::page::{self, Place};
use crate::console::visitor::Administrator;
use crate::console::words::Words;
use crate::courier::{Copies, local_now};
use crate::doctor::{self, Finding, Gravity};

/// The copies that a counter lives on while the link is down.
const COPIES: [(&str, &str, &str); 5] = [
    ("/v1/directory", "密钥目录", "key directory"),
    ("/v1/catalogue", "事项目录", "catalogue of items"),
    ("/v1/working-calendar", "工作日历", "working calendar"),
    ("/v1/supervision-rules", "监察规则", "rules of supervision"),
    ("/v1/epoch", "平台纪元", "epoch"),
];

/// `GET /console/health`.
pub(in crate::console) async fn show(
    State(console): State<Console>,
    Administrator(visitor): Administrator,
) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let report = doctor::examine(&inside.settings).await;
    let title = words.say("设备状况", "Health");
    let folder = inside.settings.data.join("copies");
    let ages = tokio::task::spawn_blocking(move || ages(&folder)).await.unwrap_or_default();
    let body = html! {
        h1 { (title) }
        table {
            thead { tr { th { (words.say("结论", "Verdict")) } th { (words.say("项目", "What")) } th { (words.say("说明", "Said")) } th { (words.say("办法", "What to do")) } } }
            tbody { @for finding in report.findings() { (row(words, finding)) } }
        }
        h2 { (words.say("本机副本", "Copies")) }
        table {
            thead { tr { th { (words.say("内容", "Of what")) } th { (words.say("取得于多久以前", "Age")) } } }
            tbody { @for ((_, chinese, english), age) in COPIES.iter().zip(ages) { tr {
                td { (words.say(chinese, english)) }
                td { (age.map_or_else(|| words.say("没有副本", "none").to_owned(), |age| words.span(age * 1_000))) }
            } } }
        }
        p.hint { (words.say("审计文件：", "Audit file: ")) span.mono { "audit.jsonl" } }
    };
    page::page(&visitor, Place::Health, title, &body)
}

fn ages(folder: &std::path::Path) -> Vec<Option<i64>> {
    let Ok(copies) = Copies::open(folder) else { return vec![None; COPIES.len()] };
    COPIES.iter().map(|(target, ..)| copies.find(target).map(|copy| copy.age_seconds(local_now()))).collect()
}

fn row(words: Words, finding: &Finding) -> Markup {
    let (class, verdict) = match finding.gravity {
        Gravity::Sound => ("good", words.say("正常", "sound")),
        Gravity::Unseen => ("", words.say("未查", "not seen")),
        Gravity::Warning => ("wait", words.say("注意", "warning")),
        Gravity::Fault => ("bad", words.say("故障", "fault")),
    };
    let name = finding.subject.name();
    html! {
        tr {
            td.tight { span class=(format!("dot {class}")) {} (verdict) }
            td.tight { (name.text(words.0)) } td { (finding.said.text(words.0)) }
            td { (finding.advice.as_ref().map_or("—", |advice| advice.text(words.0))) }
        }
    }
}
