//! The external recorder: who was told what, and what came of it. It looks at what people were told and at the platform's log,
//! and believes nothing that the pieces say of themselves.

use std::collections::{BTreeMap, BTreeSet};

use tongqiao::{EntryState, SoftwareVerifier};
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{CaseId, RecordId};
use tongqiao_store::{MemoryStore, Store as _};

use crate::keys::Keys;
use crate::place::Place;
use crate::platform::{Line, Platform};
use crate::world::World;

/// What somebody entered, once, whatever became of it. Its number stands in the record's text.
#[derive(Debug, Clone)]
pub struct Entered {
    department: usize,
    case: Option<CaseId>,
    fen: i64,
    is_accepted: bool,
}

/// What the recorder has seen.
#[derive(Debug, Default)]
pub struct Recorder {
    entered: Vec<Entered>,
    custody: BTreeMap<RecordId, usize>,
    faults: Vec<String>,
}

impl Recorder {
    /// Somebody enters something; gives its number.
    pub fn enters(&mut self, department: usize, case: Option<CaseId>, fen: i64) -> usize {
        self.entered.push(Entered { department, case, fen, is_accepted: false });
        self.entered.len() - 1
    }

    /// Somebody was told that it is accepted.
    pub fn accepted(&mut self, number: usize) {
        if let Some(entered) = self.entered.get_mut(number) {
            entered.is_accepted = true;
        }
    }

    /// The case that something was entered for.
    pub fn case_of(&self, number: usize) -> Option<CaseId> {
        self.entered.get(number)?.case
    }

    /// A custody receipt has left a node.
    pub fn kept(&mut self, node: usize, record: RecordId) {
        self.custody.insert(record, node);
    }

    /// A node stands up again: whatever it has signed for must be on its disk.
    pub fn stands_up(&mut self, node: usize, store: &MemoryStore) {
        let missing = self.missing(node, store);
        self.faults.extend(missing);
    }

    fn missing(&self, node: usize, store: &MemoryStore) -> Vec<String> {
        let kept = self.custody.iter().filter(|(_, at)| **at == node).map(|(record, _)| record);
        let missing = kept.filter(|record| !matches!(store.entry(record), Ok(Some(_))));
        missing.map(|record| format!("lost: {record} was in custody and is not on the disk of node-{node}")).collect()
    }

    /// Something that must never happen was seen.
    pub fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    /// How many things were accepted.
    pub fn accepted_count(&self) -> usize {
        self.entered.iter().filter(|entered| entered.is_accepted).count()
    }

    /// Everything that is wrong.
    pub fn judge(&self, world: &World) -> Vec<String> {
        let mut faults = self.faults.clone();
        let log = world.platform.log();
        self.judge_effects(log, &mut faults);
        judge_money(&self.entered, &world.platform, &mut faults);
        let logged = log.iter().map(|line| line.record).collect::<BTreeSet<_>>();
        for (number, node) in world.nodes.iter().enumerate() {
            faults.extend(self.missing(number, node.store()));
        }
        for record in self.custody.keys().filter(|record| !logged.contains(record)) {
            faults.push(format!("lost: {record} was in custody"));
        }
        for department in &world.departments {
            judge_store(department.place(), department.store(), &world.platform, &world.context.keys, &mut faults);
        }
        for node in &world.nodes {
            judge_store(node.place(), node.store(), &world.platform, &world.context.keys, &mut faults);
        }
        faults
    }

    fn judge_effects(&self, log: &[Line], faults: &mut Vec<String>) {
        let mut times = BTreeMap::<usize, usize>::new();
        let mut last = BTreeMap::<CaseId, usize>::new();
        for line in log {
            *times.entry(line.number).or_default() += 1;
            let Some(entered) = self.entered.get(line.number) else {
                faults.push(format!("invented: number {}", line.number));
                continue;
            };
            if entered.case != line.case || entered.fen != line.fen {
                faults.push(format!("changed: number {} has {} fen instead of {}", line.number, line.fen, entered.fen));
            }
            if let Some(case) = line.case
                && let Some(before) = last.insert(case, line.number)
                && before > line.number
            {
                faults.push(format!("disordered: {} before {} in a case", before, line.number));
            }
        }
        for (number, entered) in self.entered.iter().enumerate() {
            match times.get(&number).copied().unwrap_or_default() {
                0 if entered.is_accepted => {
                    faults.push(format!("lost: number {number} of department {}", entered.department));
                }
                0 | 1 => {}
                times => faults.push(format!("doubled: number {number} took effect {times} times")),
            }
        }
    }
}

fn judge_money(entered: &[Entered], platform: &Platform, faults: &mut Vec<String>) {
    let numbers = platform.log().iter().map(|line| line.number).collect::<BTreeSet<_>>();
    let due = numbers.iter().filter_map(|number| entered.get(*number)).map(|entered| entered.fen).sum::<i64>();
    if platform.ledger_fen() != due {
        faults.push(format!("money: the ledger has {} fen and {due} were entered", platform.ledger_fen()));
    }
}

/// Every record of a store has ended well, with a receipt that proves it.
fn judge_store(place: Place, store: &MemoryStore, platform: &Platform, keys: &Keys, faults: &mut Vec<String>) {
    let entries = store.entries(0, u32::MAX).unwrap_or_default();
    for entry in entries {
        let EntryState::Settled { epoch, position } = entry.state else {
            faults.push(format!("unsettled: {} at {place} is {:?}", entry.id, entry.state));
            continue;
        };
        let line = usize::try_from(position).ok().and_then(|position| platform.log().get(position));
        if line.is_none_or(|line| line.record != entry.id || line.epoch != epoch) {
            faults.push(format!("receipt: {place} has one for {} that is not in the log", entry.id));
        }
        let bytes = store.receipt(&entry.id).ok().flatten().unwrap_or_default();
        let receipt = serde_json::from_slice::<Receipt>(&bytes).ok();
        let proves = receipt.is_some_and(|receipt| {
            let body = receipt.body().ok();
            receipt.verify(keys.platform.public_key(), &SoftwareVerifier).is_ok()
                && body.is_some_and(|body| body.record == entry.id && body.digest == entry.digest)
        });
        if !proves {
            faults.push(format!("receipt: {place} has one for {} that proves nothing", entry.id));
        }
    }
}
