//! What is to go wrong, how often, from which seed.

use std::time::Duration;

use serde_json::{Value, json};
use tongqiao_protocol::ErrorCode;

use crate::json::{Faults, Members};
use crate::refusal::Refusal;

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The request is held up.
    Delay,
    /// It waits until another has passed it.
    Reorder,
    /// 503 before anything is done.
    Error5xx,
    /// It arrives twice; the second answer gets through.
    Duplicate,
    /// The platform's signatures in the answer do not verify.
    WrongSignature,
    /// The answer's date is wrong.
    Skew,
    /// It takes effect and its answer is lost.
    DropAfterApply,
    /// A proxy answers in the platform's stead: 502 with a page, and nothing is done.
    BadGateway,
    /// The platform's own defect: the handler panics before anything is done.
    Defect,
}

impl Fault {
    pub(super) const COUNT: usize = 9;
    pub(super) const ALL: [Self; Self::COUNT] = [
        Self::Delay,
        Self::Reorder,
        Self::Error5xx,
        Self::Duplicate,
        Self::WrongSignature,
        Self::Skew,
        Self::DropAfterApply,
        Self::BadGateway,
        Self::Defect,
    ];

    /// The member of the plan.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Reorder => "reorder",
            Self::Error5xx => "error_5xx",
            Self::Duplicate => "duplicate",
            Self::WrongSignature => "wrong_signature",
            Self::Skew => "skew",
            Self::DropAfterApply => "drop_after_apply",
            Self::BadGateway => "bad_gateway",
            Self::Defect => "defect",
        }
    }
}

/// What the length of a delay is drawn for, beside the faults themselves.
const DELAY_LENGTH: u64 = 1_000;

/// A plan: a probability for each fault.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    seed: u64,
    probabilities: [f64; Fault::COUNT],
    delay_most_millis: u64,
    skew_seconds: i64,
}

impl Plan {
    /// Reads `{"seed", "delay_ms"?, "skew_seconds"?, "<fault>": probability…}`.
    pub(super) fn read(document: &Value) -> Result<Self, Refusal> {
        let faults = Faults::default();
        let plan = Members::of(document, &faults).map(|members| Self {
            seed: members.value("seed").and_then(|_| members.integer("seed", 0, i64::MAX)).unwrap_or(0).unsigned_abs(),
            probabilities: Fault::ALL.map(|fault| probability(&members, fault.name())),
            delay_most_millis: members
                .value("delay_ms")
                .and_then(|_| members.integer("delay_ms", 0, 600_000))
                .unwrap_or(200)
                .unsigned_abs(),
            skew_seconds: members
                .value("skew_seconds")
                .and_then(|_| members.integer("skew_seconds", -31_536_000, 31_536_000))
                .unwrap_or(3_600),
        });
        plan.filter(|_| faults.is_empty()).ok_or_else(|| faults.into_refusal())
    }

    pub(super) fn as_json(&self) -> Value {
        let mut plan = json!({
            "seed": self.seed, "delay_ms": self.delay_most_millis, "skew_seconds": self.skew_seconds,
        });
        for fault in Fault::ALL {
            plan[fault.name()] = json!(self.probabilities[fault as usize]);
        }
        plan
    }

    pub(super) fn is_empty(&self) -> bool {
        self.probabilities.iter().all(|probability| *probability <= 0.0)
    }

    /// Whether the fault strikes the request of this number.
    pub(super) fn strikes(&self, fault: Fault, number: u64) -> bool {
        // 53 bits make every double between 0 and 1 equally likely.
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let drawn = (self.draw(fault as u64, number) >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < self.probabilities[fault as usize]
    }

    pub(super) fn delay(&self, number: u64) -> Duration {
        Duration::from_millis(self.draw(DELAY_LENGTH, number) % (self.delay_most_millis + 1))
    }

    pub(super) const fn skew_millis(&self) -> i64 {
        self.skew_seconds * 1_000
    }

    /// SplitMix64 over seed, purpose and number.
    fn draw(&self, purpose: u64, number: u64) -> u64 {
        let mut z = self
            .seed
            .wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_add(purpose.wrapping_add(1).wrapping_mul(0xD1B5_4A32_D192_ED03));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn probability(members: &Members<'_>, name: &str) -> f64 {
    let Some(value) = members.value(name) else { return 0.0 };
    match value.as_f64() {
        Some(probability) if (0.0..=1.0).contains(&probability) => probability,
        _ => {
            members.fault(name, ErrorCode::RequestInvalidValue);
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_same_seed_strikes_the_same_requests_about_as_often_as_asked() {
        let plan = |seed: u64| Plan::read(&json!({ "seed": seed, "duplicate": 0.25 })).unwrap();
        let struck =
            |plan: &Plan| (0..4_000).filter(|number| plan.strikes(Fault::Duplicate, *number)).collect::<Vec<_>>();
        assert_eq!(struck(&plan(7)), struck(&plan(7)));
        assert_ne!(struck(&plan(7)), struck(&plan(8)));
        assert!((850..1_150).contains(&struck(&plan(7)).len()));
        assert!((0..4_000).all(|number| !plan(7).strikes(Fault::Delay, number)));
    }

    #[test]
    fn a_probability_above_one_is_refused() {
        assert!(Plan::read(&json!({ "delay": 1.5 })).is_err());
        assert!(Plan::read(&json!({ "delay": "often" })).is_err());
    }
}
