//! The signed records of payment: a bill, its withdrawal, a refund.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::late_fee::LateFeeRule;
use crate::case::ItemReference;
use crate::identifier::DivisionCode;
use crate::reading::{self, Reading};
use crate::{Amount, BillId, CaseId, ErrorCode, Fault, Faults, PartyId, RefundId, Timestamp, limits};

/// One line 明细 of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BillLine {
    /// The code of the charge 收费项目.
    pub code: String,
    /// What it is for.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub unit_price: Amount,
    /// Quantity times price.
    pub amount: Amount,
}

impl BillLine {
    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (code, name) = (reading.short_text("code"), reading.short_text("name"));
        let quantity = reading.number("quantity", 1, 1_000_000);
        let (unit_price, amount): (Option<Amount>, Option<Amount>) =
            (reading.parsed("unit_price"), reading.parsed("amount"));
        let quantity = u32::try_from(quantity?).ok()?;
        let (unit_price, amount) = (unit_price?, amount?);
        let product = unit_price.as_fen().checked_mul(i64::from(quantity)).and_then(Amount::from_fen);
        if product != Some(amount) {
            let computed = product.map_or_else(|| String::from("too large"), |p| alloc::format!("{p}"));
            let path = reading.path_of("amount");
            reading.push(
                Fault::new(&path, ErrorCode::BillAmountMismatch).with("stated", amount).with("computed", computed),
            );
        }
        Some(Self { code: code?, name: name?, quantity, unit_price, amount })
    }
}

/// Who is to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payer {
    /// Name.
    pub name: String,
    /// The stable user id, when the payer signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// A bill 缴款单 as its author signs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BillRecord {
    /// Its id, made by the author before it is first sent.
    pub bill: BillId,
    /// The author.
    pub party: PartyId,
    /// The case it belongs to; the case need not have arrived yet, payments overtake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The item it is charged for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemReference>,
    /// The division whose treasury receives it.
    pub division: DivisionCode,
    /// Who is to pay.
    pub payer: Payer,
    /// The sum of the lines.
    pub amount: Amount,
    /// The lines.
    pub lines: Vec<BillLine>,
    /// 滞纳金, on top of the amount; nothing where a rule says how it grows.
    pub late_fee: Amount,
    /// How the late fee grows until the bill is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_fee_rule: Option<LateFeeRule>,
    /// After this instant the platform takes no first notice of the bill any more.
    pub not_after: Timestamp,
    /// When it was made.
    pub created: Timestamp,
}

impl BillRecord {
    /// What is to be paid: amount and stated late fee, without one that grows by a rule; `None` when that exceeds [`Amount::MAX`].
    pub const fn total(&self) -> Option<Amount> {
        self.amount.checked_add(self.late_fee)
    }

    /// The exact bytes to sign and to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// Every fault with its path; `bill.amount_mismatch` where lines do not add up.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        parse(bytes, Self::read)
    }

    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (bill, party, case) = (reading.parsed("bill"), reading.parsed("party"), reading.optional_parsed("case"));
        let item = reading.optional_nested("item", ItemReference::read);
        let division = reading.identifier("division");
        let payer = reading.nested("payer", |payer| {
            let (name, user) = (payer.short_text("name"), payer.optional_text("user"));
            Some(Payer { name: name?, user })
        });
        let amount: Option<Amount> = reading.parsed("amount");
        let lines = reading.list("lines", 1, limits::BILL_LINES_MAX, BillLine::read);
        let late_fee: Option<Amount> = reading.parsed("late_fee");
        let late_fee_rule = reading.optional_nested("late_fee_rule", LateFeeRule::read);
        if late_fee_rule.is_some() && late_fee.is_some_and(|late_fee| late_fee > Amount::ZERO) {
            // Either it is stated, or it grows.
            reading.fault("late_fee", ErrorCode::RequestContradiction);
        }
        if let (Some(amount), Some(lines)) = (amount, &lines) {
            let at_most = late_fee_rule.map_or(late_fee, |rule| highest(amount, rule));
            check_sum(reading, amount, lines, at_most.unwrap_or_default());
        }
        let (not_after, created) = (reading.parsed("not_after"), reading.parsed("created"));
        Some(Self {
            bill: bill?,
            party: party?,
            case,
            item,
            division: division?,
            payer: payer?,
            amount: amount?,
            lines: lines?,
            late_fee: late_fee?,
            late_fee_rule,
            not_after: not_after?,
            created: created?,
        })
    }
}

/// The most that a late fee can come to.
fn highest(amount: Amount, rule: LateFeeRule) -> Option<Amount> {
    Amount::from_fen(amount.as_fen().checked_mul(i64::from(rule.cap_percent))? / 100)
}

