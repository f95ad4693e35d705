#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::PathBuf;

use tempfile::TempDir;
use tongqiao::SoftwareSigner;
use tongqiao_protocol::{KeyId, Suite};

use super::*;

/// A node's folder with keys in it.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = |name: &str| {
            let signer = SoftwareSigner::generate(Suite::International, name.parse::<KeyId>().unwrap()).unwrap();
            let pem = signer.to_pkcs8_pem().unwrap();
            serde_json::json!({ "keyid": name, "private_key": std::str::from_utf8(pem.expose()).unwrap() })
        };
        let mut document = key("hall/1");
        document["party"] = "hall".into();
        document["link"] = key("hall/link-1");
        document["platform"] = serde_json::json!([]);
        std::fs::write(settings::credentials(folder.path()), document.to_string()).unwrap();
        Self(folder)
    }

    /// With ten lines: two of the beginning, eight of a clerk.
    fn written() -> Self {
        let one = Self::new();
        let audit = Audit::of(one.data());
        (0..8).for_each(|case| audit.note("li", Deed::Revealed, &format!("case-{case}")).unwrap());
        one
    }

    fn data(&self) -> &Path {
        self.0.path()
    }

    fn file(&self) -> PathBuf {
        self.data().join(FILE)
    }

    fn verdict(&self) -> Verdict {
        verify(self.data(), None).unwrap()
    }

    /// What is found after somebody was at the lines.
    fn after(&self, tamper: impl FnOnce(&mut Vec<String>)) -> Vec<Flaw> {
        let text = std::fs::read_to_string(self.file()).unwrap();
        let mut lines = text.lines().map(str::to_owned).collect::<Vec<_>>();
        tamper(&mut lines);
        std::fs::write(self.file(), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        let flaws = self.verdict().flaws;
        std::fs::write(self.file(), text).unwrap();
        assert_eq!(self.verdict().flaws, [], "as it was");
        flaws
    }
}

/// A line of this number that is sound in itself and names this one before it.
fn forged(n: u64, before: &str) -> String {
    let body = Body { n, at: local_now(), who: "wang", deed: Deed::Revealed, about: "case-x", before };
    String::from_utf8(body.line().unwrap().0).unwrap().trim_end().to_owned()
}

fn digest_of(line: &str) -> String {
    Seen::read(line.as_bytes()).unwrap().digest
}

#[test]
fn a_chain_that_nobody_touched_holds() {
    let one = Machine::written();
    let verdict = one.verdict();
    assert_eq!((verdict.lines, verdict.last.number, verdict.signed), (10, 10, Some(10)));
    assert_eq!(verdict.flaws, []);
    Audit::of(one.data()).note("li", Deed::SignedOut, "-").unwrap();
    assert_eq!((one.verdict().lines, one.verdict().flaws), (11, vec![]), "another process goes on with it");
    assert_eq!(verify(tempfile::tempdir().unwrap().path(), None).unwrap().flaws, [], "where nothing was noted");
}

#[test]
fn an_altered_line_is_named() {
    let one = Machine::written();
    for place in 0..10 {
        let flaws = one.after(|lines| lines[place] = lines[place].replacen("\"at\":\"20", "\"at\":\"21", 1));
        let altered = Flaw::Altered(u64::try_from(place + 1).unwrap());
        assert_eq!(flaws.first(), Some(&altered));
        // Of the last one the signed head says it as well.
        assert_eq!(flaws.len(), if place == 9 { 2 } else { 1 }, "{flaws:?}");
    }
    let flaws = one.after(|lines| lines[4] = forged(5, &digest_of(&lines[3])));
    assert_eq!(flaws, [Flaw::Altered(5)], "its own digest fits, the next line knows better");
    assert_eq!(one.after(|lines| lines[4] = "{}".to_owned()), [Flaw::Altered(5)]);
    assert_eq!(one.after(|lines| lines[9] = forged(10, &digest_of(&lines[8]))), [Flaw::Rewritten(10)]);
}

#[test]
fn removed_inserted_moved_and_cut_lines_are_named() {
    let one = Machine::written();
    assert_eq!(one.after(|lines| drop(lines.remove(4))), [Flaw::Removed(5, 5)]);
    assert_eq!(one.after(|lines| drop(lines.drain(0..3))), [Flaw::Removed(1, 3)]);
    assert_eq!(one.after(|lines| lines.swap(4, 5)), [Flaw::Moved(5)]);
    assert_eq!(one.after(|lines| lines.insert(4, forged(5, &digest_of(&lines[3])))), [Flaw::Inserted(5)]);
    assert_eq!(one.after(|lines| lines.insert(4, "nothing".to_owned())), [Flaw::Inserted(5)]);
    assert_eq!(one.after(|lines| lines.insert(7, lines[2].clone())), [Flaw::Inserted(3)]);
    assert_eq!(one.after(|lines| lines.truncate(7)), [Flaw::CutOff(8, 10)]);
    assert_eq!(one.after(Vec::clear), [Flaw::CutOff(1, 10)]);
    assert_eq!(one.after(|lines| lines.push(forged(u64::MAX, "x"))), [Flaw::Removed(11, u64::MAX - 1)]);
    std::fs::remove_file(one.file()).unwrap();
    assert_eq!(one.verdict().flaws, [Flaw::CutOff(1, 10)]);
}

#[test]
fn a_head_that_is_gone_or_not_signed_is_no_head() {
    let one = Machine::written();
    let head = one.data().join(HEAD);
    let text = std::fs::read_to_string(&head).unwrap();
    std::fs::remove_file(&head).unwrap();
    assert_eq!(one.verdict().flaws, [Flaw::HeadMissing]);
    std::fs::write(&head, "{").unwrap();
    assert_eq!(one.verdict().flaws, [Flaw::HeadMissing]);
    std::fs::write(&head, text.replace("\"number\":10", "\"number\":7")).unwrap();
    let flaws = one.verdict().flaws;
    assert!(flaws.contains(&Flaw::HeadForged), "{flaws:?}");
}

