//! The departments' own reconciliations: made by each, without a difference, and over all the money that the platform's books have.

use super::super::{Journal, PlatformSide};
use super::Audit;

pub(super) fn compare(audit: &mut Audit, platform: &PlatformSide, departments: usize, journal: &Journal) {
    for department in 0..departments {
        match journal.reconciled.get(&department) {
            None => audit.find(
                format!("第 {} 个部门没有对账", department + 1),
                format!("department {} has not reconciled its money", department + 1),
            ),
            Some(one) if one.differences > 0 => audit.find(
                format!("第 {} 个部门对账有 {} 处差异", department + 1, one.differences),
                format!("department {} found {} differences when it reconciled", department + 1, one.differences),
            ),
            Some(_) => {}
        }
    }
    let (paid, refunded) =
        journal.reconciled.values().fold((0, 0), |sum, one| (sum.0 + one.paid_fen, sum.1 + one.refunded_fen));
    let booked_paid: i64 = platform.payments.values().flatten().sum();
    let booked_refunded: i64 =
        platform.refunds.values().filter(|refund| refund.state == "done").map(|refund| refund.fen).sum();
    for (zh, en, reconciled, booked) in
        [("缴款", "paid", paid, booked_paid), ("退款", "refunded", refunded, booked_refunded)]
    {
        if reconciled != booked {
            // The sum itself is told by the comparison of plans and books; this is another witness.
            audit.find(
                format!("对账{zh} {reconciled} 分，平台账 {booked} 分"),
                format!("{en}: {reconciled} fen were reconciled and {booked} are booked"),
            );
        }
    }
}
