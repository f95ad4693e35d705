//! What is in custody and not judged yet: since when, and whether it should have gone by now.

use tongqiao::Statistics;
use tongqiao_protocol::{Language, Timestamp};

use super::finding::{Finding, Said, Subject, span};

const HOUR_MS: i64 = 3_600_000;
/// With a link and a node that works, nothing waits for longer.
const SLOW_MS: i64 = HOUR_MS / 4;
const STUCK_MS: i64 = HOUR_MS;
/// Without a link the law's days go on: somebody should carry the news to the city.
const LONG_MS: i64 = 24 * HOUR_MS;
const TOO_LONG_MS: i64 = 72 * HOUR_MS;

/// Whether what waits has a way out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Node and link work.
    Open,
    /// One of them does not.
    Closed,
}

pub(super) fn judge(statistics: &Statistics, way: Way, now: Timestamp) -> Finding {
    let waiting = statistics.pending.saturating_sub(statistics.blocked);
    // What stands behind a refused record waits for its department, and for nothing that could be done here.
    let behind = match statistics.blocked {
        0 => Said::new("", ""),
        blocked => Said::new(
            format!("；另有 {blocked} 件排在被拒绝的记录之后，等部门系统更正"),
            format!("; {blocked} more stand behind a refused record until its department replaces it"),
        ),
    };
    let [zh, en] = [Language::Chinese, Language::English];
    if waiting == 0 {
        let said = Said::new(
            format!("没有待送记录{}", behind.text(zh)),
            format!("nothing waits to be sent{}", behind.text(en)),
        );
        return Finding::sound(Subject::Custody, said);
    }
    let age = statistics.oldest_pending_at.map_or(0, |oldest| now.millis_since(oldest).max(0));
    let how = span(age);
    let said = Said::new(
        format!("{waiting} 件待送，最早的一件已等 {}{}", how.text(zh), behind.text(zh)),
        format!("{waiting} wait to be sent, the oldest for {}{}", how.text(en), behind.text(en)),
    );
    let (few, many) = match way {
        Way::Open => (SLOW_MS, STUCK_MS),
        Way::Closed => (LONG_MS, TOO_LONG_MS),
    };
    let advice = match way {
        Way::Open => Said::new(
            "链路和服务都正常却迟迟不送：先重启服务（已受理的不会丢），仍如此则把它的日志交给市级平台管理员",
            "link and service work and still it is not sent: restart the service, which loses nothing, and if that does not help \
             give its log to the city's operator",
        ),
        Way::Closed => Said::new(
            "先恢复上面的服务与链路；时限仍在计算，断链超过三天应告知市级平台管理员和各部门",
            "bring back service and link as said above; deadlines go on, so tell the city's operator and the departments when it \
             lasts more than three days",
        ),
    };
    // The oldest may be one of those that stand behind another: its age proves nothing then.
    match age {
        age if age >= many && statistics.blocked == 0 => Finding::fault(Subject::Custody, said, advice),
        age if age >= few => Finding::warning(Subject::Custody, said, advice),
        _ => Finding::sound(Subject::Custody, said),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Gravity;
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn waiting(pending: u64, blocked: u64, age: i64) -> Statistics {
        Statistics { pending, blocked, oldest_pending_at: Some(NOW.plus_millis(-age)), ..Statistics::default() }
    }

    #[test]
    fn with_an_open_way_an_hour_is_too_long_and_without_one_three_days_are() {
        for (way, age, gravity) in [
            (Way::Open, SLOW_MS - 1, Gravity::Sound),
            (Way::Open, SLOW_MS, Gravity::Warning),
            (Way::Open, STUCK_MS, Gravity::Fault),
            (Way::Closed, STUCK_MS, Gravity::Sound),
            (Way::Closed, LONG_MS, Gravity::Warning),
            (Way::Closed, TOO_LONG_MS, Gravity::Fault),
        ] {
            let finding = judge(&waiting(4, 0, age), way, NOW);
            assert_eq!(finding.gravity, gravity, "{way:?} {age}");
            assert!(finding.said.text(Language::Chinese).starts_with("4 件待送"));
        }
    }

    #[test]
    fn what_waits_for_a_department_is_told_and_is_no_fault_here() {
        let only = judge(&waiting(3, 3, TOO_LONG_MS), Way::Open, NOW);
        assert_eq!(only.gravity, Gravity::Sound);
        assert!(only.said.text(Language::Chinese).contains("3 件排在被拒绝的记录之后"));
        assert_eq!(judge(&waiting(4, 3, TOO_LONG_MS), Way::Open, NOW).gravity, Gravity::Warning);
        assert_eq!(judge(&Statistics::default(), Way::Closed, NOW).gravity, Gravity::Sound);
    }
}
