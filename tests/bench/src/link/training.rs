//! Trains the dictionary of the link on what a synthetic department says and hears.

use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::Value;

use super::recorder::{Plan, recorded};
use crate::store::load::Trouble;

/// What the dictionary is trained on: other items and persons than the bench's corpus.
const PLAN: Plan = Plan {
    items: &["养老", "医疗", "婚姻", "户口", "不动产", "残疾", "救助", "资格", "备案", "住房"],
    persons: &[("测试甲", "340702196802290211"), ("测试乙", "340722197312311139"), ("测试丙", "340721196402290051")],
    fillings: &["申请办理", "首次申请", "材料齐全", "本人办理", "到期换证"],
    cases: 600,
    department: "training-department",
};

#[derive(Args)]
pub(crate) struct Options {
    /// Where the dictionary is written; a shipped one is never changed.
    #[arg(long)]
    write: PathBuf,
    /// Its size in bytes.
    #[arg(long, default_value_t = 48 * 1024)]
    bytes: usize,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    match train(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dictionary: {error}");
            ExitCode::FAILURE
        }
    }
}

fn train(options: &Options) -> Result<(), Trouble> {
    let folder = tempfile::tempdir()?;
    let heard = tokio::runtime::Runtime::new()?.block_on(async {
        let (running, recorder) = recorded(folder.path(), &PLAN).await?;
        running.shutdown().await;
        Ok::<_, Trouble>(recorder.heard())
    })?;
    let mut samples = Vec::new();
    for (path, body, answer) in heard {
        // What everybody reads is large, seldom sent, and not what is small again and again.
        if body.is_empty() {
            continue;
        }
        if path == "/v1/case-events" {
            let batch = serde_json::from_slice::<Value>(&body)?;
            for event in batch["events"].as_array().into_iter().flatten() {
                samples.push(STANDARD.decode(event["record"].as_str().unwrap_or_default())?);
            }
            let results = serde_json::from_slice::<Value>(&answer)?;
            samples.extend(results["results"].as_array().into_iter().flatten().map(|result| result.to_string().into()));
        } else {
            samples.extend([body, answer]);
        }
    }
    samples.retain(|sample| (8..64 * 1024).contains(&sample.len()));
    let dictionary = zstd::dict::from_samples(&samples, options.bytes)?;
    println!("{} samples, {} bytes", samples.len(), dictionary.len());
    std::fs::write(&options.write, dictionary)?;
    Ok(())
}
