//! Reading JSON so that *every* fault is found, each with its path.
//!
//! `serde` stops at the first fault; people who fill in forms deserve all of them. A [`Reading`] walks one JSON object,
//! remembers where it is, and collects. Unknown members are ignored.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str::FromStr;

use serde_json::{Map, Value};

use crate::limits;
use crate::{CodedValue, ErrorCode, Fault, Faults, IdentifierFaults};

mod document;

pub use document::document;

/// Parses bytes as one JSON object.
///
/// # Errors
/// As [`document`], or `request.wrong_type` when it is JSON but no object.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    match document(bytes)? {
        Value::Object(object) => Ok(object),
        _ => Err(Fault::new("", ErrorCode::RequestWrongType).with("expected", "object")),
    }
}

/// The JSON pointer (RFC 6901) of the member `name` of the object at `path`.
fn pointer(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// One JSON object on the way to becoming a type.
pub struct Reading<'a> {
    object: &'a Map<String, Value>,
    path: String,
    faults: Faults,
    remarks: Faults,
}

impl<'a> Reading<'a> {
    /// Begins to read `object`, which stands at `path`.
    pub fn new(object: &'a Map<String, Value>, path: impl Into<String>) -> Self {
        Self { object, path: path.into(), faults: Faults::new(), remarks: Faults::new() }
    }

    /// The JSON pointer of a member of this object.
    pub fn path_of(&self, name: &str) -> String {
        pointer(&self.path, name)
    }

    /// Notes a fault at a member.
    pub fn fault(&mut self, name: &str, code: ErrorCode) {
        let path = self.path_of(name);
        self.faults.push(Fault::new(&path, code));
    }

    /// Notes a ready fault.
    pub fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// What was found.
    pub fn into_faults(self) -> Faults {
        self.faults
    }

    /// Notes what is no mistake but must be told: a value that is kept though this version does not know it.
    pub fn remark(&mut self, remark: Fault) {
        self.remarks.push(remark);
    }

    /// What was noted beside the mistakes.
    pub fn take_remarks(&mut self) -> Faults {
        core::mem::take(&mut self.remarks)
    }

    fn absorb(&mut self, mut inner: Self) {
        self.faults.0.append(&mut inner.faults.0);
        self.remarks.0.append(&mut inner.remarks.0);
    }

