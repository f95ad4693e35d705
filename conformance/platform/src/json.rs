//! Reading JSON with every fault found, not only the first.
//!
//! A [`Members`] is an object being read: each access that fails adds a fault with its path and yields `None`, so that the
//! reader goes on. Members that nobody asks for are ignored, as the protocol demands.

use std::cell::RefCell;
use std::str::FromStr;

use serde_json::{Map, Value};
use tongqiao_protocol::{ErrorCode, Fault, IdentifierFaults};

use crate::refusal::Refusal;

/// Where faults gather while a document is read.
#[derive(Default)]
pub(crate) struct Faults(RefCell<tongqiao_protocol::Faults>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.0.borrow_mut().push(fault);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Fault> {
        self.0.into_inner().0
    }
}

/// An object being read.
#[derive(Clone)]
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
    path: String,
    faults: &'a Faults,
}

impl<'a> Members<'a> {
    /// The document itself, which must be an object.
    pub(crate) fn of(value: &'a Value, faults: &'a Faults) -> Option<Self> {
        Self::at(value, String::new(), faults)
    }

    fn at(value: &'a Value, path: String, faults: &'a Faults) -> Option<Self> {
        match value.as_object() {
            Some(members) => Some(Self { members, path, faults }),
            None => {
                faults.add(wrong_type(path, "object"));
                None
            }
        }
    }

    /// The JSON Pointer of a member.
    pub(crate) fn path_of(&self, name: &str) -> String {
        format!("{}/{}", self.path, name.replace('~', "~0").replace('/', "~1"))
    }

    pub(crate) fn fault(&self, name: &str, code: ErrorCode) {
        self.faults.add(Fault::new(&self.path_of(name), code));
    }

    /// A fault of a member with its details; made from the member's path.
    pub(crate) fn fault_with(&self, name: &str, code: ErrorCode, detail: impl FnOnce(Fault) -> Fault) {
        self.faults.add(detail(Fault::new(&self.path_of(name), code)));
    }

    /// A fault that says why.
    pub(crate) fn explained(&self, name: &str, code: ErrorCode, param: &str, value: &str) {
        self.faults.add(Fault::new(&self.path_of(name), code).with(param, value));
    }

    /// A fault of one element of a list.
    pub(crate) fn element_fault(&self, name: &str, index: usize, code: ErrorCode) {
        self.faults.add(Fault::new(&format!("{}/{index}", self.path_of(name)), code));
    }

    /// The member, `None` when absent or null.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Adds a fault unless the member is there.
    pub(crate) fn require(&self, name: &str) -> Option<&'a Value> {
        let value = self.value(name);
        if value.is_none() {
            self.fault(name, ErrorCode::RequestMissingField);
        }
        value
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.require(name)?;
        self.optional_text(name)
    }

    pub(crate) fn optional_text(&self, name: &str) -> Option<&'a str> {
        let text = self.value(name)?.as_str();
        if text.is_none() {
            self.faults.add(wrong_type(self.path_of(name), "string"));
        }
        text
    }

    /// A text that is not blank and has at most `most` characters.
    pub(crate) fn bounded_text(&self, name: &str, most: usize) -> Option<&'a str> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            self.fault(name, ErrorCode::RequestMissingField);
            return None;
        }
        if text.chars().count() > most {
            self.faults.add(Fault::new(&self.path_of(name), ErrorCode::RequestTooLong).with("limit", most));
            return None;
        }
        Some(text)
    }

    /// A text that its parser understands.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        self.require(name)?;
        self.optional_parsed(name)
    }

    pub(crate) fn optional_parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        let parsed = self.optional_text(name)?.parse().ok();
        if parsed.is_none() {
            self.fault(name, ErrorCode::RequestInvalidValue);
        }
        parsed
    }

    /// A whole number between `least` and `most`.
    pub(crate) fn integer(&self, name: &str, least: i64, most: i64) -> Option<i64> {
        let value = self.require(name)?;
        let Some(number) = value.as_i64() else {
            self.faults.add(wrong_type(self.path_of(name), "integer"));
            return None;
        };
        if (least..=most).contains(&number) {
            return Some(number);
        }
        let fault = Fault::new(&self.path_of(name), ErrorCode::RequestOutOfRange);
        self.faults.add(fault.with("least", least).with("most", most));
        None
    }

    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        self.require(name)?;
        self.optional_object(name)
    }

    pub(crate) fn optional_object(&self, name: &str) -> Option<Self> {
        Self::at(self.value(name)?, self.path_of(name), self.faults)
    }

    /// A list of at most `most` elements.
    pub(crate) fn list(&self, name: &str, most: usize) -> Option<Vec<(String, &'a Value)>> {
        let value = self.require(name)?;
        let path = self.path_of(name);
        let Some(elements) = value.as_array() else {
            self.faults.add(wrong_type(path, "array"));
            return None;
        };
        if elements.len() > most {
            self.faults.add(Fault::new(&path, ErrorCode::RequestTooLong).with("limit", most));
            return None;
        }
        Some(elements.iter().enumerate().map(|(index, element)| (format!("{path}/{index}"), element)).collect())
    }

    /// A list of objects; an element of another type is a fault of its own.
    pub(crate) fn objects(&self, name: &str, most: usize) -> Option<Vec<Self>> {
        let elements = self.list(name, most)?;
        Some(elements.into_iter().filter_map(|(path, element)| Self::at(element, path, self.faults)).collect())
    }
}

fn wrong_type(path: String, expected: &str) -> Fault {
    Fault::new(&path, ErrorCode::RequestWrongType).with("expected", expected)
}

impl Faults {
    /// The refusal that tells all faults.
    pub(crate) fn into_refusal(self) -> Refusal {
        Refusal::of_faults(self.into_vec())
    }
}

/// A body as JSON: first UTF-8 (GBK is told apart from broken JSON), then syntax, names that stand twice and depth.
pub(crate) fn document(body: &[u8]) -> Result<Value, Refusal> {
    tongqiao_protocol::reading::document(body).map_err(|fault| {
        if fault.path.is_empty() {
            // What is no document has no place in it to point to.
            let refusal = Refusal::new(fault.code);
            return fault.params.iter().fold(refusal, |refusal, (name, value)| refusal.with(name, value));
        }
        Refusal::of_faults(vec![fault])
    })
}

impl<'a> Members<'a> {
    /// An identifier by its own parser; every fault of it becomes a fault at this path.
    pub(crate) fn identifier<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, IdentifierFaults>,
    ) -> Option<T> {
        match parse(self.text(name)?) {
            Ok(value) => Some(value),
            Err(found) => {
                self.faults.0.borrow_mut().push_identifier(&self.path_of(name), &found);
                None
            }
        }
    }
}
