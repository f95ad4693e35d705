//! One line of `case-life.tsv`.

use serde_json::Value;

use super::{Row, TableError};

/// What an author has to do with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Office {
    /// It handles the case.
    InCharge,
    /// It accepted the case, and passes on what the applicant wants.
    Accepting,
}

/// From a state, by an event, to a state.
pub(crate) struct Transition {
    pub(super) from: String,
    pub(super) event: String,
    condition: Option<(String, String)>,
    /// The state after.
    pub(crate) to: String,
    actors: Vec<String>,
    /// Members of the event's data that must be there.
    pub(crate) required: Vec<String>,
}

impl Transition {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, TableError> {
        let condition = match row.text("when")?.as_str() {
            "-" => None,
            text => {
                let (member, value) = text.split_once('=').ok_or(row.wrong("a condition is member=value"))?;
                Some((member.to_owned(), value.to_owned()))
            }
        };
        Ok(Self {
            from: row.text("from")?,
            event: row.text("event")?,
            condition,
            to: row.text("to")?,
            actors: row.list("actors")?,
            required: row.list("required")?,
        })
    }

    pub(super) fn holds(&self, data: &Value) -> bool {
        self.condition.as_ref().is_none_or(|(member, value)| data.get(member).and_then(Value::as_str) == Some(value))
    }

    /// Whether a party of this kind and office may cause it. A department also passes on the applicant's will, and nothing
    /// else where another is in charge; so does a terminal; edges and hubs carry what others wrote and write nothing of a
    /// case themselves.
    pub(crate) fn may_be_caused_by(&self, party_kind: &str, office: Office) -> bool {
        let as_actor: &[&str] = match (party_kind, office) {
            ("platform", _) => &["platform"],
            ("department", Office::InCharge) => &["department", "applicant-via-department"],
            ("department", Office::Accepting) | ("terminal", _) => &["applicant-via-department"],
            _ => &[],
        };
        self.actors.iter().any(|actor| as_actor.contains(&actor.as_str()))
    }
}
