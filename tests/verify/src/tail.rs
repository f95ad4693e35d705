//! What a program printed last: told again beside the verdict, because a log of an hour is often cut in the middle.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::process::Child;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// So many lines are told again.
const LINES: usize = 30;
/// Of a longer line its beginning.
const LINE_CHARACTERS: usize = 300;
/// A program that has ended may have left others that hold its output open: they are not waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The last lines of both outputs, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Tail(VecDeque<String>);

impl Tail {
    fn push(&mut self, line: &[u8]) {
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\n', '\r']);
        let told = line.chars().take(LINE_CHARACTERS).collect::<String>();
        self.0.push_back(if told.len() < line.len() { format!("{told}…") } else { told });
    }

    /// As lines that stand in.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|line| format!("\n    {line}")).collect()
    }
}

/// Passes on what the child says while it runs, and keeps the end of it.
pub(crate) fn listen(child: &mut Child) -> Listening {
    listen_and_tell(child, io::stdout(), io::stderr())
}

fn listen_and_tell(
    child: &mut Child,
    output_to: impl Write + Send + 'static,
    errors_to: impl Write + Send + 'static,
) -> Listening {
    let (done, ended) = mpsc::sync_channel(2);
    let tail = Arc::new(Mutex::new(Tail::default()));
    if let Some(output) = child.stdout.take() {
        pass_on(output, output_to, Arc::clone(&tail), done.clone());
    }
    if let Some(errors) = child.stderr.take() {
        pass_on(errors, errors_to, Arc::clone(&tail), done);
    }
    Listening { tail, ended }
}

/// Both outputs of a program that runs.
pub(crate) struct Listening {
    tail: Arc<Mutex<Tail>>,
    ended: Receiver<()>,
}

impl Listening {
    /// The end of what was said; the program has ended.
    pub(crate) fn end(self) -> Tail {
        // Each end of an output is a word; that there is none any more is told too.
        while self.ended.recv_timeout(LAST_WORDS).is_ok() {}
        std::mem::take(&mut *self.tail.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn pass_on(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    tail: Arc<Mutex<Tail>>,
    done: SyncSender<()>,
) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            // When nobody reads our own output any more, the program must be able to go on.
            drop(to.write_all(&line).and_then(|()| to.flush()));
            tail.lock().unwrap_or_else(PoisonError::into_inner).push(&line);
            line.clear();
        }
        // Nobody waits any more when the program left another behind.
        let _nobody_waits = done.send(());
    });
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{LINES, listen_and_tell};

    fn tail_of(script: &str) -> String {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let listening = listen_and_tell(&mut child, io::sink(), io::sink());
        child.wait().expect("it ends");
        listening.end().text()
    }

    #[test]
    fn the_last_lines_of_both_outputs_are_kept() {
        assert_eq!(tail_of("echo first; echo second"), "\n    first\n    second");
        assert_eq!(tail_of("echo wrong >&2"), "\n    wrong");
        let many = tail_of("seq 1 100");
        assert_eq!((many.lines().count(), many.lines().last()), (LINES + 1, Some("    100")));
    }

    #[test]
    fn a_line_of_a_megabyte_is_told_by_its_beginning() {
        let long = tail_of("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end");
        assert!(long.len() < 400 && long.contains("x…") && long.ends_with("end"), "{}", long.len());
    }

    #[test]
    fn a_program_that_left_another_behind_is_not_waited_for() {
        let left = tail_of("sleep 300 & echo $!");
        let left = left.trim();
        assert!(Path::new("/proc").join(left).exists(), "it was waited for, or never ran: {left}");
        assert!(Command::new("kill").arg(left).status().is_ok_and(|status| status.success()));
    }
}
