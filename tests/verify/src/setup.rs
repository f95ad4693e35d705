//! Installing what a part needs and the machine does not have yet.

use std::path::PathBuf;

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;

/// Makes sure that `program` can be started, installing the Debian packages that bring it.
///
/// # Errors
/// Skips the part where apt is missing, the user is not root, or the packages cannot be had.
pub(crate) fn debian(repository: &Repository, program: &str, packages: &[&str]) -> Result<(), Trouble> {
    if starts(repository, program) {
        return Ok(());
    }
    println!("{program} is missing; installing {}", packages.join(" "));
    install_debian(repository, packages)?;
    if starts(repository, program) {
        return Ok(());
    }
    Err(Trouble::Skipped(format!("{program} is still missing after installing {}", packages.join(" "))))
}

/// Makes sure that `cargo <subcommand>` can be used, adding the toolchain's component that brings it.
///
/// # Errors
/// Skips the part where there is no rustup, or the component cannot be had.
pub(crate) fn component(repository: &Repository, subcommand: &str, component: &str) -> Result<(), Trouble> {
    if Program::cargo(repository, &[subcommand, "--version"]).succeeds() {
        return Ok(());
    }
    println!("cargo {subcommand} is missing; adding {component} to the toolchain");
    // Of the toolchain that cargo uses here, which may be another than the default.
    match Program::new(repository.root(), "rustup", &["component", "add", component]).run() {
        Ok(()) => Ok(()),
        Err(Trouble::Failed(reason) | Trouble::Skipped(reason)) => {
            Err(Trouble::Skipped(format!("cargo {subcommand} is missing and could not be added: {reason}")))
        }
    }
}

fn install_debian(repository: &Repository, packages: &[&str]) -> Result<(), Trouble> {
    let install = ["install", "-y", "--no-install-recommends"].iter().chain(packages).copied().collect::<Vec<_>>();
    for words in [vec!["update", "-q"], install] {
        let apt = Program::new(repository.root(), "apt-get", &words).with("DEBIAN_FRONTEND", "noninteractive");
        if let Err(Trouble::Failed(reason) | Trouble::Skipped(reason)) = apt.run() {
            return Err(Trouble::Skipped(format!("{} could not be installed: {reason}", packages.join(" "))));
        }
    }
    Ok(())
}

fn starts(repository: &Repository, program: &str) -> bool {
    // Not `--version`: some programs, OpenSSL 3.0 among them, do not know that word.
    Program::new(repository.root(), "sh", &["-c", "command -v \"$0\" >/dev/null", program]).succeeds()
}

/// Installs a command-line tool from its Rust package into `.verify/` and returns the path of its binary.
///
/// Built without optimisation: it runs once, and building it optimised takes five times as long.
///
/// # Errors
/// Skips the part where the package cannot be had or built.
pub(crate) fn rust_tool(repository: &Repository, package: &str, version: &str) -> Result<PathBuf, Trouble> {
    let root = repository.tools().join(format!("{package}-{version}"));
    let binary = root.join("bin").join(package);
    if binary.is_file() {
        return Ok(binary);
    }
    let root_text = root.display().to_string();
    let words = ["install", "--locked", "--debug", "--quiet", "--root", &root_text, "--version", version, package];
    match Program::cargo(repository, &words).with("CARGO_PROFILE_DEV_DEBUG", "0").run() {
        Ok(()) => Ok(binary),
        Err(Trouble::Failed(reason) | Trouble::Skipped(reason)) => {
            Err(Trouble::Skipped(format!("{package} {version} could not be installed: {reason}")))
        }
    }
}

/// Installs Python packages into an environment of their own below `.verify/` and returns its interpreter.
///
/// # Errors
/// Skips the part where Python or the packages cannot be had.
pub(crate) fn python_packages(repository: &Repository, name: &str, packages: &[&str]) -> Result<PathBuf, Trouble> {
    debian(repository, "python3", &["python3"])?;
    let root = repository.tools().join(format!("python-{name}"));
    let python = root.join("bin").join("python");
    let installed = root.join("installed");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    let root_text = root.display().to_string();
    let venv = |repository: &Repository| Program::new(repository.root(), "python3", &["-m", "venv", &root_text]).run();
    if venv(repository).is_err() {
        // Debian keeps the module apart.
        install_debian(repository, &["python3-venv"])?;
        venv(repository)?;
    }
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let words: Vec<&str> = words.iter().chain(packages).copied().collect();
    if let Err(Trouble::Failed(reason) | Trouble::Skipped(reason)) =
        Program::new(repository.root(), &python.display().to_string(), &words).run()
    {
        return Err(Trouble::Skipped(format!("{} could not be installed: {reason}", packages.join(", "))));
    }
    std::fs::write(&installed, wanted).map_err(|error| Trouble::Failed(error.to_string()))?;
    Ok(python)
}
