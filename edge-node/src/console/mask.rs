//! What is shown of a person until somebody asks for all of it.

/// The first character of a name.
pub(super) fn name(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => format!("{first}{}", "*".repeat(characters.count().clamp(1, 3))),
        None => String::new(),
    }
}

/// The beginning of a number, and its last two places: enough to compare with the paper in one's hand.
pub(super) fn number(number: &str) -> String {
    let characters = number.chars().collect::<Vec<_>>();
    if characters.len() < 8 {
        return "*".repeat(characters.len());
    }
    let (first, last) = (&characters[..4], &characters[characters.len() - 2..]);
    let hidden = "*".repeat(characters.len() - 6);
    format!("{}{hidden}{}", first.iter().collect::<String>(), last.iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_not_readable() {
        for (whole, masked) in [("测试用户", "测***"), ("李四", "李*"), ("王", "王*"), ("", "")] {
            assert_eq!(name(whole), masked);
        }
        for (whole, masked) in [("340702196802290211", "3407************11"), ("1234567", "*******"), ("", "")] {
            assert_eq!(number(whole), masked);
        }
    }
}
