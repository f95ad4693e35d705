//! What a bill says, before anybody has looked whether it is right.

use std::time::Duration;

use serde_json::{Value, json};
use tongqiao_protocol::bill::LateFeeRule;
use tongqiao_protocol::{Amount, BillId, CaseId, Timestamp};

/// How long the platform may take first notice of a bill, unless said otherwise.
const TAKEN_WITHIN: Duration = Duration::from_secs(24 * 3_600);

/// A draft of a bill. The sum is made of the lines; the late fee stands apart.
///
/// ```
/// use tongqiao::BillDraft;
/// let draft = BillDraft::new("340700000000", "测试用户")
///     .line("certificate", "证书工本费", 2, "5.00")
///     .late_fee("0.50");
/// ```
#[derive(Clone)]
#[must_use]
pub struct BillDraft {
    bill: Option<BillId>,
    division: String,
    payer: Value,
    case: Option<CaseId>,
    item: Option<Value>,
    lines: Vec<Line>,
    late_fee: String,
    late_fee_rule: Option<LateFeeRule>,
    taken_within: Duration,
}

#[derive(Debug, Clone)]
struct Line {
    code: String,
    name: String,
    quantity: u32,
    unit_price: String,
}

impl std::fmt::Debug for BillDraft {
    /// Without the payer: a log is no place for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BillDraft")
            .field("bill", &self.bill)
            .field("division", &self.division)
            .field("case", &self.case)
            .field("lines", &self.lines)
            .field("late_fee", &self.late_fee)
            .field("late_fee_rule", &self.late_fee_rule)
            .field("taken_within", &self.taken_within)
            .finish_non_exhaustive()
    }
}

impl BillDraft {
    /// A bill for a division's treasury (6, 9 or 12 digits), to be paid by somebody.
    pub fn new(division: &str, payer: &str) -> Self {
        Self {
            bill: None,
            division: division.to_owned(),
            payer: json!({ "name": payer }),
            case: None,
            item: None,
            lines: Vec::new(),
            late_fee: Amount::ZERO.to_string(),
            late_fee_rule: None,
            taken_within: TAKEN_WITHIN,
        }
    }

    /// The bill's id, made and stored by the application before it makes the bill. Making the same bill again under an id
    /// that this store already has changes nothing, so that an application that was killed, or dropped the future, can
    /// simply make it again. Another bill under that id is an error.
    pub const fn bill_id(mut self, bill: BillId) -> Self {
        self.bill = Some(bill);
        self
    }

    pub(super) const fn chosen_id(&self) -> Option<BillId> {
        self.bill
    }

    /// The stable user id of the payer, when he signed in.
    pub fn user(mut self, subject: &str) -> Self {
        self.payer["user"] = json!(subject);
        self
    }

    /// The case it belongs to. The bill may reach the platform before the case does.
    pub const fn case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// The item it is charged for.
    pub fn item(mut self, code: &str, version: u32) -> Self {
        self.item = Some(json!({ "code": code, "version": version }));
        self
    }

    /// One line; the price of one is in yuan with two places, such as `280.00`.
    pub fn line(mut self, code: &str, name: &str, quantity: u32, unit_price: &str) -> Self {
        let (code, name, unit_price) = (code.to_owned(), name.to_owned(), unit_price.to_owned());
        self.lines.push(Line { code, name, quantity, unit_price });
        self
    }

    /// 滞纳金, on top of the lines, in yuan with two places.
    pub fn late_fee(mut self, amount: &str) -> Self {
        amount.clone_into(&mut self.late_fee);
        self
    }

    /// 滞纳金 that grows: so many ten-thousandths of the lines for each day after the last day to pay, never more than the lines. It is
    /// fixed by the day of the payment. Either this or [`BillDraft::late_fee`].
    ///
    /// ```
    /// use tongqiao::{BillDraft, late_fee};
    /// use tongqiao::protocol::bill::LateFeeRule;
    ///
    /// let rule = LateFeeRule::new(5, "2026-11-30".parse().unwrap());
    /// let draft = BillDraft::new("340700000000", "测试用户").line("rent", "公房租金", 1, "1000.00").late_fee_rule(rule);
    /// // Three days late, without a link:
    /// let on = "2026-12-03".parse().unwrap();
    /// assert_eq!(late_fee("1000.00".parse().unwrap(), &rule, on).to_string(), "1.50");
    /// ```
    pub const fn late_fee_rule(mut self, rule: LateFeeRule) -> Self {
        self.late_fee_rule = Some(rule);
        self
    }

    /// How long from now on the platform may take first notice of the bill (24 hours by default). A bill that arrives
    /// later is refused, so that an outage surprises nobody with an old bill.
    pub const fn taken_within(mut self, time: Duration) -> Self {
        self.taken_within = time;
        self
    }

    pub(super) fn not_after(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(i64::try_from(self.taken_within.as_millis()).unwrap_or(i64::MAX))
    }

    /// The record, without its id and author.
    pub(super) fn to_json(&self, now: Timestamp) -> Value {
        let mut sum = Some(Amount::ZERO);
        let lines: Vec<Value> =
            self.lines
                .iter()
                .map(|line| {
                    let product = line.unit_price.parse::<Amount>().ok().and_then(|price| {
                        price.as_fen().checked_mul(i64::from(line.quantity)).and_then(Amount::from_fen)
                    });
                    sum = sum.zip(product).and_then(|(sum, product)| sum.checked_add(product));
                    json!({
                        "code": line.code, "name": line.name, "quantity": line.quantity, "unit_price": line.unit_price,
                        "amount": product.unwrap_or(Amount::ZERO),
                    })
                })
                .collect();
        let mut bill = json!({
            "division": self.division,
            "payer": self.payer,
            "amount": sum.unwrap_or(Amount::ZERO),
            "lines": lines,
            "late_fee": self.late_fee,
            "not_after": self.not_after(now),
            "created": now,
        });
        if let Some(rule) = self.late_fee_rule {
            bill["late_fee_rule"] = json!(rule);
        }
        if let Some(case) = self.case {
            bill["case"] = json!(case);
        }
        if let Some(item) = &self.item {
            bill["item"] = item.clone();
        }
        bill
    }
}
