//! A few fixed words in both languages.

/// What would be right, in Chinese and English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wording {
    zh: &'static str,
    en: &'static str,
}

impl Wording {
    pub(crate) const fn new(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en }
    }

    /// A pattern or range that needs no translation.
    pub(crate) const fn plain(text: &'static str) -> Self {
        Self { zh: text, en: text }
    }

    /// The words in Chinese.
    pub const fn zh(self) -> &'static str {
        self.zh
    }

    /// The words in English.
    pub const fn en(self) -> &'static str {
        self.en
    }
}
