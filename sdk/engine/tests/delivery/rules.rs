//! The rules of delivery, one by one, against the machine as a driver sees it.

use tongqiao_engine::delivery::{TerminalReceipt, Verdict};
use tongqiao_engine::{
    Entry, EntryKind, EntryState, Failure, FailureScope, Input, Lane, Notice, Outcome, RecordAnswer, Retry, Sequence,
    Settings, StreamKey,
};
use tongqiao_protocol::{EpochId, IncarnationId, Timestamp};

use crate::bench::{Bench, entry, epoch, id};

fn failure(scope: FailureScope, retry: Retry, retry_after_ms: Option<u64>) -> Failure {
    Failure { scope, retry, outcome: Outcome::Rejected, retry_after_ms, problem: b"why".to_vec() }
}

#[test]
fn a_payment_does_not_wait_behind_a_backlog_of_cases_and_neither_does_bulk() {
    let settings = Settings { batch_records: 1, concurrency: [1; 4], ..Settings::default() };
    let mut entries: Vec<Entry> = (1..=20).map(|number| entry(number, Lane::Case)).collect();
    entries.push(entry(21, Lane::Bulk));
    entries.push(entry(22, Lane::Payment));
    let mut bench = Bench::new(settings, entries);
    // The lanes have been read one after the other; each may have one request under way.
    let lanes: Vec<Lane> = bench.sent.iter().map(|(_, lane, _)| *lane).collect();
    assert!(lanes.contains(&Lane::Payment) && lanes.contains(&Lane::Bulk) && lanes.contains(&Lane::Case));
    while let Some((request, _, ids)) = bench.sent.pop() {
        bench.settle(request, &ids);
    }
    assert!(bench.entries.iter().all(|entry| entry.state != EntryState::Pending));
}

#[test]
fn one_bad_record_is_found_by_halving_and_becomes_the_only_dead_letter() {
    let entries: Vec<Entry> = (1..=16).map(|number| entry(number, Lane::Case)).collect();
    let mut bench = Bench::new(Settings { batch_records: 16, ..Settings::default() }, entries);
    let mut requests = 0;
    while let Some((request, _, ids)) = bench.sent.pop() {
        requests += 1;
        assert!(requests < 40, "the search must end");
        if ids.contains(&id(11)) {
            let failure = failure(FailureScope::Request, Retry::Never, None);
            bench.give(Input::Failed { request, failure });
        } else {
            bench.settle(request, &ids);
        }
    }
    for entry in &bench.entries {
        let is_dead = entry.state == EntryState::Dead;
        assert_eq!(is_dead, entry.id == id(11), "{entry:?}");
        assert!(entry.state != EntryState::Pending);
    }
    let buried = bench.notices.iter().filter(|notice| matches!(notice, Notice::Buried { .. })).count();
    assert_eq!(buried, 1);
}

#[test]
fn retry_after_is_obeyed() {
    let mut bench = Bench::new(Settings::default(), vec![entry(1, Lane::Case)]);
    let (request, _, _) = bench.sent.pop().unwrap();
    let failure = failure(FailureScope::Endpoint, Retry::AfterDelay, Some(60_000));
    bench.give(Input::Failed { request, failure });
    while bench.sent.is_empty() {
        bench.wait();
    }
    assert!(bench.now.as_millis() > 60_000, "{}", bench.now);
}

#[test]
fn a_record_whose_time_is_over_is_not_sent_but_expires() {
    let mut late = entry(1, Lane::Payment);
    late.kind = EntryKind::Bill;
    late.not_after = Some(Timestamp::from_millis(100));
    let mut bench = Bench::new(Settings::default(), vec![late]);
    let (request, _, _) = bench.sent.pop().unwrap();
    bench.now = Timestamp::from_millis(100);
    let failure = failure(FailureScope::Endpoint, Retry::SameRequest, None);
    bench.give(Input::Failed { request, failure });
    assert!(bench.sent.is_empty());
    assert_eq!(bench.entries[0].state, EntryState::Expired);
    assert!(matches!(bench.notices.last(), Some(Notice::Expired { .. })));
}

