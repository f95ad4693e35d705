//! Joint procedures: cases that name each other, a lead that waits for its partners, and who hears of what.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tongqiao_protocol::limits::JOINT_PARTNERS_MAX;

use super::department::{DIVISION, Department, World, faults_of, fresh_id};

/// The cases of a procedure, not pushed yet: the lead's opening first.
struct Procedure {
    lead: String,
    partners: Vec<String>,
    closes: &'static str,
}

impl Procedure {
    fn of(partners: usize, closes: &'static str) -> Self {
        Self { lead: fresh_id(), partners: (0..partners).map(|_| fresh_id()).collect(), closes }
    }

    fn lead_part(&self) -> Value {
        json!({ "partners": self.partners, "closes": self.closes })
    }

    fn partner_part(&self) -> Value {
        json!({ "lead": self.lead })
    }
}

async fn opening(world: &World, by: &Department, case: &str, joint: &Value) -> Value {
    let mut applied = by.event(case, "applied", 1, 0, &world.item().await.application(DIVISION));
    applied["number"] = json!(by.case_number().await);
    if !joint.is_null() {
        applied["data"]["joint"] = joint.clone();
    }
    applied
}

/// What became of one event, and its faults.
async fn pushed(by: &Department, event: &Value) -> (String, Vec<(String, String)>) {
    let answer = by.push(std::slice::from_ref(event)).await;
    let result = answer.result();
    (result["status"].as_str().unwrap_or_default().to_owned(), faults_of(&result["problem"]))
}

async fn settles(by: &Department, event: &Value) {
    let (status, faults) = pushed(by, event).await;
    assert_eq!((status.as_str(), faults), ("settled", Vec::new()), "{event:#}");
}

/// Opens all of them, by the department of the world.
async fn opened(world: &World, procedure: &Procedure) {
    let department = &world.department;
    settles(department, &opening(world, department, &procedure.lead, &procedure.lead_part()).await).await;
    for partner in &procedure.partners {
        settles(department, &opening(world, department, partner, &procedure.partner_part()).await).await;
    }
}

/// The next event of a case that one department writes alone.
fn next(by: &Department, case: &str, place: i64, kind: &str, data: &Value) -> Value {
    by.event(case, kind, place, place - 1, data)
}

fn acceptance() -> Value {
    let on = "2026-11-23T12:00:00+08:00";
    json!({ "accepted_on": on, "handler": "测试经办", "promise": { "working_days": 5, "due": "2026-11-30T17:00:00+08:00" } })
}

fn decision(result: &str, partners: &Value) -> Value {
    let mut data = json!({ "result": result, "decided_on": "2026-11-23T13:00:00+08:00", "handler": "测试主管" });
    data["explanation"] = json!("见附件");
    if !partners.is_null() {
        data["partners"] = partners.clone();
    }
    data
}

