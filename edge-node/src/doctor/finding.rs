//! What was found, in words for whoever stands before the machine.

use tongqiao_protocol::{Language, Timestamp};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    chinese: String,
    english: String,
}

impl Said {
    /// The same in both.
    pub fn new(chinese: impl Into<String>, english: impl Into<String>) -> Self {
        Self { chinese: chinese.into(), english: english.into() }
    }

    /// The text of one language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The file of settings.
    Settings,
    /// The file of credentials.
    Credentials,
    /// Whether the node serves the office.
    Service,
    /// The way to the hub and the platform.
    Link,
    /// This machine's clock.
    Clock,
    /// The platform's key directory, as it is known here.
    Directory,
    /// The node's keys and the hub's.
    Keys,
    /// The file of what is in custody.
    Store,
    /// The room on the disk.
    Disk,
    /// What is in custody.
    Custody,
    /// Who looked at whose data.
    Audit,
}

impl Subject {
    /// What people call it.
    pub fn name(self) -> Said {
        let (chinese, english) = match self {
            Self::Settings => ("设置", "settings"),
            Self::Credentials => ("凭据", "credentials"),
            Self::Service => ("服务", "service"),
            Self::Link => ("链路", "link"),
            Self::Clock => ("时钟", "clock"),
            Self::Directory => ("密钥目录", "key directory"),
            Self::Keys => ("密钥", "keys"),
            Self::Store => ("存储", "store"),
            Self::Disk => ("磁盘", "disk"),
            Self::Custody => ("代管", "custody"),
            Self::Audit => ("审计", "audit"),
        };
        Said::new(chinese, english)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gravity {
    /// As it should be.
    Sound,
    /// It cannot be seen now, because something else is wrong.
    Unseen,
    /// The office is served; it should not stay so.
    Warning,
    /// Something does not work, or soon will not, and does not heal by itself.
    Fault,
}

impl Gravity {
    fn word(self) -> Said {
        let (chinese, english) = match self {
            Self::Sound => ("正常", "sound"),
            Self::Unseen => ("未查", "not seen"),
            Self::Warning => ("注意", "warning"),
            Self::Fault => ("故障", "fault"),
        };
        Said::new(chinese, english)
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// About what.
    pub subject: Subject,
    /// How bad.
    pub gravity: Gravity,
    /// What is so.
    pub said: Said,
    /// What to do; of everything that is a warning or fault.
    pub advice: Option<Said>,
}

impl Finding {
    pub(super) const fn sound(subject: Subject, said: Said) -> Self {
        Self { subject, gravity: Gravity::Sound, said, advice: None }
    }

    pub(super) const fn unseen(subject: Subject, said: Said) -> Self {
        Self { subject, gravity: Gravity::Unseen, said, advice: None }
    }

    pub(super) const fn warning(subject: Subject, said: Said, advice: Said) -> Self {
        Self { subject, gravity: Gravity::Warning, said, advice: Some(advice) }
    }

    pub(super) const fn fault(subject: Subject, said: Said, advice: Said) -> Self {
        Self { subject, gravity: Gravity::Fault, said, advice: Some(advice) }
    }
}

/// Everything that was found, in the order in which it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report(Vec<Finding>);

impl Report {
    pub(super) fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// What was found about one subject.
    pub fn about(&self, subject: Subject) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(move |finding| finding.subject == subject)
    }

    /// The worst of it.
    pub fn gravity(&self) -> Gravity {
        self.0.iter().map(|finding| finding.gravity).max().unwrap_or(Gravity::Sound)
    }

    /// For monitoring: 0 when nothing need be done, 1 with warnings, 2 with faults.
    pub fn exit_code(&self) -> u8 {
        match self.gravity() {
            Gravity::Sound | Gravity::Unseen => 0,
            Gravity::Warning => 1,
            Gravity::Fault => 2,
        }
    }

    /// The whole report as lines for a terminal.
    pub fn text(&self, language: Language) -> String {
        let (colon, advice) = match language {
            Language::Chinese => ("：", "办法"),
            Language::English => (": ", "what to do"),
        };
        let mut lines = Vec::new();
        for finding in &self.0 {
            let (gravity, name) = (finding.gravity.word(), finding.subject.name());
            let (gravity, name) = (gravity.text(language), name.text(language));
            lines.push(format!("{gravity}  {name}{colon}{}", finding.said.text(language)));
            if let Some(what) = &finding.advice {
                lines.push(format!("      {advice}{colon}{}", what.text(language)));
            }
        }
        let count = |gravity| self.0.iter().filter(|finding| finding.gravity == gravity).count();
        let (faults, warnings) = (count(Gravity::Fault), count(Gravity::Warning));
        lines.push(match (language, faults + warnings) {
            (Language::Chinese, 0) => "结论：没有需要处理的事项".to_owned(),
            (Language::English, 0) => "nothing need be done".to_owned(),
            (Language::Chinese, _) => format!("结论：故障 {faults} 项，注意 {warnings} 项"),
            (Language::English, _) => format!("{faults} faults, {warnings} warnings"),
        });
        lines.join("\n") + "\n"
    }
}

/// A moment as a clock on the wall shows it, in China.
pub(super) fn wall(moment: Timestamp) -> String {
    moment.to_string().replace('T', " ").chars().take(19).collect()
}

/// A length of time, in the words of people: two units at most.
pub(super) fn span(millis: i64) -> Said {
    let seconds = millis.unsigned_abs() / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let said = |chinese: String, english: String| Said { chinese, english };
    match (days, hours, minutes) {
        (0, 0, 0) => said(format!("{seconds} 秒"), format!("{seconds} s")),
        (0, 0, _) => said(format!("{minutes} 分钟"), format!("{minutes} min")),
        (0, _, _) => said(format!("{hours} 小时 {} 分钟", minutes % 60), format!("{hours} h {} min", minutes % 60)),
        _ => said(format!("{days} 天 {} 小时", hours % 24), format!("{days} days {} h", hours % 24)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(gravity: Gravity) -> Finding {
        let advice = (gravity >= Gravity::Warning).then(|| Said::new("换电池", "change the battery"));
        Finding { subject: Subject::Clock, gravity, said: Said::new("慢了", "it is slow"), advice }
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst_finding() {
        for (found, code) in [
            (vec![], 0),
            (vec![Gravity::Sound, Gravity::Unseen], 0),
            (vec![Gravity::Warning, Gravity::Sound], 1),
            (vec![Gravity::Warning, Gravity::Fault, Gravity::Sound], 2),
        ] {
            assert_eq!(Report(found.into_iter().map(finding).collect()).exit_code(), code);
        }
    }

    #[test]
    fn a_report_says_what_and_what_to_do_in_the_language_asked_for() {
        let report = Report(vec![finding(Gravity::Sound), finding(Gravity::Fault)]);
        let chinese = "正常  时钟：慢了\n故障  时钟：慢了\n      办法：换电池\n结论：故障 1 项，注意 0 项\n";
        assert_eq!(report.text(Language::Chinese), chinese);
        let english = "sound  clock: it is slow\nfault  clock: it is slow\n      what to do: change the battery\n\
                       1 faults, 0 warnings\n";
        assert_eq!(report.text(Language::English), english);
    }

    #[test]
    fn a_moment_is_that_of_the_wall_in_china() {
        assert_eq!(wall(Timestamp::from_millis(1_790_000_000_000)), "2026-09-21 22:13:20");
    }

    #[test]
    fn times_are_said_in_two_units_at_most() {
        for (millis, chinese, english) in [
            (59_999, "59 秒", "59 s"),
            (-125_000, "2 分钟", "2 min"),
            (3_600_000 * 5 + 61_000, "5 小时 1 分钟", "5 h 1 min"),
            (86_400_000 * 3 + 3_600_000 * 4, "3 天 4 小时", "3 days 4 h"),
        ] {
            let said = span(millis);
            assert_eq!((said.text(Language::Chinese), said.text(Language::English)), (chinese, english));
        }
    }
}