#[test]
fn memory_is_bounded_by_the_window_however_long_the_outbox() {
    let settings = Settings { window_entries: 10, batch_records: 4, ..Settings::default() };
    let entries: Vec<Entry> = (1..=500).map(|number| entry(number, Lane::Case)).collect();
    let mut bench = Bench::new(settings, entries);
    while let Some((request, _, ids)) = bench.sent.pop() {
        assert!(ids.len() <= 4 && bench.delivery.in_memory(Lane::Case) <= 10);
        bench.settle(request, &ids);
    }
    assert!(bench.entries.iter().all(|entry| entry.state != EntryState::Pending));
}

#[test]
fn nothing_is_told_before_it_is_durable() {
    let mut bench = Bench::new(Settings::default(), vec![entry(1, Lane::Case)]);
    let (request, _, ids) = bench.sent.pop().unwrap();
    bench.commits_fail = true;
    bench.settle(request, &ids);
    assert!(bench.notices.iter().all(|notice| matches!(notice, Notice::StoreWaits { .. })), "{:?}", bench.notices);
    bench.commits_fail = false;
    bench.wait();
    assert!(matches!(bench.notices.last(), Some(Notice::Settled { .. })));
    // The same answer again, late: nothing happens.
    let told = bench.notices.len();
    bench.settle(request, &ids);
    assert_eq!(bench.notices.len(), told);
}

#[test]
fn an_earlier_incarnation_goes_first_for_the_same_case() {
    let (old, mut new) = (entry(1, Lane::Case), entry(2, Lane::Case));
    new.stream = StreamKey { incarnation: IncarnationId::from_bytes([2; 16]), ..old.stream };
    let mut bench = Bench::new(Settings::default(), vec![old, new]);
    let (request, _, ids) = bench.sent.pop().unwrap();
    assert_eq!(ids, [id(1)]);
    assert!(bench.sent.is_empty());
    bench.settle(request, &ids);
    assert_eq!(bench.sent.pop().unwrap().2, [id(2)]);
}

fn settled(number: u32, position: u64) -> Entry {
    Entry { state: EntryState::Settled { epoch: epoch(), position }, ..entry(number, Lane::Case) }
}

fn reoffered(bench: &Bench) -> u64 {
    let changed = |notice: &Notice| match notice {
        Notice::EpochChanged { reoffered, .. } => Some(*reoffered),
        _ => None,
    };
    bench.notices.iter().find_map(changed).unwrap()
}

#[test]
fn a_restore_offers_everything_again_however_many_records_share_a_position() {
    let last = tongqiao_protocol::limits::SEQUENCE_MAX;
    let entries: Vec<Entry> = (1..=1_700).map(|number| settled(number, if number < 50 { 7 } else { last })).collect();
    let mut bench = Bench::new(Settings::default(), entries);
    bench.restore();
    assert_eq!(reoffered(&bench), 1_700);
    assert!(bench.entries.iter().all(|entry| entry.state == EntryState::Pending));
}

