//! What to look for in the catalogue.

use tongqiao_protocol::Timestamp;

use super::Item;

/// What to look for. Without [`ItemQuery::any_state`] only items in force are found.
///
/// ```
/// use tongqiao::ItemQuery;
/// let query = ItemQuery::text("营业执照").division("340705");
/// ```
#[derive(Debug, Clone, Default)]
pub struct ItemQuery {
    words: Vec<String>,
    division: Option<String>,
    any_state: Option<AnyState>,
}

#[derive(Debug, Clone, Copy)]
struct AnyState;

impl ItemQuery {
    /// Everything in force.
    pub fn all() -> Self {
        Self::default()
    }

    /// Items whose code, name or agency holds every one of these words, separated by blanks.
    pub fn text(words: &str) -> Self {
        Self { words: words.split_whitespace().map(str::to_lowercase).collect(), ..Self::default() }
    }

    /// Items of this division or one inside it: 6, 9 or 12 digits, or any beginning of them.
    #[must_use]
    pub fn division(mut self, division: &str) -> Self {
        let digits = division.trim_end_matches("000").to_owned();
        self.division = Some(if digits.len() < 4 { division.to_owned() } else { digits });
        self
    }

    /// Also items that are not in force.
    #[must_use]
    pub const fn any_state(mut self) -> Self {
        self.any_state = Some(AnyState);
        self
    }

    pub(super) fn matches(&self, item: &Item, today: &str) -> bool {
        let in_force = self.any_state.is_some() || item.is_in_force(today);
        let place = self.division.as_deref();
        let there = place.is_none_or(|place| item.division.as_deref().is_some_and(|found| found.starts_with(place)));
        in_force && there && self.words.iter().all(|word| says(item, word))
    }
}

fn says(item: &Item, word: &str) -> bool {
    let english = [item.name.en.as_deref(), item.agency.name.en.as_deref()];
    let chinese = [item.code.as_str(), item.name.zh.as_str(), item.agency.name.zh.as_str()];
    let mut texts = chinese.into_iter().chain(english.into_iter().flatten());
    texts.any(|text| text.to_lowercase().contains(word))
}

/// The civil date in China.
pub(crate) fn today(now: Timestamp) -> String {
    now.to_string().get(..10).unwrap_or_default().to_owned()
}
