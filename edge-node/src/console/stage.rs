//! How far a case is on its way: counter, node, city, department.

use tongqiao::{CaseView, EntryState, EventView, Receipt};

use super::ledger::Taken;
use super::words::Words;

/// How far the application is. Each is proved by something else: the hall's store, the node's store, a receipt of the platform,
/// an entry of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Filled in, and never accepted: the machine was stopped in between.
    Unfinished,
    /// Safe at the counter.
    Counter,
    /// In the node's custody.
    Node,
    /// The platform has given its receipt.
    City,
    /// Somebody there has done something about it.
    Department,
    /// The platform refused it, or no answer can be had: a person must mend it.
    Stuck,
}

impl Stage {
    pub(super) const fn words(self, words: Words) -> &'static str {
        match self {
            Self::Unfinished => words.say("未受理（填写中断）", "not taken (interrupted)"),
            Self::Counter => words.say("已在窗口保存", "safe at the counter"),
            Self::Node => words.say("节点代管，待传", "in the node's custody"),
            Self::City => words.say("市级平台已收", "at the city"),
            Self::Department => words.say("部门办理中", "with the department"),
            Self::Stuck => words.say("被退回，待更正", "refused, to be mended"),
        }
    }

    /// How many of the four stations are behind it.
    pub(super) const fn stations(self) -> usize {
        match self {
            Self::Unfinished => 0,
            Self::Counter | Self::Stuck => 1,
            Self::Node => 2,
            Self::City => 3,
            Self::Department => 4,
        }
    }

    /// The class of its mark.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Unfinished | Self::Stuck => "bad",
            Self::Counter | Self::Node => "wait",
            Self::City | Self::Department => "good",
        }
    }
}

/// A case with what is known of its way.
pub(super) struct Way {
    pub(super) stage: Stage,
    pub(super) view: Option<CaseView>,
    /// The platform's receipt of the application.
    pub(super) receipt: Option<Receipt>,
    /// Whether any of its events waits for a person.
    pub(super) needs_hand: bool,
    /// Bytes of its events that are not at the city yet.
    pub(super) bytes_waiting: u64,
}

impl Way {
    /// From what the stores say; `at_node` is whether the node has the opening event.
    pub(super) fn of(taken: &Taken, view: Option<CaseView>, at_node: AtNode) -> Self {
        let Some(view) = view else {
            return Self { stage: Stage::Unfinished, view: None, receipt: None, needs_hand: false, bytes_waiting: 0 };
        };
        let opening = opening(&view).cloned();
        let state = opening.as_ref().and_then(|event| event.entry.as_ref()).map(|entry| entry.state);
        let receipt = opening.and_then(|event| event.receipt);
        let stage = match state {
            Some(EntryState::Refused { .. } | EntryState::Expired | EntryState::Dead) => Stage::Stuck,
            Some(EntryState::Pending) if at_node == AtNode::Yes => Stage::Node,
            Some(EntryState::Pending) => Stage::Counter,
            // What is no longer kept was settled long ago.
            Some(EntryState::Settled { .. } | EntryState::Replaced { .. }) | None if taken.news.is_empty() => {
                Stage::City
            }
            _ => Stage::Department,
        };
        let entries = view.events.iter().filter_map(|event| event.entry.as_ref());
        let bytes_waiting = entries
            .clone()
            .filter(|entry| entry.state == EntryState::Pending)
            .map(|entry| u64::from(entry.size_bytes))
            .sum();
        let needs_hand = entries.into_iter().any(|entry| is_stuck(entry.state));
        Self { stage, view: Some(view), receipt, needs_hand, bytes_waiting }
    }
}

/// Whether the node has an event, by its own store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtNode {
    Yes,
    No,
}

/// The event that opened a case, or took the place of that one.
pub(super) fn opening(view: &CaseView) -> Option<&EventView> {
    view.events.iter().find(|event| event.replaced_by.is_none())
}

/// Whether a person must do something about it.
pub(super) const fn is_stuck(state: EntryState) -> bool {
    matches!(state, EntryState::Refused { .. } | EntryState::Expired | EntryState::Dead)
}

/// What a kind of event is called at the counter.
pub(super) fn kind_words(kind: &str, words: Words) -> String {
    let known = match kind {
        "applied" => ("申请", "applied"),
        "pre-reviewed" => ("预审", "pre-reviewed"),
        "correction-requested" => ("补正告知", "correction requested"),
        "corrected" => ("补正", "corrected"),
        "accepted" => ("受理", "accepted"),
        "rejected" => ("不予受理", "not accepted"),
        "step-recorded" => ("环节办理", "step recorded"),
        "special-begun" => ("特别程序开始", "special procedure begun"),
        "special-ended" => ("特别程序结束", "special procedure ended"),
        "decided" => ("办结", "decided"),
        "delivered" => ("送达", "delivered"),
        "evaluated" => ("评价", "evaluated"),
        "withdrawn" => ("撤回", "withdrawn"),
        "abandoned" => ("作罢", "given up"),
        "case-dispatched" => ("分发至部门", "dispatched"),
        other => return other.to_owned(),
    };
    words.say(known.0, known.1).to_owned()
}
