//! The parts of an item code, to look at and to build from.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::pattern::{self, Element};
use super::{ItemCode, ItemCodeGeneration};
use crate::identifier::{IdentifierFaults, Part};

/// The parts of an item code of one generation.
///
/// ```
/// use tongqiao_protocol::{ItemCodeGeneration, ItemCodeParts, Part};
///
/// let code = ItemCodeParts::new(ItemCodeGeneration::Implementation31)
///     .with(Part::Agency, "11320900014355232Q")
///     .with(Part::Level, "3")
///     .with(Part::Prefix, "00")
///     .with(Part::ItemType, "07")
///     .with(Part::MainItem, "15001")
///     .with(Part::SubItem, "017")
///     .build()?;
/// assert_eq!(code.to_string(), "11320900014355232Q3000715001017");
/// # Ok::<(), tongqiao_protocol::IdentifierFaults>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemCodeParts {
    generation: ItemCodeGeneration,
    parts: Vec<(Part, String)>,
}

impl ItemCodeParts {
    /// No parts yet, of the given generation.
    pub fn new(generation: ItemCodeGeneration) -> Self {
        Self { generation, parts: Vec::new() }
    }

    pub(super) fn from_split(generation: ItemCodeGeneration, parts: &[(Part, Cow<'_, str>)]) -> Self {
        Self { generation, parts: parts.iter().map(|(part, text)| (*part, text.to_string())).collect() }
    }

    /// Adds a part. A dialect that has the same part in several places takes them in the order they are added.
    #[must_use]
    pub fn with(mut self, part: Part, text: &str) -> Self {
        self.parts.push((part, text.to_string()));
        self
    }

    /// The generation.
    pub fn generation(&self) -> ItemCodeGeneration {
        self.generation
    }

    /// The text of the first such part.
    pub fn get(&self, part: Part) -> Option<&str> {
        self.parts.iter().find(|(own, _)| *own == part).map(|(_, text)| text.as_str())
    }

    /// All parts in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &str)> {
        self.parts.iter().map(|(part, text)| (*part, text.as_str()))
    }

    /// Joins the parts in the order of the generation, and reads the result.
    ///
    /// # Errors
    /// All faults of the joined code; a missing part makes it too short.
    pub fn build(&self) -> Result<ItemCode, IdentifierFaults> {
        let mut text = String::new();
        let mut left = self.parts.clone();
        let mut take = |part: Part| {
            let place = left.iter().position(|(own, _)| *own == part)?;
            Some(left.remove(place).1)
        };
        match self.generation.layout() {
            Some(layout) => {
                for run in layout {
                    text.push_str(&take(run.part).unwrap_or_default());
                }
            }
            None => {
                let elements = pattern::elements(self.generation.shape()).unwrap_or_default();
                for element in elements {
                    match element {
                        Element::Literal(literal) => text.push_str(literal),
                        Element::Field { part, .. } => text.push_str(&take(part).unwrap_or_default()),
                    }
                }
            }
        }
        ItemCode::parse_as(self.generation, &text)
    }
}