#[test]
fn a_chain_written_anew_is_noticed_by_who_has_noted_the_end() {
    let one = Machine::written();
    let noted = one.verdict().last;
    assert_eq!(noted.to_string().parse(), Ok(noted.clone()));
    assert_eq!("7:abc".parse::<Mark>(), Err(NotAMark));
    std::fs::remove_file(one.file()).unwrap();
    std::fs::remove_file(one.data().join(HEAD)).unwrap();
    let audit = Audit::of(one.data());
    (0..12).for_each(|_| audit.note("li", Deed::Revealed, "another").unwrap());
    assert_eq!(one.verdict().flaws, [], "whoever has the key can do that");
    assert_eq!(verify(one.data(), Some(&noted)).unwrap().flaws, [Flaw::Rewritten(10)]);
}

#[test]
fn a_break_that_the_next_writer_sees_is_told_for_ever() {
    let one = Machine::written();
    let text = std::fs::read_to_string(one.file()).unwrap();
    let kept = text.lines().take(6).map(|line| format!("{line}\n")).collect::<String>();
    // A node that runs, and one that is started after it.
    let running = Audit::of(one.data());
    running.note("li", Deed::SignedOut, "-").unwrap();
    for audit in [running, Audit::of(one.data())] {
        std::fs::write(one.file(), &kept).unwrap();
        audit.note("li", Deed::SignedIn, "-").unwrap();
        let flaws = one.verdict().flaws;
        let is_told = |flaw: &Flaw| matches!(flaw, Flaw::SeenBefore(_, what) if what.starts_with("cut off 7 to "));
        assert!(flaws.iter().any(is_told), "{flaws:?}");
        assert!(flaws.iter().any(|flaw| matches!(flaw, Flaw::Removed(7, _))), "no number is given twice: {flaws:?}");
        let before = one.verdict().lines;
        Audit::of(one.data()).note("li", Deed::SignedOut, "-").unwrap();
        assert_eq!(one.verdict().lines, before + 1, "it is told once");
    }
}

#[test]
fn a_line_that_a_power_cut_tore_is_none_and_the_chain_goes_on() {
    let one = Machine::written();
    let mut file = File::options().append(true).open(one.file()).unwrap();
    file.write_all(b"{\"n\":11,\"at\":\"20").unwrap();
    assert_eq!((one.verdict().lines, one.verdict().flaws), (10, vec![]));
    Audit::of(one.data()).note("li", Deed::SignedIn, "-").unwrap();
    assert_eq!((one.verdict().lines, one.verdict().flaws), (11, vec![]));
    // Cut before its head was written: the head is an earlier place of the same chain.
    let head = std::fs::read(one.data().join(HEAD)).unwrap();
    Audit::of(one.data()).note("li", Deed::SignedOut, "-").unwrap();
    std::fs::write(one.data().join(HEAD), head).unwrap();
    Audit::of(one.data()).note("li", Deed::SignedIn, "-").unwrap();
    assert_eq!((one.verdict().lines, one.verdict().signed, one.verdict().flaws), (13, Some(13), vec![]));
}

#[test]
fn lines_from_before_the_enrolment_are_signed_after_it() {
    let one = Machine::new();
    let keys = settings::credentials(one.data());
    std::fs::rename(&keys, one.data().join("later")).unwrap();
    Audit::of(one.data()).note(OPERATOR, Deed::AccountSet, "li").unwrap();
    assert_eq!((one.verdict().signed, one.verdict().flaws), (None, vec![]));
    std::fs::rename(one.data().join("later"), &keys).unwrap();
    assert_eq!(one.verdict().flaws, []);
    Audit::of(one.data()).note("li", Deed::SignedIn, "-").unwrap();
    assert_eq!((one.verdict().lines, one.verdict().signed, one.verdict().flaws), (4, Some(4), vec![]));
    std::fs::remove_file(one.data().join(HEAD)).unwrap();
    assert_eq!(one.verdict().flaws, [Flaw::HeadMissing]);
}

#[test]
fn writers_at_the_same_time_make_one_chain() {
    let one = Machine::new();
    let shared = Audit::of(one.data());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (shared, data) = (&shared, one.data());
            scope.spawn(move || {
                let own = Audit::of(data);
                for turn in 0..20 {
                    let audit = if turn % 2 == 0 { shared } else { &own };
                    audit.note("system", Deed::ReceiptsGiven, &format!("{writer}-{turn}")).unwrap();
                }
            });
        }
    });
    let verdict = one.verdict();
    assert_eq!((verdict.lines, verdict.flaws), (82, vec![]));
    assert!(verdict.signed.is_some_and(|signed| signed > 0 && signed < 82), "now and then: {:?}", verdict.signed);
}

#[test]
fn lines_from_before_the_chain_are_bound_to_it() {
    let one = Machine::new();
    let former = one.data().join(FORMER);
    std::fs::create_dir_all(former.parent().unwrap()).unwrap();
    std::fs::write(&former, "{\"clerk\":\"li\"}\n").unwrap();
    Audit::of(one.data()).note("li", Deed::SignedIn, "-").unwrap();
    assert_eq!(one.verdict().flaws, []);
    std::fs::write(&former, "{}\n").unwrap();
    assert_eq!(one.verdict().flaws, [Flaw::FormerAltered]);
    std::fs::remove_file(&former).unwrap();
    assert_eq!(one.verdict().flaws, [Flaw::FormerAltered]);
}
