//! A new version of the program, brought as a file, without any network: believed by a signature, kept only if it serves, and
//! taken back otherwise.
//!
//! At every moment the file of the program is a whole one: it is exchanged by a rename, after the former one has been kept beside
//! it and a note says what is being tried. Whatever befalls the machine, [`recover`] finds the note and either sees the new one serve
//! or brings the former one back.
//!
//! What must never happen: that something runs which the release key has not signed, or that a box is left with a program that does
//! not serve while one that did is there.

mod audit;
mod bundle;
mod installing;
mod settings;
#[cfg(test)]
mod tests;
mod trial;
mod version;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tongqiao::{Secret, SoftwareSigner, public_key_from_pem};
use tongqiao_protocol::SignError;

use self::audit::{Audit, Event};
pub use self::bundle::{Unfit, own_target};
use self::installing::Installing;
pub use self::settings::UpdateSettings;
use self::trial::Trial;
pub use self::trial::Watched;
pub use self::version::Version;
use crate::doctor::Role;
use crate::local_api::authority_file;
use crate::{HubSettings, NodeSettings, SettingsError, SidecarSettings};

/// The longest bundle that is read.
const BUNDLE_BYTES_MOST: u64 = 256 * 1024 * 1024;

/// Why there was no update.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// A file.
    #[error("{}: {}; the program that was installed is still there", .0.display(), .1)]
    File(PathBuf, #[source] std::io::Error),
    /// The bundle is not for this machine, or nothing that could be believed.
    #[error("{0}; nothing was changed")]
    Unfit(#[from] Unfit),
    /// A key that cannot be used.
    #[error(transparent)]
    Key(#[from] tongqiao::Error),
    /// A release could not be signed.
    #[error("the release cannot be signed: {0}")]
    Signing(#[from] SignError),
    /// Another update is under way.
    #[error("another update is under way; nothing was changed")]
    Busy,
    /// An update was broken off and has to be ended first.
    #[error("an update was broken off: run tongqiao-edge update recover first; nothing was changed")]
    BrokenOff,
    /// It was tried and did not serve.
    #[error("{new} did not serve in {seconds} s; {former} is installed again and {}", if *.serves { "serves" } else { "DOES NOT SERVE either: see its log and the doctor" })]
    RolledBack {
        /// What was tried.
        new: Version,
        /// What is installed again.
        former: Version,
        /// For how long it was tried.
        seconds: u64,
        /// Whether the former one serves.
        serves: bool,
    },
}

/// Whether an older version may take the place of a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// No: somebody could bring back a fault that was mended.
    Refused,
    /// The administrator says so.
    Allowed,
}

/// What is kept up to date.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The file of the program.
    pub program: PathBuf,
    /// Its version.
    pub version: Version,
    /// The folder of data, in which the audit file is.
    pub data: PathBuf,
    /// What the settings say.
    pub settings: UpdateSettings,
    /// How it is restarted where the settings do not say it.
    pub service: &'static str,
    /// Where it says that it serves.
    pub watched: Watched,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// The new version serves.
    To(Version),
    /// There was nothing to end.
    Nothing,
    /// What was broken off had changed nothing yet.
    NotBegun(Version),
}

/// Signs a program as a bundle.
///
/// # Errors
/// [`UpdateError`]: a file, or a key that cannot sign.
pub fn pack(key: &Path, program: &Path, version: &Version, target: &str, out: &Path) -> Result<(), UpdateError> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| UpdateError::File(path.to_owned(), error));
    let pem = Secret::new(String::from_utf8_lossy(&read(key)?).as_ref());
    let signer = SoftwareSigner::from_pkcs8_pem(bundle::key_id(), &pem)?;
    let file = bundle::write(&signer, &read(program)?, version, target)?;
    installing::write_whole(out, &file, 0o644).map_err(|error| UpdateError::File(out.to_owned(), error))
}

