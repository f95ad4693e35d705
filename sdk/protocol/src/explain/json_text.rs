//! The same JSON as other libraries would have written it, its members in the order in which they stand.

use alloc::vec::Vec;

/// `text` with nothing between its tokens but `comma` and `colon`. The text is known to be JSON.
pub(super) fn laid_out(text: &[u8], comma: &[u8], colon: &[u8]) -> Vec<u8> {
    let mut found = Vec::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for &byte in text {
        if in_string {
            found.push(byte);
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b',' => found.extend_from_slice(comma),
            b':' => found.extend_from_slice(colon),
            _ => {
                in_string = byte == b'"';
                found.push(byte);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_go_between_tokens_and_stay_inside_strings() {
        let text = br#"{ "b" : "x, \" : y" ,"a":[1, 2] }"#;
        assert_eq!(laid_out(text, b",", b":"), br#"{"b":"x, \" : y","a":[1,2]}"#);
        assert_eq!(laid_out(text, b", ", b": "), br#"{"b": "x, \" : y", "a": [1, 2]}"#);
    }
}
