//! Case numbers in stock: leased in blocks, claimed in small pieces, given out one by one.
//!
//! A piece is claimed by compare-and-swap on the lease's document, so that processes on one store never give out the same
//! number. What a crash leaves of a piece is burnt.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use tongqiao_engine::number_lease::ClaimedPart;
use tongqiao_protocol::{CaseNumber, DivisionCode, ErrorCode, ErrorKind, Timestamp};

use super::lease::{self, Years};
use crate::Error;
use crate::client::Shared;

/// Numbers claimed at a time: one commit for so many cases, and so many burnt by a crash.
const PIECE: u64 = 16;

/// A piece of a lease that belongs to this process.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) year: u16,
    pub(super) part: ClaimedPart,
}

/// The numbers of one client.
pub(crate) struct NumberPool {
    stock: u32,
    /// Divisions (six digits) for which numbers are kept.
    divisions: Mutex<BTreeSet<String>>,
    pieces: Mutex<HashMap<String, Piece>>,
    leasing: tokio::sync::Mutex<()>,
    claiming: tokio::sync::Mutex<()>,
}

impl NumberPool {
    pub(crate) fn new(stock: u32) -> Self {
        Self {
            stock,
            divisions: Mutex::default(),
            pieces: Mutex::default(),
            leasing: tokio::sync::Mutex::default(),
            claiming: tokio::sync::Mutex::default(),
        }
    }

    /// Keeps numbers for this division from now on.
    pub(crate) fn expect(&self, division: &DivisionCode) {
        let mut divisions = self.divisions.lock().unwrap_or_else(PoisonError::into_inner);
        divisions.insert(division.as_six().to_owned());
    }

    /// The next number of a division: of this year's stock, then of last year's, whose leases still hold (the platform's
    /// expiry says how long numbers may be taken, and a night without a network must not end at New Year), then of a new
    /// lease.
    pub(super) async fn take(&self, shared: &Shared, division: &DivisionCode) -> Result<CaseNumber, Error> {
        let now = shared.clock.now();
        if let Some(number) = self.take_from_piece(division, now, Years::This)? {
            return Ok(number);
        }
        // One task claims and the others wait for its piece; else each would claim one and burn all but one number.
        let _turn = self.claiming.lock().await;
        if let Some(number) = self.take_from_piece(division, now, Years::This)? {
            return Ok(number);
        }
        let mut claimed = lease::claim(shared, division.as_six(), PIECE, now, Years::This).await?;
        if claimed.is_none() {
            if let Some(number) = self.take_from_piece(division, now, Years::Any)? {
                shared.upkeep.notify_one();
                return Ok(number);
            }
            claimed = lease::claim(shared, division.as_six(), PIECE, now, Years::Any).await?;
        }
        let mut piece = match claimed {
            Some(piece) => piece,
            None => self.lease_and_claim(shared, division, now).await?,
        };
        // Only now: a division for which this party gets no numbers must not be asked for again and again.
        self.expect(division);
        shared.upkeep.notify_one();
        // Our own number is taken before anybody else sees the piece.
        let serial = piece.part.take(now).map_err(|_| Error::of(ErrorCode::LeaseExhausted))?;
        let number = CaseNumber::build(division, piece.year, serial).map_err(Error::internal)?;
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.insert(division.as_six().to_owned(), piece);
        Ok(number)
    }

    /// Leases more where less than half of the stock is left. Called by the upkeep, and harmless at any time. One division
    /// that cannot be served keeps none of the others waiting; the first failure that time may mend is given.
    pub(crate) async fn top_up(&self, shared: &Shared) -> Result<(), Error> {
        let divisions = self.divisions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut failed = None;
        for six in divisions {
            match self.top_up_one(shared, &six).await {
                Ok(()) => {}
                Err(error) if error.code().kind() == ErrorKind::Forbidden => {
                    // Whoever opens a case there asks the platform again, and is told.
                    tracing::error!(division = six, code = error.code().code(), "no case numbers are given out here");
                    self.divisions.lock().unwrap_or_else(PoisonError::into_inner).remove(&six);
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn top_up_one(&self, shared: &Shared, six: &str) -> Result<(), Error> {
        let now = shared.clock.now();
        lease::sweep(shared, six, now).await?;
        if lease::left(shared, six, now).await? < u64::from(self.stock / 2).max(1) {
            let _one_at_a_time = self.leasing.lock().await;
            lease::fetch(shared, six, u64::from(self.stock)).await?;
        }
        Ok(())
    }

    fn take_from_piece(
        &self,
        division: &DivisionCode,
        now: Timestamp,
        years: Years,
    ) -> Result<Option<CaseNumber>, Error> {
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(piece) = pieces.get_mut(division.as_six()) else { return Ok(None) };
        if !years.hold(piece.year, now) {
            return Ok(None);
        }
        let Ok(serial) = piece.part.take(now) else { return Ok(None) };
        CaseNumber::build(division, piece.year, serial).map(Some).map_err(Error::internal)
    }

    /// The stock is empty: only the platform can help now.
    async fn lease_and_claim(&self, shared: &Shared, division: &DivisionCode, now: Timestamp) -> Result<Piece, Error> {
        let _one_at_a_time = self.leasing.lock().await;
        if let Some(piece) = lease::claim(shared, division.as_six(), PIECE, now, Years::Any).await? {
            return Ok(piece);
        }
        let leased = lease::fetch(shared, division.as_six(), u64::from(self.stock)).await;
        leased.map_err(|error| match error.code() {
            code if matches!(code.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
                Error::of(ErrorCode::LeaseExhausted).because(error)
            }
            _ => error,
        })?;
        let piece = lease::claim(shared, division.as_six(), PIECE, now, Years::Any).await?;
        piece.ok_or_else(|| Error::of(ErrorCode::LeaseExhausted))
    }
}
