//! The platform's own keys, one for each suite, made at the first start and changed by rotation.

mod rotation;

use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::signed_record::RecordSignature;
use tongqiao_protocol::{RecordKind, SignError, SignedRecord, Suite};

pub(crate) use self::rotation::{Beside, Step, rotate};
use crate::crypto::PlatformKey;
use crate::database::DatabaseError;

/// Both keys of the platform.
pub(crate) struct PlatformKeys {
    international: PlatformKey,
    shang_mi: PlatformKey,
    beside: Vec<Beside>,
}

impl PlatformKeys {
    /// Reads the keys, or makes and stores them.
    pub(crate) fn load(connection: &Connection) -> Result<Self, DatabaseError> {
        Ok(Self {
            international: load(connection, Suite::International)?,
            shang_mi: load(connection, Suite::ShangMi)?,
            beside: rotation::beside(connection)?,
        })
    }

    /// Announced and former keys.
    pub(crate) fn beside(&self) -> &[Beside] {
        &self.beside
    }

    /// The key of a suite.
    pub(crate) const fn of(&self, suite: Suite) -> &PlatformKey {
        match suite {
            Suite::International => &self.international,
            Suite::ShangMi => &self.shang_mi,
        }
    }

    /// Signs a record of the platform's own.
    pub(crate) fn sign_record(
        &self,
        suite: Suite,
        kind: RecordKind,
        record: Vec<u8>,
    ) -> Result<SignedRecord, SignError> {
        let key = self.of(suite);
        let value = key.sign(&SignedRecord::message(kind, key.key_id(), &record))?;
        Ok(SignedRecord { record, signature: RecordSignature { keyid: key.key_id().clone(), value } })
    }
}

fn load(connection: &Connection, suite: Suite) -> Result<PlatformKey, DatabaseError> {
    let stored: Option<[u8; 32]> = connection
        .query_row("SELECT secret FROM platform_key WHERE suite = ?1", [suite.as_str()], |row| row.get(0))
        .optional()?;
    match stored {
        Some(secret) => PlatformKey::from_secret(suite, secret).ok_or(DatabaseError::Corrupt("platform key")),
        None => {
            let key = PlatformKey::generate(suite).map_err(|_| DatabaseError::Corrupt("randomness"))?;
            connection
                .execute("INSERT INTO platform_key (suite, secret) VALUES (?1, ?2)", (suite.as_str(), key.secret()))?;
            Ok(key)
        }
    }
}
