//! A time limit on a part: what it started and still runs is killed, so that one hang cannot block CI for ever.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Programs that were about to start another one are looked for again, until the part has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Whether a piece of work ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Within its limit.
    ByItself,
    /// Its programs were killed at the limit.
    Killed,
}

/// Does the work; at the limit every program is killed that it started, and those that these started.
///
/// Not by process groups: children in groups of their own would no longer hear Ctrl-C.
pub(crate) fn within<T>(limit: Duration, work: impl FnOnce() -> T) -> (T, Ended) {
    within_children_of(std::process::id(), limit, work)
}

fn within_children_of<T>(parent: u32, limit: Duration, work: impl FnOnce() -> T) -> (T, Ended) {
    let (done, waiting) = mpsc::sync_channel::<()>(1);
    std::thread::scope(|scope| {
        let watching = scope.spawn(move || {
            let (mut patience, mut ended) = (limit, Ended::ByItself);
            // The sender is dropped when the work is done; nothing is ever sent.
            while waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                kill(&descendants(parent));
                (patience, ended) = (LOOK_AGAIN, Ended::Killed);
            }
            ended
        });
        let result = work();
        drop(done);
        // A watcher that panicked has killed nothing that the result does not show.
        (result, watching.join().unwrap_or(Ended::ByItself))
    })
}

fn kill(processes: &[u32]) {
    if processes.is_empty() {
        return;
    }
    // The shell's own `kill`, because safe Rust can send a signal only to its direct children. Some may have ended
    // since, which is what was wanted.
    let script = ["-c", "kill -KILL \"$@\" 2>/dev/null; true", "sh"];
    if let Err(error) = Command::new("sh").args(script).args(processes.iter().map(u32::to_string)).status() {
        eprintln!("cargo verify: nothing could be killed: {error}");
    }
}

/// All processes below this one, parents before their children.
fn descendants(of: u32) -> Vec<u32> {
    let parents = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let parents = parents.filter_map(|entry| parent(&entry.path())).collect::<Vec<_>>();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, its)| *its == parent).map(|(process, _)| *process));
        next += 1;
    }
    found.split_off(1)
}

/// A process and its parent, from `/proc/<id>/stat`: `id (name) state parent …`, where the name may hold anything.
fn parent(folder: &Path) -> Option<(u32, u32)> {
    let process = folder.file_name()?.to_str()?.parse().ok()?;
    let line = std::fs::read_to_string(folder.join("stat")).ok()?;
    let parent = line.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
    Some((process, parent))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::{Ended, within, within_children_of};

    /// Gone, or dead and only not yet collected by its new parent.
    fn is_dead(process: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
    }

    #[test]
    fn at_the_limit_a_program_is_killed_with_what_it_started() {
        let mut hanging = Command::new("sh")
            .args(["-c", "sleep 300 & echo $!; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let mut grandchild = String::new();
        let output = hanging.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut grandchild).expect("it says whom it started");
        let below = hanging.id();
        // Only what is below the shell: other tests of this binary have children too.
        let ((), ended) = within_children_of(below, Duration::from_millis(10), || {
            hanging.wait().expect("the shell ends when the sleeper it waits for is killed");
        });
        assert_eq!(ended, Ended::Killed);
        let started = Instant::now();
        while !is_dead(grandchild.trim()) {
            assert!(started.elapsed() < Duration::from_secs(10), "the sleeper outlived its limit");
            std::thread::yield_now();
        }
    }

    #[test]
    fn work_that_ends_in_time_is_left_alone() {
        let (status, ended) = within(Duration::from_secs(60), || Command::new("true").status());
        assert_eq!(ended, Ended::ByItself);
        assert!(status.is_ok_and(|status| status.success()));
    }
}
