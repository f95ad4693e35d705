//! What to look for in the catalogue.

use tongqiao_protocol::{DivisionCode, Timestamp};

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
    place: Option<Place>,
    any_state: Option<AnyState>,
}

#[derive(Debug, Clone, Copy)]
struct AnyState;

/// Where to look.
#[derive(Debug, Clone)]
enum Place {
    /// This division and those inside it.
    Within(DivisionCode),
    /// Whatever begins like this.
    Beginning(String),
}

impl Place {
    fn holds(&self, division: &str) -> bool {
        match self {
            Self::Within(place) => DivisionCode::parse(division).is_ok_and(|division| place.contains(&division)),
            Self::Beginning(digits) => division.starts_with(digits),
        }
    }
}

impl ItemQuery {
    /// Everything in force.
    pub fn all() -> Self {
        Self::default()
    }

    /// Items whose code, name or agency holds every one of these words, separated by blanks.
    pub fn text(words: &str) -> Self {
        Self { words: words.split_whitespace().map(str::to_lowercase).collect(), ..Self::default() }
    }

    /// Items of this division and of those inside it: a code of 6, 9 or 12 digits (`340700` is the city with all its
    /// districts), or any beginning of one.
    #[must_use]
    pub fn division(mut self, division: &str) -> Self {
        self.place = Some(match DivisionCode::parse(division) {
            Ok(place) => Place::Within(place),
            Err(_) => Place::Beginning(division.to_owned()),
        });
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
        let division = item.division.as_deref();
        let there = self.place.as_ref().is_none_or(|place| division.is_some_and(|division| place.holds(division)));
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
