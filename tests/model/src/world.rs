//! Producers, network and platform as one value, and everything that can happen to it next.

use tongqiao_engine::{Input, RecordAnswer, RequestNumber, Verdict};

use crate::event::epoch_id;
use crate::platform::Platform;
use crate::producer::{Producer, Sending};
use crate::scenario::{Budget, Scenario};

/// An answer under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Answering {
    /// To whom.
    pub producer: usize,
    /// Which request it answers.
    pub number: RequestNumber,
    /// What it says.
    pub results: Vec<RecordAnswer>,
}

/// The whole world. The network is a bag: whatever is in it may arrive in any order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// The installations.
    pub producers: Vec<Producer>,
    /// The platform.
    pub platform: Platform,
    /// Requests under way.
    pub requests: Vec<Sending>,
    /// Answers under way.
    pub answers: Vec<Answering>,
    /// What may still go wrong.
    pub budget: Budget,
}

/// One thing that happens. Numbers are places in [`World::producers`], [`World::requests`], [`World::answers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The producer signs the next event of its script.
    Sign(usize),
    /// Its commit reaches the disk.
    Accepted(usize),
    /// A human abandons a refused event.
    Abandon(usize),
    /// A commit of the delivery reaches the disk.
    CommitToDisk(usize),
    /// The delivery hears so.
    HearDurable(usize),
    /// A page that was read arrives.
    HandPage(usize),
    /// The delivery reads the platform's epoch, because it asked or because the driver looks now and then.
    SeeEpoch(usize),
    /// Time passes to the next deadline.
    Tick(usize),
    /// A request arrives at the platform.
    Deliver(usize),
    /// An answer arrives at its producer.
    Receive(usize),
    /// A producer gives up a request of which nothing is under way any more.
    TimeOut(usize, RequestNumber),
    /// The same although something is still under way.
    LosePatience(usize, RequestNumber),
    /// A request is lost.
    LoseRequest(usize),
    /// An answer is lost.
    LoseAnswer(usize),
    /// A request arrives and stays under way.
    RepeatRequest(usize),
    /// An answer arrives and stays under way.
    RepeatAnswer(usize),
    /// Somebody between answers a request with receipts that prove nothing; the platform never sees it.
    Forge(usize),
    /// A commit of the delivery fails.
    FailCommit(usize),
    /// The producer's process dies.
    Crash(usize),
    /// The producer's store is taken over by a new incarnation.
    Reincarnate(usize),
    /// The producer's store is copied away.
    BackUp(usize),
    /// The producer's store becomes the copy again, and begins a new incarnation.
    RollBack(usize),
    /// The platform is restored from a backup with so many lines.
    Restore(usize),
    /// Thirty days pass (only when nothing else can happen).
    LoseGrace,
}

impl World {
    /// Everybody is there and nothing has happened.
    pub fn new(scenario: &Scenario) -> Self {
        let producers = (0..scenario.scripts.len()).map(|number| Producer::new(number, scenario)).collect();
        let mut world = Self {
            producers,
            platform: Platform::new(),
            requests: Vec::new(),
            answers: Vec::new(),
            budget: scenario.budget,
        };
        for number in 0..world.producers.len() {
            let sendings = world.producers[number].step(scenario, Input::Timer);
            world.send(sendings);
        }
        world
    }

    fn send(&mut self, sendings: Vec<Sending>) {
        self.requests.extend(sendings);
        self.requests.sort();
    }

    fn is_under_way(&self, producer: usize, number: RequestNumber) -> bool {
        let starts = self.producers[producer].starts;
        let same =
            |sending: &Sending| sending.producer == producer && sending.starts == starts && sending.number == number;
        self.requests.iter().any(same)
            || self.answers.iter().any(|answer| answer.producer == producer && answer.number == number)
    }

