//! How many identifiers are read per second, beside a scan that looks at length and alphabet only.
//!
//! The scan is what a form's pattern attribute does. What a parser costs beyond it buys check characters, dates, parts
//! and the promise that a value of the type is right.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use tongqiao_protocol::{
    CaseNumber, CheckScheme, CitizenNumber, CreditCode, DivisionCode, EReceiptCode, IdentifierFaults, ItemCode,
    LicenceIdentifier, OrganisationCode, PayCode, PermanentResidentNumber, ProjectCode,
};

/// How long and on how many codes to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Milliseconds of measuring for each identifier and for its baseline.
    #[arg(long, default_value_t = 500)]
    millis: u64,
    /// Different codes of each kind.
    #[arg(long, default_value_t = 4096)]
    codes: usize,
}

/// One line of the table.
struct Row {
    name: &'static str,
    texts: Vec<String>,
    read: fn(&str) -> bool,
}

/// Prints the table; fails when a code made here was not judged as it was made.
pub(crate) fn run(options: &Options) -> ExitCode {
    let rows = rows(options.codes);
    println!(
        "| identifier | million codes/s | ns/code | baseline million codes/s | baseline ns/code | ours / baseline (ns) |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for row in &rows {
        let wrong_expected = row.name.ends_with("(wrong check)");
        if let Some(text) = row.texts.iter().find(|text| (row.read)(text) == wrong_expected) {
            eprintln!("{}: {} was not judged as it was made", row.name, text.len());
            return ExitCode::FAILURE;
        }
        let (ours, baseline) = measure(row, Duration::from_millis(options.millis));
        println!(
            "| {} | {:.2} | {:.1} | {:.2} | {:.1} | {:.2} |",
            row.name,
            1e3 / ours,
            ours,
            1e3 / baseline,
            baseline,
            ours / baseline
        );
    }
    println!(
        "\nBaseline: length within bounds and every byte in 0-9 A-Z a-z . - by table. {} codes each, median of rounds.",
        options.codes
    );
    ExitCode::SUCCESS
}

/// Nanoseconds per code, ours and the baseline's: medians of rounds taken in turn, so that both meet the same noise.
fn measure(row: &Row, long: Duration) -> (f64, f64) {
    let mut ours = Vec::new();
    let mut baseline = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < long * 2 || ours.len() < 5 {
        ours.push(round(&row.texts, row.read));
        baseline.push(round(&row.texts, scan));
    }
    (median(ours), median(baseline))
}

fn round(texts: &[String], read: fn(&str) -> bool) -> f64 {
    let begun = Instant::now();
    for text in texts {
        black_box(read(black_box(text)));
    }
    begun.elapsed().as_nanos() as f64 / texts.len() as f64
}

fn median(mut nanos: Vec<f64>) -> f64 {
    nanos.sort_by(f64::total_cmp);
    nanos[nanos.len() / 2]
}

/// The baseline.
fn scan(text: &str) -> bool {
    const LEGAL: [bool; 256] = {
        let mut legal = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            legal[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'.' || byte as u8 == b'-';
            byte += 1;
        }
        legal
    };
    (6..=128).contains(&text.len()) && text.bytes().all(|byte| LEGAL[usize::from(byte)])
}

fn is_read<T>(result: Result<T, IdentifierFaults>) -> bool {
    black_box(result).is_ok()
}

