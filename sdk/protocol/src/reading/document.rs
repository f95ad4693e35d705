//! Bytes as one JSON value that every reader understands alike.
//!
//! RFC 8259 leaves open what a name that stands twice means, and readers differ: some take the first, some the last. Two
//! of them would read one signed record differently, so such a text is refused. So is one that is nested too deeply.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{borrow::ToOwned, format};
use core::cell::RefCell;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{ErrorCode, Fault, limits};

/// Parses bytes as one JSON value in UTF-8. A byte-order mark before it is ignored.
///
/// # Errors
/// `request.not_utf8`, `request.malformed_json`, `request.duplicate_member` with the path of the member that stands
/// twice, or `request.too_deep` with the path of the value that lies deeper than [`limits::JSON_DEPTH_MAX`].
pub fn document(bytes: &[u8]) -> Result<Value, Fault> {
    let text = core::str::from_utf8(bytes)
        .map_err(|error| Fault::new("", ErrorCode::RequestNotUtf8).with("position_bytes", error.valid_up_to()))?;
    let mut source = serde_json::Deserializer::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let found = RefCell::new(None);
    let read = Strict { place: &Place::Root, depth: 1, found: &found }.deserialize(&mut source);
    let read = read.and_then(|value| source.end().map(|()| value));
    read.map_err(|error| {
        found.take().unwrap_or_else(|| {
            Fault::new("", ErrorCode::RequestMalformedJson).with("line", error.line()).with("column", error.column())
        })
    })
}

/// Where in the document a value stands; written out only when it is needed.
enum Place<'a> {
    Root,
    Member(&'a Self, &'a str),
    Element(&'a Self, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(outer, name) => super::pointer(&outer.pointer(), name),
            Self::Element(outer, index) => format!("{}/{index}", outer.pointer()),
        }
    }
}

/// Reads the value at `place`; what it finds wrong beyond syntax is left in `found`.
#[derive(Clone, Copy)]
struct Strict<'a> {
    place: &'a Place<'a>,
    /// How many lists and objects are open when a list or object begins here, itself included.
    depth: usize,
    found: &'a RefCell<Option<Fault>>,
}

impl Strict<'_> {
    fn refuse<T, E: Error>(&self, fault: Fault) -> Result<T, E> {
        let text = fault.code.code();
        self.found.replace(Some(fault));
        Err(E::custom(text))
    }

    fn check_depth<E: Error>(&self) -> Result<(), E> {
        if self.depth <= limits::JSON_DEPTH_MAX {
            return Ok(());
        }
        let fault = Fault::new(&self.place.pointer(), ErrorCode::RequestTooDeep);
        self.refuse(fault.with("limit", limits::JSON_DEPTH_MAX))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut values = Vec::new();
        loop {
            let place = Place::Element(self.place, values.len());
            let inner = Strict { place: &place, depth: self.depth + 1, found: self.found };
            match elements.next_element_seed(inner)? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = Place::Member(self.place, &name);
            if object.contains_key(&name) {
                return self.refuse(Fault::new(&place.pointer(), ErrorCode::RequestDuplicateMember));
            }
            let inner = Strict { place: &place, depth: self.depth + 1, found: self.found };
            let value = members.next_value_seed(inner)?;
            object.insert(name.to_string(), value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use alloc::vec;

    use super::*;

    fn refused(text: &str) -> (ErrorCode, String) {
        let fault = document(text.as_bytes()).unwrap_err();
        (fault.code, fault.path)
    }

    #[test]
    fn a_value_is_read_as_any_json_reader_reads_it() {
        for text in [
            r#"{"a":[1,-2,3.5,1e3,true,false,null,"x\u94dc",{}],"b":{"":"y"},"\u0063":18446744073709551615}"#,
            "[]",
            "\"x\"",
            "-9223372036854775808",
            " 7 ",
        ] {
            assert_eq!(document(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
        assert_eq!(document("\u{feff}{}".as_bytes()).unwrap(), Value::Object(Map::new()));
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_with_its_path_however_it_is_written() {
        let duplicate = |path: &str| (ErrorCode::RequestDuplicateMember, path.to_owned());
        assert_eq!(refused(r#"{"amount":"1.00","amount":"2.00"}"#), duplicate("/amount"));
        assert_eq!(refused(r#"{"amount":"1.00","\u0061mount":"1.00"}"#), duplicate("/amount"));
        assert_eq!(refused(r#"{"lines":[{"x":1},{"a/b":1,"c":{},"a/b":1}]}"#), duplicate("/lines/1/a~1b"));
        assert_eq!(refused(r#"{"form":{"":1,"":null}}"#), duplicate("/form/"));
        assert!(document(r#"{"a":{"x":1},"b":{"x":1},"A":1}"#.as_bytes()).is_ok());
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let most = limits::JSON_DEPTH_MAX;
        let lists = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        let objects = |depth: usize| ["{\"a\":".repeat(depth), "1".to_owned(), "}".repeat(depth)].concat();
        for text in [lists(most), objects(most)] {
            assert!(document(text.as_bytes()).is_ok());
        }
        assert_eq!(refused(&lists(most + 1)), (ErrorCode::RequestTooDeep, "/0".repeat(most)));
        assert_eq!(refused(&objects(most + 1)), (ErrorCode::RequestTooDeep, "/a".repeat(most)));
    }

    #[test]
    fn broken_json_is_told_with_line_and_column() {
        for text in ["", "{\"a\":", "{} {}", "{\"a\" 1}", "[1,]", "{\"a\":1,}", "nul", "\"\\ud800\""] {
            let fault = document(text.as_bytes()).unwrap_err();
            assert_eq!(fault.code, ErrorCode::RequestMalformedJson, "{text}");
            let names = fault.params.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
            assert_eq!(names, vec!["line", "column"], "{text}");
        }
    }
}
