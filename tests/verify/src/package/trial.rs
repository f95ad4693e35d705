//! The package installed, upgraded, removed and purged under a root of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::failed;
use crate::command::Program;
use crate::part::Trouble;

/// A line that an administrator has written.
const MINE: &str = "\n# mine\n";

pub(super) fn run(package: &Path, newer: &Path, folder: &Path) -> Result<(), Trouble> {
    let root = folder.join("root");
    if root.exists() {
        std::fs::remove_dir_all(&root).map_err(|error| failed(&root, &error))?;
    }
    for known in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "etc", "usr/bin"] {
        std::fs::create_dir_all(root.join(known)).map_err(|error| failed(&root, &error))?;
    }
    let status = root.join("var/lib/dpkg/status");
    std::fs::write(&status, "").map_err(|error| failed(&status, &error))?;
    let dpkg = |words: &[&str]| {
        let at = format!("--root={}", root.display());
        let fixed = [at.as_str(), "--force-script-chrootless", "--force-depends", "--force-confold"];
        Program::new(folder, "dpkg", &[&fixed, words].concat()).run()
    };
    let (package, newer) = (package.display().to_string(), newer.display().to_string());
    dpkg(&["--install", &package])?;
    let (settings, data) = (root.join("etc/tongqiao/node.toml"), root.join("var/lib/tongqiao-edge"));
    expect(settings.is_file(), "the settings are there")?;
    let mode = std::fs::metadata(&data).map_err(|error| failed(&data, &error))?.permissions().mode();
    expect(mode & 0o777 == 0o700, "only the service looks into the folder of data")?;
    let users = root.join("etc/passwd");
    let users = std::fs::read_to_string(&users).map_err(|error| failed(&users, &error))?;
    expect(["node", "hub", "sidecar"].iter().all(|role| users.contains(&format!("tongqiao-{role}:"))), "three users")?;
    let enabled = root.join("etc/systemd/system/multi-user.target.wants");
    expect(!enabled.exists(), "nothing is enabled before enrolment")?;
    before_enrolment(&root)?;

    let custody = data.join("store.sqlite");
    std::fs::write(&custody, "custody").map_err(|error| failed(&custody, &error))?;
    let text = std::fs::read_to_string(&settings).map_err(|error| failed(&settings, &error))?;
    std::fs::write(&settings, text + MINE).map_err(|error| failed(&settings, &error))?;
    dpkg(&["--install", &newer])?;
    let kept = || std::fs::read_to_string(&settings).is_ok_and(|text| text.ends_with(MINE));
    expect(kept(), "an upgrade keeps what the administrator has written")?;
    dpkg(&["--remove", super::NAME])?;
    expect(!root.join("usr/bin").join(super::NAME).exists(), "the program is removed")?;
    expect(kept() && custody.is_file(), "settings and data stay when it is removed")?;
    dpkg(&["--install", &package])?;
    dpkg(&["--purge", super::NAME])?;
    expect(!settings.exists(), "settings go when it is purged")?;
    expect(custody.is_file(), "data stay when it is purged")
}

/// The program that was installed says that it is not enrolled, and does not serve.
fn before_enrolment(root: &Path) -> Result<(), Trouble> {
    let program = root.join("usr/bin").join(super::NAME);
    let settings = root.join("trial.toml");
    let text = format!("data = {:?}\nlisten = \"127.0.0.1:0\"\n", root.join("var/lib/tongqiao-edge"));
    std::fs::write(&settings, text).map_err(|error| failed(&settings, &error))?;
    let run = |words: &[&str]| {
        let output = Command::new(&program).args(words).arg("--settings").arg(&settings).output();
        output.map_err(|error| failed(&program, &error))
    };
    let started = run(&["node"])?;
    let said = String::from_utf8_lossy(&started.stderr).into_owned();
    expect(!started.status.success() && said.contains("credentials.json"), "it does not serve before enrolment")?;
    let doctor = run(&["doctor"])?;
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    expect(doctor.status.code() == Some(2) && said.contains("tongqiao-edge enrol"), "the doctor says what to do")
}

fn expect(holds: bool, what: &str) -> Result<(), Trouble> {
    println!("{} {what}", if holds { "holds:" } else { "DOES NOT HOLD:" });
    if holds { Ok(()) } else { Err(Trouble::Failed(format!("the package: {what}"))) }
}