fn rows(count: usize) -> Vec<Row> {
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    let mut many = |make: fn(&mut Draw) -> String| (0..count).map(|_| make(&mut draw)).collect::<Vec<_>>();
    vec![
        Row { name: "credit-code", texts: many(credit_code), read: |text| is_read(CreditCode::parse(text)) },
        Row {
            name: "credit-code (wrong check)",
            texts: many(wrong_credit_code),
            read: |text| is_read(CreditCode::parse(text)),
        },
        Row {
            name: "organisation-code",
            texts: many(|draw| checked(CheckScheme::Gb11714, draw.text("0123456789ABCDEFGHJKLMNPQRTUWXY", 8))),
            read: |text| is_read(OrganisationCode::parse(text)),
        },
        Row { name: "citizen-number", texts: many(citizen_number), read: |text| is_read(CitizenNumber::parse(text)) },
        Row {
            name: "permanent-resident-number",
            texts: many(|draw| checked(CheckScheme::Mod11_2, format!("9{}", draw.text(DIGITS, 16)))),
            read: |text| is_read(PermanentResidentNumber::parse(text)),
        },
        Row {
            name: "division-code",
            texts: many(|draw| {
                format!("3407{:02}{:03}{:03}", 1 + draw.below(99), 1 + draw.below(999), draw.below(999))
            }),
            read: |text| is_read(DivisionCode::parse(text)),
        },
        Row { name: "licence-identifier", texts: many(licence), read: |text| is_read(LicenceIdentifier::parse(text)) },
        Row { name: "item-code (31)", texts: many(item_code), read: |text| is_read(ItemCode::parse(text)) },
        Row {
            name: "item-code (Sichuan dialect)",
            texts: many(|draw| format!("511A0138600000-511602000000-000-{}-1-00", credit_code(draw))),
            read: |text| is_read(ItemCode::parse(text)),
        },
        Row { name: "case-number", texts: many(case_number), read: |text| is_read(CaseNumber::parse(text)) },
        Row { name: "pay-code", texts: many(|draw| draw.text(DIGITS, 20)), read: |text| is_read(PayCode::parse(text)) },
        Row {
            name: "e-receipt-code",
            texts: many(|draw| {
                format!("{}-{}-{}", draw.text(DIGITS, 8), draw.text(DIGITS, 10), draw.text("0123456789abcdef", 6))
            }),
            read: |text| is_read(EReceiptCode::parse(text)),
        },
        Row {
            name: "project-code",
            texts: many(|draw| format!("26{:02}-340705-04-01-{}", 1 + draw.below(12), draw.text(DIGITS, 6))),
            read: |text| is_read(ProjectCode::parse(text)),
        },
    ]
}

const DIGITS: &str = "0123456789";

/// `body` with its check character.
fn checked(scheme: CheckScheme, mut body: String) -> String {
    body.extend(scheme.check_character(body.as_bytes()).map(char::from));
    body
}

fn credit_code(draw: &mut Draw) -> String {
    let body = draw.text("0123456789ABCDEFGHJKLMNPQRTUWXY", 9);
    checked(CheckScheme::Gb32100, format!("91{}{body}", draw.text(DIGITS, 6)))
}

fn wrong_credit_code(draw: &mut Draw) -> String {
    let mut code = credit_code(draw);
    let other = if code.ends_with('0') { '1' } else { '0' };
    code.pop();
    code.push(other);
    code
}

fn citizen_number(draw: &mut Draw) -> String {
    let (year, month, day) = (1930 + draw.below(90), 1 + draw.below(12), 1 + draw.below(28));
    checked(CheckScheme::Mod11_2, format!("340705{year}{month:02}{day:02}{}", draw.text(DIGITS, 3)))
}

fn licence(draw: &mut Draw) -> String {
    let (definer, issuer) = (credit_code(draw), credit_code(draw));
    let covered = [format!("{definer}011"), issuer, draw.text(DIGITS, 12), "001".to_string()];
    let check = CheckScheme::Mod37_36.check_character(covered.concat().as_bytes()).map_or('?', char::from);
    format!("1.2.156.3005.2.{}.{check}", covered.join("."))
}

fn item_code(draw: &mut Draw) -> String {
    let (agency, level) = (credit_code(draw), 1 + draw.below(7));
    let kind = draw.below(21);
    format!("{agency}{level}34{kind:02}{}{}", draw.text(DIGITS, 5), draw.text(DIGITS, 3))
}

fn case_number(draw: &mut Draw) -> String {
    checked(CheckScheme::Mod11_10, format!("3407222026{}", draw.text(DIGITS, 10)))
}

/// Numbers that differ and repeat from run to run (xorshift): the benchmark needs variety, not chance.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        (0..length).map(|_| char::from(alphabet.as_bytes()[self.below(alphabet.len())])).collect()
    }
}
