#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::SqliteStore;

fn empty() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("outbox.db")).unwrap();
    (directory, store)
}

mod contract {
    crate::store_contract_tests!(super::empty);
}
