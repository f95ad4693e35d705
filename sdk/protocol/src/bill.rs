//! Bills, their withdrawal and refunds; what the platform says of them.

mod late_fee;
mod record;
mod view;

pub use late_fee::{LateFeeRounding, LateFeeRule};
pub use record::{BillLine, BillRecord, FenceRecord, Payer, RefundRecord, VoidRecord};
pub use view::{BillState, BillView, LateFeeNow, Paid, PaymentOutcome, RefundState, RefundView};
