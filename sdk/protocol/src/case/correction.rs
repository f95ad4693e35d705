//! 补正: one complete notice, every line citing the published guide; and the answer to it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::application::Material;
use super::open_value::words;
use crate::reading::Reading;
use crate::{Timestamp, limits};

words! {
    /// What part of the published guide a line cites.
    Citation {
        /// A material 材料 of the guide.
        Material = "material",
        /// A condition 受理条件 of the guide.
        Condition = "condition",
    }
}

/// One thing that is missing. Nothing may be demanded that the guide does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectionLine {
    /// What part of the guide it cites.
    pub cites: Citation,
    /// The id of that material or condition in the guide.
    pub id: String,
    /// What exactly is missing or wrong.
    pub text: String,
}

impl CorrectionLine {
    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (cites, id, text) = (reading.parsed("cites"), reading.short_text("id"), reading.long_text("text"));
        Some(Self { cites: cites?, id: id?, text: text? })
    }
}

/// 补正告知 (行政许可法 art. 32: once, on the spot or within five days, everything).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectionNotice {
    /// Everything that is missing.
    pub lines: Vec<CorrectionLine>,
    /// Who says so.
    pub handler: String,
    /// Until when it should be corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

impl CorrectionNotice {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let lines = reading.list("lines", 1, limits::CORRECTION_LINES_MAX, CorrectionLine::read);
        let handler = reading.short_text("handler");
        let due = reading.optional_parsed("due");
        Some(Self { lines: lines?, handler: handler?, due })
    }
}

/// 补正: the answer to a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// Which lines of the notice are answered, by the ids they cite.
    pub lines: Vec<CorrectionLine>,
    /// The papers that came.
    pub materials: Vec<Material>,
}

impl Correction {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let lines = reading.list("lines", 1, limits::CORRECTION_LINES_MAX, CorrectionLine::read);
        let materials = reading.optional_list("materials", limits::MATERIALS_MAX, Material::read);
        Some(Self { lines: lines?, materials: materials? })
    }
}
