//! The deadline clock 时限: until when something must be done, computed without asking anybody.
//!
//! A clock begins with an event, runs through the days that count, moves by an extension (特别程序 type 1, 行政许可法 art. 42) and
//! stands while a suspension lasts (type 2, art. 45). The rules, in one place:
//!
//! 1. The day on which the clock begins does not count.
//! 2. A limit in working days counts working days; one in calendar days counts every day, and where it would end on a day off it ends
//!    with the next working day (民法典 art. 203).
//! 3. Something is in time until midnight in China after its last day.
//! 4. The day on which a suspension begins still counts, the day on which it ends does not: what begins on a day is counted from the
//!    next, as in rule 1. Suspensions that overlap stop the clock once.
//! 5. A limit of no days (即办件) ends with the first working day that is not before the one on which it began.
//!
//! ```
//! use tongqiao_engine::deadline::{DeadlineClock, Due, TimeLimit};
//! use tongqiao_engine::working_days::WorkingDays;
//! use tongqiao_protocol::WorkingCalendar;
//!
//! let calendar = WorkingCalendar::parse(br#"{"issued":"2025-11-04T00:00:00+08:00","years":[{"year":2026,"source":"notice",
//!     "days_off":["2026-10-01","2026-10-02","2026-10-03","2026-10-04","2026-10-05","2026-10-06","2026-10-07"],
//!     "days_worked":["2026-09-20","2026-10-10"]}]}"#).unwrap();
//! let clock = DeadlineClock::new("2026-09-30".parse().unwrap(), TimeLimit::working_days(3));
//! // 8 and 9 October, and the Saturday after them, which is worked.
//! let due = clock.due(WorkingDays::by(&calendar));
//! assert_eq!(due.value, Due::On("2026-10-10".parse().unwrap()));
//! ```

mod case;
mod clock;
mod limit;
mod step;

pub use case::{CaseDeadlines, CaseLimits, Duty, DutyReading, DutyStanding, Handling, Moment};
pub use clock::{DeadlineClock, Due};
pub use limit::{Basis, LimitUnit, TimeLimit};
pub use step::ClockStep;
