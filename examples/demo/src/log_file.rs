//! What the library and the platform log, one JSON object a line in the process's own folder. An ERROR is a finding.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;

use crate::error::DemoError;
use crate::ledger::Finding;

/// Logs warnings and errors of this process from now on; a later life of the process goes on in the same file.
pub(crate) fn open(path: &Path) -> Result<(), DemoError> {
    let file =
        File::options().create(true).append(true).open(path).map_err(|source| DemoError::io("open a log", source))?;
    tracing_subscriber::fmt().json().with_max_level(LevelFilter::WARN).with_writer(Mutex::new(file)).init();
    Ok(())
}

/// Every ERROR of the log: nothing of the demo's script, deaths included, is a reason for one.
pub(crate) fn errors(path: &Path) -> Vec<Finding> {
    // A process that died before its first line has no log; that is said elsewhere.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    text.lines()
        // The last line of a killed life may be torn.
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["level"] == "ERROR")
        .map(|line| {
            Finding::new(
                format!("日志 {name} 中有错误：{}", line["fields"]),
                format!("{name} has an ERROR: {}", line["fields"]),
            )
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_log_is_found_among_warnings_and_torn_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("civil-affairs.log");
        let lines = concat!(
            "{\"level\":\"WARN\",\"fields\":{\"message\":\"waits\"}}\n",
            "{\"level\":\"ERROR\",\"fields\":{\"message\":\"a receipt does not verify\"}}\n",
            "{\"level\":\"ERR",
        );
        std::fs::write(&path, lines).unwrap();
        let found = errors(&path);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].en.contains("civil-affairs.log has an ERROR") && found[0].en.contains("does not verify"));
    }
}