    /// What can happen without anything going wrong.
    pub fn progress(&self, scenario: &Scenario, actions: &mut Vec<Action>) {
        for (at, producer) in self.producers.iter().enumerate() {
            if producer.accepting.is_some() {
                actions.push(Action::Accepted(at));
            } else {
                let own = producer.next_step();
                let next = scenario.scripts[at].get(own);
                let own = own as u64;
                if next.is_some_and(|step| step.revision <= own || step.revision <= self.platform.revision()) {
                    actions.push(Action::Sign(at));
                }
                if producer.refused().is_some() {
                    actions.push(Action::Abandon(at));
                }
            }
            match &producer.commit {
                Some(commit) if commit.on_disk => actions.push(Action::HearDurable(at)),
                Some(_) => actions.push(Action::CommitToDisk(at)),
                None => {}
            }
            if producer.page.is_some() {
                actions.push(Action::HandPage(at));
            }
            let running = epoch_id(self.platform.epoch);
            let known = producer.told_epoch.or(producer.delivery.epoch());
            let stale = known.is_some_and(|epoch| epoch != running);
            if producer.asks_epoch || stale {
                actions.push(Action::SeeEpoch(at));
            }
            for number in &producer.outstanding {
                if !self.is_under_way(at, *number) {
                    actions.push(Action::TimeOut(at, *number));
                }
            }
        }
        actions.extend((0..self.requests.len()).map(Action::Deliver));
        actions.extend((0..self.answers.len()).map(Action::Receive));
    }

    /// The producers for whom something becomes due within so many milliseconds.
    pub fn ticks(&self, within_ms: i64, actions: &mut Vec<Action>) {
        let waiting = |producer: &Producer| {
            producer.delivery.next_deadline().is_some_and(|at| (1..within_ms).contains(&at.millis_since(producer.now)))
        };
        let waiting = self.producers.iter().enumerate().filter(|(_, producer)| waiting(producer));
        actions.extend(waiting.map(|(at, _)| Action::Tick(at)));
    }

    /// What can go wrong.
    pub fn misfortunes(&self, actions: &mut Vec<Action>) {
        let budget = self.budget;
        let each =
            |left: u8, count: usize, action: fn(usize) -> Action| (0..if left > 0 { count } else { 0 }).map(action);
        actions.extend(each(budget.losses, self.requests.len(), Action::LoseRequest));
        actions.extend(each(budget.losses, self.answers.len(), Action::LoseAnswer));
        actions.extend(each(budget.repeats, self.requests.len(), Action::RepeatRequest));
        actions.extend(each(budget.repeats, self.answers.len(), Action::RepeatAnswer));
        actions.extend(each(budget.forgeries, self.requests.len(), Action::Forge));
        actions.extend(each(budget.crashes, self.producers.len(), Action::Crash));
        actions.extend(each(budget.incarnations, self.producers.len(), Action::Reincarnate));
        for (at, producer) in self.producers.iter().enumerate().filter(|_| budget.rollbacks > 0) {
            actions.push(if producer.backup.is_some() { Action::RollBack(at) } else { Action::BackUp(at) });
        }
        actions.extend(each(budget.restores, self.platform.log.len(), Action::Restore));
        for (at, producer) in self.producers.iter().enumerate() {
            if budget.disk_failures > 0 && producer.commit.as_ref().is_some_and(|commit| !commit.on_disk) {
                actions.push(Action::FailCommit(at));
            }
            if budget.impatience > 0 {
                let numbers = producer.outstanding.iter().filter(|number| self.is_under_way(at, **number));
                actions.extend(numbers.map(|number| Action::LosePatience(at, *number)));
            }
        }
    }

