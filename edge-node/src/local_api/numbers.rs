//! Case numbers: the platform's while it can be reached, and otherwise of the node's own stock.

use tongqiao_protocol::limits::LEASE_NUMBERS_MAX;
use tongqiao_protocol::number_lease::{NumberLease, NumberLeaseRequest};
use tongqiao_protocol::{ErrorCode, PartyId};

use super::desk::{Inside, Letter};
use super::passing;
use super::reply::{Reply, Trouble};
use crate::link::LinkState;

/// `POST /v1/case-number-leases`.
pub(super) async fn lease(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    // What cannot be read is the platform's to refuse, with all its faults.
    let Some(wish) = read(&letter.body) else { return passing::pass(inside, letter).await };
    let carrier = inside.client.carrier();
    if carrier.numbers_passed_on(wish.request).await?.is_some() {
        let caller = inside.identify(&letter).await?;
        return pass_on(inside, &caller, &wish).await?.ok_or_else(|| ErrorCode::LeaseExhausted.into()).and_then(reply);
    }
    if inside.uplink.state() == LinkState::Down {
        return match of_stock(inside, &letter, &wish).await? {
            Some(part) => reply(part),
            None => passing::pass(inside, letter).await,
        };
    }
    let again = letter.clone();
    match passing::pass(inside, letter).await {
        Ok(answer) => {
            if answer.status.is_success() {
                carrier.keep_numbers(&wish.division);
            }
            Ok(answer)
        }
        // Should the platform have heard it all the same, the numbers that it leased stay unused.
        Err(trouble) => of_stock(inside, &again, &wish).await?.map_or(Err(trouble), reply),
    }
}

/// Numbers of the node's stock, for whoever asks in his own name and is carried; `None` when none is left.
async fn of_stock(inside: &Inside, letter: &Letter, wish: &NumberLeaseRequest) -> Result<Option<NumberLease>, Trouble> {
    let caller = inside.identify(letter).await?;
    if !inside.may_carry(&caller, &caller) {
        return Err(ErrorCode::ScopeAuthorNotCarried.into());
    }
    inside.client.carrier().keep_numbers(&wish.division);
    pass_on(inside, &caller, wish).await
}

async fn pass_on(inside: &Inside, caller: &PartyId, wish: &NumberLeaseRequest) -> Result<Option<NumberLease>, Trouble> {
    match inside.client.carrier().pass_numbers_on(caller, wish).await {
        Err(error) if error.code() == ErrorCode::LeaseRequestConflict => Err(ErrorCode::LeaseRequestConflict.into()),
        other => Ok(other?),
    }
}

fn reply(part: NumberLease) -> Result<Reply, Trouble> {
    Reply::json(&part)
}

fn read(body: &[u8]) -> Option<NumberLeaseRequest> {
    let wish = serde_json::from_slice::<NumberLeaseRequest>(body).ok()?;
    (1..=LEASE_NUMBERS_MAX).contains(&wish.count).then_some(wish)
}
