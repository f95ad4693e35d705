//! Walking along the chain, line by line.

use std::io::BufRead;

use super::{Flaw, Mark, Seen};

/// More than these are not told one by one.
const FLAWS_MOST: usize = 50;

/// A walk from one place of the chain to its end.
pub(super) struct Walk {
    /// The line with the highest number.
    front: Mark,
    /// Lines since then that nobody could read.
    unread: u64,
    pub(super) lines: u64,
    pub(super) length: u64,
    /// Numbers that were passed over.
    gaps: Vec<(u64, u64)>,
    /// Places that have to be met.
    pub(super) noted: Vec<Mark>,
    met: Vec<Mark>,
    pub(super) former: Option<String>,
    /// Since some line there is a signed head.
    pub(super) has_head: bool,
    pub(super) flaws: Vec<Flaw>,
}

impl Walk {
    pub(super) fn from(front: Mark, length: u64) -> Self {
        Self {
            front,
            unread: 0,
            lines: 0,
            length,
            gaps: Vec::new(),
            noted: Vec::new(),
            met: Vec::new(),
            former: None,
            has_head: false,
            flaws: Vec::new(),
        }
    }

    pub(super) fn along(&mut self, lines: &mut impl BufRead) -> std::io::Result<()> {
        loop {
            let mut line = Vec::new();
            lines.read_until(b'\n', &mut line)?;
            // Without its end it is none yet: a power cut came between.
            let Some(whole) = line.strip_suffix(b"\n") else { return Ok(()) };
            self.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
            self.lines += 1;
            match Seen::read(whole) {
                Some(seen) => self.step(&seen),
                None => self.unread += 1,
            }
        }
    }

    fn step(&mut self, seen: &Seen) {
        let next = self.front.number.saturating_add(1);
        let unread = std::mem::take(&mut self.unread);
        if seen.n >= next {
            let missing = seen.n - next;
            for place in 0..unread {
                // What stands where no number is missing was put in.
                let is_altered = place < missing;
                self.blame(if is_altered { Flaw::Altered(next + place) } else { Flaw::Inserted(next) });
            }
            if missing > unread {
                self.gaps.push((next + unread, seen.n - 1));
            }
            if missing == 0 && seen.before != self.front.digest {
                self.blame(Flaw::Altered(self.front.number.max(1)));
            }
            self.front = seen.mark();
        } else {
            (0..unread).for_each(|_| self.blame(Flaw::Altered(next)));
            let flaw = if self.fills(seen.n) { Flaw::Moved(seen.n) } else { Flaw::Inserted(seen.n) };
            self.blame(flaw);
            if seen.n == self.front.number {
                // Which of the two is the true one, the next line knows.
                self.front = seen.mark();
            }
        }
        if self.noted.contains(&seen.mark()) {
            self.met.push(seen.mark());
        }
        match seen.deed.as_str() {
            "broken" => self.blame(Flaw::SeenBefore(seen.n, seen.about.clone())),
            "signing-begun" => self.has_head = true,
            "begun" if seen.n == 1 => self.former = Some(seen.about.clone()),
            _ => {}
        }
    }

    /// Takes a number out of the gaps, if it is in one.
    fn fills(&mut self, number: u64) -> bool {
        let Some(place) = self.gaps.iter().position(|(from, to)| (*from..=*to).contains(&number)) else { return false };
        let (from, to) = self.gaps.swap_remove(place);
        self.gaps.extend((from < number).then(|| (from, number - 1)));
        self.gaps.extend((number < to).then(|| (number + 1, to)));
        true
    }

    pub(super) fn finish(&mut self) {
        let next = self.front.number.saturating_add(1);
        for place in 0..std::mem::take(&mut self.unread) {
            self.blame(Flaw::Altered(next.saturating_add(place)));
            self.front.number = self.front.number.saturating_add(1);
        }
        self.gaps.sort_unstable();
        for (from, to) in std::mem::take(&mut self.gaps) {
            self.blame(Flaw::Removed(from, to));
        }
        for mark in std::mem::take(&mut self.noted) {
            if mark.number > self.front.number {
                self.blame(Flaw::CutOff(self.front.number.saturating_add(1), mark.number));
            } else if mark.number > 0 && !self.met.contains(&mark) {
                self.blame(Flaw::Rewritten(mark.number));
            }
        }
    }

    fn blame(&mut self, flaw: Flaw) {
        if self.flaws.len() < FLAWS_MOST && !self.flaws.contains(&flaw) {
            self.flaws.push(flaw);
        }
    }

    pub(super) fn last(&self) -> Mark {
        self.front.clone()
    }
}
