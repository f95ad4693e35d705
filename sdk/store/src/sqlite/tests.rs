#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod copies;
mod damage;
mod failing_disk;
mod full_disk;
mod model;
mod processes;
mod sharing;
mod tasks;
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

    mod handed_in {
        use super::super::empty;
        use crate::contract::handed_in::HandedIn;

        crate::store_contract_tests!(|| {
            let (directory, store) = empty();
            (directory, HandedIn(store))
        });
    }
}
