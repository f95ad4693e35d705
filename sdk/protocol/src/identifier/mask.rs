//! Hiding the middle of a code.

use alloc::string::String;

/// `text` with all but the first `head` and the last `tail` characters replaced by asterisks, one for one.
///
/// A text no longer than `head + tail` is hidden whole: a mask must not turn into a copy.
pub(crate) fn middle(text: &str, head: usize, tail: usize) -> String {
    let length = text.chars().count();
    let hidden_whole = length <= head + tail;
    let shown = |index: usize| !hidden_whole && (index < head || index >= length - tail);
    text.chars().enumerate().map(|(index, character)| if shown(index) { character } else { '*' }).collect()
}
