//! `conformance/vectors/deadlines.tsv`, computed by another program with another calendar.

use tongqiao_engine::deadline::{DeadlineClock, Due, TimeLimit};
use tongqiao_engine::working_days::{CalendarStanding, WorkingDays};

use crate::arrangement::{calendar, day};

const VECTORS: &str = include_str!("../../../../conformance/vectors/deadlines.tsv");

#[test]
fn every_vector_is_due_on_its_day() {
    let calendar = calendar();
    let lines: Vec<&str> = VECTORS.lines().skip(1).collect();
    assert!(lines.len() >= 300);
    for line in lines {
        let [begun, days, unit, extension, suspensions, due, _note] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let days = days.parse().unwrap();
        let limit = match unit {
            "working" => TimeLimit::working_days(days),
            "calendar" => TimeLimit::calendar_days(days),
            other => panic!("{other}"),
        };
        let mut clock = DeadlineClock::new(day(begun), limit);
        clock.extend(extension.parse().unwrap());
        for stop in suspensions.split(' ').filter(|stop| *stop != "-") {
            let (first, last) = stop.split_once('/').unwrap();
            clock.suspend(day(first));
            clock.resume(day(last));
        }
        let found = clock.due(WorkingDays::by(&calendar));
        assert_eq!(found.value, Due::On(day(due)), "{line}");
        assert_eq!(found.calendar, CalendarStanding::Published, "{line}");
    }
}
