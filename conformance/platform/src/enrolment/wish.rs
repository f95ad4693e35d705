//! What an operator wishes a one-time code to grant, said outside the sandbox.

use serde::Serialize;
use tongqiao_protocol::Language;

use super::Grant;

/// A one-time code as an operator orders it. What is empty is not granted.
///
/// ```
/// use tongqiao_reference_platform::CodeWish;
///
/// let node = CodeWish { party: Some("township-1".into()), carries: vec!["civil-affairs".into()], ..CodeWish::of_kind("edge") };
/// assert!(node.divisions.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeWish {
    /// The only party that may use the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// What it enrols as: `department`, `edge`, `hub` or `terminal`.
    pub kind: String,
    /// Divisions within which it may write.
    pub divisions: Vec<String>,
    /// Authors whose records it may carry.
    pub carries: Vec<String>,
    /// Parties whose cases it may move.
    pub joins: Vec<String>,
    /// Agencies' credit codes, or items' codes, that it is in charge of.
    pub handles: Vec<String>,
    /// Divisions for which it may accept what others handle.
    pub accepts: Vec<String>,
}

impl CodeWish {
    /// Of a kind, with nothing granted yet.
    pub fn of_kind(kind: &str) -> Self {
        let nothing = Vec::new;
        Self {
            party: None,
            kind: kind.to_owned(),
            divisions: nothing(),
            carries: nothing(),
            joins: nothing(),
            handles: nothing(),
            accepts: nothing(),
        }
    }

    /// The grant, or every fault of the wish in one line.
    pub(crate) fn grant(&self) -> Result<Grant, String> {
        if self.kind == "department" && self.divisions.is_empty() {
            return Err("/divisions: a department writes within one division at least".to_owned());
        }
        let document = serde_json::to_value(self).map_err(|error| error.to_string())?;
        Grant::read(&document).map_err(|refusal| {
            let faults = refusal.problem(Language::English).faults;
            faults.iter().map(|fault| format!("{}: {}", fault.path, fault.code)).collect::<Vec<_>>().join("; ")
        })
    }
}
