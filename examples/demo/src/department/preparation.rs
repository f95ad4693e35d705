//! What comes before a case: looking items up, and signing a citizen in.

use std::time::Duration;

use serde_json::{Value, json};
use tongqiao::protocol::{CaseId, Retry};
use tongqiao::{Client, FormField, Item, ItemQuery};

use crate::citizen;
use crate::error::DemoError;
use crate::plan::PlannedItem;
use crate::process::{Report, report};

/// The items of the department's agencies that are in force for natural persons, from the mirrored catalogue.
pub(super) async fn items(client: &Client, agency: &str) -> Result<Vec<PlannedItem>, DemoError> {
    let mut failures = 0;
    let found = loop {
        match client.items().find(&ItemQuery::text(agency)).await {
            Ok(found) => break found,
            // A node that has just started may not be at its hub yet, and says so.
            Err(error) if error.retry() == Retry::AfterDelay && failures < ATTEMPTS => failures += 1,
            Err(error) => return Err(DemoError::broken(error)),
        }
        tokio::time::sleep(PATIENCE).await;
    };
    Ok(found
        .iter()
        .filter(|item| item.agency.name.zh.contains(agency))
        .filter(|item| item.targets.codes.iter().any(|code| code == "1"))
        .filter_map(|item| planned(item))
        .collect())
}

fn planned(item: &Item) -> Option<PlannedItem> {
    Some(PlannedItem {
        code: item.code.clone(),
        version: item.version,
        name: item.name.zh.clone(),
        division: item.division.clone()?,
        channels: item.channels.codes.clone(),
        promised_days: u32::from(item.promised_days),
        materials: item
            .materials
            .iter()
            .filter(|material| material.required)
            .map(|material| (material.key.clone(), material.name.zh.clone()))
            .collect(),
        form: item
            .form
            .iter()
            .filter(|field| field.required)
            .map(|field| (field.key.clone(), filled_in(field)))
            .collect(),
        fees: item
            .fees
            .iter()
            .map(|fee| (fee.code.clone(), fee.name.zh.clone(), fee.unit_price.as_fen(), fee.usual_quantity))
            .collect(),
    })
}

/// A value of the kind that the field wants.
fn filled_in(field: &FormField) -> Value {
    match (field.kind.as_str(), field.choices.first()) {
        (_, Some(choice)) => json!(choice.zh),
        ("number" | "integer", None) => json!(1),
        ("date", None) => json!("2026-11-23"),
        ("boolean", None) => json!(true),
        ("amount", None) => json!("1.00"),
        ("phone", None) => json!("13800000000"),
        ("division", None) => json!("340705000000"),
        ("citizen-number", None) => json!(["340702", "19680229", "0211"].concat()),
        ("credit-code", None) => json!("11340700TQ1100017W"),
        _ => json!("测试"),
    }
}

/// The applicant of an online case signs in first, and must be the person whose case it is.
pub(super) async fn sign_in(client: &Client, case: CaseId, person: &str) -> Result<(), DemoError> {
    let mut failures = 0;
    let user = loop {
        match try_to_sign_in(client, person).await {
            Ok(user) => break user,
            // People try again when the page does not come up; the platform may be dead just now.
            Err(_) if failures < ATTEMPTS => failures += 1,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PATIENCE).await;
    };
    if user != person {
        return Err(DemoError::broken(format!("{person} signed in and came back as {user}")));
    }
    report(&Report::SignedIn { case: case.to_string(), user });
    Ok(())
}

/// How often a citizen tries, and how long between.
const ATTEMPTS: u32 = 100;
const PATIENCE: Duration = Duration::from_millis(200);

async fn try_to_sign_in(client: &Client, person: &str) -> Result<String, DemoError> {
    let identity = client.identity();
    let sign_in = identity.begin().await.map_err(DemoError::broken)?;
    let callback = citizen::sign_in(sign_in.address(), person).await?;
    let signed_in = identity.finish(sign_in, &callback).await.map_err(DemoError::broken)?;
    Ok(signed_in.subject().id().to_owned())
}
