//! Query passwords 查询密码: made from one secret of the store and the case's id, so that none is kept and each can be printed again.

use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::limits::QUERY_PASSWORD_CHARS;
use tongqiao_protocol::{CaseId, Digest, QueryPassword, Suite};
use tongqiao_store::{Reason, Store, StoreError};

use crate::client::Shared;
use crate::{Error, entropy};

/// The key of the secret in its collection.
const KEY: &str = "secret";
/// What goes between secret and case id, so that the secret can serve nothing else by accident.
const LABEL: &[u8] = b"tongqiao query password of this store\n";

/// The password of a case of this store.
pub(super) async fn password(shared: &Shared, case: CaseId) -> Result<QueryPassword, Error> {
    let fresh: [u8; 32] = entropy::bytes()?;
    let secret = shared.storage.ask(move |store| kept_or(store, fresh)).await?;
    // The hash is only the way to mix them: secret and length of all parts are fixed. It stays inside this store.
    let mixed = Digest::of_parts(Suite::International, &[&secret, LABEL, case.as_bytes()]);
    let mut random = [0; QUERY_PASSWORD_CHARS];
    random.copy_from_slice(&mixed.as_bytes()[..QUERY_PASSWORD_CHARS]);
    Ok(QueryPassword::from_random(random))
}

/// The store's secret; `fresh` becomes it when there is none. Of several processes that begin at once one wins.
fn kept_or(store: &dyn Store, fresh: [u8; 32]) -> Result<Vec<u8>, StoreError> {
    if let Some(kept) = store.document(Collection::QueryPassword, KEY)? {
        return Ok(kept.bytes);
    }
    let put = Change::PutDocument {
        collection: Collection::QueryPassword,
        key: KEY.to_owned(),
        expected: Expected::Absent,
        bytes: fresh.to_vec(),
    };
    match store.commit(vec![put]) {
        Ok(_) => Ok(fresh.to_vec()),
        Err(error) => match (error.reason(), store.document(Collection::QueryPassword, KEY)?) {
            (Reason::VersionConflict { .. }, Some(kept)) => Ok(kept.bytes),
            _ => Err(error),
        },
    }
}
