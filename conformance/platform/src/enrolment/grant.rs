//! What an operator's one-time code grants.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{DivisionCode, ErrorCode, PartyId, Timestamp};

use crate::crypto;
use crate::database::DatabaseError;
use crate::directory::Scopes;
use crate::json::{Faults, Members};
use crate::refusal::Refusal;

/// What a party can be.
pub(super) const KINDS: [&str; 4] = ["department", "edge", "hub", "terminal"];
/// The sandbox's own province, where nothing narrower is asked for.
const WHOLE_PROVINCE: &str = "340000000000";
/// A unified social credit code: the shortest that a scope can say it handles.
const AGENCY_CODE_LENGTH: usize = 18;
/// Divisions or parties in one scope.
const SCOPE_MOST: usize = 1_000;

/// A grant: who may enrol with the code, as what, and what that party may do.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    party: Option<PartyId>,
    kind: String,
    scopes: Scopes,
}

/// The grant names no party or no division.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not well formed")]
pub(crate) struct InvalidGrant(String);

impl Grant {
    /// For a department that writes within `divisions`.
    pub(crate) fn department(party: Option<&str>, divisions: &[&str]) -> Result<Self, InvalidGrant> {
        let invalid = |text: &str| InvalidGrant(text.to_owned());
        let party = party.map(|name| name.parse().map_err(|_| invalid(name))).transpose()?;
        let divisions = divisions.iter().map(|code| DivisionCode::parse(code).map_err(|_| invalid(code)));
        let divisions = divisions.collect::<Result<_, _>>()?;
        let scopes = Scopes { divisions, ..Scopes::default() };
        Ok(Self { party, kind: "department".to_owned(), scopes })
    }

    /// Reads `{"party"?, "kind"?, "divisions"?, "carries"?, "joins"?, "handles"?, "accepts"?}`.
    pub(crate) fn read(document: &Value) -> Result<Self, Refusal> {
        let faults = Faults::default();
        let grant = Members::of(document, &faults).and_then(|members| {
            let party = members.optional_parsed::<PartyId>("party");
            let kind = match members.value("kind") {
                None => "department",
                Some(_) => members.text("kind")?,
            };
            if !KINDS.contains(&kind) {
                members.explained("kind", ErrorCode::RequestInvalidValue, "expected", &KINDS.join(" "));
            }
            let listed = |name: &str, otherwise: &[&str]| match members.value(name) {
                None => otherwise.iter().map(|text| (*text).to_owned()).collect(),
                Some(_) => texts(&members, name),
            };
            let divisions = |name: &str, otherwise: &[&str]| {
                let read = |(index, code): (usize, &String)| {
                    let division = DivisionCode::parse(code).ok();
                    if division.is_none() {
                        members.element_fault(name, index, ErrorCode::RequestInvalidValue);
                    }
                    division
                };
                listed(name, otherwise).iter().enumerate().filter_map(read).collect::<Vec<_>>()
            };
            let parties = |name: &str| {
                let names = listed(name, &[]);
                for (index, party) in names.iter().enumerate() {
                    if party.parse::<PartyId>().is_err() {
                        members.element_fault(name, index, ErrorCode::RequestInvalidValue);
                    }
                }
                names
            };
            let handles = listed("handles", &[]);
            for (index, code) in handles.iter().enumerate() {
                if code.len() < AGENCY_CODE_LENGTH {
                    members.element_fault("handles", index, ErrorCode::RequestInvalidValue);
                }
            }
            let scopes = Scopes {
                divisions: divisions("divisions", &[WHOLE_PROVINCE]),
                carries: parties("carries"),
                joins: parties("joins"),
                handles,
                accepts: divisions("accepts", &[]),
            };
            Some(Self { party, kind: kind.to_owned(), scopes })
        });
        grant.filter(|_| faults.is_empty()).ok_or_else(|| faults.into_refusal())
    }
}

fn texts(members: &Members<'_>, name: &str) -> Vec<String> {
    let elements = members.list(name, SCOPE_MOST).unwrap_or_default();
    let texts = elements.into_iter().enumerate().map(|(index, (_, element))| {
        let text = element.as_str();
        if text.is_none() {
            members.element_fault(name, index, ErrorCode::RequestWrongType);
        }
        text.unwrap_or_default().to_owned()
    });
    texts.collect()
}

/// Makes a one-time code for a grant.
pub(crate) fn make_code(connection: &Connection, grant: &Grant, expires: Timestamp) -> Result<String, DatabaseError> {
    let random = crypto::random::<10>().map_err(|_| DatabaseError::Corrupt("randomness"))?;
    // Crockford's letters: a code is read out on the telephone.
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let code: String = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let code = format!("{}-{}", &code[..5], &code[5..]);
    connection.execute(
        "INSERT INTO enrolment_code (code, party, kind, scopes, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
        (
            &code,
            grant.party.as_ref().map(PartyId::as_str),
            &grant.kind,
            json!(grant.scopes).to_string(),
            expires.as_millis(),
        ),
    )?;
    Ok(code)
}