fn faults(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(path, code)| ((*path).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn the_cases_of_a_procedure_are_taken_in_any_order_and_each_shows_all() {
    for lead_first in [true, false] {
        let world = World::new().await;
        let department = &world.department;
        let procedure = Procedure::of(2, "after-partners");
        let lead = opening(&world, department, &procedure.lead, &procedure.lead_part()).await;
        if lead_first {
            settles(department, &lead).await;
            let view = department.get(&format!("/v1/cases/{}/joint", procedure.lead)).await;
            assert_eq!(view.body["cases"][1]["state"], "none", "it is not here yet: {:#}", view.body);
        }
        for partner in &procedure.partners {
            settles(department, &opening(&world, department, partner, &procedure.partner_part()).await).await;
        }
        if !lead_first {
            let path = format!("/v1/cases/{}/joint", procedure.partners[0]);
            let rows = department.get(&path).await.body["cases"].clone();
            assert_eq!(rows[0], json!({ "case": procedure.lead, "role": "lead", "state": "none" }), "{rows:#}");
            assert_eq!(rows[1]["state"], "applied", "{rows:#}");
            settles(department, &lead).await;
        }
        for case in std::iter::once(&procedure.lead).chain(&procedure.partners) {
            let view = department.get(&format!("/v1/cases/{case}/joint")).await.body;
            assert_eq!((&view["lead"], &view["closes"]), (&json!(procedure.lead), &json!("after-partners")));
            let listed: Vec<_> = view["cases"].as_array().unwrap().iter().map(|one| one["case"].clone()).collect();
            assert_eq!(
                json!(listed),
                json!([procedure.lead, procedure.partners[0], procedure.partners[1]]),
                "{lead_first}"
            );
            assert!(view["cases"].as_array().unwrap().iter().all(|one| one["state"] == "applied"), "{view:#}");
        }
    }
}

#[tokio::test]
async fn whichever_comes_second_must_say_the_same_as_the_first() {
    let world = World::new().await;
    let department = &world.department;
    let mismatch = "case.joint_mismatch";
    let procedure = Procedure::of(1, "after-partners");
    settles(department, &opening(&world, department, &procedure.lead, &procedure.lead_part()).await).await;

    // Somebody whom the lead does not name; another applicant; another opener.
    let uninvited = opening(&world, department, &fresh_id(), &procedure.partner_part()).await;
    assert_eq!(pushed(department, &uninvited).await.1, faults(&[("/data/joint/lead", mismatch)]));
    let mut other_person = opening(&world, department, &procedure.partners[0], &procedure.partner_part()).await;
    other_person["data"]["applicant"]["identity"]["number"] = json!("TEST0002");
    assert_eq!(pushed(department, &other_person).await.1, faults(&[("/data/joint/lead", mismatch)]));
    let other = Department::enrol(world.running.base_url(), "taxation").await;
    let by_another = opening(&world, &other, &procedure.partners[0], &procedure.partner_part()).await;
    assert_eq!(pushed(&other, &by_another).await.1, faults(&[("/data/joint/lead", mismatch)]));
    let not_a_lead = opening(&world, department, &fresh_id(), &json!({ "lead": procedure.lead })).await;
    assert_eq!(pushed(department, &not_a_lead).await.1, faults(&[("/data/joint/lead", mismatch)]));

    // The other way round: partners that say they belong to a lead which does not name them, or names a case of its own.
    let (lead, claims, own) = (fresh_id(), fresh_id(), fresh_id());
    settles(department, &opening(&world, department, &claims, &json!({ "lead": lead })).await).await;
    settles(department, &opening(&world, department, &own, &Value::Null).await).await;
    let forgetful = json!({ "partners": [own], "closes": "after-partners" });
    let (_, found) = pushed(department, &opening(&world, department, &lead, &forgetful).await).await;
    assert_eq!(found, faults(&[("/data/joint/partners/0", mismatch), ("/data/joint/partners", mismatch)]));
}

#[tokio::test]
async fn a_part_in_a_procedure_that_cannot_be_is_told_with_its_path() {
    let world = World::new().await;
    let department = &world.department;
    let (case, invalid) = (fresh_id(), "request.invalid_value");
    let same = fresh_id();
    let many: Vec<_> = (0..=JOINT_PARTNERS_MAX).map(|_| fresh_id()).collect();
    let closes = "after-partners";
    for (joint, found) in [
        (json!({ "lead": fresh_id(), "partners": [fresh_id()] }), vec![("/data/joint/lead", invalid)]),
        (json!({ "partners": [same, same], "closes": closes }), vec![("/data/joint/partners/1", invalid)]),
        (json!({ "partners": [], "closes": closes }), vec![("/data/joint/partners", invalid)]),
        (json!({ "partners": many, "closes": closes }), vec![("/data/joint/partners", invalid)]),
        (json!({ "partners": [fresh_id()], "closes": "after-lunch" }), vec![("/data/joint/closes", invalid)]),
        (json!({ "partners": [case], "closes": closes }), vec![("/data/joint", invalid)]),
        (json!({ "lead": case }), vec![("/data/joint", invalid)]),
        (
            json!({}),
            vec![("/data/joint/partners", "request.missing_field"), ("/data/joint/closes", "request.missing_field")],
        ),
        (json!("lead"), vec![("/data/joint", "request.wrong_type")]),
    ] {
        let mut event = opening(&world, department, &case, &joint).await;
        // Each attempt is another system's, so that none waits for the one before.
        event["producer"] = json!(fresh_id());
        let refused: Vec<_> = pushed(department, &event).await.1;
        let refused: Vec<_> = refused.into_iter().filter(|(path, _)| path.starts_with("/data/joint")).collect();
        assert_eq!(refused, faults(&found), "{joint}");
    }
    let most = json!({ "partners": many[1..], "closes": closes });
    settles(department, &opening(&world, department, &fresh_id(), &most).await).await;
}

#[tokio::test]
async fn the_lead_is_decided_after_its_partners_and_tells_what_became_of_each() {
    let world = World::new().await;
    let department = &world.department;
    let procedure = Procedure::of(3, "after-partners");
    let [granted, rejected, withdrawn] = [0, 1, 2].map(|place| procedure.partners[place].as_str());
    opened(&world, &procedure).await;
    let lead = procedure.lead.as_str();
    settles(department, &next(department, lead, 2, "accepted", &acceptance())).await;
    settles(department, &next(department, granted, 2, "accepted", &acceptance())).await;
    let refusal = json!({ "reason": "不属本机关", "legal_basis": "第三十二条", "remedy": "复议", "handler": "测试" });
    settles(department, &next(department, rejected, 2, "rejected", &refusal)).await;

    let told = |third: &str| {
        json!([
            { "case": granted, "outcome": "granted" }, { "case": rejected, "outcome": "rejected" },
            { "case": withdrawn, "outcome": third },
        ])
    };
    let early = next(department, lead, 3, "decided", &decision("granted", &told("withdrawn")));
    let open = ("/data/partners", "case.joint_open");
    assert_eq!(pushed(department, &early).await.1, faults(&[open, open]));
    settles(department, &next(department, granted, 3, "decided", &decision("granted", &Value::Null))).await;
    settles(department, &next(department, withdrawn, 2, "withdrawn", &json!({ "reason": "改日再办" }))).await;

    // A refused event is said anew in its place, until it says what is so.
    let mut refused = early;
    let mismatch = "case.joint_mismatch";
    for (partners, found) in [
        (told("granted"), vec![("/data/partners/2", mismatch), ("/data/partners", mismatch)]),
        (Value::Null, vec![("/data/partners", mismatch); 3]),
        (json!([{ "case": fresh_id(), "outcome": "granted" }]), {
            let mut found = vec![("/data/partners/0", mismatch)];
            found.extend([("/data/partners", mismatch); 3]);
            found
        }),
    ] {
        let mut anew = next(department, lead, 3, "decided", &decision("granted", &partners));
        anew["supersedes"] = refused["id"].clone();
        assert_eq!(pushed(department, &anew).await.1, faults(&found), "{partners}");
        refused = anew;
    }
    let mut right = next(department, lead, 3, "decided", &decision("granted", &told("withdrawn")));
    right["supersedes"] = refused["id"].clone();
    settles(department, &right).await;
    let view = department.get(&format!("/v1/cases/{withdrawn}/joint")).await.body;
    let states: Vec<_> = view["cases"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["decided", "decided", "rejected", "withdrawn"]);
    assert_eq!((&view["cases"][0]["result"], &view["cases"][1]["result"]), (&json!("granted"), &json!("granted")));

    // Only a lead speaks of partners.
    let own = fresh_id();
    settles(department, &opening(&world, department, &own, &Value::Null).await).await;
    settles(department, &next(department, &own, 2, "accepted", &acceptance())).await;
    let boasting = next(department, &own, 3, "decided", &decision("granted", &told("withdrawn")));
    assert_eq!(pushed(department, &boasting).await.1, faults(&[("/data/partners", mismatch)]));
}

#[tokio::test]
async fn where_promises_suffice_an_accepted_partner_is_enough_and_one_that_is_not_here_is_not() {
    let world = World::new().await;
    let department = &world.department;
    let procedure = Procedure::of(1, "after-promises");
    let (lead, partner) = (procedure.lead.as_str(), procedure.partners[0].as_str());
    settles(department, &opening(&world, department, lead, &procedure.lead_part()).await).await;
    settles(department, &next(department, lead, 2, "accepted", &acceptance())).await;
    let told = json!([{ "case": partner, "outcome": "promised" }]);
    let early = next(department, lead, 3, "decided", &decision("granted", &told));
    assert_eq!(pushed(department, &early).await.1, faults(&[("/data/partners", "case.joint_open")]));
    settles(department, &opening(&world, department, partner, &procedure.partner_part()).await).await;
    settles(department, &next(department, partner, 2, "accepted", &acceptance())).await;
    let mut anew = next(department, lead, 3, "decided", &decision("granted", &told));
    anew["supersedes"] = early["id"].clone();
    settles(department, &anew).await;
}

#[tokio::test]
async fn the_law_s_forty_five_days_are_extended_once_by_fifteen_and_by_the_government() {
    let world = World::new().await;
    let department = &world.department;
    let procedure = Procedure::of(1, "after-partners");
    let lead = procedure.lead.as_str();
    opened(&world, &procedure).await;
    settles(department, &next(department, lead, 2, "accepted", &acceptance())).await;
    let decide = |statement: Value| {
        let duties = statement["duties"].as_array().unwrap().clone();
        let of_decision = duties.into_iter().filter(|duty| duty["duty"] == "decide");
        of_decision.map(|duty| (duty["basis"].clone(), duty["limit_days"].clone())).collect::<Vec<_>>()
    };
    let statement = async |case: &str| {
        let answer = department.get(&format!("/v1/cases/{case}/deadlines")).await;
        serde_json::from_slice::<Value>(&STANDARD.decode(answer.body["record"].as_str().unwrap()).unwrap()).unwrap()
    };
    assert_eq!(decide(statement(lead).await), [(json!("statutory"), json!(45))]);

    let extension = |days: &Value, by: &Value| {
        let mut data = json!({ "procedure": "extension", "begun": "2026-11-23T12:00:00+08:00", "reason": "会商" });
        for (member, value) in [("extended_by_days", days), ("approved_by", by)] {
            if !value.is_null() {
                data[member] = value.clone();
            }
        }
        data
    };
    let missing = "request.missing_field";
    let mut refused: Option<Value> = None;
    for (days, by, found) in [
        (Value::Null, Value::Null, vec![("/data/approved_by", missing), ("/data/extended_by_days", missing)]),
        (json!(16), json!("市人民政府"), vec![("/data/extended_by_days", "request.out_of_range")]),
        (json!(15), json!("市人民政府"), vec![]),
    ] {
        let mut event = next(department, lead, 3, "special-begun", &extension(&days, &by));
        if let Some(before) = &refused {
            event["supersedes"] = before["id"].clone();
        }
        assert_eq!(pushed(department, &event).await.1, faults(&found), "{days}");
        refused = Some(event);
    }
    assert_eq!(decide(statement(lead).await), [(json!("statutory"), json!(60))]);
    let again = next(department, lead, 4, "special-begun", &extension(&json!(1), &json!("市人民政府")));
    assert_eq!(pushed(department, &again).await.1, faults(&[("/type", "case.transition_impossible")]));
    // A partner is a case like any other: ten days, without the government.
    let partner = procedure.partners[0].as_str();
    settles(department, &next(department, partner, 2, "accepted", &acceptance())).await;
    settles(department, &next(department, partner, 3, "special-begun", &extension(&Value::Null, &Value::Null))).await;
    assert_eq!(decide(statement(partner).await).len(), 2);
}

fn content(signed: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(signed["record"].as_str().unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn the_leading_agency_hears_of_its_partners_and_they_of_its_end_once() {
    let world = World::new().await;
    let window = &world.department;
    let base_url = world.running.base_url();
    let item = world.item().await.reference()["code"].as_str().unwrap().to_owned();
    let other = world.item_with(|one| !one["code"].as_str().unwrap().starts_with(&item[..18])).await;
    let (leads, partners) = (json!({ "handles": [item[..18]] }), json!({ "handles": [other.reference()["code"]] }));
    let leading = Department::enrol_with(base_url, "leading", &leads).await;
    let partner = Department::enrol_with(base_url, "partner", &partners).await;
    let stranger = Department::enrol_with(base_url, "elsewhere", &json!({ "divisions": ["340703"] })).await;
    let procedure = Procedure::of(1, "after-partners");
    settles(window, &opening(&world, window, &procedure.lead, &procedure.lead_part()).await).await;
    let mut applied = window.event(&procedure.partners[0], "applied", 1, 0, &other.application(DIVISION));
    applied["number"] = json!(window.case_number().await);
    applied["data"]["joint"] = procedure.partner_part();
    settles(window, &applied).await;

    let heard = async |who: &Department| {
        let inbox = who.get("/v1/inbox").await;
        let entries = inbox.body["entries"].as_array().unwrap().iter().map(content).collect::<Vec<_>>();
        let joint = entries.into_iter().filter(|entry| entry["type"] == "cn.tongqiao.inbox.joint-changed.v1");
        joint.map(|entry| (entry["subject"].clone(), entry["data"]["kind"].clone())).collect::<Vec<_>>()
    };
    assert!(heard(&leading).await.is_empty() && heard(&partner).await.is_empty());
    settles(&partner, &partner.event(&procedure.partners[0], "accepted", 1, 1, &acceptance())).await;
    let decided = decision("refused", &Value::Null);
    settles(&partner, &partner.event(&procedure.partners[0], "decided", 2, 2, &decided)).await;
    assert_eq!(
        heard(&leading).await,
        [(json!(procedure.lead), json!("accepted")), (json!(procedure.lead), json!("decided")),]
    );
    settles(&leading, &leading.event(&procedure.lead, "accepted", 1, 1, &acceptance())).await;
    assert!(heard(&partner).await.is_empty(), "that the lead is accepted changes nothing for a partner");
    let told = json!([{ "case": procedure.partners[0], "outcome": "refused" }]);
    settles(&leading, &leading.event(&procedure.lead, "decided", 2, 2, &decision("refused", &told))).await;
    assert_eq!(heard(&partner).await, [(json!(procedure.partners[0]), json!("decided"))]);

    let path = format!("/v1/cases/{}/joint", procedure.lead);
    assert_eq!(stranger.get(&path).await.code(), "case.unknown");
    // Who handles a partner sees how the lead stands, and its number.
    let seen = partner.get(&format!("/v1/cases/{}/joint", procedure.partners[0])).await.body;
    assert_eq!((&seen["cases"][0]["state"], &seen["cases"][0]["responsible"]), (&json!("decided"), &json!("leading")));
}

#[tokio::test]
async fn the_cases_of_a_project_are_listed_by_stage_to_whom_they_concern() {
    let world = World::new().await;
    let department = &world.department;
    let stranger =
        Department::enrol_with(world.running.base_url(), "elsewhere", &json!({ "divisions": ["340703"] })).await;
    let project = "2601-340702-04-01-000017";
    let path = format!("/v1/projects/{project}");
    assert_eq!(department.get(&path).await.body, json!({ "project": project, "cases": [] }));
    for stage in ["land-use", "planning", "drone-survey"] {
        let mut applied = world.applied(&fresh_id()).await;
        applied["data"]["project"] = json!({ "code": project, "stage": stage });
        settles(department, &applied).await;
    }
    let listed = department.get(&path).await.body;
    let stages: Vec<_> = listed["cases"].as_array().unwrap().iter().map(|one| one["stage"].clone()).collect();
    assert_eq!(stages, ["land-use", "planning", "drone-survey"], "a stage of a later version is kept");
    assert_eq!(stranger.get(&path).await.body["cases"], json!([]));
    let wrong = department.get("/v1/projects/2601-990702-04-01-000017").await;
    assert_eq!(wrong.faults(), faults(&[("/project", "identifier.value")]));
    let mut applied = world.applied(&fresh_id()).await;
    applied["data"]["project"] = json!({ "code": "2601", "stage": "planning" });
    assert_eq!(pushed(department, &applied).await.1, faults(&[("/data/project/code", "identifier.length")]));
}
