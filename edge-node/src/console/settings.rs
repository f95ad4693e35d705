//! Settings of the console, in the node's file.

use serde::Deserialize;

/// Settings of the console; they do nothing where no console is enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleSettings {
    /// What the hall is called on receipts.
    pub hall: String,
    /// Divisions for which case numbers are kept in stock from the start, so that a case can be opened without a link.
    pub divisions: Vec<String>,
    /// After how many minutes without a request a clerk has to sign in again.
    pub idle_minutes: u16,
    /// The platform's page on which anybody verifies a printed receipt; empty prints no such code.
    pub verify_at: String,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self {
            hall: "政务服务大厅".to_owned(), divisions: Vec::new(), idle_minutes: 15, verify_at: String::new()
        }
    }
}
