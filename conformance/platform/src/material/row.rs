//! A material as the database has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Value, json};
use tongqiao_protocol::limits::MATERIAL_IDLE_MS;
use tongqiao_protocol::material::{MaterialAnnouncement, MaterialState};
use tongqiao_protocol::{Digest, ErrorCode, Language, MaterialId, Suite, Timestamp};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::receipt::{self, Batch, Decision, Outcome};
use crate::refusal::Refusal;

const COLUMNS: &str = "material, party, digest, size, announcement, state, content, received, hash, salt, proof_tried, \
                       found, position, changed";

/// One material.
pub(super) struct MaterialRow {
    pub(super) id: MaterialId,
    pub(super) party: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) announcement: String,
    pub(super) state: MaterialState,
    pub(super) content: MaterialId,
    pub(super) received: u64,
    pub(super) hash: Vec<u8>,
    pub(super) salt: [u8; 32],
    pub(super) proof_tried: bool,
    found: Option<String>,
    position: Option<i64>,
    changed: Timestamp,
}

struct Raw(String, String, MaterialRow);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let size: i64 = row.get("size")?;
    let received: i64 = row.get("received")?;
    let digest: String = row.get("digest")?;
    let state: String = row.get("state")?;
    let unread = MaterialRow {
        id: MaterialId::from_bytes(row.get("material")?),
        party: row.get("party")?,
        digest: Digest::from_bytes(Suite::International, [0; 32]),
        size: size.cast_unsigned(),
        announcement: row.get("announcement")?,
        state: MaterialState::Receiving,
        content: MaterialId::from_bytes(row.get("content")?),
        received: received.cast_unsigned(),
        hash: row.get("hash")?,
        salt: row.get("salt")?,
        proof_tried: row.get("proof_tried")?,
        found: row.get("found")?,
        position: row.get("position")?,
        changed: Timestamp::from_millis(row.get("changed")?),
    };
    Ok(Raw(digest, state, unread))
}

impl Raw {
    fn checked(self) -> Result<MaterialRow, DatabaseError> {
        let digest = self.0.parse().map_err(|_| DatabaseError::Corrupt("digest of a material"))?;
        let state = self.1.parse().map_err(|_| DatabaseError::Corrupt("state of a material"))?;
        Ok(MaterialRow { digest, state, ..self.2 })
    }
}

impl MaterialRow {
    pub(super) fn find(connection: &Connection, id: MaterialId) -> Result<Option<Self>, DatabaseError> {
        let mut statement =
            connection.prepare_cached(&format!("SELECT {COLUMNS} FROM material WHERE material = ?1"))?;
        statement.query_row([id.as_bytes()], raw).optional()?.map(Raw::checked).transpose()
    }

