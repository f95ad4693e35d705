//! `cargo verify --deb`: the edge node as a Debian package, and a trial of it under a root of its own.
//!
//! The package holds the program, settings, units and users; nothing is enabled or started, since a box that is not enrolled has
//! nothing to do. What is in the folders of data is never touched, not even when the package is purged: people's applications may
//! be in there.

mod scripts;
mod trial;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;

const NAME: &str = "tongqiao-edge";
const COPYRIGHT: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tongqiao

Files: *
Copyright: 2026 the Tongqiao authors
License: Apache-2.0
 On Debian systems the whole text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
";
const ROLES: [&str; 3] = ["node", "hub", "sidecar"];

/// Builds the package, of a program that was built elsewhere or now, tries it, and says where it is.
///
/// # Errors
/// What could not be built, or what the trial found.
pub(crate) fn make(repository: &Repository, program: Option<&Path>) -> Result<(), Trouble> {
    let built = match program {
        Some(program) => program.to_owned(),
        None => {
            Program::cargo(repository, &["build", "--profile", "dist", "--locked", "-p", NAME]).run()?;
            repository.root().join("target/dist").join(NAME)
        }
    };
    let folder = repository.root().join("target/deb");
    let version = env!("CARGO_PKG_VERSION");
    let package = build(repository, &built, &folder, version)?;
    let newer = build(repository, &built, &folder.join("trial"), &format!("{version}+1"))?;
    trial::run(&package, &newer, &folder.join("trial"))?;
    println!("made {}", package.display());
    Ok(())
}

/// One package, in a folder.
fn build(repository: &Repository, program: &Path, folder: &Path, version: &str) -> Result<PathBuf, Trouble> {
    let architecture = Program::new(repository.root(), "dpkg", &["--print-architecture"]).heard()?;
    let name = format!("{NAME}_{version}_{}", architecture.trim());
    let stage = folder.join(&name);
    if stage.exists() {
        std::fs::remove_dir_all(&stage).map_err(|error| failed(&stage, &error))?;
    }
    let source = |path: &str| repository.root().join("edge-node").join(path);
    copy(program, &stage.join("usr/bin").join(NAME), 0o755)?;
    for role in ROLES {
        copy(&source(&format!("settings/{role}.toml")), &stage.join(format!("etc/tongqiao/{role}.toml")), 0o644)?;
        let unit = format!("tongqiao-{role}.service");
        copy(&source(&format!("systemd/{unit}")), &stage.join("usr/lib/systemd/system").join(&unit), 0o644)?;
    }
    let unit = "tongqiao-update@.service";
    copy(&source(&format!("systemd/{unit}")), &stage.join("usr/lib/systemd/system").join(unit), 0o644)?;
    copy(&source("systemd/tongqiao-sysusers.conf"), &stage.join("usr/lib/sysusers.d/tongqiao.conf"), 0o644)?;
    copy(&source("systemd/tongqiao-tmpfiles.conf"), &stage.join("usr/lib/tmpfiles.d/tongqiao.conf"), 0o644)?;
    let documents = stage.join("usr/share/doc").join(NAME);
    write(&documents.join("copyright"), COPYRIGHT, 0o644)?;
    copy(&repository.root().join("NOTICE"), &documents.join("NOTICE"), 0o644)?;
    copy(&repository.root().join("CHANGELOG.md"), &documents.join("CHANGELOG.md"), 0o644)?;
    for page in ["operating.md", "operating.zh-CN.md"] {
        copy(&repository.root().join("docs").join(page), &documents.join(page), 0o644)?;
    }
    let changelog = format!(
        "{NAME} ({version}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- Tongqiao <tongqiao@users.noreply.github.com>  \
         Thu, 01 Oct 2026 00:00:00 +0800\n"
    );
    write(&documents.join("changelog"), &changelog, 0o644)?;
    Program::new(&documents, "gzip", &["-9n", "changelog"]).run()?;
    for (script, text) in scripts::ALL {
        write(&stage.join("DEBIAN").join(script), text, 0o755)?;
    }
    let conffiles = ROLES.map(|role| format!("/etc/tongqiao/{role}.toml\n")).concat();
    write(&stage.join("DEBIAN/conffiles"), &conffiles, 0o644)?;
    write(&stage.join("DEBIAN/md5sums"), &sums(&stage)?, 0o644)?;
    let control = control(version, architecture.trim(), &glibc(program)?, size(&stage)?);
    write(&stage.join("DEBIAN/control"), &control, 0o644)?;
    let package = folder.join(format!("{name}.deb"));
    let words = ["--build", "--root-owner-group", "-Zxz", &name, &format!("{name}.deb")];
    Program::new(folder, "dpkg-deb", &words).run()?;
    Ok(package)
}

fn control(version: &str, architecture: &str, glibc: &str, size: u64) -> String {
    format!(
        "Package: {NAME}
Version: {version}
Architecture: {architecture}
Maintainer: Tongqiao <tongqiao@users.noreply.github.com>
Installed-Size: {size}
Depends: libc6 (>= {glibc}), libgcc-s1, systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles
Section: net
Priority: optional
Homepage: https://github.com/tongqiao/tongqiao
Description: edge node, hub and sidecar of the Tongqiao protocol
 Township offices on weak links hand in applications to their city's unified
 service platform. This program takes them into custody, passes them on, and
 serves the office while the link is down. As a hub it stands before the
 platform, as a sidecar beside a department's system.
 .
 Nothing is started until the box is enrolled: see operating.md.
"
    )
}

/// The newest version of the C library that the program asks for.
fn glibc(program: &Path) -> Result<String, Trouble> {
    const MARK: &[u8] = b"GLIBC_2.";
    let bytes = std::fs::read(program).map_err(|error| failed(program, &error))?;
    let minors = bytes.windows(MARK.len() + 3).filter(|window| window.starts_with(MARK)).filter_map(|window| {
        let digits = window[MARK.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.map(|digit| char::from(*digit)).collect::<String>().parse::<u32>().ok()
    });
    let newest = minors.max().ok_or_else(|| Trouble::Failed("the program asks for no C library".to_owned()))?;
    Ok(format!("2.{newest}"))
}

/// Kibibytes when installed.
fn size(stage: &Path) -> Result<u64, Trouble> {
    let mut bytes = 0;
    for file in files(stage)? {
        bytes += std::fs::metadata(&file).map_err(|error| failed(&file, &error))?.len();
    }
    Ok(bytes.div_ceil(1024))
}

fn sums(stage: &Path) -> Result<String, Trouble> {
    let mut text = String::new();
    for file in files(stage)? {
        let name = file.strip_prefix(stage).unwrap_or(&file).display().to_string();
        let is_listed = !name.starts_with("DEBIAN/") && !name.starts_with("etc/");
        if is_listed {
            text += &Program::new(stage, "md5sum", &[&name]).filter("")?;
        }
    }
    Ok(text)
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path()).collect::<Vec<_>>();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), Trouble> {
    let bytes = std::fs::read(from).map_err(|error| failed(from, &error))?;
    put(to, &bytes, mode)
}

fn write(to: &Path, text: &str, mode: u32) -> Result<(), Trouble> {
    put(to, text.as_bytes(), mode)
}

fn put(to: &Path, bytes: &[u8], mode: u32) -> Result<(), Trouble> {
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(to, bytes))
        .and_then(|()| std::fs::set_permissions(to, Permissions::from_mode(mode)))
        .map_err(|error| failed(to, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::Failed(format!("{}: {error}", path.display()))
}
