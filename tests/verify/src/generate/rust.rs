//! The registry as a Rust enum with accessors.

use std::fmt::Write as _;

use super::registry::{Registry, camel_case};
use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;

const OPENING: &str = r#"//! The error registry as code. @generated from `errors.toml` by `cargo verify --generate`; do not edit.
//!
//! Every error that a person or a program can meet is one of these. A code says what is wrong in both languages, what to
//! do, whether trying again can help, and whether the request took effect.
//!
//! ```
//! use tongqiao_protocol::{ErrorCode, Language};
//! for code in ErrorCode::ALL {
//!     assert_eq!(ErrorCode::from_code(code.code()), Some(*code));
//!     assert!(!code.title(Language::Chinese).is_empty());
//! }
//! ```

use core::fmt;

/// A language that people read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Simplified Chinese, the default.
    Chinese,
    /// English.
    English,
}

/// What sort of error it is, for programs that treat many codes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The message is wrong in itself.
    InvalidInput,
    /// Who sent it is not proven.
    Unauthenticated,
    /// Who sent it may not do this.
    Forbidden,
    /// What it speaks of is not known.
    NotFound,
    /// It contradicts what has already happened.
    Conflict,
    /// Something signed or stored is not what it was.
    Integrity,
    /// A stated limit is exceeded.
    Limit,
    /// This side cannot do that.
    Unsupported,
    /// The other side cannot be reached or is not ready.
    Unavailable,
    /// No answer came in time.
    Timeout,
    /// The local disk or database failed.
    Storage,
    /// A mistake of the program itself.
    Internal,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Trying again gives the same answer.
    Never,
    /// The very same request may be repeated at once.
    SameRequest,
    /// The same request may be repeated later.
    AfterDelay,
    /// Only a changed request can succeed.
    AfterChange,
}

/// What became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It never left this machine.
    NotSent,
    /// It arrived and changed nothing.
    Rejected,
    /// Nobody here can know; ask before doing it anew.
    Unknown,
    /// It took effect.
    Applied,
}

struct Row {
    code: &'static str,
    number: u16,
    kind: ErrorKind,
    http_status: u16,
    retry: Retry,
    outcome: Outcome,
    params: &'static [&'static str],
    zh: (&'static str, &'static str),
    en: (&'static str, &'static str),
}
"#;

const ACCESSORS: &str = r#"
impl ErrorCode {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The code of these letters, such as `case.conflict_lost`; `None` for one of a newer registry.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }

    /// The stable code as it travels.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The stable number, for the telephone.
    #[must_use]
    pub fn number(self) -> u16 {
        self.row().number
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        self.row().kind
    }

    /// The status of an HTTP answer that carries it.
    #[must_use]
    pub fn http_status(self) -> u16 {
        self.row().http_status
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(self) -> Retry {
        self.row().retry
    }

    /// What became of the request.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        self.row().outcome
    }

    /// Names of the parameters that come with it.
    #[must_use]
    pub fn params(self) -> &'static [&'static str] {
        self.row().params
    }

    /// What it means, in one sentence without its parameters.
    #[must_use]
    pub fn title(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().zh.0,
            Language::English => self.row().en.0,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn action(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().zh.1,
            Language::English => self.row().en.1,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
"#;

const SERDE: &str = r#"
impl serde::Serialize for NAME {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.WORD())
    }
}

impl<'de> serde::Deserialize<'de> for NAME {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_WORD(&text).ok_or_else(|| serde::de::Error::custom("no such word"))
    }
}
"#;

/// The file's text, as rustfmt leaves it.
pub(super) fn formatted(repository: &Repository, registry: &Registry) -> Result<String, Trouble> {
    Program::new(repository.root(), "rustfmt", &["--edition", "2024"]).filter(&text(registry))
}

fn text(registry: &Registry) -> String {
    let mut text = OPENING.to_owned();
    let (mut variants, mut all, mut rows) = (String::new(), String::new(), String::new());
    for entry in &registry.entries {
        let (variant, facts) = (entry.variant(), &entry.facts);
        // Writing to a String cannot fail.
        let _always_ok =
            writeln!(variants, "/// `{}`: {}.\n{variant},", entry.code, facts.en.title.trim_end_matches('.'));
        let _always_ok = writeln!(all, "Self::{variant},");
        let _always_ok = writeln!(
            rows,
            "Row {{ code: {:?}, number: {}, kind: ErrorKind::{}, http_status: {}, retry: Retry::{}, \
             outcome: Outcome::{}, params: &{:?}, zh: ({:?}, {:?}), en: ({:?}, {:?}) }},",
            entry.code,
            facts.number,
            camel_case(&facts.kind),
            facts.http,
            camel_case(&facts.retry),
            camel_case(&facts.outcome),
            facts.params,
            facts.zh.title,
            facts.zh.action,
            facts.en.title,
            facts.en.action
        );
    }
    let _always_ok = write!(
        text,
        "\n/// An error of the registry, in the order of its numbers.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         pub enum ErrorCode {{\n{variants}}}\n\
         \n// One row a line, like the table it is.\n#[rustfmt::skip]\nstatic ROWS: &[Row] = &[\n{rows}];\n\
         \nimpl ErrorCode {{\n/// Every code.\npub const ALL: &'static [Self] = &[\n{all}];\n}}\n"
    );
    text.push_str(ACCESSORS);
    text.push_str(&SERDE.replace("NAME", "ErrorCode").replace("WORD", "code"));
    for (name, words) in [
        ("Retry", &["never", "same_request", "after_delay", "after_change"][..]),
        ("Outcome", &["not_sent", "rejected", "unknown", "applied"][..]),
    ] {
        text.push_str(&words_on_the_wire(name, words));
        text.push_str(&SERDE.replace("NAME", name).replace("WORD", "word"));
    }
    text
}

/// `word` and `from_word` of an enum that travels as a word.
fn words_on_the_wire(name: &str, words: &[&str]) -> String {
    let arms = |line: fn(&str, &str) -> String| {
        words.iter().map(|word| line(word, &camel_case(word))).collect::<Vec<_>>().join("\n")
    };
    let out = arms(|word, variant| format!("Self::{variant} => {word:?},"));
    let back = arms(|word, variant| format!("{word:?} => Some(Self::{variant}),"));
    format!(
        "\nimpl {name} {{\n/// The word on the wire.\n#[must_use]\npub fn word(self) -> &'static str {{\nmatch self {{\n{out}\n}}\n}}\n\
         \n/// The value of this word.\n#[must_use]\npub fn from_word(word: &str) -> Option<Self> {{\n\
         match word {{\n{back}\n_ => None,\n}}\n}}\n}}\n"
    )
}
