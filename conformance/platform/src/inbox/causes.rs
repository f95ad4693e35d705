//! What makes entries: who is to hear of what, and what is said.

use rusqlite::Connection;
use serde_json::json;
use tongqiao_protocol::case::{CaseEvent, CaseEventKind, DataClass};
use tongqiao_protocol::inbox::InboxKind;
use tongqiao_protocol::{Amount, BillId, RefundId, Timestamp};

use super::entry::{News, put};
use super::every_party;
use crate::case::CaseFile;
use crate::database::DatabaseError;

/// An effective event: for the party that accepted the case and the one that handles it, unless it is their own.
pub(crate) fn case_event(
    connection: &Connection,
    file: &CaseFile,
    author: &str,
    event: &CaseEvent,
    revision: i64,
) -> Result<(), DatabaseError> {
    let in_charge = file.responsible.as_ref().unwrap_or(&file.party);
    let mut addressees = match event.data.kind() {
        // Whoever is to handle it hears so by an entry of its own.
        Some(CaseEventKind::Applied) => Vec::new(),
        Some(CaseEventKind::Evaluated | CaseEventKind::Complained | CaseEventKind::SupervisionOrdered) => {
            vec![in_charge]
        }
        _ => vec![&file.party, in_charge],
    };
    addressees.dedup();
    addressees.retain(|addressee| *addressee != author);
    for addressee in addressees {
        put(connection, &of_event(file, addressee, author, event, revision))?;
    }
    Ok(())
}

fn of_event(file: &CaseFile, addressee: &str, author: &str, event: &CaseEvent, revision: i64) -> News {
    let kind = match event.data.kind() {
        Some(CaseEventKind::Evaluated) => InboxKind::CaseEvaluated,
        Some(CaseEventKind::Complained) => InboxKind::ComplaintFiled,
        Some(CaseEventKind::SupervisionOrdered) => InboxKind::SupervisionOrdered,
        _ => InboxKind::CaseChanged,
    };
    News {
        addressee: addressee.to_owned(),
        kind,
        subject: event.case.to_string(),
        cause: [author.as_bytes(), b"\n", event.id.as_bytes()].concat(),
        time: event.time,
        cause_time: event.time,
        data_class: DataClass::Personal,
        data: json!({
            "case": event.case, "number": file.number, "event": event.id, "kind": event.data.name(), "party": author,
            "revision": revision,
        }),
    }
}

/// Money that came in.
pub(crate) struct MoneyIn<'a> {
    pub(crate) bill: BillId,
    pub(crate) party: &'a str,
    pub(crate) amount: Amount,
    pub(crate) transaction: &'a str,
    pub(crate) channel: &'a str,
    pub(crate) at: Timestamp,
}

/// A bill is paid.
pub(crate) fn bill_paid(connection: &Connection, money: &MoneyIn<'_>) -> Result<(), DatabaseError> {
    put(connection, &of_money(InboxKind::BillPaid, money))
}

/// Money came in that pays nothing: a void bill, a second time, another sum.
pub(crate) fn refund_owed(connection: &Connection, money: &MoneyIn<'_>) -> Result<(), DatabaseError> {
    put(connection, &of_money(InboxKind::RefundOwed, money))
}

fn of_money(kind: InboxKind, money: &MoneyIn<'_>) -> News {
    News {
        addressee: money.party.to_owned(),
        kind,
        subject: money.bill.to_string(),
        cause: money.transaction.as_bytes().to_vec(),
        time: money.at,
        cause_time: money.at,
        data_class: DataClass::Personal,
        data: json!({
            "bill": money.bill, "amount": money.amount, "transaction": money.transaction, "channel": money.channel,
            "at": money.at,
        }),
    }
}

/// A refund has ended: `done` or `failed`.
pub(crate) fn refund_ended(
    connection: &Connection,
    refund: RefundId,
    state: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let (party, bill, amount): (String, [u8; 16], i64) = connection
        .prepare_cached("SELECT party, bill, amount FROM refund WHERE refund = ?1")?
        .query_row([refund.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let amount = Amount::from_fen(amount).ok_or(DatabaseError::Corrupt("amount"))?;
    put(
        connection,
        &News {
            addressee: party,
            kind: InboxKind::RefundEnded,
            subject: refund.to_string(),
            cause: [refund.as_bytes(), state.as_bytes()].concat(),
            time: now,
            cause_time: made_at(refund),
            data_class: DataClass::Personal,
            data: json!({ "refund": refund, "bill": BillId::from_bytes(bill), "amount": amount, "state": state }),
        },
    )
}

/// The time that a refund's id holds: its first 48 bits (RFC 9562).
fn made_at(refund: RefundId) -> Timestamp {
    let millis = refund.as_bytes()[..6].iter().fold(0_i64, |millis, byte| millis << 8 | i64::from(*byte));
    Timestamp::from_millis(millis)
}

/// There is a later edition of the catalogue: everybody hears of it.
pub(crate) fn catalogue_changed(
    connection: &Connection,
    digest: &str,
    published: Timestamp,
) -> Result<(), DatabaseError> {
    for addressee in every_party(connection)? {
        put(
            connection,
            &News {
                addressee,
                kind: InboxKind::CatalogueChanged,
                subject: digest.to_owned(),
                cause: digest.as_bytes().to_vec(),
                time: published,
                cause_time: published,
                data_class: DataClass::Public,
                data: json!({ "edition": digest, "published": published }),
            },
        )?;
    }
    Ok(())
}
