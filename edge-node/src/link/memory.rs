//! What a node remembers of its links, from one start to the next.
//!
//! A link is told by the way packets leave the machine: a device and the gateway behind it. Losing the file costs a few seconds.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Links that are remembered; the rest of the file is forgotten.
const LINKS_MOST: usize = 16;
/// The table of routes.
const ROUTES: &str = "/proc/net/route";

/// By which way the hub is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// QUIC.
    #[default]
    Quic,
    /// HTTP/2.
    Http2,
}

/// What is known of one link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Remembered {
    pub(super) way: Way,
    /// QUIC has worked here: an outage does not make us forget it.
    pub(super) quic_worked: bool,
}

/// The file.
pub(super) struct Memory {
    /// `None` forgets.
    path: Option<PathBuf>,
}

impl Memory {
    pub(super) const fn new(path: Option<PathBuf>) -> Self {
        Self { path }
    }

    /// What is known of the link on which the machine is now.
    pub(super) fn recall(&self) -> Remembered {
        self.read().remove(&link_now()).unwrap_or_default()
    }

    /// Keeps it, in place of what was known.
    pub(super) fn keep(&self, remembered: &Remembered) {
        let Some(path) = &self.path else { return };
        let mut links = self.read();
        links.insert(link_now(), *remembered);
        while links.len() > LINKS_MOST {
            links.pop_first();
        }
        let kept = (|| {
            let folder = path.parent().unwrap_or(path);
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, &links)?;
            file.write_all(b"\n")?;
            file.persist(path).map_err(|error| error.error)
        })();
        if let Err(error) = kept {
            tracing::warn!(%error, "what was learnt of the link cannot be kept");
        }
    }

    fn read(&self) -> BTreeMap<String, Remembered> {
        let read = self.path.as_ref().and_then(|path| std::fs::read(path).ok());
        read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }
}

/// The link on which the machine is now.
fn link_now() -> String {
    default_route(&std::fs::read_to_string(ROUTES).unwrap_or_default())
}

/// Device and gateway of the default route; of several, of the preferred one.
fn default_route(table: &str) -> String {
    let routes = table.lines().skip(1).filter_map(|line| {
        let fields = line.split_ascii_whitespace().collect::<Vec<_>>();
        let (device, destination, gateway) = (fields.first()?, fields.get(1)?, fields.get(2)?);
        let metric = fields.get(6)?.parse::<u32>().ok()?;
        (*destination == "00000000").then(|| (metric, format!("{device}/{gateway}")))
    });
    routes.min().map_or_else(|| "direct".to_owned(), |(_, link)| link)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn what_was_learnt_is_there_after_a_restart_and_a_torn_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("links.json");
        let remembered = Remembered { way: Way::Http2, quic_worked: true };
        Memory::new(Some(path.clone())).keep(&remembered);
        assert_eq!(Memory::new(Some(path.clone())).recall(), remembered);
        std::fs::write(&path, b"{\"eth0").unwrap();
        assert_eq!(Memory::new(Some(path)).recall(), Remembered::default());
        assert_eq!(Memory::new(None).recall(), Remembered::default());
    }

    #[test]
    fn a_link_is_told_by_the_preferred_way_out() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n\
                     wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n\
                     eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\n\
                     eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\n";
        assert_eq!(default_route(table), "eth0/0100000A");
        assert_eq!(default_route("Iface\n"), "direct");
    }
}
