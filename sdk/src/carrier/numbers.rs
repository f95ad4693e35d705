//! Case numbers for those whose records are carried.

use tongqiao_protocol::number_lease::{NumberLease, NumberLeaseRequest};
use tongqiao_protocol::{DivisionCode, PartyId, RequestId};

use super::Carrier;
use crate::{Error, cases};

impl Carrier {
    /// Keeps numbers of a division in stock from now on, to pass them on.
    pub fn keep_numbers(&self, division: &DivisionCode) {
        self.shared.numbers.expect(division);
        self.shared.upkeep.notify_one();
    }

    /// Passes numbers in stock on to `to`, and signs that; perhaps fewer than he wishes, `None` when none is left. What is returned
    /// is on disk, and a repeated request gets the same. The platform is told when it can be reached.
    ///
    /// # Errors
    /// `lease.request_conflict` when the request's id stood for another wish; a `store.` code; `client.signing_failed`.
    pub async fn pass_numbers_on(&self, to: &PartyId, wish: &NumberLeaseRequest) -> Result<Option<NumberLease>, Error> {
        self.shared.still_open()?;
        cases::pass_on(&self.shared, to, wish).await
    }

    /// To whom numbers were passed on for a request, and which; `None` when it was not answered here.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn numbers_passed_on(&self, request: RequestId) -> Result<Option<(PartyId, NumberLease)>, Error> {
        cases::passed_on(&self.shared, request).await
    }

    /// Tells the platform now to whom numbers were passed on, and leases new ones soon.
    ///
    /// # Errors
    /// Of what could not be told; it is told later.
    pub async fn tell_numbers(&self) -> Result<(), Error> {
        let told = cases::tell_parts(&self.shared).await;
        self.shared.upkeep.notify_one();
        told
    }
}
