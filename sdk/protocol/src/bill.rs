//! Bills, their withdrawal and refunds; what the platform says of them.

mod record;
mod view;

pub use record::{BillLine, BillRecord, FenceRecord, Payer, RefundRecord, VoidRecord};
pub use view::{BillState, BillView, Paid, PaymentOutcome, RefundState, RefundView};