    /// Complete materials with a content, whoever brought them.
    pub(super) fn complete_with(
        connection: &Connection,
        digest: &Digest,
        size: u64,
    ) -> Result<Vec<Self>, DatabaseError> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM material WHERE digest = ?1 AND size = ?2 AND state = 'complete'"
        ))?;
        let rows = statement.query_map((digest.to_string(), size.cast_signed()), raw)?;
        rows.map(|row| row?.checked()).collect()
    }

    /// The material, for whoever brings it. Somebody else's looks like none.
    pub(super) fn owned_by(connection: &Connection, id: MaterialId, party: &Party) -> Result<Self, Refusal> {
        let row = Self::find(connection, id)?.filter(|row| party.may_carry(&row.party));
        row.ok_or_else(|| Refusal::new(ErrorCode::MaterialUnknown))
    }

    /// The material, for whoever may read it. Somebody else's looks like none.
    pub(super) fn readable_by(connection: &Connection, id: MaterialId, party: &Party) -> Result<Self, Refusal> {
        let row = Self::find(connection, id)?.ok_or_else(|| Refusal::new(ErrorCode::MaterialUnknown))?;
        if row.may_be_read_by(connection, party)? { Ok(row) } else { Err(Refusal::new(ErrorCode::MaterialUnknown)) }
    }

    /// Its owner may, and whoever sees a case in which the owner's events cite it. Nobody may because he knows the digest.
    pub(super) fn may_be_read_by(&self, connection: &Connection, party: &Party) -> Result<bool, DatabaseError> {
        if party.may_carry(&self.party) {
            return Ok(true);
        }
        let mut statement = connection.prepare_cached(
            "SELECT c.party, c.responsible, c.division FROM case_material m JOIN case_file c USING (case_id)
             WHERE m.digest = ?1 AND m.party = ?2",
        )?;
        let mut cases = statement.query((self.digest.to_string(), &self.party))?;
        while let Some(case) = cases.next()? {
            let (opener, responsible): (String, Option<String>) = (case.get(0)?, case.get(1)?);
            let division: String = case.get(2)?;
            let handles = responsible.is_some_and(|responsible| party.may_carry(&responsible));
            if party.may_carry(&opener) || handles || party.may_write_for(&division) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn insert(
        connection: &Connection,
        announcement: &MaterialAnnouncement,
        hash: &[u8],
        salt: [u8; 32],
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let text = String::from_utf8(announcement.to_bytes()).map_err(|_| DatabaseError::Corrupt("announcement"))?;
        connection
            .prepare_cached(
                "INSERT INTO material (material, party, digest, size, announcement, state, content, received, hash, salt,
                    proof_tried, changed) VALUES (?1, ?2, ?3, ?4, ?5, 'receiving', ?1, 0, ?6, ?7, 0, ?8)",
            )?
            .execute((
                announcement.material.as_bytes(),
                announcement.party.as_str(),
                announcement.digest.to_string(),
                announcement.size.cast_signed(),
                text,
                hash,
                salt,
                now.as_millis(),
            ))?;
        Ok(())
    }

    /// It is whole: its bytes are those that lie under `content`, and it gets its receipt.
    pub(super) fn complete(
        &self,
        connection: &Connection,
        app: &AppState,
        content: MaterialId,
        suite: Suite,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut batch = Batch::begin(connection, now)?;
        let (_, position) = batch.add(Decision {
            record: self.id.into(),
            kind: "material",
            digest: self.digest,
            outcome: Outcome::Settled,
            case: None,
            problem: None,
        });
        batch.seal(connection, &app.keys(), suite)?;
        connection
            .prepare_cached(
                "UPDATE material SET state = 'complete', content = ?2, received = size, position = ?3, changed = ?4
                 WHERE material = ?1",
            )?
            .execute((self.id.as_bytes(), content.as_bytes(), position, now.as_millis()))?;
        if content != self.id {
            self.drop_bytes(connection)?;
        }
        Ok(())
    }

    /// What was brought under its own id goes.
    pub(super) fn drop_bytes(&self, connection: &Connection) -> Result<(), DatabaseError> {
        connection.prepare_cached("DELETE FROM material_chunk WHERE content = ?1")?.execute([self.id.as_bytes()])?;
        Ok(())
    }

    /// Why nothing more is taken for it.
    pub(super) fn mismatch(&self) -> Refusal {
        let refusal = Refusal::new(ErrorCode::MaterialDigestMismatch).with("expected", self.digest);
        refusal.with("found", self.found.as_deref().unwrap_or_default())
    }

    /// The answer to everything that is said of it.
    pub(super) fn view(&self, connection: &Connection) -> Result<Value, DatabaseError> {
        let mut view: Value =
            serde_json::from_str(&self.announcement).map_err(|_| DatabaseError::Corrupt("announcement"))?;
        view["state"] = json!(self.state);
        view["offset"] = json!(self.received);
        if self.state == MaterialState::Receiving {
            view["kept_until"] = json!(self.changed.plus_millis(MATERIAL_IDLE_MS));
            if !self.proof_tried {
                view["salt"] = json!(STANDARD.encode(self.salt));
            }
        }
        if let Some(found) = &self.found {
            view["found"] = json!(found);
        }
        if let Some(position) = self.position {
            view["receipt"] = receipt::at(connection, position)?;
        }
        Ok(view)
    }
}

/// Unfinished materials that nobody went on with are forgotten: their ids may be announced anew.
pub(super) fn forget_idle(connection: &Connection, now: Timestamp) -> Result<(), DatabaseError> {
    let before = now.plus_millis(-MATERIAL_IDLE_MS).as_millis();
    for statement in [
        "DELETE FROM material_chunk WHERE content IN
            (SELECT material FROM material WHERE state = 'receiving' AND changed < ?1)",
        "DELETE FROM material WHERE state = 'receiving' AND changed < ?1",
    ] {
        connection.prepare_cached(statement)?.execute([before])?;
    }
    Ok(())
}

/// What the operator's log is told of a refusal that was committed.
pub(super) fn told(id: MaterialId, refusal: &Refusal) {
    tracing::info!(%id, code = refusal.problem(Language::English).code.code(), "a material was refused");
}
