#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod copies;
mod damage;
mod full_disk;
mod model;
mod processes;
mod sharing;
mod upgrade;

use std::path::PathBuf;

use super::SqliteStore;

fn empty() -> (tempfile::TempDir, SqliteStore) {
    let (directory, path) = place();
    (directory, SqliteStore::open(path).unwrap())
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.db");
    (directory, path)
}

mod contract {
    crate::store_contract_tests!(super::empty);
}
