//! Whether anybody was at the audit file.

use std::path::Path;

use super::finding::{Finding, Report, Said, Subject};
use crate::audit::{Flaw, Mark, Verdict, verify};

/// Verifies the audit file of a folder of data; `noted` is a place of the chain that was noted earlier.
pub(super) fn examine(data: &Path, noted: Option<&Mark>) -> Report {
    let mut report = Report::default();
    match verify(data, noted) {
        Ok(verdict) if verdict.flaws.is_empty() => report.push(Finding::sound(Subject::Audit, whole(&verdict))),
        Ok(verdict) => verdict.flaws.iter().for_each(|flaw| {
            report.push(Finding::fault(Subject::Audit, said(flaw), advice()));
        }),
        Err(error) => report.push(Finding::fault(
            Subject::Audit,
            Said::new(format!("读不到：{error}"), format!("cannot be read: {error}")),
            Said::new(
                "以运行服务的账号执行本命令；仍读不到的，检查磁盘",
                "run this as the service's own user; if that does not help, look at the disk",
            ),
        )),
    }
    report
}

fn whole(verdict: &Verdict) -> Said {
    let (lines, last) = (verdict.lines, &verdict.last);
    if lines == 0 {
        return Said::new("尚无记录", "nothing is noted yet");
    }
    let (zh, en) = match verdict.signed {
        Some(signed) => (format!("签名到第 {signed} 行"), format!("signed up to line {signed}")),
        None => ("没有本机密钥的签名".to_owned(), "not signed by a key that is here".to_owned()),
    };
    Said::new(
        format!("共 {lines} 行，链条完整，{zh}；可在别处记下末行 {last}"),
        format!("{lines} lines, the chain holds, {en}; the last, to be noted elsewhere: {last}"),
    )
}

fn said(flaw: &Flaw) -> Said {
    match flaw {
        Flaw::Altered(n) => Said::new(format!("第 {n} 行被改过"), format!("line {n} was altered")),
        Flaw::Removed(from, to) if from == to => {
            Said::new(format!("第 {from} 行被删"), format!("line {from} was removed"))
        }
        Flaw::Removed(from, to) => {
            Said::new(format!("第 {from} 至 {to} 行被删"), format!("lines {from} to {to} were removed"))
        }
        Flaw::Inserted(n) => {
            Said::new(format!("第 {n} 行处插入了别的行"), format!("another line was inserted at line {n}"))
        }
        Flaw::Moved(n) => Said::new(format!("第 {n} 行被移到了后面"), format!("line {n} was moved behind later ones")),
        Flaw::CutOff(from, to) => Said::new(
            format!("末尾被截断：第 {from} 至 {to} 行不在了"),
            format!("the end was cut off: lines {from} to {to} are gone"),
        ),
        Flaw::Rewritten(n) => Said::new(
            format!("第 {n} 行与签名或所记的摘要不符：此行或之前的内容被重写过"),
            format!("line {n} is not the one that was signed or noted: it or what is before it was written anew"),
        ),
        Flaw::HeadMissing => Said::new(
            "链首签名文件 audit-head.json 丢失或损坏，末尾是否被截断无从得知",
            "the signed head audit-head.json is gone or damaged: nobody knows whether the end was cut off",
        ),
        Flaw::HeadForged => Said::new(
            "链首签名文件 audit-head.json 的签名不符",
            "the signature of the head audit-head.json does not fit",
        ),
        Flaw::FormerAltered => Said::new(
            "旧审计文件 console/audit.jsonl 在启用链条之后被改过或删除",
            "the former file console/audit.jsonl was changed or removed after the chain had begun",
        ),
        Flaw::SeenBefore(n, what) => Said::new(
            format!("节点自己曾发现链条断裂，记于第 {n} 行：{what}"),
            format!("the node itself found the chain broken and noted so in line {n}: {what}"),
        ),
    }
}

fn advice() -> Said {
    Said::new(
        "不要改动这些文件，复制一份封存，报告市级平台管理员；核对同一时段的服务日志与磁盘状况",
        "leave the files as they are, put a copy away and tell the city's operator; look at the service's log and the disk of \
         that time",
    )
}
