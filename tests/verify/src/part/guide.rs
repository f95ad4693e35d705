//! A guide as a script: its commands, taken from its text and run in order, and what it says its reader will see.
//!
//! A block fenced as `sh` is run to its end. A block fenced as `sh background` is started and left running; its first
//! line of output means that it is ready, and it is ended when the guide is through. A block fenced as `text shows` has
//! lines that the commands before it must have printed, in this order; `…` stands for anything within a line. Chinese
//! and English have the same blocks, which a tidy test checks, so only the English ones are run.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc;
use std::time::Duration;

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;

/// A program that needs a build may take this long until its first line.
const READY_WITHIN: Duration = Duration::from_secs(600);

/// One block of a guide that means something to a machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Commands to be run to their end.
    Run(String),
    /// A program to be left running.
    Background(String),
    /// What must have been printed by now.
    Shows(Vec<String>),
}

/// Runs a guide, with its own folder for files emptied before. Answers what its commands said.
pub(crate) fn run(repository: &Repository, guide: &str, scratch: &str) -> Result<String, Trouble> {
    let text = std::fs::read_to_string(repository.root().join(guide))
        .map_err(|error| Trouble::Failed(format!("{guide}: {error}")))?;
    let blocks = blocks(&text);
    if !blocks.iter().any(|block| matches!(block, Block::Run(_))) {
        return Err(Trouble::Failed(format!("{guide} has no commands to run")));
    }
    let folder = repository.root().join(scratch);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| Trouble::Failed(format!("{scratch}: {error}")))?;
    }
    let mut running = Vec::new();
    let mut said = String::new();
    let mut shown = 0;
    for block in blocks {
        match block {
            Block::Run(script) => said += &shell(repository, &script).heard()?,
            Block::Background(script) => running.push(Running::start(repository, &script)?),
            Block::Shows(lines) => {
                shown = find(&said, shown, &lines)
                    .map_err(|line| Trouble::Failed(format!("{guide}: nothing printed the line `{line}`")))?;
            }
        }
    }
    Ok(said)
}

/// The number of lines read when all these have been found in order, after the first `from`; or the one that was not.
fn find(said: &str, from: usize, lines: &[String]) -> Result<usize, String> {
    let printed = said.lines().collect::<Vec<_>>();
    let mut place = from;
    for line in lines {
        let rest = printed.get(place..).unwrap_or_default();
        place += 1 + rest.iter().position(|printed| fits(line, printed)).ok_or_else(|| line.clone())?;
    }
    Ok(place)
}

/// Whether a printed line is the shown one, in which `…` stands for anything.
fn fits(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (shown.trim(), printed.trim());
    let pieces = shown.split('…').collect::<Vec<_>>();
    let [first, middle @ .., last] = pieces.as_slice() else { return shown == printed };
    let Some(mut rest) = printed.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    for piece in middle {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
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

/// The blocks of a guide in order. Lines that are only a comment stay in; the shell skips them.
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
                    "text shows" => blocks.push(Block::Shows(lines.into_iter().map(str::to_owned).collect())),
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
    use super::{Block, blocks, find, fits};

    #[test]
    fn commands_are_taken_in_order_and_other_blocks_are_left_alone() {
        let guide = "Text\n```sh background\nserve\n```\n```rust\nlet x = 1;\n```\n```sh\none\ntwo\n```\n\
                     ```text shows\nseen\n```\n```text\nnot asked for\n```\n";
        assert_eq!(
            blocks(guide),
            [
                Block::Background("serve".to_owned()),
                Block::Run("one\ntwo".to_owned()),
                Block::Shows(vec!["seen".to_owned()])
            ]
        );
    }

    #[test]
    fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
        for (shown, printed, expected) in [
            ("case number …", "case number 12", true),
            ("case number …", "a case number 12", false),
            ("… of …, settled", "3 of 4, settled", true),
            ("… of …, settled", "3 of 4, refused", false),
            ("a…b…b", "ab", false),
            ("exactly", "  exactly ", true),
            ("exactly", "exactly so", false),
        ] {
            assert_eq!(fits(shown, printed), expected, "{shown} / {printed}");
        }
    }

    #[test]
    fn lines_are_found_in_their_order_and_each_only_once() {
        let said = "one\ntwo\nthree\n";
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(find(said, 0, &lines(&["one", "three"])), Ok(3));
        assert_eq!(find(said, 0, &lines(&["three", "one"])), Err("one".to_owned()));
        assert_eq!(find(said, 0, &lines(&["two", "two"])), Err("two".to_owned()));
        assert_eq!(find(said, 1, &lines(&["one"])), Err("one".to_owned()), "it was shown before");
    }
}
