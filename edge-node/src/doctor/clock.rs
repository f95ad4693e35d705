//! This machine's clock: against the platform's where that can be had, else against what the platform has signed before.

use tongqiao_protocol::Timestamp;
use tongqiao_protocol::limits::CLOCK_SKEW_MS_MAX;

use super::finding::{Finding, Said, Subject, span, wall};

/// What is not worth a word.
const TOLERABLE_MS: i64 = 60_000;

/// What is known of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// By how much the platform's clock is ahead, by a time that it signed a moment ago.
    Ahead(i64),
    /// The platform cannot be asked; what it signed last is of then.
    NotBefore(Timestamp),
    /// Nothing.
    Nothing,
}

pub(super) fn judge(known: Known, now: Timestamp) -> Finding {
    let on_wall = wall(now);
    let advice = || {
        Said::new(
            "打开自动对时（timedatectl set-ntp true），没有外网的向内网时间服务器对时；时间总是回到出厂日期的，更换主板电池",
            "switch time synchronisation on (timedatectl set-ntp true), by a server of the internal network where there is no \
             other; change the board's battery if the time falls back again and again",
        )
    };
    match known {
        Known::Ahead(by) => {
            let how = span(by);
            let [zh, en] = [tongqiao_protocol::Language::Chinese, tongqiao_protocol::Language::English];
            let said = if by.abs() < 1_000 {
                Said::new("与平台一致", "as the platform's")
            } else if by > 0 {
                Said::new(format!("比平台慢 {}", how.text(zh)), format!("{} behind the platform's", how.text(en)))
            } else {
                Said::new(format!("比平台快 {}", how.text(zh)), format!("{} ahead of the platform's", how.text(en)))
            };
            match by.abs() {
                0..=TOLERABLE_MS => Finding::sound(Subject::Clock, said),
                // From here on requests that others sign by a right clock look stale when the link is down.
                by if by > CLOCK_SKEW_MS_MAX => Finding::fault(Subject::Clock, said, advice()),
                _ => Finding::warning(Subject::Clock, said, advice()),
            }
        }
        Known::NotBefore(signed) if now < signed.plus_millis(-TOLERABLE_MS) => {
            let signed = wall(signed);
            let said = Said::new(
                format!("本机时间 {on_wall} 早于平台已签发的目录（{signed}），一定不对"),
                format!("{on_wall} is before what the platform has signed already ({signed}), so it is wrong"),
            );
            Finding::fault(Subject::Clock, said, advice())
        }
        Known::NotBefore(_) | Known::Nothing => {
            let said = Said::new(
                format!("本机时间 {on_wall}，链路不通，无法与平台核对；请与手机时间对照"),
                format!("{on_wall}; the platform cannot be asked now, compare it with your own watch"),
            );
            Finding::unseen(Subject::Clock, said)
        }
    }
}

#[cfg(test)]
mod tests {
    use tongqiao_protocol::Language;

    use super::super::finding::Gravity;
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    #[test]
    fn a_minute_is_tolerable_and_more_than_the_protocol_s_skew_is_a_fault() {
        for (by, gravity) in [
            (0, Gravity::Sound),
            (60_000, Gravity::Sound),
            (-60_001, Gravity::Warning),
            (300_000, Gravity::Warning),
            (300_001, Gravity::Fault),
            (-300_001, Gravity::Fault),
        ] {
            let found = judge(Known::Ahead(by), NOW);
            assert_eq!(found.gravity, gravity, "{by}");
            assert_eq!(found.advice.is_some(), gravity >= Gravity::Warning);
        }
    }

    #[test]
    fn it_says_in_which_direction_the_clock_is_wrong() {
        let text = |by| judge(Known::Ahead(by), NOW).said;
        assert_eq!(text(600_000).text(Language::Chinese), "比平台慢 10 分钟");
        assert_eq!(text(-600_000).text(Language::English), "10 min ahead of the platform's");
        assert_eq!(text(999).text(Language::Chinese), "与平台一致");
    }

    #[test]
    fn without_a_link_only_a_time_before_what_was_signed_is_known_to_be_wrong() {
        assert_eq!(judge(Known::NotBefore(NOW.plus_millis(60_001)), NOW).gravity, Gravity::Fault);
        assert_eq!(judge(Known::NotBefore(NOW.plus_millis(60_000)), NOW).gravity, Gravity::Unseen);
        assert_eq!(judge(Known::Nothing, NOW).gravity, Gravity::Unseen);
    }
}