/// Installs what a bundle holds, restarts the service, and takes it back when it does not serve in time.
///
/// # Errors
/// [`UpdateError`]: what was wrong with the bundle, or that it was rolled back.
pub async fn apply(installation: &Installation, bundle: &Path, older: Older) -> Result<Updated, UpdateError> {
    let key = installation.settings.key.trim();
    if key.is_empty() {
        return Err(Unfit::NoKey.into());
    }
    let key = public_key_from_pem(key)?;
    let failed = |error| UpdateError::File(bundle.to_owned(), error);
    if std::fs::metadata(bundle).map_err(failed)?.len() > BUNDLE_BYTES_MOST {
        return Err(Unfit::TooLarge.into());
    }
    let file = std::fs::read(bundle).map_err(failed)?;
    let release = bundle::open(&file, &key)?;
    release.fits(&installation.version, older)?;
    let installing = Installing::begin(&installation.program)?;
    if installing.broken_off()?.is_some() {
        return Err(UpdateError::BrokenOff);
    }
    let note =
        installing::Note { former: installation.version.clone(), new: release.version.clone(), digest: release.digest };
    let audit = Audit::of(&installation.data);
    audit.note(&note, Event::Begun)?;
    installing.exchange(&note, release.program, &mut |_| Ok(()))?;
    let trial = Trial::of(installation);
    let serves = trial.restart() && trial.serves(&note.new).await;
    end(installation, &installing, &note, serves).await
}

/// Ends an update that was broken off, by a power cut or otherwise: the new version is kept if it serves, and taken back if not.
///
/// # Errors
/// [`UpdateError`]: a file, or that it was rolled back.
pub async fn recover(installation: &Installation) -> Result<Updated, UpdateError> {
    let installing = Installing::begin(&installation.program)?;
    let Some(note) = installing.broken_off()? else { return Ok(Updated::Nothing) };
    if !installing.is_exchanged(&note)? {
        installing.end()?;
        Audit::of(&installation.data).note(&note, Event::NotBegun)?;
        return Ok(Updated::NotBegun(note.former));
    }
    // Whoever brought the machine up has started it already.
    let serves = Trial::of(installation).serves(&note.new).await;
    end(installation, &installing, &note, serves).await
}

async fn end(
    installation: &Installation,
    installing: &Installing,
    note: &installing::Note,
    serves: bool,
) -> Result<Updated, UpdateError> {
    let audit = Audit::of(&installation.data);
    if serves {
        installing.end()?;
        audit.note(note, Event::Serves)?;
        return Ok(Updated::To(note.new.clone()));
    }
    installing.take_back(&mut |_| Ok(()))?;
    let trial = Trial::of(installation);
    let serves = trial.restart() && trial.serves(&note.former).await;
    installing.end()?;
    audit.note(note, if serves { Event::RolledBack } else { Event::RolledBackAndSilent })?;
    let (new, former, seconds) = (note.new.clone(), note.former.clone(), installation.settings.ready_seconds);
    Err(UpdateError::RolledBack { new, former, seconds, serves })
}

impl Installation {
    /// The program that runs in a role by a file of settings, where the caller is of the version that is installed.
    ///
    /// # Errors
    /// [`SettingsError`] with the path.
    pub fn of(role: Role, settings: &Path, program: PathBuf) -> Result<Self, SettingsError> {
        let (data, watched, settings, service) = match role {
            Role::Node => {
                let NodeSettings { data, listen, update, .. } = NodeSettings::from_file(settings)?;
                let watched = if listen.ip().is_loopback() {
                    Watched::Plain(listen)
                } else {
                    Watched::Tls(listen, authority_file(&data))
                };
                (data, watched, update, "tongqiao-node")
            }
            Role::Hub => {
                let HubSettings { data, watch, update, .. } = HubSettings::from_file(settings)?;
                (data, Watched::Plain(watch), update, "tongqiao-hub")
            }
            Role::Sidecar => {
                let SidecarSettings { data, listen, update, .. } = SidecarSettings::from_file(settings)?;
                (data, Watched::Plain(listen), update, "tongqiao-sidecar")
            }
        };
        Ok(Self { program, version: Version::own(), data, settings, service, watched })
    }

    /// For how long a version may take until it serves.
    const fn patience(&self) -> Duration {
        Duration::from_secs(self.settings.ready_seconds)
    }
}
