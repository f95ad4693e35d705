//! Everybody together, and what happens to whom.

use tongqiao::Arrival;
use tongqiao_engine::delivery::Input;

use crate::context::{Context, Line, Telling};
use crate::department::Department;
use crate::happening::Happening;
use crate::hub::{self, Hub};
use crate::node::Node;
use crate::place::Place;
use crate::plan::{CALM_AT, END_AT, Plan, Trouble};
use crate::plant::Plant;
use crate::platform::Platform;

/// How often it is looked whether everything is over.
const LOOK_EVERY: u64 = 64;

/// Everybody.
pub struct World {
    /// What they share.
    pub context: Context,
    /// The departments.
    pub departments: Vec<Department>,
    /// The nodes.
    pub nodes: Vec<Node>,
    hubs: Vec<Hub>,
    /// The platform.
    pub platform: Platform,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the whole trace comes to.
    pub digest: String,
    /// How many things people were told are accepted.
    pub accepted: usize,
    /// How many lines the platform's log has at the end.
    pub logged: usize,
    /// What is wrong.
    pub faults: Vec<String>,
}

/// One run.
pub fn run(seed: u64, plant: Option<Plant>, telling: Telling) -> Verdict {
    let mut world = World::new(seed, plant, telling);
    world.live();
    let faults = world.context.recorder.judge(&world);
    Verdict {
        digest: world.context.digest(),
        accepted: world.context.recorder.accepted_count(),
        logged: world.platform.log().len(),
        faults,
    }
}

impl World {
    fn new(seed: u64, plant: Option<Plant>, telling: Telling) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let plan = Plan::of(&mut chance);
        let mut context = Context::new(chance, plan.clone(), plant, telling);
        let platform = Platform::new(&mut context);
        let departments = (0..plan.departments).map(|number| Department::new(&mut context, number)).collect();
        let nodes = (0..plan.nodes).map(|number| Node::new(&mut context, number)).collect();
        let hubs = (0..plan.hubs).map(Hub::new).collect();
        let everybody = (0..plan.departments).map(Place::Department).chain((0..plan.nodes).map(Place::Node));
        for place in everybody {
            let wait = context.chance.i64(0..3_000);
            context.after(wait, Happening::Starts(place));
        }
        for (at, department, wish) in plan.wishes {
            context.after(at, Happening::Wished(department, wish));
        }
        for (at, trouble) in plan.troubles {
            context.after(at, Happening::Troubled(trouble));
        }
        context.after(CALM_AT, Happening::Calm);
        Self { context, departments, nodes, hubs, platform }
    }

    fn live(&mut self) {
        let mut steps = 0_u64;
        while let Some(happening) = self.context.next_happening() {
            self.happen(happening);
            steps += 1;
            let may_end = self.context.is_calm && steps.is_multiple_of(LOOK_EVERY);
            if self.context.now > END_AT || (may_end && self.is_over()) {
                return;
            }
        }
    }

    /// Whether nothing is left to wait for.
    fn is_over(&self) -> bool {
        self.departments.iter().all(Department::is_idle) && self.context.recorder.judge(self).is_empty()
    }

    fn happen(&mut self, happening: Happening) {
        let context = &mut self.context;
        match happening {
            Happening::Wished(department, wish) => self.departments[department].wish(context, wish),
            Happening::Troubled(trouble) => self.trouble(trouble),
            Happening::Starts(place) => match place {
                Place::Department(number) => self.departments[number].start(context),
                Place::Node(number) => self.nodes[number].start(context),
                Place::Hub(number) => self.hubs[number].start(),
                Place::Platform => self.platform.is_up = true,
            },
            Happening::LinkReturns(node) => {
                context.dark[node] = false;
                self.nodes[node].feed(context, Input::Nudged);
            }
            Happening::DiskWorks(place) => self.refuse(place, false),
            Happening::Calm => context.is_calm = true,
            Happening::Written(place, life) => match place {
                Place::Department(number) => self.departments[number].written(context, life),
                Place::Node(number) => self.nodes[number].written(context, life),
                _ => {}
            },
            Happening::Due(place, alarm) => match place {
                Place::Department(number) => self.departments[number].due(context, alarm),
                Place::Node(number) => self.nodes[number].due(context, alarm),
                _ => {}
            },
            Happening::GivenUp(asker) => match asker.place {
                Place::Department(number) => self.departments[number].heard(context, asker, None),
                Place::Node(number) => self.nodes[number].heard(context, asker, None),
                _ => {}
            },
            Happening::Asked(node, asker, question) => self.nodes[node].asked(context, asker, question),
            Happening::Replied(asker, response) => {
                if let Place::Department(number) = asker.place {
                    self.departments[number].heard(context, asker, Some(response));
                }
            }
            Happening::FrameCame(hub, asker, frame) => self.hubs[hub].frame(context, asker, frame, &self.platform),
            Happening::Passed(hub, life, asker, frame) => {
                let Some(question) = hub::question(&frame) else { return };
                let answer = if self.platform.is_up {
                    self.platform.serve(context, &question).ok_or(Arrival::Perhaps)
                } else {
                    Err(Arrival::No)
                };
                context.send(Line::City, Happening::Answered(hub, life, asker, frame, answer));
            }
            Happening::Answered(hub, life, asker, frame, answer) => {
                self.hubs[hub].answered(context, life, asker, frame, answer);
            }
            Happening::FrameAnswered(asker, status, body) => {
                if let Place::Node(number) = asker.place {
                    self.nodes[number].heard(context, asker, Some((status, body)));
                }
            }
        }
    }

    fn trouble(&mut self, trouble: Trouble) {
        let context = &mut self.context;
        match trouble {
            Trouble::Crash(place, wait) => match place {
                Place::Department(number) => self.departments[number].crash(context, wait),
                Place::Node(number) => self.nodes[number].crash(context, wait),
                Place::Hub(number) => self.hubs[number].crash(context, wait),
                Place::Platform => self.platform.crash(context, wait),
            },
            Trouble::Outage(node, wait) => {
                context.dark[node] = true;
                context.after(wait, Happening::LinkReturns(node));
            }
            Trouble::ClockMoves(place, by) => match place {
                Place::Department(number) => {
                    self.departments[number].base().clock_ms += by;
                    self.departments[number].feed(context, Input::Timer);
                }
                Place::Node(number) => {
                    self.nodes[number].base().clock_ms += by;
                    self.nodes[number].feed(context, Input::Timer);
                }
                _ => {}
            },
            Trouble::DiskRefuses(place, wait) => {
                context.after(wait, Happening::DiskWorks(place));
                self.refuse(place, true);
            }
            Trouble::BackUp => self.platform.back_up(),
            Trouble::Restore => self.platform.restore(context),
        }
    }

    fn refuse(&mut self, place: Place, refuses: bool) {
        match place {
            Place::Department(number) => self.departments[number].base().disk.refuses = refuses,
            Place::Node(number) => self.nodes[number].base().disk.refuses = refuses,
            _ => {}
        }
    }
}
