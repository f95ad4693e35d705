//! What is said about a person.

use serde_json::{Value, json};

use crate::people::{Organisation, Person, Principal, Standing};

/// The claims for `scope`: who it is always, the name with `profile`, the identity number only with `identity`.
pub(crate) fn of(person: &Person, scope: &str) -> Value {
    let has = |wanted: &str| scope.split(' ').any(|word| word == wanted);
    let (scale, value) = person.assurance.on_scale();
    let mut claims = json!({
        "sub": person.sub,
        "subject_kind": kind(&person.standing),
        "assurance": { "scale": scale, "value": value },
    });
    match &person.standing {
        Standing::Natural => {}
        Standing::Legal(organisation) => claims["organisation"] = described(organisation),
        Standing::Agent { acting_for, valid_until } => {
            claims["acting_for"] = match acting_for {
                Principal::Person(sub, name) => json!({ "subject_kind": "natural", "sub": sub, "name": name }),
                Principal::Organisation(organisation) => {
                    let mut principal = described(organisation);
                    principal["subject_kind"] = "legal".into();
                    principal
                }
            };
            claims["valid_until"] = (*valid_until).into();
        }
    }
    if has("profile") {
        claims["name"] = person.name_zh.into();
    }
    if has("identity") {
        // 111 = resident identity card, GA/T 2000.156.
        claims["identity"] = json!({ "set": "GA/T 2000.156", "type": "111", "number": person.citizen_number() });
    }
    claims
}

/// `natural`, `legal` or `agent`.
pub(crate) const fn kind(standing: &Standing) -> &'static str {
    match standing {
        Standing::Natural => "natural",
        Standing::Legal(_) => "legal",
        Standing::Agent { .. } => "agent",
    }
}

fn described(organisation: &Organisation) -> Value {
    json!({ "name": organisation.name, "credit_code": organisation.credit_code() })
}
