//! The starting guide, and what it promises its reader beyond the lines that it shows.

use crate::part::{Trouble, guide};
use crate::repository::Repository;
use crate::setup;

const GUIDE: &str = "docs/start.md";
/// The guide's own folder for files; emptied before each run.
const SCRATCH: &str = "target/start";

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    setup::debian(repository, "curl", &["curl", "ca-certificates"])?;
    let said = guide::run(repository, GUIDE, SCRATCH)?;
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

#[cfg(test)]
mod tests {
    use super::claims_without_proof;

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
