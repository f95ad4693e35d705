//! The certified provider as a process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running provider; it ends with this value, because its standard input closes.
pub(crate) struct Provider {
    child: Child,
    /// Held open: the provider dies of a closed output as soon as it has something to remark.
    _output: BufReader<ChildStdout>,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
}

impl Provider {
    /// Starts it with this redirect address registered, and waits until it listens.
    pub(crate) fn start(redirect: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc");
        assert!(folder.join("node_modules").is_dir(), "run `cargo verify --only oidc`, which installs the provider");
        let mut child = Command::new("node")
            .args(["provider.mjs", redirect])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let ready = serde_json::from_str::<serde_json::Value>(&line).unwrap();
        let member = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { issuer: member("issuer"), client_id: member("client_id"), child, _output: output }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            eprintln!("the provider could not be ended: {error}");
        }
    }
}