fn check_sum(reading: &mut Reading<'_>, amount: Amount, lines: &[BillLine], late_fee: Amount) {
    let sum = lines.iter().try_fold(Amount::ZERO, |sum, line| sum.checked_add(line.amount));
    let fits = sum == Some(amount) && amount > Amount::ZERO && amount.checked_add(late_fee).is_some();
    let total = amount.checked_add(late_fee).map(Amount::as_fen);
    if fits && total.is_none_or(|fen| fen > limits::BILL_FEN_MAX) {
        let path = reading.path_of("amount");
        reading.push(Fault::new(&path, ErrorCode::RequestInvalidValue).with("limit_fen", limits::BILL_FEN_MAX));
    }
    if !fits {
        let computed = sum.map_or_else(|| String::from("too large"), |sum| alloc::format!("{sum}"));
        let path = reading.path_of("amount");
        reading
            .push(Fault::new(&path, ErrorCode::BillAmountMismatch).with("stated", amount).with("computed", computed));
    }
}

/// The withdrawal 作废 of an unpaid bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoidRecord {
    /// The bill.
    pub bill: BillId,
    /// The author, who must be the bill's.
    pub party: PartyId,
    /// Why.
    pub reason: String,
    /// When.
    pub created: Timestamp,
}

impl VoidRecord {
    /// The exact bytes to sign and to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        parse(bytes, |reading| {
            let (bill, party) = (reading.parsed("bill"), reading.parsed("party"));
            let (reason, created) = (reading.long_text("reason"), reading.parsed("created"));
            Some(Self { bill: bill?, party: party?, reason: reason?, created: created? })
        })
    }
}

/// The order to refuse a bill's id for ever, unless the bill is registered already 查封. Only its author may give it: an
/// edge that carries his records must not be able to shut out his bills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FenceRecord {
    /// The bill.
    pub bill: BillId,
    /// The author, who must be the bill's.
    pub party: PartyId,
    /// When.
    pub time: Timestamp,
}

impl FenceRecord {
    /// The exact bytes to sign.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        parse(bytes, |reading| {
            let (bill, party, time) = (reading.parsed("bill"), reading.parsed("party"), reading.parsed("time"));
            Some(Self { bill: bill?, party: party?, time: time? })
        })
    }
}

/// A refund 退款 of a bill or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundRecord {
    /// Its id, made by the author before it is first sent.
    pub refund: RefundId,
    /// The bill.
    pub bill: BillId,
    /// The author, who must be the bill's.
    pub party: PartyId,
    /// How much; the sum of all refunds never exceeds what was paid.
    pub amount: Amount,
    /// Of the amount, what is given back of the late fee; absent where the author does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_fee: Option<Amount>,
    /// Why.
    pub reason: String,
    /// After this instant the platform takes no first notice of the refund any more.
    pub not_after: Timestamp,
    /// When it was made.
    pub created: Timestamp,
}

impl RefundRecord {
    /// The exact bytes to sign and to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        parse(bytes, |reading| {
            let (refund, bill, party) = (reading.parsed("refund"), reading.parsed("bill"), reading.parsed("party"));
            let amount: Option<Amount> = reading.parsed("amount");
            if amount == Some(Amount::ZERO) {
                reading.fault("amount", ErrorCode::RequestInvalidValue);
            }
            let late_fee: Option<Amount> = reading.optional_parsed("late_fee");
            if late_fee.zip(amount).is_some_and(|(late_fee, amount)| late_fee > amount) {
                reading.fault("late_fee", ErrorCode::RequestContradiction);
            }
            let (reason, not_after) = (reading.long_text("reason"), reading.parsed("not_after"));
            let created = reading.parsed("created");
            Some(Self {
                refund: refund?,
                bill: bill?,
                party: party?,
                amount: amount?,
                late_fee,
                reason: reason?,
                not_after: not_after?,
                created: created?,
            })
        })
    }
}

fn to_bytes(record: &impl Serialize) -> Vec<u8> {
    // Structs of strings, numbers and lists always serialise.
    serde_json::to_vec(record).unwrap_or_default()
}

fn parse<T>(bytes: &[u8], read: impl FnOnce(&mut Reading<'_>) -> Option<T>) -> Result<T, Faults> {
    if bytes.len() > limits::MESSAGE_BYTES_MAX {
        let fault = Fault::new("", ErrorCode::RequestTooLarge).with("limit_bytes", limits::MESSAGE_BYTES_MAX);
        return Err(Faults::one(fault));
    }
    let object = reading::object(bytes).map_err(Faults::one)?;
    let mut reading = Reading::new(&object, "");
    let record = read(&mut reading);
    match record {
        Some(record) if reading.is_clean() => Ok(record),
        _ => Err(reading.into_faults()),
    }
}
