//! One line for each race, and one for the median of all of a kind.

use tongqiao_link_lab::Profile;

use super::race::{Load, Outcome};

/// What a race is called.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The link's name.
    pub(super) link: String,
    pub(super) profile: Profile,
    pub(super) contestant: &'static str,
    pub(super) load: Load,
}

/// What the columns are.
pub(super) const HEADING: &str = "link  contestant                  load         seconds records s      up B    down B   share pay p50 pay p99  again  left";

/// One line of the table.
pub(super) fn line(entry: &Entry, outcome: &Outcome) -> String {
    let load = match entry.load {
        Load::Everything => "everything",
        Load::Records => "records",
    };
    let line = format!(
        "{:<6}{:<28}{load:<12}{:>8.1}{:>10.2}{:>10}{:>10}{:>8.2}{:>8.2}{:>8.2}{:>7}{:>6}",
        entry.link,
        entry.contestant,
        outcome.took.as_secs_f64(),
        outcome.records_took.as_secs_f64(),
        outcome.up_bytes,
        outcome.down_bytes,
        share(entry, outcome),
        percentile(&outcome.payments, 0.50),
        percentile(&outcome.payments, 0.99),
        outcome.retries,
        outcome.left,
    );
    if outcome.left > 0 { format!("{line}\n      {}", outcome.last_error) } else { line }
}

/// What was to be sent, in parts of what the link could have carried meanwhile.
pub(super) fn share(entry: &Entry, outcome: &Outcome) -> f64 {
    outcome.payload_bytes as f64 / (entry.profile.most_bytes_per_second() * outcome.took.as_secs_f64())
}

/// Of sorted values; zero of none.
pub(super) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).ceil() as usize).copied().unwrap_or_default()
}

/// For each kind of race, every figure's median over its runs, in the order in which the kinds first came; payments of all runs
/// together.
pub(super) fn medians(outcomes: impl Iterator<Item = (Entry, Outcome)>) -> Vec<(Entry, Outcome)> {
    let mut kinds = Vec::<(Entry, Vec<Outcome>)>::new();
    for (entry, outcome) in outcomes {
        match kinds.iter_mut().find(|(known, _)| *known == entry) {
            Some((_, outcomes)) => outcomes.push(outcome),
            None => kinds.push((entry, vec![outcome])),
        }
    }
    kinds.sort_by(|(one, _), (other, _)| one.link.cmp(&other.link));
    kinds.into_iter().filter_map(|(entry, outcomes)| Some((entry, median(outcomes)?))).collect()
}

fn median(outcomes: Vec<Outcome>) -> Option<Outcome> {
    let mut payments = outcomes.iter().flat_map(|outcome| outcome.payments.iter().copied()).collect::<Vec<_>>();
    payments.sort_by(f64::total_cmp);
    let middle = outcomes.first()?.clone();
    Some(Outcome {
        took: middle_of(&outcomes, |outcome| outcome.took)?,
        // One that was not delivered is no middle: the worst counts.
        left: outcomes.iter().map(|outcome| outcome.left).max()?,
        records_took: middle_of(&outcomes, |outcome| outcome.records_took)?,
        up_bytes: middle_of(&outcomes, |outcome| outcome.up_bytes)?,
        down_bytes: middle_of(&outcomes, |outcome| outcome.down_bytes)?,
        retries: middle_of(&outcomes, |outcome| outcome.retries)?,
        payments,
        ..middle
    })
}

fn middle_of<T: Ord>(outcomes: &[Outcome], figure: impl Fn(&Outcome) -> T) -> Option<T> {
    let mut figures = outcomes.iter().map(figure).collect::<Vec<_>>();
    figures.sort();
    let middle = figures.len() / 2;
    figures.into_iter().nth(middle)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outcome(seconds: u64, payments: &[f64]) -> Outcome {
        Outcome {
            took: Duration::from_secs(seconds),
            left: 0,
            records_took: Duration::from_secs(seconds),
            up_bytes: seconds,
            down_bytes: 0,
            payload_bytes: 10,
            payments: payments.to_vec(),
            retries: 0,
            last_error: String::new(),
        }
    }

    #[test]
    fn each_kind_has_one_line_with_the_middle_of_its_runs_and_all_payments() {
        let entry = |load| Entry {
            link: "a".to_owned(),
            profile: Profile::named("clean").unwrap_or_else(|error| panic!("{error}")),
            contestant: "one",
            load,
        };
        let runs = [(5, Load::Everything), (1, Load::Records), (3, Load::Everything), (9, Load::Everything)];
        let runs = runs.map(|(seconds, load)| (entry(load), outcome(seconds, &[seconds as f64])));
        let rows = medians(runs.into_iter());
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].1.took, Duration::from_secs(5));
        assert_eq!(rows[0].1.payments, [3.0, 5.0, 9.0]);
        assert_eq!((percentile(&rows[0].1.payments, 0.5), percentile(&[], 0.5)), (5.0, 0.0));
    }
}