#[test]
fn one_damaged_record_does_not_keep_the_others_from_being_offered_again() {
    let entries: Vec<Entry> = (1..=600).map(|number| settled(number, u64::from(number))).collect();
    let mut bench = Bench::new(Settings::default(), entries);
    bench.damaged = Some(id(77));
    bench.restore();
    assert_eq!(reoffered(&bench), 599);
    assert!(bench.notices.contains(&Notice::StoreRefuses { id: id(77) }));
    let left: Vec<_> = bench.entries.iter().filter(|entry| entry.state != EntryState::Pending).collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn a_commit_that_can_never_succeed_stops_neither_the_others_nor_the_turn_of_an_epoch() {
    let entries: Vec<Entry> = (1..=9).map(|number| entry(number, Lane::Case)).collect();
    let mut bench = Bench::new(Settings::default(), entries);
    bench.damaged = Some(id(4));
    bench.settle_all();
    let left = bench.entries.iter().filter(|entry| entry.state == EntryState::Pending).map(|entry| entry.id);
    assert_eq!(left.collect::<Vec<_>>(), [id(4)]);
    assert!(bench.notices.contains(&Notice::StoreRefuses { id: id(4) }));
    bench.restore();
    assert_eq!(reoffered(&bench), 8);
}

#[test]
fn a_clock_that_is_set_back_by_a_year_delays_nothing_by_a_year() {
    let year = 365 * 86_400_000;
    let mut bench = Bench::new(Settings::default(), vec![entry(1, Lane::Case), entry(2, Lane::Payment)]);
    bench.now = bench.now.plus_millis(year);
    bench.give(Input::Timer);
    for (request, _, _) in std::mem::take(&mut bench.sent) {
        let failure = failure(FailureScope::Endpoint, Retry::AfterDelay, None);
        bench.give(Input::Failed { request, failure });
    }
    assert!(bench.sent.is_empty(), "the lanes wait");
    bench.now = bench.now.plus_millis(-year);
    bench.give(Input::Timer);
    while bench.sent.len() < 2 {
        bench.wait();
    }
    assert!(bench.now.as_millis() < 3_600_000, "{}", bench.now);
}

#[test]
fn a_record_put_off_by_a_clock_a_year_ahead_is_sent_when_the_clock_is_right() {
    let mut ahead = entry(1, Lane::Case);
    (ahead.attempts, ahead.next_attempt_at) = (3, Timestamp::from_millis(365 * 86_400_000));
    let bench = Bench::new(Settings::default(), vec![ahead]);
    assert_eq!(bench.sent.len(), 1);
}

#[test]
fn what_was_settled_is_sent_after_a_restore_also_when_its_time_is_over() {
    let mut bill = settled(1, 3);
    (bill.kind, bill.lane, bill.not_after) = (EntryKind::Bill, Lane::Payment, Some(Timestamp::from_millis(100)));
    let mut bench = Bench::new(Settings::default(), vec![bill]);
    bench.now = Timestamp::from_millis(1_000_000);
    bench.restore();
    assert_eq!(bench.sent.len(), 1);
    assert!(!bench.notices.iter().any(|notice| matches!(notice, Notice::Expired { .. })));
}

#[test]
fn a_refused_refund_does_not_hold_up_what_follows_on_its_bill() {
    let of_bill = |number: u32, kind| Entry {
        kind,
        lane: Lane::Payment,
        stream: entry(1, Lane::Payment).stream,
        sequence: Sequence::new(u64::from(number)).unwrap(),
        ..entry(number, Lane::Payment)
    };
    let mut bench = Bench::new(Settings::default(), vec![of_bill(1, EntryKind::Refund), of_bill(2, EntryKind::Refund)]);
    let (request, _, ids) = bench.sent.pop().unwrap();
    let receipt = TerminalReceipt { epoch: epoch(), position: 1, time: None, bytes: vec![] };
    let results = vec![RecordAnswer { id: ids[0], verdict: Verdict::Refused(receipt) }];
    bench.give(Input::Answered { request, results });
    assert_eq!(bench.sent.pop().unwrap().2, [id(2)]);
}

#[test]
fn an_epoch_that_was_heard_of_is_asked_for_until_the_platform_answers() {
    let mut bench = Bench::new(Settings::default(), vec![entry(1, Lane::Case)]);
    bench.settle_all();
    bench.give(Input::EpochHeard(epoch()));
    assert_eq!(bench.epoch_asked, 0, "nothing new");
    bench.give(Input::EpochHeard(EpochId::from_bytes([2; 16])));
    for asked in 1..4 {
        assert_eq!(bench.epoch_asked, asked);
        bench.give(Input::EpochUnavailable);
        while bench.epoch_asked == asked {
            bench.wait();
        }
    }
    bench.restore();
    assert_eq!(bench.delivery.epoch(), Some(EpochId::from_bytes([2; 16])));
    // An answer that was under way still names the old one.
    let asked = bench.epoch_asked;
    bench.give(Input::EpochHeard(epoch()));
    assert_eq!(bench.epoch_asked, asked);
}

#[test]
fn a_payment_overtakes_a_backlog_and_bulk_still_gets_its_turn() {
    let settings = Settings {
        batch_records: 1,
        requests_under_way: 1,
        concurrency: [1; 4],
        bulk_floor: 5,
        window_entries: 200,
        ..Settings::default()
    };
    let mut entries: Vec<Entry> = (1..=40).map(|number| entry(number, Lane::Case)).collect();
    entries.extend((41..=50).map(|number| entry(number, Lane::Bulk)));
    let mut bench = Bench::new(settings, entries);
    let mut order = Vec::new();
    for step in 0..25 {
        assert_eq!(bench.sent.len(), 1, "one request under way over all lanes");
        if step == 10 {
            bench.entries.push(entry(51, Lane::Payment));
            bench.give(Input::Appended { lane: Lane::Payment });
        }
        let (request, lane, ids) = bench.sent.pop().unwrap();
        order.push(lane);
        bench.settle(request, &ids);
    }
    let paid = order.iter().position(|lane| *lane == Lane::Payment).unwrap();
    assert!((11..=12).contains(&paid), "{order:?}");
    let bulk: Vec<usize> = (0..order.len()).filter(|at| order[*at] == Lane::Bulk).collect();
    assert!(bulk.windows(2).all(|pair| pair[1] - pair[0] <= 6), "{order:?}");
    assert!((3..=5).contains(&bulk.len()), "{order:?}");
}

#[test]
fn retention_counts_from_the_platform_s_time() {
    let mut bench = Bench::new(Settings::default(), vec![entry(1, Lane::Case)]);
    let (request, _, ids) = bench.sent.pop().unwrap();
    let time = Some(Timestamp::from_millis(1_790_000_000_000));
    let receipt = TerminalReceipt { epoch: epoch(), position: 1, time, bytes: vec![] };
    let results = vec![RecordAnswer { id: ids[0], verdict: Verdict::Settled(receipt) }];
    bench.give(Input::Answered { request, results });
    assert_eq!(bench.entries[0].terminal_at, time);
}

#[test]
fn custody_is_no_answer_and_does_not_make_the_questions_rarer() {
    let settings = Settings { custody_poll_ms: 5_000, ..Settings::default() };
    let mut follower = entry(2, Lane::Case);
    follower.stream = entry(1, Lane::Case).stream;
    follower.sequence = Sequence::new(2).unwrap();
    let mut bench = Bench::new(settings, vec![entry(1, Lane::Case), follower]);
    let mut asked_at = Vec::new();
    for _ in 0..10 {
        while bench.sent.is_empty() {
            bench.wait();
        }
        asked_at.push(bench.now.as_millis());
        let (request, _, ids) = bench.sent.pop().unwrap();
        assert_eq!(ids, [id(1), id(2)], "what follows in the stream goes out too");
        let results = ids.iter().map(|id| RecordAnswer { id: *id, verdict: Verdict::InCustody }).collect();
        bench.give(Input::Answered { request, results });
    }
    for pair in asked_at.windows(2) {
        assert!((5_000..=6_500).contains(&(pair[1] - pair[0])), "{asked_at:?}");
    }
    assert!(bench.entries.iter().all(|entry| entry.state == EntryState::Pending));
    assert!(bench.notices.iter().any(|notice| matches!(notice, Notice::InCustody { id: told, .. } if *told == id(2))));
    while bench.sent.is_empty() {
        bench.wait();
    }
    let (request, _, ids) = bench.sent.pop().unwrap();
    bench.settle(request, &ids);
    assert!(bench.entries.iter().all(|entry| matches!(entry.state, EntryState::Settled { .. })));
}

#[test]
fn what_many_records_in_custody_are_asked_about_grows_no_faster_than_a_node_can_answer() {
    let count = 200_u32;
    let settings = Settings { custody_each_ms: 100, ..Settings::default() };
    let mut bench = Bench::new(settings, (1..=count).map(|number| entry(number, Lane::Case)).collect());
    let begun = bench.now.as_millis();
    let mut offered = 0_usize;
    while bench.now.as_millis() < begun + 60_000 {
        while let Some((request, _, ids)) = bench.sent.pop() {
            offered += ids.len();
            let results = ids.iter().map(|id| RecordAnswer { id: *id, verdict: Verdict::InCustody }).collect();
            bench.give(Input::Answered { request, results });
        }
        bench.wait();
    }
    // Each once, and then each every twenty seconds; every two seconds it would be six thousand.
    assert!(offered >= 2 * count as usize, "{offered}: nobody may be forgotten");
    assert!(offered <= 6 * count as usize, "{offered} questions in a minute");
}
