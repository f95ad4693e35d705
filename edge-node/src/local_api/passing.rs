//! Requests that only the platform can answer: through, as they came.

use tongqiao::Arrival;
use tongqiao_protocol::ErrorCode;

use super::desk::{Inside, Letter};
use super::health::Counters;
use super::reply::{Reply, Trouble};
use crate::link::Call;

/// The platform's answer, or that there is no way to it now.
pub(super) async fn pass(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let call = Call::new(letter.method, letter.target, &letter.headers, letter.body);
    match inside.uplink.pass(&call).await {
        Ok(answer) => {
            Counters::count(&inside.counters.passed, 1);
            Ok(Reply { status: answer.status, headers: answer.headers, body: answer.body })
        }
        Err(failure) => {
            Counters::count(&inside.counters.stopped, 1);
            tracing::info!(lane = ?call.lane(), %failure, "a request did not get through");
            Err(without_answer(failure.may_have_arrived()).into())
        }
    }
}

/// What is said in place of an answer.
pub(crate) const fn without_answer(arrival: Arrival) -> ErrorCode {
    match arrival {
        Arrival::No => ErrorCode::EdgeLinkDown,
        Arrival::Perhaps => ErrorCode::EdgeAnswerLost,
    }
}