    /// Lets something happen.
    pub fn happen(&mut self, scenario: &Scenario, action: Action) {
        match action {
            Action::Sign(at) => {
                let step = self.producers[at].next_step();
                let sendings = self.producers[at].sign(scenario, step, None);
                self.send(sendings);
            }
            Action::Abandon(at) => {
                if let Some(refused) = self.producers[at].refused() {
                    let sendings = self.producers[at].sign(scenario, refused.step, Some(refused));
                    self.send(sendings);
                }
            }
            Action::Accepted(at) => self.with(at, |producer| producer.accepted(scenario)),
            Action::CommitToDisk(at) => self.producers[at].commit_to_disk(),
            Action::HearDurable(at) => self.with(at, |producer| producer.hear_durable(scenario)),
            Action::HandPage(at) => self.with(at, |producer| producer.hand_page(scenario)),
            Action::SeeEpoch(at) => {
                let notice = self.platform.notice();
                self.with(at, |producer| {
                    producer.asks_epoch = false;
                    producer.told_epoch = Some(notice.epoch);
                    producer.step(scenario, Input::EpochSeen(notice))
                });
            }
            Action::Tick(at) => {
                self.budget.ticks = self.budget.ticks.saturating_sub(1);
                self.with(at, |producer| producer.tick(scenario));
            }
            Action::Deliver(at) => {
                let sending = self.requests.remove(at);
                self.deliver(&sending);
            }
            Action::RepeatRequest(at) => {
                self.budget.repeats -= 1;
                let sending = self.requests[at].clone();
                self.deliver(&sending);
            }
            Action::Receive(at) => {
                let answer = self.answers.remove(at);
                self.receive(scenario, answer);
            }
            Action::RepeatAnswer(at) => {
                self.budget.repeats -= 1;
                let answer = self.answers[at].clone();
                self.receive(scenario, answer);
            }
            Action::Forge(at) => {
                self.budget.forgeries -= 1;
                let Sending { producer, number, events, starts } = self.requests.remove(at);
                if self.producers[producer].starts != starts {
                    return;
                }
                let forged = |id| RecordAnswer { id, verdict: Verdict::Unverifiable };
                let results = events.iter().map(|event| forged(event.id)).collect();
                self.answers.push(Answering { producer, number, results });
            }
            Action::LoseRequest(at) => {
                self.budget.losses -= 1;
                self.requests.remove(at);
            }
            Action::LoseAnswer(at) => {
                self.budget.losses -= 1;
                self.answers.remove(at);
            }
            Action::TimeOut(at, number) => self.give_up(scenario, at, number),
            Action::LosePatience(at, number) => {
                self.budget.impatience -= 1;
                self.give_up(scenario, at, number);
            }
            Action::FailCommit(at) => {
                self.budget.disk_failures -= 1;
                self.with(at, |producer| producer.hear_persist_failed(scenario));
            }
            Action::Crash(at) => {
                self.budget.crashes -= 1;
                self.crash(scenario, at);
            }
            Action::Reincarnate(at) => {
                self.budget.incarnations -= 1;
                self.producers[at].incarnation += 1;
                self.crash(scenario, at);
            }
            Action::BackUp(at) => self.producers[at].backup = Some(self.producers[at].store.clone()),
            Action::RollBack(at) => {
                self.budget.rollbacks -= 1;
                if let Some(backup) = self.producers[at].backup.take() {
                    self.producers[at].store = backup;
                }
                self.producers[at].incarnation += 1;
                self.crash(scenario, at);
            }
            Action::Restore(kept) => {
                self.budget.restores -= 1;
                // Requests and answers of before may still arrive.
                self.platform.restore(kept);
            }
            Action::LoseGrace => self.platform.grace_over = true,
        }
    }

    fn with(&mut self, at: usize, act: impl FnOnce(&mut Producer) -> Vec<Sending>) {
        let sendings = act(&mut self.producers[at]);
        self.send(sendings);
    }

    fn deliver(&mut self, sending: &Sending) {
        let results = self.platform.answer(&sending.events);
        // The process that asked may be dead.
        if self.producers[sending.producer].starts == sending.starts {
            self.answers.push(Answering { producer: sending.producer, number: sending.number, results });
        }
    }

    fn receive(&mut self, scenario: &Scenario, answer: Answering) {
        self.with(answer.producer, |producer| {
            producer.outstanding.retain(|number| *number != answer.number);
            producer.step(scenario, Input::Answered { request: answer.number, results: answer.results })
        });
    }

    fn give_up(&mut self, scenario: &Scenario, at: usize, number: RequestNumber) {
        self.with(at, |producer| producer.give_up(scenario, number));
    }

    fn crash(&mut self, scenario: &Scenario, at: usize) {
        self.answers.retain(|answer| answer.producer != at);
        self.with(at, |producer| producer.crash(scenario));
    }
}
