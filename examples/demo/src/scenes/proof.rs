//! A receipt is proven to somebody who trusts nobody: a script in Python, with none of our code, checks signature and place in the log,
//! and refuses the same receipt with another date.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;
use tongqiao::protocol::receipt::Receipt;

use super::Act;
use super::stage::{Stage, draft};
use crate::error::DemoError;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// What the script needs beside Python.
const PACKAGE: &str = "cryptography==48.0.0";

pub(super) async fn play(stage: &Stage, act: &mut Act) -> Result<(), DemoError> {
    let items = stage.items().await?;
    let case = stage.client.cases().open(&draft(&items[1])).await.map_err(DemoError::broken)?;
    case.settled().await.map_err(DemoError::broken)?;
    let proof = stage.client.receipts().prove(case.event()).await.map_err(DemoError::broken)?;
    let proof = proof.to_json().map_err(DemoError::broken)?;
    let honest = stage.folder.join("proof.json");
    let forged = stage.folder.join("forged.json");
    let keys = stage.folder.join("keys.json");
    write(&honest, proof.as_bytes())?;
    write(&forged, &back_dated(proof.as_bytes())?)?;
    write(&keys, &stage.read("/v1/directory").await?)?;
    let python = python().await?;
    let holds = check(&python, &honest, &keys).await?;
    act.must(holds == Some(0), "脚本不认可真实回执", "the script does not accept a genuine receipt");
    let refused = check(&python, &forged, &keys).await?;
    act.must(refused == Some(1), "脚本未识破改日期的回执", "the script does not refuse a back-dated receipt");
    act.came_to("脚本核验的回执（真一伪一）", "receipts judged by the script, one genuine and one back-dated", 2);
    Ok(())
}

/// The same bundle, its receipt a month older.
fn back_dated(proof: &[u8]) -> Result<Vec<u8>, DemoError> {
    let mut bundle = serde_json::from_slice::<Value>(proof).map_err(DemoError::broken)?;
    let mut receipt = serde_json::from_value::<Receipt>(bundle["receipt"].clone()).map_err(DemoError::broken)?;
    let mut body = serde_json::from_slice::<Value>(&receipt.receipt).map_err(DemoError::broken)?;
    body["time"] = "2026-01-05T09:00:00.000+08:00".into();
    receipt.receipt = serde_json::to_vec(&body).map_err(DemoError::broken)?;
    bundle["receipt"] = serde_json::to_value(receipt).map_err(DemoError::broken)?;
    serde_json::to_vec(&bundle).map_err(DemoError::broken)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DemoError> {
    std::fs::write(path, bytes).map_err(|source| DemoError::io("write a proof", source))
}

/// The exit code of the script.
async fn check(python: &Path, bundle: &Path, keys: &Path) -> Result<Option<i32>, DemoError> {
    let script = Path::new(REPOSITORY).join("conformance/verifier/verify_receipt.py");
    let mut command = Command::new(python);
    command.arg(script).arg("receipt").arg(bundle).arg("--keys").arg(keys).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .status()
        .await
        .map(|status| status.code())
        .map_err(|source| DemoError::io("run the verifier script", source))
}

/// A Python that has what the script needs; made once, beside the other things that a build makes.
async fn python() -> Result<PathBuf, DemoError> {
    let own = Path::new(REPOSITORY).join("target/demo-python/bin/python");
    for python in [PathBuf::from("python3"), own.clone()] {
        if succeeds(Command::new(&python).args(["-c", "import cryptography"])).await {
            return Ok(python);
        }
    }
    let folder = Path::new(REPOSITORY).join("target/demo-python");
    let made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(&folder)).await
        && succeeds(Command::new(&own).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PACKAGE,
        ]))
        .await;
    if made {
        return Ok(own);
    }
    Err(DemoError::broken(
        "核验脚本需要带 venv 的 Python 3 和 cryptography 包 / the verifier script needs Python 3 with venv and the package cryptography",
    ))
}

async fn succeeds(command: &mut Command) -> bool {
    let run = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    run.is_ok_and(|status| status.success())
}
