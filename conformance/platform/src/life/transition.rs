//! One line of `case-life.tsv`.

use serde_json::Value;

use super::{Row, TableError};

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

    /// Whether a party of this kind may cause it. A department also passes on the applicant's will; a terminal passes on
    /// nothing else; edges and hubs carry what others wrote and write nothing of a case themselves.
    pub(crate) fn may_be_caused_by(&self, party_kind: &str) -> bool {
        let as_actor: &[&str] = match party_kind {
            "platform" => &["platform"],
            "department" => &["department", "applicant-via-department"],
            "terminal" => &["applicant-via-department"],
            _ => &[],
        };
        self.actors.iter().any(|actor| as_actor.contains(&actor.as_str()))
    }
}
