//! Verdicts, bent by the bug that is planted.

use tongqiao::deciding::Outgoing;
use tongqiao::{Response, SoftwareVerifier};
use tongqiao_engine::delivery::{RecordAnswer, TerminalReceipt, Verdict};
use tongqiao_engine::{Failure, FailureScope, Outcome, Retry};
use tongqiao_protocol::EpochId;
use tongqiao_protocol::batch::EventResults;
use tongqiao_store::{MemoryStore, Store as _};

use crate::context::Context;
use crate::installation::fake;
use crate::place::Place;
use crate::plant::Plant;

/// What an installation makes of an answer; what was judged, when no bug is planted.
pub fn bent(
    context: &Context,
    place: Place,
    store: &MemoryStore,
    epoch: Option<EpochId>,
    outgoing: &Outgoing,
    answer: Option<&Response>,
    judged: Result<Vec<RecordAnswer>, Failure>,
) -> Result<Vec<RecordAnswer>, Failure> {
    let is_node = matches!(place, Place::Node(_));
    match (context.plant, judged) {
        (Some(Plant::SilenceSettles), Err(_)) if is_node && answer.is_none() => Ok(every(outgoing, &fake(epoch))),
        (Some(Plant::GivenUpEarly), Err(failure)) if is_node => {
            let tried = |id| store.entry(id).ok().flatten().is_some_and(|entry| entry.attempts >= 3);
            if !outgoing.records().iter().any(tried) {
                return Err(failure);
            }
            let never = Failure {
                scope: FailureScope::Request,
                retry: Retry::Never,
                outcome: Outcome::Rejected,
                retry_after_ms: None,
                problem: b"{}".to_vec(),
            };
            Ok(every(outgoing, &Verdict::Failed(never)))
        }
        (Some(Plant::DeferralSettles), Ok(mut answers)) => {
            for answer in answers.iter_mut().filter(|answer| matches!(answer.verdict, Verdict::Deferred(_))) {
                answer.verdict = fake(epoch);
            }
            Ok(answers)
        }
        (Some(Plant::AnotherRecordIsBelieved), Ok(mut answers)) => {
            let results = answer.and_then(|answer| serde_json::from_slice::<EventResults>(answer.body()).ok());
            let results = results.map(|results| results.results).unwrap_or_default();
            for (answer, result) in answers.iter_mut().zip(results) {
                if answer.verdict == Verdict::Unverifiable
                    && let Some(receipt) = result.receipt
                    && receipt.verify(context.keys.platform.public_key(), &SoftwareVerifier).is_ok()
                    && let Ok(body) = receipt.body()
                {
                    let bytes = serde_json::to_vec(&receipt).unwrap_or_default();
                    let (epoch, position) = (body.epoch, body.position);
                    answer.verdict = Verdict::Settled(TerminalReceipt { epoch, position, time: None, bytes });
                }
            }
            Ok(answers)
        }
        (_, judged) => judged,
    }
}

fn every(outgoing: &Outgoing, verdict: &Verdict) -> Vec<RecordAnswer> {
    let answer = |id| RecordAnswer { id, verdict: verdict.clone() };
    outgoing.records().into_iter().map(answer).collect()
}
