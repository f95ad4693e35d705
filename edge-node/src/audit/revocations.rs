//! Keys that the platform revoked: noted when this node first sees it, whoever brought the directory.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tongqiao::Client;
use tongqiao_protocol::{KeyDirectory, KeyId};

use super::{Audit, Deed};

/// Keys of which it is noted already.
const SEEN: &str = "audit-revocations.json";
/// Between two looks at the directory in use.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Looks at once and then every minute.
pub(crate) async fn watch_revocations(client: Client, audit: Arc<Audit>, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Ok(Some(directory)) = client.carrier().directory().await
            && let Err(error) = note(&audit, &directory)
        {
            tracing::error!(%error, "the audit file did not take note of a revocation; it is tried again");
        }
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

fn note(audit: &Audit, directory: &KeyDirectory) -> std::io::Result<()> {
    let path = audit.data.join(SEEN);
    let mut seen = read(&path)?;
    let mut fresh = directory.keys.iter().filter(|key| key.revoked.is_some() && !seen.contains(&key.keyid)).peekable();
    if fresh.peek().is_none() {
        return Ok(());
    }
    let mut told = BTreeSet::new();
    for key in fresh {
        // A power cut in between notes one of them a second time, and none never.
        audit.note(key.party.as_str(), Deed::RevocationSeen, key.keyid.as_str())?;
        told.insert(key.keyid.clone());
    }
    seen.extend(told);
    let mut file = tempfile::NamedTempFile::new_in(&audit.data)?;
    file.write_all(&serde_json::to_vec(&seen)?)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn read(path: &Path) -> std::io::Result<BTreeSet<KeyId>> {
    match std::fs::read(path) {
        // What cannot be read is noted anew.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}
