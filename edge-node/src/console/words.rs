//! Chinese, and English for whoever asks for it.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use tongqiao_protocol::{Language, Timestamp};

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(pub(super) Language);

impl Words {
    /// What a browser prefers; Chinese where it says nothing.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self(header.map_or(Language::Chinese, Language::from_accept_language))
    }

    /// One of two texts.
    pub(super) const fn say<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self.0 {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }

    /// The text of the catalogue; Chinese where there is no English.
    pub(super) fn text(self, text: &tongqiao::Text) -> &str {
        match (self.0, &text.en) {
            (Language::English, Some(english)) => english,
            _ => &text.zh,
        }
    }

    /// The value of the attribute `lang`.
    pub(super) const fn tag(self) -> &'static str {
        self.say("zh-CN", "en")
    }

    /// A length of time in two units at most.
    pub(super) fn span(self, millis: i64) -> String {
        let minutes = millis.max(0) / 60_000;
        let (hours, days) = (minutes / 60, minutes / 1_440);
        match (self.0, days, hours) {
            (Language::Chinese, 0, 0) => format!("{minutes} 分钟"),
            (Language::Chinese, 0, _) => format!("{hours} 小时 {} 分钟", minutes % 60),
            (Language::Chinese, ..) => format!("{days} 天 {} 小时", hours % 24),
            (Language::English, 0, 0) => format!("{minutes} min"),
            (Language::English, 0, _) => format!("{hours} h {} min", minutes % 60),
            (Language::English, ..) => format!("{days} d {} h", hours % 24),
        }
    }
}

/// A moment as a clock on the wall shows it, in China.
pub(super) fn wall(moment: Timestamp) -> String {
    moment.to_string().replace('T', " ").chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units_at_most() {
        for (millis, chinese, english) in [
            (-5, "0 分钟", "0 min"),
            (3_599_000, "59 分钟", "59 min"),
            (3_660_000, "1 小时 1 分钟", "1 h 1 min"),
            (90_000_000, "1 天 1 小时", "1 d 1 h"),
        ] {
            assert_eq!(Words(Language::Chinese).span(millis), chinese);
            assert_eq!(Words(Language::English).span(millis), english);
        }
        assert_eq!(wall(Timestamp::from_millis(1_790_000_000_000)), "2026-09-21 22:13");
    }
}
