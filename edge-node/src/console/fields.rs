//! What stands in a form that was sent.

use std::collections::HashMap;

/// The fields of a form, in their order. A field that was sent twice counts as it came first.
#[derive(Clone, Default)]
pub(super) struct Fields {
    order: Vec<(String, String)>,
    place: HashMap<String, usize>,
}

impl Fields {
    pub(super) fn push(&mut self, name: String, value: String) {
        let place = self.order.len();
        self.place.entry(name.clone()).or_insert(place);
        self.order.push((name, value));
    }

    /// A field's value without blanks around it; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.place.get(name).and_then(|place| self.order.get(*place)).map_or("", |(_, value)| value.trim())
    }

    /// Sets a field in place of what was sent.
    pub(super) fn set(&mut self, name: &str, value: String) {
        match self.place.get(name) {
            Some(place) => self.order[*place].1 = value,
            None => self.push(name.to_owned(), value),
        }
    }

    /// Every field, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.order.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.push(name, value);
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_counts_once_and_without_blanks() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = Fields::from_iter([pair("a", " 1 "), pair("b", "2"), pair("a", "3")]);
        assert_eq!((fields.get("a"), fields.get("b"), fields.get("c")), ("1", "2", ""));
        fields.set("a", "4".to_owned());
        fields.set("c", "5".to_owned());
        assert_eq!((fields.get("a"), fields.get("c")), ("4", "5"));
        assert_eq!(fields.iter().count(), 4);
    }
}
