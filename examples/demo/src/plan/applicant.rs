//! Synthetic people: no name and no number belongs to anybody.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::CitizenNumber;

use crate::error::DemoError;

/// Somebody who applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) number: String,
    /// The stable id under which this person signs in; nobody signs in at a counter.
    pub(crate) user: Option<String>,
}

const SURNAMES: [&str; 12] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸", "子", "丑"];
const GIVEN: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];

impl Person {
    /// Invents a person whose number is well formed; "测试" (test) in the name says that nobody is meant.
    pub(crate) fn invent(chance: &mut fastrand::Rng, division: &str) -> Result<Self, DemoError> {
        let name = format!("测试{}{}", SURNAMES[chance.usize(..SURNAMES.len())], GIVEN[chance.usize(..GIVEN.len())]);
        let area = division.get(..6).unwrap_or("340705");
        let (year, month, day) = (chance.u32(1950..2006), chance.u32(1..=12), chance.u32(1..=28));
        let body = format!("{area}{year:04}{month:02}{day:02}{:03}", chance.u32(1..=999));
        "0123456789X"
            .chars()
            .map(|check| format!("{body}{check}"))
            .find(|number| CitizenNumber::parse(number).is_ok())
            .map(|number| Self { name, number, user: None })
            .ok_or_else(|| DemoError::broken("no check character fits an invented number"))
    }
}
