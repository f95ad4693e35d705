//! The pages of the cashier.

use axum::response::Response;
use http::StatusCode;
use tongqiao_protocol::bill::BillLine;
use tongqiao_protocol::{Amount, Language};

use super::bill::PayableBill;
use crate::html::{escape, hidden, page, pick};

/// A bill, however it stands.
pub(crate) fn bill(language: Language, bill: &PayableBill, token: &str, sandbox: bool) -> Response {
    let title = if bill.is_open() {
        pick(language, "统一支付", "Pay a bill")
    } else if bill.is_paid() {
        pick(language, "缴款成功", "Paid")
    } else {
        pick(language, "缴款单已作废", "This bill is void")
    };
    let body = format!(
        "{}<dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd></dl>{}{}{}",
        standing(language, bill),
        pick(language, "收款单位", "Payee"),
        escape(&bill.payee),
        pick(language, "区划", "Division"),
        escape(&bill.division),
        pick(language, "缴款人", "Payer"),
        escape(&masked(&bill.content.payer.name)),
        pick(language, "缴款码", "Pay code"),
        escape(&bill.pay_code),
        lines(language, bill),
        if bill.is_open() { pay_form(bill, token) } else { String::new() },
        if sandbox && !bill.is_open() { pay_anyway_form(language, bill, token) } else { String::new() },
    );
    page(StatusCode::OK, language, title, &body, "")
}

fn standing(language: Language, bill: &PayableBill) -> String {
    let mut notices = Vec::new();
    if bill.is_open() {
        let text = pick(language, "沙箱收银台：不会真的扣款。", "Sandbox cashier: no real money is taken.");
        notices.push(("", text.to_owned()));
    } else if let Some((amount, at, transaction)) = &bill.paid {
        let said = pick(language, "已收到", "Received");
        notices.push(("done", format!("{said} {} · {at} · {transaction}", yuan(*amount))));
    } else {
        let text = "该缴款单已作废，请勿缴款。";
        notices.push(("bad", pick(language, text, "This bill is void. Please do not pay it.").to_owned()));
    }
    for (amount, chinese, english) in [
        (bill.refunded, "已退款", "Refunded"),
        (bill.refund_owed, "待退还（重复或作废后到账）", "Owed back to the payer"),
    ] {
        if amount > Amount::ZERO {
            notices.push(("", format!("{} {}", pick(language, chinese, english), yuan(amount))));
        }
    }
    let written = notices.iter().map(|(class, text)| format!("<p class=\"notice {class}\">{}</p>", escape(text)));
    written.collect()
}

fn lines(language: Language, bill: &PayableBill) -> String {
    let rows: String = bill.content.lines.iter().map(line).collect();
    let late_fee = if bill.late_fee > Amount::ZERO {
        let name = pick(language, "滞纳金", "Late fee");
        let name = match bill.content.late_fee_rule {
            Some(rule) if language == Language::Chinese => {
                format!("{name}（缴款期限 {}，逾期按日万分之{}）", rule.due, rule.rate)
            }
            Some(rule) => format!("{name} (due {}, then {}/10000 a day)", rule.due, rule.rate),
            None => name.to_owned(),
        };
        total_row(&name, bill.late_fee, "")
    } else {
        String::new()
    };
    format!(
        "<table><thead><tr><th>{}</th><th class=\"number\">{}</th><th class=\"number\">{}</th>\
         <th class=\"number\">{}</th></tr></thead><tbody>{rows}{late_fee}{}</tbody></table>",
        pick(language, "收费项目", "Charge"),
        pick(language, "数量", "Quantity"),
        pick(language, "单价", "Unit price"),
        pick(language, "金额", "Amount"),
        total_row(pick(language, "合计", "Total"), bill.total(), " class=\"total\""),
    )
}

fn line(line: &BillLine) -> String {
    format!(
        "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
        escape(&line.name),
        line.quantity,
        line.unit_price,
        line.amount,
    )
}

fn total_row(name: &str, amount: Amount, class: &str) -> String {
    format!("<tr{class}><td colspan=\"3\">{}</td><td class=\"number\">{}</td></tr>", escape(name), yuan(amount))
}

/// The one word that a person in a hurry looks for stands in both languages.
fn pay_form(bill: &PayableBill, token: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/cashier/{}\">{}{}<button>支付 Pay {}</button></form>",
        escape(&bill.pay_code),
        hidden("token", token),
        hidden("total", &bill.total().to_string()),
        yuan(bill.total()),
    )
}

/// The bank was faster than the withdrawal of the bill, or a person pays twice.
fn pay_anyway_form(language: Language, bill: &PayableBill, token: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/sandbox/cashier/{}/pay-anyway\">{}<p><small>{}</small></p>\
         <button class=\"plain\">{}</button></form>",
        escape(&bill.pay_code),
        hidden("token", token),
        pick(
            language,
            "沙箱：模拟银行仍然到账，形成待退款。",
            "Sandbox: let money arrive all the same; it will be owed back."
        ),
        pick(language, "仍然到账", "Let it arrive"),
    )
}

fn yuan(amount: Amount) -> String {
    format!("¥{amount}")
}

/// The first character and a star for each of the others: enough to see that it is one's own bill.
fn masked(name: &str) -> String {
    name.chars().enumerate().map(|(index, character)| if index == 0 { character } else { '*' }).collect()
}

/// No bill has this pay code.
pub(crate) fn unknown(language: Language) -> Response {
    let title = pick(language, "没有这张缴款单", "There is no such bill");
    let text = pick(language, "请核对缴款码。", "Please check the pay code.");
    page(StatusCode::NOT_FOUND, language, title, &format!("<p class=\"notice bad\">{text}</p>"), "")
}

/// The form was not one of ours.
pub(crate) fn bad_token(language: Language) -> Response {
    let title = pick(language, "表单有误", "The form is wrong");
    let text = pick(language, "请重新打开支付页面。", "Please open the page again.");
    page(StatusCode::BAD_REQUEST, language, title, &format!("<p class=\"notice bad\">{text}</p>"), "")
}
