//! Blocks of case numbers, so that a case taken offline has its final number.
//!
//! The register of leases is kept apart from backups: a platform put back still knows whose every number is. Should it be
//! lost all the same, new blocks cannot meet old ones, because every epoch takes its serials from a zone of its own.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::limits::LEASE_NUMBERS_MAX;
use tongqiao_protocol::{
    CaseNumber, DivisionCode, ErrorCode, IncarnationId, LeaseId, ProducerId, RequestId, Suite, Timestamp,
};

use crate::app::AppState;
use crate::crypto;
use crate::database::DatabaseError;
use crate::directory::{self, Party};
use crate::epoch;
use crate::hop::{Caller, Signed};
use crate::json::{self, Faults, Members};
use crate::number_part::{self, Holder};
use crate::refusal::Refusal;

/// Numbers in one lease.
const NUMBERS_MOST: i64 = LEASE_NUMBERS_MAX.cast_signed();
/// Numbers that one party may lease in one division and year: nobody can use up what all must live on.
const QUOTA: i64 = 1_000_000;
/// Serials of one epoch in one division and year: a thousand epochs fit into the ten digits.
const ZONE: i64 = 10_000_000;
/// How long numbers may be taken from a lease: thirty days. One taken stays valid for ever.
const LIFE_MILLIS: i64 = 30 * 86_400_000;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/case-number-leases", post(lease))
}

async fn lease(State(app): State<AppState>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let wish = Wish::read(&json::document(&signed.body)?)?;
    let now = app.clock.now();
    let leased = app.database.write(move |connection| {
        if !may_lease(connection, &signed.caller.party, &wish.division)? {
            return Err(Refusal::at("/division", ErrorCode::ScopeDivision).with("division", wish.division.as_str()));
        }
        grant(connection, &signed.caller, &wish, now)
    });
    leased.await.map(Json)
}

