//! Which language a caller asked for.

use crate::Language;

impl Language {
    /// The language that an `Accept-Language` header prefers; Chinese when it names neither.
    ///
    /// Quality values are obeyed as RFC 9110 §12.5.4 says; of equals the first counts.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best = (Self::Chinese, 0_u16);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let language = match tag.get(..2) {
                Some(start) if start.eq_ignore_ascii_case("en") => Self::English,
                Some(start) if start.eq_ignore_ascii_case("zh") => Self::Chinese,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }
}

/// A quality value in thousandths; malformed ones count as nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    match whole {
        "1" => 1000,
        "0" if fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            fraction.bytes().zip([100, 10, 1]).map(|(digit, weight)| u16::from(digit - b'0') * weight).sum()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_is_chosen_and_chinese_is_the_default() {
        for (header, language) in [
            ("", Language::Chinese),
            ("fr", Language::Chinese),
            ("en", Language::English),
            ("en-GB,zh;q=0.5", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en;q=0.3, zh;q=0.31", Language::Chinese),
            ("en;q=0", Language::Chinese),
            ("en;q=abc", Language::Chinese),
            ("é", Language::Chinese),
        ] {
            assert_eq!(Language::from_accept_language(header), language, "{header}");
        }
    }
}
