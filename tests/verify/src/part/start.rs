//! The starting guide's commands, taken from its text and run in order.
//!
//! A block fenced as `sh` is run to its end. A block fenced as `sh background` is started and left running; its first
//! line of output means that it is ready, and it is ended when the guide is through. Chinese and English have the same
//! commands, which a tidy test checks, so only the English ones are run.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc;
use std::time::Duration;

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

const GUIDE: &str = "docs/start.md";
/// The guide's own folder for files; emptied before each run.
const SCRATCH: &str = "target/start";
/// A program that needs a build may take this long until its first line.
const READY_WITHIN: Duration = Duration::from_secs(600);

/// One block of commands.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    Run(String),
    Background(String),
}

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    setup::debian(repository, "curl", &["curl", "ca-certificates"])?;
    let guide = std::fs::read_to_string(repository.root().join(GUIDE))
        .map_err(|error| Trouble::Failed(format!("{GUIDE}: {error}")))?;
    let blocks = blocks(&guide);
    if blocks.is_empty() {
        return Err(Trouble::Failed(format!("{GUIDE} has no commands to run")));
    }
    let scratch = repository.root().join(SCRATCH);
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch).map_err(|error| Trouble::Failed(format!("{SCRATCH}: {error}")))?;
    }
    let mut running = Vec::new();
    let mut said = String::new();
    for block in blocks {
        match block {
            Block::Run(script) => said += &shell(repository, &script).heard()?,
            Block::Background(script) => running.push(Running::start(repository, &script)?),
        }
    }
    let missing = claims_without_proof(&said);
    if missing.is_empty() { Ok(()) } else { Err(Trouble::Failed(missing.join("; "))) }
}

/// What the guide tells its reader that he will see, and what the commands did not say.
fn claims_without_proof(said: &str) -> Vec<String> {
    let mut missing = Vec::new();
    let mut need = |is_there: bool, claim: &str| {
        if !is_there {
            missing.push(claim.to_owned());
        }
    };
    let number = said.lines().find_map(|line| line.strip_prefix("办件编号 case number "));
    need(number.is_some(), "no case number was printed");
    need(said.contains("已落定 settled: position "), "no receipt was printed");
    need(said.contains("/applicant"), "the faulty draft named no fault with its path");
    // The ledger is the last thing said: one line of JSON, in which the case stands once, as its number says.
    let ledger = said.lines().rev().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let cases = ledger.as_ref().and_then(|ledger| ledger["effects"]["cases"].as_array());
    let times = |number: &str| {
        let cases = cases.map(Vec::as_slice).unwrap_or_default();
        cases.iter().filter(|case| case["number"] == number).count()
    };
    need(number.is_some_and(|number| times(number) == 1), "the ledger does not show the case exactly once");
    missing
}

fn shell(repository: &Repository, script: &str) -> Program {
    Program::new(repository.root(), "bash", &["-euo", "pipefail", "-c", script])
}

/// A program of the guide that stays up; ended, with all it started, when dropped.
struct Running {
    child: Child,
}

impl Running {
    fn start(repository: &Repository, script: &str) -> Result<Self, Trouble> {
        // `exec` makes the shell become the program, so that ending the child ends the program.
        let mut child = shell(repository, &format!("exec {script}")).start()?;
        let output = child.stdout.take();
        let running = Self { child };
        let (sender, first_line) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok) {
                println!("  {line}");
                // Only the first line matters; nobody waits for the others.
                let _later_lines_find_no_room = sender.try_send(());
            }
        });
        match first_line.recv_timeout(READY_WITHIN) {
            Ok(()) => Ok(running),
            Err(_) => Err(Trouble::Failed(format!("`{script}` ended, or said nothing for ten minutes"))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("a program of the guide could not be ended: {error}");
        }
    }
}

/// The commands of a guide in order. Lines that are only a comment stay in; the shell skips them.
fn blocks(guide: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in guide.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(fence), None) => open = Some((fence.trim(), Vec::new())),
            (Some(_), Some(_)) => {
                let (fence, lines) = open.take().unwrap_or_default();
                match fence {
                    "sh" => blocks.push(Block::Run(lines.join("\n"))),
                    "sh background" => blocks.push(Block::Background(lines.join("\n"))),
                    _ => {}
                }
            }
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::{Block, blocks, claims_without_proof};

    #[test]
    fn commands_are_taken_in_order_and_other_blocks_are_left_alone() {
        let guide = "Text\n```sh background\nserve\n```\n```rust\nlet x = 1;\n```\n```sh\none\ntwo\n```\n";
        assert_eq!(blocks(guide), [Block::Background("serve".to_owned()), Block::Run("one\ntwo".to_owned())]);
    }

    #[test]
    fn each_claim_of_the_guide_is_missed_when_its_proof_is_taken_away() {
        let said = "办件编号 case number 12\n已落定 settled: position 0 of epoch e\n  /applicant/name x\n\
                    {\"effects\":{\"cases\":[{\"number\":\"12\"}]}}\n";
        assert!(claims_without_proof(said).is_empty(), "{:?}", claims_without_proof(said));
        for proof in ["已落定", "/applicant", "{\"number\":\"12\"}"] {
            assert_eq!(claims_without_proof(&said.replace(proof, "")).len(), 1, "without {proof}");
        }
        assert_eq!(
            claims_without_proof(&said.replace("办件编号", "")).len(),
            2,
            "without its number a case cannot be found"
        );
    }
}
