//! Updates that serve, that do not, that are refused, and that a power cut breaks off after each step.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use tempfile::TempDir;
use tongqiao::{SoftwareSigner, public_key_to_pem};
use tongqiao_protocol::{Digest, Suite};

use super::installing::{Installing, Note, Step};
use super::*;

/// A program that says its version, and nothing else.
fn program(version: &str, serves: bool) -> Vec<u8> {
    let word = if serves { "serves" } else { "is silent" };
    format!("#!/bin/sh\n# It {word}.\necho tongqiao-edge {version}\n").into_bytes()
}

/// A machine on which a program is installed. Its service is answered for by this process: restarting it copies the program to
/// `running`, and what stands there decides whether it serves.
struct Machine {
    folder: TempDir,
    signer: SoftwareSigner,
    installation: Installation,
}

impl Machine {
    async fn with(installed: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        installing::write_whole(&path("tongqiao-edge"), installed, 0o755).unwrap();
        std::fs::copy(path("tongqiao-edge"), path("running")).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let watched = Watched::Plain(listener.local_addr().unwrap());
        let router = Router::new().route("/readyz", get(ready)).route("/metrics", get(metrics));
        let router = router.with_state(Arc::new(path("running")));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let signer = SoftwareSigner::generate(Suite::International, bundle::key_id()).unwrap();
        let restart = ["cp".to_owned(), text(&path("tongqiao-edge")), text(&path("running"))].to_vec();
        let key = public_key_to_pem(signer.public_key()).unwrap();
        let installation = Installation {
            program: path("tongqiao-edge"),
            version: "1.0.0".parse().unwrap(),
            data: folder.path().to_owned(),
            settings: UpdateSettings { key, restart, ready_seconds: 30 },
            service: "nothing",
            watched,
        };
        Self { folder, signer, installation }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
        names.sort();
        names
    }

    /// Brings a bundle.
    fn bundle(&self, program: &[u8], version: &str, target: &str) -> PathBuf {
        let file = bundle::write(&self.signer, program, &version.parse().unwrap(), target).unwrap();
        let path = self.folder.path().join("bundle");
        std::fs::write(&path, file).unwrap();
        path
    }

    async fn apply(&self, program: &[u8], version: &str) -> Result<Updated, UpdateError> {
        apply(&self.installation, &self.bundle(program, version, &own_target()), Older::Refused).await
    }