/// Whether numbers of this division are a party's business: its own, or that of somebody whose records it carries.
fn may_lease(connection: &Connection, party: &Party, division: &DivisionCode) -> Result<bool, DatabaseError> {
    if party.may_accept_for(division.as_twelve()) {
        return Ok(true);
    }
    for author in &party.scopes.carries {
        let author = directory::find_party(connection, author)?;
        if author.is_some_and(|author| author.may_accept_for(division.as_twelve())) {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Wish {
    request: RequestId,
    division: DivisionCode,
    count: i64,
    producer: ProducerId,
    incarnation: IncarnationId,
}

impl Wish {
    fn read(document: &Value) -> Result<Self, Refusal> {
        let faults = Faults::default();
        let wish = Members::of(document, &faults).and_then(|members| {
            let request = members.parsed("request");
            let division = members.identifier("division", DivisionCode::parse);
            let count = members.integer("count", 1, NUMBERS_MOST);
            let producer = members.parsed("producer");
            let incarnation = members.parsed("incarnation");
            Some(Self {
                request: request?,
                division: division?,
                count: count?,
                producer: producer?,
                incarnation: incarnation?,
            })
        });
        wish.ok_or_else(|| faults.into_refusal())
    }

    /// What makes two requests the same one.
    fn digest(&self, party: &str) -> [u8; 32] {
        let text =
            format!("{party}\n{}\n{}\n{}\n{}", self.division.as_six(), self.count, self.producer, self.incarnation);
        crypto::hash(Suite::International, &[text.as_bytes()])
    }
}

fn grant(connection: &Connection, caller: &Caller, wish: &Wish, now: Timestamp) -> Result<Value, Refusal> {
    let digest = wish.digest(&caller.party.id);
    let before: Option<([u8; 32], [u8; 16])> = connection
        .query_row(
            "SELECT request_digest, lease FROM number_lease WHERE request = ?1",
            [wish.request.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    if let Some((known, lease)) = before {
        if known != digest {
            return Err(Refusal::at("/request", ErrorCode::LeaseRequestConflict));
        }
        return Ok(view(connection, &lease)?);
    }
    let random = crypto::random::<10>().map_err(|_| DatabaseError::Corrupt("randomness"))?;
    let lease = LeaseId::from_time_and_random(now, random);
    let year = year_of(now);
    if taken_by(connection, &caller.party.id, wish.division.as_six(), year)? + wish.count > QUOTA {
        return Err(Refusal::at("/count", ErrorCode::LeaseExhausted).with("quota", QUOTA));
    }
    let (first, zone_end) = next_serial(connection, wish.division.as_six(), year)?;
    if first + wish.count - 1 > zone_end {
        return Err(Refusal::at("/count", ErrorCode::LeaseExhausted).with("left", zone_end - first + 1));
    }
    connection.execute(
        "INSERT INTO number_lease (lease, request, request_digest, party, producer, incarnation, division, year, first,
            last, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        (
            lease.as_bytes(),
            wish.request.as_bytes(),
            digest,
            &caller.party.id,
            wish.producer.as_bytes(),
            wish.incarnation.as_bytes(),
            wish.division.as_six(),
            year,
            first,
            first + wish.count - 1,
            now.plus_millis(LIFE_MILLIS).as_millis(),
        ),
    )?;
    Ok(view(connection, lease.as_bytes())?)
}

/// The first serial that is free, and the last of its zone.
fn next_serial(connection: &Connection, division: &str, year: i64) -> Result<(i64, i64), DatabaseError> {
    let zone = zone_start(connection)?;
    let last: Option<i64> = connection.query_row(
        "SELECT max(last) FROM number_lease WHERE division = ?1 AND year = ?2 AND first > ?3",
        (division, year, zone),
        |row| row.get(0),
    )?;
    Ok((last.unwrap_or(zone) + 1, zone + ZONE))
}

fn taken_by(connection: &Connection, party: &str, division: &str, year: i64) -> Result<i64, DatabaseError> {
    let sum =
        "SELECT coalesce(sum(last - first + 1), 0) FROM number_lease WHERE party = ?1 AND division = ?2 AND year = ?3";
    Ok(connection.query_row(sum, (party, division, year), |row| row.get(0))?)
}

/// The serial before the first of the running epoch.
fn zone_start(connection: &Connection) -> Result<i64, DatabaseError> {
    let number = epoch::current(connection)?.map_or(1, |epoch| epoch.number);
    Ok((number - 1).saturating_mul(ZONE))
}

fn view(connection: &Connection, lease: &[u8; 16]) -> Result<Value, DatabaseError> {
    Ok(connection.query_row(
        "SELECT division, year, first, last, expires FROM number_lease WHERE lease = ?1",
        [lease],
        |row| {
            Ok(json!({
                "lease": LeaseId::from_bytes(*lease),
                "division": row.get::<_, String>(0)?,
                "year": row.get::<_, i64>(1)?,
                "first": row.get::<_, i64>(2)?,
                "last": row.get::<_, i64>(3)?,
                "expires": Timestamp::from_millis(row.get(4)?),
            }))
        },
    )?)
}

/// How a number stands to whoever uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holding {
    /// It lies in a lease, or in a part of one, that is exactly his: of this party, producer and life of the store.
    Held,
    /// A node that carries his records has leased it, and of nobody is known that it got it: that may still come.
    PartAwaited,
    /// It is somebody else's, or nobody's.
    Foreign,
}

/// Whether `party` may use `number` in this life of this producer's store.
pub(crate) fn holding(
    connection: &Connection,
    party: &str,
    producer: ProducerId,
    incarnation: IncarnationId,
    number: &CaseNumber,
) -> Result<Holding, DatabaseError> {
    let serial = i64::try_from(number.serial()).map_err(|_| DatabaseError::Corrupt("serial"))?;
    let found: Option<([u8; 16], Holder)> = connection
        .prepare_cached(
            "SELECT lease, party, producer, incarnation FROM number_lease
             WHERE division = ?1 AND year = ?2 AND first <= ?3 AND last >= ?3",
        )?
        .query_row((number.division(), i64::from(number.year()), serial), |row| {
            Ok((row.get(0)?, Holder::of_row(row, 1)?))
        })
        .optional()?;
    let Some((lease, lessee)) = found else { return Ok(Holding::Foreign) };
    let user = Holder { party: party.to_owned(), producer, incarnation };
    // Whoever passed a number on uses it no more.
    if let Some(holder) = number_part::holder(connection, &lease, serial)? {
        return Ok(if holder == user { Holding::Held } else { Holding::Foreign });
    }
    if lessee == user {
        return Ok(Holding::Held);
    }
    let lessee = if lessee.party == party { None } else { directory::find_party(connection, &lessee.party)? };
    let carries = lessee.is_some_and(|lessee| lessee.may_carry(party));
    Ok(if carries { Holding::PartAwaited } else { Holding::Foreign })
}

/// The year in China Standard Time.
fn year_of(now: Timestamp) -> i64 {
    now.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(1970)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use crate::database::Database;
    use crate::directory::Scopes;

    const NOON: Timestamp = Timestamp::from_millis(1_795_406_400_000);

    fn caller(party: &str) -> Caller {
        let party = Party { id: party.to_owned(), kind: "department".to_owned(), scopes: Scopes::default() };
        Caller { party, suite: Suite::International }
    }

    fn wish(number: u8, count: i64) -> Wish {
        Wish {
            request: RequestId::from_time_and_random(NOON, [number; 10]),
            division: DivisionCode::parse("340702").unwrap(),
            count,
            producer: ProducerId::from_time_and_random(NOON, [1; 10]),
            incarnation: IncarnationId::from_time_and_random(NOON, [1; 10]),
        }
    }

    /// A database in which `party` holds the serials up to `last`.
    async fn with_leased(party: &'static str, last: i64) -> (tempfile::TempDir, Database) {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&directory.path().join("platform.sqlite")).unwrap();
        let fill = move |connection: &Connection| {
            grant(connection, &caller(party), &wish(1, 1), NOON)?;
            connection.execute("UPDATE number_lease SET last = ?1", [last])?;
            Ok::<_, Refusal>(())
        };
        database.write(fill).await.unwrap();
        (directory, database)
    }

    async fn ask(database: &Database, party: &'static str, number: u8, count: i64) -> Result<Value, Refusal> {
        database.write(move |connection| grant(connection, &caller(party), &wish(number, count), NOON)).await
    }

    #[tokio::test]
    async fn a_party_leases_up_to_its_quota_and_not_one_more() {
        let (_directory, database) = with_leased("greedy", QUOTA - 10).await;
        assert!(ask(&database, "greedy", 2, 11).await.is_err());
        assert!(ask(&database, "greedy", 3, 10).await.is_ok());
        assert!(ask(&database, "greedy", 4, 1).await.is_err());
        assert!(ask(&database, "another", 5, 1).await.is_ok());
        database.close().await;
    }

    #[tokio::test]
    async fn no_lease_reaches_beyond_its_epochs_zone() {
        let (_directory, database) = with_leased("others", ZONE - 10).await;
        assert!(ask(&database, "late", 2, 11).await.is_err());
        assert_eq!(ask(&database, "late", 3, 10).await.unwrap()["last"], ZONE);
        assert!(ask(&database, "late", 4, 1).await.is_err());
        database.close().await;
    }
}
