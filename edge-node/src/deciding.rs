//! What node and hub decide, without sockets: the same code that runs at both ends of the link, for a simulation that has a network
//! of its own. No part of the public interface.

use http::StatusCode;
use tongqiao::{Arrival, Carried, TransportFailure};
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{EpochId, ErrorCode, Language, Problem, SignedRecord};

use crate::link::dictionary::Dictionary;
use crate::link::http2;
use crate::link::serving::{self, Unpassed};
use crate::local_api::taking;
use crate::{Answered, Call};

/// A request as a node writes it to the link.
pub fn frame(call: &Call) -> Vec<u8> {
    call.encode_with(Some(Dictionary::NEWEST))
}

/// What a node takes a hub's answer to a frame for; `None` when the hub has not the dictionary of the frame.
///
/// # Errors
/// That there is no answer of the platform.
pub fn heard(status: StatusCode, body: &[u8]) -> Result<Option<Answered>, TransportFailure> {
    http2::heard(status, body)
}

/// A frame that a hub has read.
pub struct Opened {
    call: Call,
    dictionary: Option<Dictionary>,
}

impl Opened {
    /// Reads a frame.
    ///
    /// # Errors
    /// What the hub answers when it is none.
    pub fn read(frame: &[u8]) -> Result<Self, (StatusCode, Vec<u8>)> {
        match Call::decode_noting(frame) {
            Ok((call, dictionary)) => Ok(Self { call, dictionary }),
            Err(error) => Err(serving::unread(error)),
        }
    }

    /// The request.
    pub const fn call(&self) -> &Call {
        &self.call
    }

    /// What the hub answers: the platform's answer, or whether the request may have reached it.
    pub fn answer(&self, passed: Result<Answered, Arrival>) -> (StatusCode, Vec<u8>) {
        let passed = passed.map_err(|arrival| match arrival {
            Arrival::No => Unpassed::NotReached,
            Arrival::Perhaps => Unpassed::PerhapsReached,
        });
        serving::said(passed, self.dictionary)
    }
}

/// The records of a request that comes from the office; `None` when it holds none.
pub fn records(body: &[u8]) -> Option<Vec<SignedRecord>> {
    taking::records(body)
}

/// What a node answers to records of which each stands so; `receipts` are those of custody, in their order.
pub fn answer(epoch: Option<EpochId>, carried: Vec<Carried>, receipts: Vec<Receipt>) -> Vec<u8> {
    taking::answer_of(epoch, carried, receipts, Language::Chinese).to_string().into_bytes()
}

/// What a node answers in place of a platform that did not.
pub fn unanswered(arrival: Arrival) -> Problem {
    Problem::new(crate::local_api::without_answer(arrival), Language::Chinese)
}

/// What a node answers when it can keep nothing more.
pub fn unkept() -> Problem {
    Problem::new(ErrorCode::EdgeFull, Language::Chinese)
}