    fn events(&self) -> Vec<String> {
        let lines = std::fs::read_to_string(self.folder.path().join("updates.jsonl")).unwrap();
        let event = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].to_string();
        lines.lines().map(event).collect()
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

async fn ready(State(running): State<Arc<PathBuf>>) -> StatusCode {
    let serves = std::fs::read_to_string(&*running).unwrap().contains("serves");
    if serves { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn metrics(State(running): State<Arc<PathBuf>>) -> String {
    let running = std::fs::read_to_string(&*running).unwrap();
    format!("tongqiao_edge_build_info{{version=\"{}\"}} 1\n", running.trim().rsplit(' ').next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_that_serves_is_kept_and_the_former_one_beside_it() {
    let (old, new) = (program("1.0.0", true), program("1.1.0", true));
    let machine = Machine::with(&old).await;
    assert_eq!(machine.apply(&new, "1.1.0").await.unwrap(), Updated::To("1.1.0".parse().unwrap()));
    assert_eq!((machine.read("tongqiao-edge"), machine.read("running")), (new.clone(), new));
    assert_eq!(machine.read("tongqiao-edge.old"), old);
    assert_eq!(machine.events(), ["\"begun\"", "\"serves\""]);
    let names = ["bundle", "running", "tongqiao-edge", "tongqiao-edge.lock", "tongqiao-edge.old", "updates.jsonl"];
    assert_eq!(machine.names(), names);
    assert_eq!(recover(&machine.installation).await.unwrap(), Updated::Nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_that_does_not_serve_is_taken_back() {
    let old = program("1.0.0", true);
    let mut machine = Machine::with(&old).await;
    machine.installation.settings.ready_seconds = 3;
    let error = machine.apply(&program("1.1.0", false), "1.1.0").await.unwrap_err();
    assert!(matches!(error, UpdateError::RolledBack { serves: true, .. }), "{error}");
    assert_eq!((machine.read("tongqiao-edge"), machine.read("running")), (old.clone(), old));
    assert_eq!(machine.events(), ["\"begun\"", "\"rolled-back\""]);
    assert!(!machine.names().contains(&"tongqiao-edge.update".to_owned()));

    // A command that does not restart anything leaves the former version answering: that is no success either.
    machine.installation.settings.restart = vec!["true".to_owned()];
    let error = machine.apply(&program("1.1.0", true), "1.1.0").await.unwrap_err();
    assert!(matches!(error, UpdateError::RolledBack { serves: true, .. }), "{error}");
    // And when even the former one cannot be restarted, that is said.
    machine.installation.settings.restart = vec!["false".to_owned()];
    let error = machine.apply(&program("1.1.0", true), "1.1.0").await.unwrap_err();
    assert!(error.to_string().contains("DOES NOT SERVE"), "{error}");
    assert_eq!(machine.read("tongqiao-edge"), program("1.0.0", true));
    assert_eq!(machine.events().last().unwrap(), "\"rolled-back-and-silent\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_changes_nothing() {
    let old = program("1.0.0", true);
    let mut machine = Machine::with(&old).await;
    let before = || vec!["bundle".to_owned(), "running".to_owned(), "tongqiao-edge".to_owned()];
    let refused = async |machine: &Machine, bundle: &Path, wanted: &dyn Fn(&Unfit) -> bool| {
        let error = apply(&machine.installation, bundle, Older::Refused).await.unwrap_err();
        assert!(matches!(&error, UpdateError::Unfit(unfit) if wanted(unfit)), "{error}");
        assert!(error.to_string().ends_with("nothing was changed"));
        assert_eq!((machine.read("tongqiao-edge"), machine.names()), (old.clone(), before()));
    };
    let new = program("1.1.0", true);
    refused(&machine, &machine.bundle(&new, "1.0.0", &own_target()), &|unfit| matches!(unfit, Unfit::NotNewer { .. }))
        .await;
    refused(&machine, &machine.bundle(&new, "1.1.0", "sparc-plan9"), &|unfit| matches!(unfit, Unfit::OtherTarget(_)))
        .await;
    let path = machine.bundle(&new, "1.1.0", &own_target());
    let mut file = std::fs::read(&path).unwrap();
    *file.last_mut().unwrap() ^= 1;
    std::fs::write(&path, file).unwrap();
    refused(&machine, &path, &|unfit| *unfit == Unfit::Damaged).await;
    let path = machine.bundle(&new, "1.1.0", &own_target());
    let other = SoftwareSigner::generate(Suite::ShangMi, bundle::key_id()).unwrap();
    let own = std::mem::replace(&mut machine.installation.settings.key, public_key_to_pem(other.public_key()).unwrap());
    refused(&machine, &path, &|unfit| *unfit == Unfit::SignatureMismatch).await;
    machine.installation.settings.key.clear();
    refused(&machine, &path, &|unfit| *unfit == Unfit::NoKey).await;
    machine.installation.settings.key = own;
    // What is signed as one version and says that it is another is not installed either.
    let error = machine.apply(&program("1.2.0", true), "1.1.0").await.unwrap_err();
    assert!(matches!(error, UpdateError::Unfit(Unfit::DoesNotRun(_))), "{error}");
    assert_eq!((machine.read("tongqiao-edge"), machine.read("running")), (old.clone(), old.clone()));
    // An older one goes where somebody says so.
    let older = program("0.9.0", true);
    let path = machine.bundle(&older, "0.9.0", &own_target());
    apply(&machine.installation, &path, Older::Allowed).await.unwrap();
    assert_eq!(machine.read("tongqiao-edge"), older);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_after_any_step_leaves_a_program_that_runs_and_an_update_that_can_be_ended() {
    let (old, steps) = (program("1.0.0", true), [Step::Written, Step::Kept, Step::Noted, Step::Exchanged]);
    for serves in [true, false] {
        let new = program("1.1.0", serves);
        let note = Note {
            former: "1.0.0".parse().unwrap(),
            new: "1.1.0".parse().unwrap(),
            digest: Digest::of(Suite::International, &new),
        };
        for last in steps {
            let mut machine = Machine::with(&old).await;
            machine.installation.settings.ready_seconds = if serves { 30 } else { 3 };
            let power_cut = || Err(std::io::Error::other("power cut"));
            let installing = Installing::begin(&machine.installation.program).unwrap();
            assert!(matches!(recover(&machine.installation).await, Err(UpdateError::Busy)), "two at once");
            let mut passing = |step| if step == last { power_cut() } else { Ok(()) };
            installing.exchange(&note, &new, &mut passing).unwrap_err();
            drop(installing);
            // The machine comes up with whatever is there, which is a whole program.
            let is_new = last == Step::Exchanged;
            assert_eq!(machine.read("tongqiao-edge"), if is_new { &new[..] } else { &old[..] });
            std::fs::copy(&machine.installation.program, machine.folder.path().join("running")).unwrap();
            let is_noted = matches!(last, Step::Noted | Step::Exchanged);
            if is_noted {
                let error = machine.apply(&new, "1.1.0").await.unwrap_err();
                assert!(matches!(error, UpdateError::BrokenOff), "{error}");
            }
            let ended = recover(&machine.installation).await;
            let installed = match (last, serves) {
                (Step::Exchanged, true) => {
                    assert_eq!(ended.unwrap(), Updated::To(note.new.clone()));
                    &new
                }
                (Step::Exchanged, false) => {
                    assert!(matches!(ended, Err(UpdateError::RolledBack { serves: true, .. })));
                    &old
                }
                (Step::Noted, _) => {
                    assert_eq!(ended.unwrap(), Updated::NotBegun(note.former.clone()));
                    &old
                }
                _ => {
                    assert_eq!(ended.unwrap(), Updated::Nothing);
                    &old
                }
            };
            assert_eq!(&machine.read("tongqiao-edge"), installed);
            assert_eq!(&machine.read("running"), installed, "{last:?}");
            assert_eq!(recover(&machine.installation).await.unwrap(), Updated::Nothing);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_while_it_is_taken_back_leaves_the_former_one() {
    let (old, new) = (program("1.0.0", true), program("1.1.0", false));
    let machine = Machine::with(&old).await;
    let (former, newer) = ("1.0.0".parse().unwrap(), "1.1.0".parse().unwrap());
    let note = Note { former, new: newer, digest: Digest::of(Suite::International, &new) };
    let installing = Installing::begin(&machine.installation.program).unwrap();
    installing.exchange(&note, &new, &mut |_| Ok(())).unwrap();
    installing.take_back(&mut |_| Err(std::io::Error::other("power cut"))).unwrap_err();
    drop(installing);
    assert_eq!(machine.read("tongqiao-edge"), old);
    assert_eq!(recover(&machine.installation).await.unwrap(), Updated::NotBegun(note.former));
}
