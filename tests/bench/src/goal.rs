//! Goals: ratios to a baseline of the same run, so that they hold on any machine.

/// Disks on shared machines are moody; what misses its goal by less is told and is no failure.
const TOLERANCE: f64 = 0.15;

/// A ratio and what it should be.
pub(crate) struct Goal {
    name: String,
    value: f64,
    bound: f64,
    side: Side,
    weight: Weight,
}

/// What missing a goal leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Fails,
    /// Printed like any other, and no failure.
    IsTold,
}

#[derive(Clone, Copy)]
enum Side {
    AtLeast,
    AtMost,
}

/// How all goals together stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Met,
    /// Some goal, by less than the tolerance.
    Missed,
    /// Some goal, by more than the tolerance.
    ClearlyMissed,
}

impl Goal {
    pub(crate) fn at_least(name: impl Into<String>, value: f64, bound: f64) -> Self {
        Self { name: name.into(), value, bound, side: Side::AtLeast, weight: Weight::Fails }
    }

    pub(crate) fn at_most(name: impl Into<String>, value: f64, bound: f64) -> Self {
        Self { name: name.into(), value, bound, side: Side::AtMost, weight: Weight::Fails }
    }

    /// The same goal, whose missing is told and is no failure.
    pub(crate) fn only_told(self) -> Self {
        Self { weight: Weight::IsTold, ..self }
    }

    fn verdict(&self) -> Verdict {
        // Above 0: missed by that part of the bound. Not a number is never met.
        let missed_by = match self.side {
            Side::AtLeast => 1.0 - self.value / self.bound,
            // Nothing but nothing is at most nothing.
            Side::AtMost if self.bound == 0.0 => {
                if self.value > 0.0 {
                    f64::INFINITY
                } else {
                    0.0
                }
            }
            Side::AtMost => self.value / self.bound - 1.0,
        };
        if missed_by <= 0.0 {
            Verdict::Met
        } else if missed_by <= TOLERANCE {
            Verdict::Missed
        } else {
            Verdict::ClearlyMissed
        }
    }
}

impl Verdict {
    /// Prints every goal and the count of those missed, and gives the worst verdict of those that may fail.
    pub(crate) fn print(goals: &[Goal]) -> Self {
        for goal in goals {
            let word = match goal.verdict() {
                Self::Met => "met",
                Self::Missed => "MISSED",
                Self::ClearlyMissed => "MISSED clearly",
            };
            let sign = match goal.side {
                Side::AtLeast => ">=",
                Side::AtMost => "<=",
            };
            let told = if goal.weight == Weight::IsTold { ", only told" } else { "" };
            println!("{word:<16}{:<44}{:>8.3}  (goal {sign} {}{told})", goal.name, goal.value, goal.bound);
        }
        let missed = goals.iter().filter(|goal| goal.verdict() != Self::Met).count();
        println!("goals: {} met, {missed} MISSED", goals.len() - missed);
        let failing = goals.iter().filter(|goal| goal.weight == Weight::Fails);
        failing.map(Goal::verdict).max().unwrap_or(Self::Met)
    }
}

#[cfg(test)]
mod tests {
    use super::{Goal, Verdict};

    #[test]
    fn a_goal_is_met_at_its_bound_and_missed_beyond_and_clearly_beyond_the_tolerance() {
        for (at_least, at_most, verdict) in [
            (1.0, 1.0, Verdict::Met),
            (0.99, 1.01, Verdict::Missed),
            (0.86, 1.14, Verdict::Missed),
            (0.84, 1.16, Verdict::ClearlyMissed),
            (f64::NAN, f64::NAN, Verdict::ClearlyMissed),
        ] {
            assert_eq!(Goal::at_least("a", at_least, 1.0).verdict(), verdict, "{at_least}");
            assert_eq!(Goal::at_most("b", at_most, 1.0).verdict(), verdict, "{at_most}");
        }
    }

    #[test]
    fn a_goal_that_is_only_told_fails_nothing() {
        let [met, missed] = [1.0, 9.0].map(|value| Goal::at_most("a", value, 1.0));
        assert_eq!(Verdict::print(&[met, missed.only_told()]), Verdict::Met);
        let [met, missed] = [9.0, 1.0].map(|value| Goal::at_least("a", value, 8.0));
        assert_eq!(Verdict::print(&[met, missed]), Verdict::ClearlyMissed);
    }
}
