//! Bills, their withdrawal and refunds; what the platform says of them.

mod late_fee;
mod record;
mod refusal;
mod view;

pub use late_fee::{LateFeeRounding, LateFeeRule};
pub use record::{BillLine, BillRecord, FenceRecord, Payer, RefundRecord, VoidRecord};
pub use refusal::MoneyRefusal;
pub use view::{BillState, BillView, LateFeeNow, MoneyBooked, Paid, PaymentOutcome, Payout, RefundState, RefundView};
