//! A refusal of an order about money, with the platform's signature: nobody on the way can refuse in its stead.

use axum::body::Bytes;
use tongqiao_protocol::bill::MoneyRefusal;
use tongqiao_protocol::{Digest, RecordKind};

use crate::app::AppState;
use crate::hop::{Caller, Signed};
use crate::refusal::Refusal;

/// Who asked, and for what.
pub(super) struct Asked {
    caller: Caller,
    body: Bytes,
}

impl Asked {
    pub(super) fn of(signed: &Signed) -> Self {
        Self { caller: signed.caller.clone(), body: signed.body.clone() }
    }

    /// Signs what is said for good. What passes (the database is busy) is tried again and needs no proof.
    pub(super) fn refused(&self, app: &AppState, refusal: Refusal) -> Refusal {
        let status = refusal.code().http_status();
        if !(400..500).contains(&status) {
            return refusal;
        }
        let Ok(party) = self.caller.party.id.parse() else { return refusal };
        let suite = self.caller.suite;
        let said = MoneyRefusal {
            party,
            body: Digest::of(suite, &self.body),
            code: refusal.code().code().to_owned(),
            epoch: app.epoch().epoch,
            time: app.clock.now(),
        };
        let Ok(record) = serde_json::to_vec(&said) else { return refusal };
        match app.keys().sign_record(suite, RecordKind::Refusal, record) {
            Ok(signed) => refusal.signed(signed),
            // An unsigned refusal is not believed, and the order comes again.
            Err(error) => {
                tracing::error!(?error, "a refusal could not be signed");
                refusal
            }
        }
    }
}
