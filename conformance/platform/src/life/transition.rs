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

    /// Whether a party of this kind may cause it: a department also passes on the applicant's will.
    pub(crate) fn may_be_caused_by(&self, party_kind: &str) -> bool {
        let as_actor: &[&str] = match party_kind {
            "platform" => &["platform"],
            _ => &["department", "applicant-via-department"],
        };
        self.actors.iter().any(|actor| as_actor.contains(&actor.as_str()))
    }
}
