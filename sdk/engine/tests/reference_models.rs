//! Small parts of the engine against the plainest model of what they are to do.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tongqiao_engine::delivery::{RETRY_AFTER_LIMIT_MS, retry_at};
use tongqiao_engine::{
    Change, Entry, EntryKind, EntryState, EpochBook, EpochNotice, KeptPart, Lane, ReceiptStanding, Retention, Sequence,
    Settings, StreamKey, SubjectId,
};
use tongqiao_protocol::{Digest, EpochId, IncarnationId, ProducerId, RecordId, Suite, Timestamp};

fn epoch(number: u8) -> EpochId {
    EpochId::from_bytes([number; 16])
}

/// What the platform has really lost: per epoch, the positions from which on nothing survives.
#[derive(Default)]
struct History {
    running: Option<u8>,
    over: BTreeMap<u8, u64>,
}

proptest! {
    /// A platform is restored again and again; the sender hears of some of it only. What the book lets stand must stand.
    #[test]
    fn a_book_never_lets_a_receipt_stand_that_a_restore_has_undone(
        restores in prop::collection::vec((0_u64..20, any::<bool>()), 1..12),
    ) {
        let mut history = History { running: Some(1), ..History::default() };
        let mut book = EpochBook::default();
        let mut heard = BTreeSet::new();
        for (number, (kept, hears)) in restores.into_iter().enumerate() {
            let running = u8::try_from(number).unwrap() + 2;
            history.over.values_mut().for_each(|of| *of = kept.min(*of));
            history.over.insert(history.running.unwrap(), kept);
            history.running = Some(running);
            if hears {
                let previous = history.over.iter().map(|(of, kept)| KeptPart { epoch: epoch(*of), kept: *kept }).collect();
                let notice = EpochNotice { epoch: epoch(running), previous };
                book = book.turned(&notice).unwrap();
                prop_assert!(book.turned(&notice).is_none(), "the same notice tells nothing new");
                heard.insert(running);
            }
            // Bytes keep everything.
            prop_assert_eq!(&EpochBook::from_bytes(&book.to_bytes()).unwrap(), &book);
            if !hears {
                continue;
            }
            for (of, kept) in &history.over {
                for position in 0..20 {
                    let expected =
                        if position < *kept { ReceiptStanding::Stands } else { ReceiptStanding::Lost };
                    prop_assert_eq!(book.standing(epoch(*of), position), expected);
                }
                prop_assert!(book.lost_parts().contains(&(epoch(*of), *kept)));
            }
            prop_assert_eq!(book.standing(epoch(running), 19), ReceiptStanding::Stands);
            prop_assert_eq!(book.standing(epoch(running + 1), 0), ReceiptStanding::Unheard);
        }
    }

    #[test]
    fn bytes_that_are_no_book_are_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(book) = EpochBook::from_bytes(&bytes) {
            prop_assert_eq!(EpochBook::from_bytes(&book.to_bytes()).unwrap(), book);
        }
    }

    #[test]
    fn a_record_is_forgotten_only_when_done_and_only_after_its_days(
        days in 7_u16..3_660,
        state in 0_usize..6,
        terminal in prop::option::of(0_i64..4_000),
        now in 0_i64..8_000,
    ) {
        const DAY: i64 = 86_400_000;
        let states = [
            EntryState::Pending,
            EntryState::Settled { epoch: epoch(1), position: 0 },
            EntryState::Refused { epoch: epoch(1), position: 0 },
            EntryState::Replaced { by: RecordId::from_bytes([2; 16]) },
            EntryState::Expired,
            EntryState::Dead,
        ];
        let entry = Entry { terminal_at: terminal.map(|day| Timestamp::from_millis(day * DAY)), ..entry(states[state]) };
        let forgets = Retention::of_days(days).unwrap().forget(&entry, Timestamp::from_millis(now * DAY));
        let done = matches!(state, 1 | 3);
        let over = terminal.is_some_and(|day| now - day > i64::from(days));
        prop_assert_eq!(forgets, (done && over).then_some(Change::Forget { id: entry.id }));
    }

    /// The longest delay doubles with every failure up to the cap; the delay is anything up to it and never nothing. What was
    /// asked for comes first, and chance on top of it.
    #[test]
    fn a_retry_comes_within_the_doubled_delay_or_just_after_what_was_asked_for(
        (base, cap) in (0_u64..2_000, 0_u64..600_000),
        failures in prop_oneof![0_u32..12, any::<u32>()],
        asked in prop_oneof![Just(None), (0_u64..100_000).prop_map(Some), any::<u64>().prop_map(Some)],
        (now, random) in (0_i64..4_000_000_000_000, any::<u64>()),
    ) {
        let settings = Settings { retry_base_ms: base, retry_cap_ms: cap, ..Settings::default() };
        let mut longest = base;
        for _ in 1..failures.min(100) {
            longest = (longest * 2).min(cap);
        }
        let longest = longest.min(cap).max(1);
        let from = Timestamp::from_millis(now);
        let at = retry_at(&settings, failures, asked, from, random);
        prop_assert_eq!(at, retry_at(&settings, failures, asked, from, random), "chance is an argument");
        let delay = u64::try_from(at.as_millis() - now).unwrap();
        match asked {
            None => prop_assert!((1..=longest).contains(&delay), "{} of {}", delay, longest),
            Some(asked) => {
                let on_top = delay.checked_sub(asked.min(RETRY_AFTER_LIMIT_MS));
                let most = longest.min(base.max(1));
                prop_assert!(on_top.is_some_and(|on_top| (1..=most).contains(&on_top)), "{} for {}", delay, asked);
            }
        }
    }

    /// Whatever a clock has written, nothing waits longer than the longest delay there is.
    #[test]
    fn no_record_waits_longer_than_a_day_and_an_hour(attempts in 0_u32..3, now in any::<i32>(), at in any::<i32>()) {
        let (now, at) = (i64::from(now) * 1_000, i64::from(at) * 1_000);
        let entry =
            Entry { attempts, next_attempt_at: Timestamp::from_millis(at), ..entry(EntryState::Pending) };
        let waits = attempts > 0 && at > now && at - now <= 25 * 3_600_000;
        prop_assert_eq!(entry.is_due(Timestamp::from_millis(now)), !waits);
    }
}

fn entry(state: EntryState) -> Entry {
    Entry {
        id: RecordId::from_bytes([1; 16]),
        kind: EntryKind::CaseEvent,
        lane: Lane::Case,
        stream: StreamKey {
            producer: ProducerId::from_bytes([0; 16]),
            incarnation: IncarnationId::from_bytes([0; 16]),
            subject: SubjectId::from_bytes([0; 16]),
        },
        sequence: Sequence::FIRST,
        ordinal: 1,
        digest: Digest::of(Suite::International, b""),
        size_bytes: 1,
        accepted_at: Timestamp::from_millis(0),
        state,
        attempts: 0,
        next_attempt_at: Timestamp::from_millis(0),
        not_after: None,
        replaces: None,
        terminal_at: None,
    }
}