    /// The member as it is; `null` counts as absent.
    pub fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn need<T>(&mut self, name: &str, read: impl FnOnce(&mut Self, &'a Value) -> Option<T>) -> Option<T> {
        match self.value(name) {
            Some(value) => read(self, value),
            None => {
                self.fault(name, ErrorCode::RequestMissingField);
                None
            }
        }
    }

    fn wrong_type(&mut self, name: &str, expected: &str) {
        let fault = Fault::new(&self.path_of(name), ErrorCode::RequestWrongType).with("expected", expected);
        self.faults.push(fault);
    }

    fn invalid(&mut self, name: &str, expected: impl ToString) {
        let fault =
            Fault::new(&self.path_of(name), ErrorCode::RequestInvalidValue).with("expected", expected.to_string());
        self.faults.push(fault);
    }

    fn text_of(&mut self, name: &str, value: &'a Value, chars_max: usize) -> Option<&'a str> {
        let Some(text) = value.as_str() else {
            self.wrong_type(name, "string");
            return None;
        };
        if text.trim().is_empty() || text.chars().count() > chars_max {
            self.invalid(name, format!("1 to {chars_max} characters"));
            return None;
        }
        Some(text)
    }

    /// A required short text (names, titles).
    pub fn short_text(&mut self, name: &str) -> Option<String> {
        self.need(name, |this, value| this.text_of(name, value, limits::SHORT_TEXT_CHARS_MAX).map(str::to_string))
    }

    /// A required long text (reasons, opinions).
    pub fn long_text(&mut self, name: &str) -> Option<String> {
        self.need(name, |this, value| this.text_of(name, value, limits::LONG_TEXT_CHARS_MAX).map(str::to_string))
    }

    /// An optional long text.
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        self.text_of(name, value, limits::LONG_TEXT_CHARS_MAX).map(str::to_string)
    }

    /// A required value that is written as a string and has a parser.
    pub fn parsed<T: FromStr>(&mut self, name: &str) -> Option<T>
    where
        T::Err: ToString,
    {
        self.need(name, |this, value| this.parse_value(name, value))
    }

    /// The same, when it may be absent.
    pub fn optional_parsed<T: FromStr>(&mut self, name: &str) -> Option<T>
    where
        T::Err: ToString,
    {
        let value = self.value(name)?;
        self.parse_value(name, value)
    }

    fn parse_value<T: FromStr>(&mut self, name: &str, value: &'a Value) -> Option<T>
    where
        T::Err: ToString,
    {
        let Some(text) = value.as_str() else {
            self.wrong_type(name, "string");
            return None;
        };
        text.parse().map_err(|error: T::Err| self.invalid(name, error)).ok()
    }

    /// A required identifier; everything that is wrong with it is noted at its path.
    pub fn identifier<T: FromStr<Err = IdentifierFaults>>(&mut self, name: &str) -> Option<T> {
        self.need(name, |this, value| this.identifier_value(name, value))
    }

    /// A required identifier that `parse` reads.
    pub fn identifier_by<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, IdentifierFaults>,
    ) -> Option<T> {
        self.need(name, |this, value| this.identifier_value_by(name, value, parse))
    }

    /// A required code value with its set and generation. One that the code sets do not have is kept, and remarked on.
    pub fn coded(&mut self, name: &str) -> Option<CodedValue> {
        let value = self.nested(name, |value| {
            let (set, generation, code) =
                (value.short_text("set"), value.short_text("generation"), value.short_text("code"));
            Some(CodedValue::new(&set?, &generation?, &code?))
        })?;
        if value.entry().is_none() {
            let remark = Fault::new(&self.path_of(name), ErrorCode::IdentifierUnknownSet).with("set", value.set());
            self.remark(remark.with("generation", value.generation()).with("code", value.code()));
        }
        Some(value)
    }

    /// The same, when it may be absent.
    pub fn optional_identifier<T: FromStr<Err = IdentifierFaults>>(&mut self, name: &str) -> Option<T> {
        let value = self.value(name)?;
        self.identifier_value(name, value)
    }

    fn identifier_value<T: FromStr<Err = IdentifierFaults>>(&mut self, name: &str, value: &'a Value) -> Option<T> {
        self.identifier_value_by(name, value, str::parse)
    }

    fn identifier_value_by<T>(
        &mut self,
        name: &str,
        value: &'a Value,
        parse: impl FnOnce(&str) -> Result<T, IdentifierFaults>,
    ) -> Option<T> {
        let Some(text) = value.as_str() else {
            self.wrong_type(name, "string");
            return None;
        };
        match parse(text) {
            Ok(identifier) => Some(identifier),
            Err(found) => {
                let path = self.path_of(name);
                self.faults.push_identifier(&path, &found);
                None
            }
        }
    }

    /// A required whole number within bounds.
    pub fn number(&mut self, name: &str, least: u64, most: u64) -> Option<u64> {
        self.need(name, |this, value| match value.as_u64() {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ if value.is_number() => {
                this.invalid(name, format!("{least} to {most}"));
                None
            }
            _ => {
                this.wrong_type(name, "integer");
                None
            }
        })
    }

    /// A whole number within bounds that may be absent.
    pub fn optional_number(&mut self, name: &str, least: u64, most: u64) -> Option<u64> {
        self.value(name)?;
        self.number(name, least, most)
    }

    /// A required object, read by `read`.
    pub fn nested<T>(&mut self, name: &str, read: impl FnOnce(&mut Reading<'a>) -> Option<T>) -> Option<T> {
        self.need(name, |this, value| this.nested_value(name, value, read))
    }

    /// An object that may be absent.
    pub fn optional_nested<T>(&mut self, name: &str, read: impl FnOnce(&mut Reading<'a>) -> Option<T>) -> Option<T> {
        let value = self.value(name)?;
        self.nested_value(name, value, read)
    }

    fn nested_value<T>(
        &mut self,
        name: &str,
        value: &'a Value,
        read: impl FnOnce(&mut Reading<'a>) -> Option<T>,
    ) -> Option<T> {
        let Some(object) = value.as_object() else {
            self.wrong_type(name, "object");
            return None;
        };
        let mut inner = Reading::new(object, self.path_of(name));
        let read = read(&mut inner);
        self.absorb(inner);
        read
    }

    /// A required list of objects with `least` to `most` entries; every entry is read, faults carry its index.
    pub fn list<T>(
        &mut self,
        name: &str,
        least: usize,
        most: usize,
        mut read: impl FnMut(&mut Reading<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.need(name, |this, value| {
            let Some(entries) = value.as_array() else {
                this.wrong_type(name, "array");
                return None;
            };
            if entries.len() < least || entries.len() > most {
                this.invalid(name, format!("{least} to {most} entries"));
                return None;
            }
            let mut all = Vec::with_capacity(entries.len());
            for (index, entry) in entries.iter().enumerate() {
                let path = format!("{}/{index}", this.path_of(name));
                let Some(object) = entry.as_object() else {
                    this.push(Fault::new(&path, ErrorCode::RequestWrongType).with("expected", "object"));
                    continue;
                };
                let mut inner = Reading::new(object, path);
                all.extend(read(&mut inner));
                this.absorb(inner);
            }
            (all.len() == entries.len()).then_some(all)
        })
    }

    /// A required list of `least` to `most` values that are written as strings and have a parser; faults carry the index.
    pub fn parsed_list<T: FromStr>(&mut self, name: &str, least: usize, most: usize) -> Option<Vec<T>>
    where
        T::Err: ToString,
    {
        let texts = self.texts(name, most)?;
        if texts.len() < least {
            self.invalid(name, format!("{least} to {most} entries"));
            return None;
        }
        let mut all = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match text.parse() {
                Ok(value) => all.push(value),
                Err(error) => self.invalid(&format!("{name}/{index}"), T::Err::to_string(&error)),
            }
        }
        (all.len() == texts.len()).then_some(all)
    }

    /// A required list of at most `most` strings.
    pub fn texts(&mut self, name: &str, most: usize) -> Option<Vec<&'a str>> {
        self.need(name, |this, value| {
            let Some(entries) = value.as_array() else {
                this.wrong_type(name, "array");
                return None;
            };
            if entries.len() > most {
                this.invalid(name, format!("0 to {most} entries"));
                return None;
            }
            let mut texts = Vec::with_capacity(entries.len());
            for (index, entry) in entries.iter().enumerate() {
                match entry.as_str() {
                    Some(text) => texts.push(text),
                    None => {
                        let path = format!("{}/{index}", this.path_of(name));
                        this.push(Fault::new(&path, ErrorCode::RequestWrongType).with("expected", "string"));
                    }
                }
            }
            (texts.len() == entries.len()).then_some(texts)
        })
    }

    /// A list that may be absent, which reads as an empty one.
    pub fn optional_list<T>(
        &mut self,
        name: &str,
        most: usize,
        read: impl FnMut(&mut Reading<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if self.value(name).is_none() { Some(Vec::new()) } else { self.list(name, 0, most, read) }
    }

    /// An object kept as it is; absent reads as empty.
    pub fn free_object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.value(name) {
            None => Some(Map::new()),
            Some(Value::Object(object)) => Some(object.clone()),
            Some(_) => {
                self.wrong_type(name, "object");
                None
            }
        }
    }
}
