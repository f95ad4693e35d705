//! Everything that can be on its way through the world.

use http::{Method, StatusCode};
use tongqiao::{Arrival, Response};
use tongqiao_edge::Answered;

use crate::place::{Asker, Place};
use crate::plan::{Trouble, Wish};

/// A request of the platform's interface.
#[derive(Debug, Clone)]
pub struct Question {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Something that happens at its time.
#[derive(Debug, Clone)]
pub enum Happening {
    /// Somebody in a department wants something.
    Wished(usize, Wish),
    /// Something goes wrong.
    Troubled(Trouble),
    /// A process stands up.
    Starts(Place),
    /// A link is there again.
    LinkReturns(usize),
    /// A disk works again.
    DiskWorks(Place),
    /// Nothing goes wrong from here on.
    Calm,
    /// The oldest commit under way reaches the disk.
    Written(Place, u64),
    /// A machine's deadline has come.
    Due(Place, u64),
    /// Nobody has answered for too long.
    GivenUp(Asker),
    /// A department's request is at its node.
    Asked(usize, Asker, Question),
    /// The node's answer is at the department.
    Replied(Asker, Response),
    /// A frame is at a hub.
    FrameCame(usize, Asker, Vec<u8>),
    /// A request is at the platform, from that start of that hub, made of that frame.
    Passed(usize, u64, Asker, Vec<u8>),
    /// The platform's answer, or its absence, is at the hub.
    Answered(usize, u64, Asker, Vec<u8>, Result<Answered, Arrival>),
    /// The hub's answer is at the node.
    FrameAnswered(Asker, StatusCode, Vec<u8>),
}

impl Happening {
    /// One line of the trace.
    pub fn line(&self) -> String {
        match self {
            Self::Asked(node, asker, question) => {
                format!("asked node-{node} {asker:?} {} {} bytes", question.target, question.body.len())
            }
            Self::Replied(asker, response) => {
                format!("replied {asker:?} {} {} bytes", response.status(), response.body().len())
            }
            Self::FrameCame(hub, asker, frame) => format!("frame hub-{hub} {asker:?} {} bytes", frame.len()),
            Self::Passed(hub, life, asker, _) => format!("passed hub-{hub}.{life} {asker:?}"),
            Self::Answered(hub, life, asker, _, answer) => {
                let status = answer.as_ref().map(|answer| answer.status);
                format!("answered hub-{hub}.{life} {asker:?} {status:?}")
            }
            Self::FrameAnswered(asker, status, body) => {
                format!("frame answered {asker:?} {status} {} bytes", body.len())
            }
            other => format!("{other:?}"),
        }
    }
}
