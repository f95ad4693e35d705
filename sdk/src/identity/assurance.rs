//! How sure the provider is of somebody, and how sure a department wants it to be.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize};
use tongqiao_protocol::{ErrorCode, assurance};

use crate::Error;

/// How sure the provider is of who somebody is: a value *on a named scale*. Real scales run in opposite directions, so a
/// value without its scale means nothing, and values of different scales cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Assurance {
    scale: String,
    /// Scales count in digits or in words; providers write both as they like.
    #[serde(deserialize_with = "word_or_number")]
    value: String,
}

fn word_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(word) => Ok(word),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("the value of an assurance is a word or a number")),
    }
}

impl Assurance {
    /// A value on a scale.
    pub fn new(scale: &str, value: &str) -> Self {
        Self { scale: scale.to_owned(), value: value.to_owned() }
    }

    /// The scale's name.
    pub fn scale(&self) -> &str {
        &self.scale
    }

    /// The value on it.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// A scale that the protocol's table does not have, such as that of another province; see
/// [`IdentityProvider::assurance_scale`](super::IdentityProvider::assurance_scale).
///
/// ```
/// use tongqiao::AssuranceScale;
///
/// let scale = AssuranceScale::weakest_first("province-l", &["L1", "L2", "L3", "L4"])?;
/// # Ok::<(), tongqiao::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssuranceScale {
    name: String,
    values: Vec<String>,
}

impl AssuranceScale {
    /// A scale by its values, the weakest first.
    ///
    /// # Errors
    /// `client.configuration` when it has no value, a value twice, or the name of a scale of the protocol's table.
    pub fn weakest_first(name: &str, values: &[&str]) -> Result<Self, Error> {
        let is_repeated = |value: &&&str| values.iter().filter(|other| other == value).count() > 1;
        if name.is_empty() || assurance::levels(name).next().is_some() {
            return Err(Error::configuration(
                "assurance scale",
                format!("{name:?} is no name for a scale of one's own"),
            ));
        }
        if values.is_empty() || values.iter().any(|value| is_repeated(&value)) {
            return Err(Error::configuration("assurance scale", format!("{name}: each value stands once")));
        }
        Ok(Self { name: name.to_owned(), values: values.iter().map(|value| (*value).to_owned()).collect() })
    }
}

/// The least that somebody demands of a sign-in: one value for each scale that is accepted. A scale that is not named here is
/// not accepted, whatever its value.
///
/// ```
/// use tongqiao::AssuranceFloor;
///
/// let floor = AssuranceFloor::of("natural-person", "3").or("legal-person", "2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssuranceFloor(Vec<Assurance>);

impl AssuranceFloor {
    /// This value or a better one of its scale.
    pub fn of(scale: &str, value: &str) -> Self {
        Self(vec![Assurance::new(scale, value)])
    }

    /// Or this value, or a better one, of another scale.
    #[must_use]
    pub fn or(mut self, scale: &str, value: &str) -> Self {
        self.0.push(Assurance::new(scale, value));
        self
    }

    /// Whether `found` is enough, by the protocol's table and the scales in `own`.
    pub(super) fn admits(&self, found: Option<&Assurance>, own: &[AssuranceScale]) -> Result<(), Error> {
        for least in &self.0 {
            if compare(least, least, own).is_none() {
                let value = format!("{} has no value {}", least.scale, least.value);
                return Err(Error::configuration("assurance floor", value));
            }
        }
        let is_enough =
            |least: &Assurance| found.is_some_and(|found| compare(found, least, own).is_some_and(Ordering::is_ge));
        if self.0.iter().any(is_enough) {
            return Ok(());
        }
        let words = |one: &Assurance| format!("{} {}", one.scale, one.value);
        let required: Vec<_> = self.0.iter().map(words).collect();
        let found = found.map_or_else(|| "nothing".to_owned(), words);
        Err(Error::of(ErrorCode::IdentityAssuranceTooLow)
            .detail(format!("required: {}; found: {found}", required.join(" or "))))
    }
}

/// By the order of a table; `None` across scales, and for what no table has.
fn compare(left: &Assurance, right: &Assurance, own: &[AssuranceScale]) -> Option<Ordering> {
    if left.scale != right.scale {
        return None;
    }
    let rank = |scale: &AssuranceScale, value: &str| scale.values.iter().position(|other| other == value);
    match own.iter().find(|scale| scale.name == left.scale) {
        Some(scale) => Some(rank(scale, &left.value)?.cmp(&rank(scale, &right.value)?)),
        None => assurance::compare(&left.scale, &left.value, &right.value),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn a_sign_in_is_judged_on_its_own_scale_only_and_by_the_order_of_the_table() {
        let floor = AssuranceFloor::of("natural-person", "2").or("legal-person", "2");
        for (scale, value, is_enough) in [
            ("natural-person", "1", false),
            ("natural-person", "2", true),
            ("natural-person", "3", true),
            ("legal-person", "1", true),
            ("legal-person", "2", true),
            ("legal-person", "3", false),
            ("legal-person", "4", false),
            ("natural-person", "4", false),
            ("province-l", "L4", false),
            ("", "2", false),
        ] {
            let judged = floor.admits(Some(&Assurance::new(scale, value)), &[]);
            let code = judged.map_err(|error| error.code());
            let expected = if is_enough { Ok(()) } else { Err(ErrorCode::IdentityAssuranceTooLow) };
            assert_eq!(code, expected, "{scale} {value}");
        }
        assert_eq!(floor.admits(None, &[]).unwrap_err().code(), ErrorCode::IdentityAssuranceTooLow);
    }

    #[test]
    fn a_scale_of_ones_own_is_data_and_a_floor_that_no_table_has_is_a_mistake() {
        let own = [AssuranceScale::weakest_first("province-l", &["L1", "L2"]).unwrap()];
        let floor = AssuranceFloor::of("province-l", "L2");
        assert!(floor.admits(Some(&Assurance::new("province-l", "L2")), &own).is_ok());
        assert!(floor.admits(Some(&Assurance::new("province-l", "L1")), &own).is_err());
        let unknown = floor.admits(Some(&Assurance::new("province-l", "L2")), &[]).unwrap_err();
        assert_eq!(unknown.code(), ErrorCode::ClientConfiguration);
        for (name, values) in [("", &["1"][..]), ("legal-person", &["1"]), ("x", &[]), ("x", &["1", "1"])] {
            assert!(AssuranceScale::weakest_first(name, values).is_err(), "{name} {values:?}");
        }
    }
}
