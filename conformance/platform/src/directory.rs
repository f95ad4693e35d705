//! Parties, their keys and what each may do; published as a signed directory.

mod party;
mod publication;

pub(crate) use self::party::{Party, PartyKey, Purpose, Scopes};
pub(crate) use self::publication::router;

use rusqlite::{Connection, OptionalExtension as _, Row};
use tongqiao_protocol::{KeyId, PublicKey, Suite, Timestamp};

use crate::database::DatabaseError;

const COLUMNS: &str = "keyid, party, suite, public_key, purpose, valid_from, valid_until, revoked_at, revoked_reason";

/// A key with its party.
pub(crate) fn find_key(connection: &Connection, keyid: &KeyId) -> Result<Option<(PartyKey, Party)>, DatabaseError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM party_key WHERE keyid = ?1"))?;
    let Some(key) = statement.query_row([keyid.as_str()], raw_key).optional()? else {
        return Ok(None);
    };
    let key = key.checked()?;
    let party = find_party(connection, &key.party)?.ok_or(DatabaseError::Corrupt("party of a key"))?;
    Ok(Some((key, party)))
}

/// A party by its name.
pub(crate) fn find_party(connection: &Connection, name: &str) -> Result<Option<Party>, DatabaseError> {
    let row: Option<(String, String)> = connection
        .prepare_cached("SELECT kind, scopes FROM party WHERE party = ?1")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((kind, scopes)) = row else { return Ok(None) };
    let scopes = serde_json::from_str(&scopes).map_err(|_| DatabaseError::Corrupt("scopes"))?;
    Ok(Some(Party { id: name.to_owned(), kind, scopes }))
}

/// All keys, in the order of their ids.
pub(crate) fn all_keys(connection: &Connection) -> Result<Vec<PartyKey>, DatabaseError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM party_key ORDER BY keyid"))?;
    let keys: Vec<RawKey> = statement.query_map([], raw_key)?.collect::<Result<_, _>>()?;
    keys.into_iter().map(RawKey::checked).collect()
}

/// The keys of one party, in the order of their ids.
pub(crate) fn keys_of_party(connection: &Connection, party: &str) -> Result<Vec<PartyKey>, DatabaseError> {
    let text = format!("SELECT {COLUMNS} FROM party_key WHERE party = ?1 ORDER BY keyid");
    let keys: Vec<RawKey> = connection.prepare_cached(&text)?.query_map([party], raw_key)?.collect::<Result<_, _>>()?;
    keys.into_iter().map(RawKey::checked).collect()
}

/// Ends a key's life now; whether there is such a key. A key that was revoked before keeps its first time and reason.
pub(crate) fn revoke(
    connection: &Connection,
    keyid: &KeyId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let known = connection.execute(
        "UPDATE party_key SET revoked_at = coalesce(revoked_at, ?2), revoked_reason = coalesce(revoked_reason, ?3)
         WHERE keyid = ?1",
        (keyid.as_str(), now.as_millis(), reason),
    )?;
    Ok(known > 0)
}

struct RawKey {
    id: String,
    party: String,
    suite: String,
    public_key: Vec<u8>,
    purpose: String,
    valid_from: i64,
    valid_until: i64,
    revoked_at: Option<i64>,
    revoked_reason: Option<String>,
}

fn raw_key(row: &Row<'_>) -> rusqlite::Result<RawKey> {
    Ok(RawKey {
        id: row.get(0)?,
        party: row.get(1)?,
        suite: row.get(2)?,
        public_key: row.get(3)?,
        purpose: row.get(4)?,
        valid_from: row.get(5)?,
        valid_until: row.get(6)?,
        revoked_at: row.get(7)?,
        revoked_reason: row.get(8)?,
    })
}

impl RawKey {
    fn checked(self) -> Result<PartyKey, DatabaseError> {
        let suite = match self.suite.as_str() {
            "international" => Suite::International,
            "sm" => Suite::ShangMi,
            _ => return Err(DatabaseError::Corrupt("suite")),
        };
        Ok(PartyKey {
            id: self.id.parse().map_err(|_| DatabaseError::Corrupt("key id"))?,
            party: self.party,
            public: PublicKey::new(suite, self.public_key).map_err(|_| DatabaseError::Corrupt("public key"))?,
            purpose: self.purpose.parse().map_err(|()| DatabaseError::Corrupt("purpose of a key"))?,
            valid_from: Timestamp::from_millis(self.valid_from),
            valid_until: Timestamp::from_millis(self.valid_until),
            revoked_at: self.revoked_at.map(Timestamp::from_millis),
            revoked_reason: self.revoked_reason,
        })
    }
}
