//! The inbox: entries exist exactly when their causes do, and are repeated until the addressee, and nobody else, has said that
//! it has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tongqiao_protocol::limits::{INBOX_ACKNOWLEDGED_MAX, INBOX_ENTRIES_MAX};

use super::department::{DIVISION, Department, World, fresh_id};

/// The records of a page, as JSON.
async fn entries(department: &Department, question: &str) -> Vec<Value> {
    let answer = department.get(&format!("/v1/inbox{question}")).await;
    assert_eq!(answer.status.as_u16(), 200, "{:#}", answer.body);
    answer.body["entries"].as_array().unwrap().iter().map(content).collect()
}

fn content(entry: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(entry["record"].as_str().unwrap()).unwrap()).unwrap()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

fn acknowledgement(department: &Department, entries: &[&Value]) -> Value {
    let ids: Vec<_> = entries.iter().map(|entry| entry["id"].clone()).collect();
    let word = json!({ "party": department.party, "entries": ids, "time": "2026-11-23T12:00:00+08:00" });
    department.sign("tongqiao-inbox-acknowledgement-v1", word.to_string().as_bytes())
}

async fn notify(department: &Department, addressee: &str, words: &str) {
    let wish = json!({ "addressee": addressee, "zh": words });
    let written = department.plain(Method::POST, "/sandbox/notices", &wish).await;
    assert_eq!(written.body["addressees"], json!([addressee]), "{:#}", written.body);
}

#[tokio::test]
async fn an_entry_comes_again_until_its_addressee_acknowledges_it() {
    let world = World::new().await;
    let department = &world.department;
    assert!(entries(department, "").await.is_empty());
    for words in ["一", "二", "三"] {
        notify(department, "civil-affairs", words).await;
    }
    let first = entries(department, "").await;
    assert_eq!(first.iter().map(|entry| entry["data"]["zh"].clone()).collect::<Vec<_>>(), ["一", "二", "三"]);
    assert_eq!(first.iter().map(|entry| entry["position"].clone()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(entries(department, "").await, first, "asking changes nothing");
    assert_eq!(entries(department, "?after=1&limit=1").await, first[1..2]);

    let word = acknowledgement(department, &[&first[1]]);
    let done = department.post("/v1/inbox/acknowledgements", &word).await;
    assert_eq!(done.body["acknowledged"], json!([first[1]["id"]]), "{:#}", done.body);
    let again = department.post("/v1/inbox/acknowledgements", &word).await;
    assert_eq!(again.body, done.body, "said twice is said once");
    assert_eq!(entries(department, "").await, [first[0].clone(), first[2].clone()]);
    let strange = json!({ "id": fresh_id() });
    let unknown = department.post("/v1/inbox/acknowledgements", &acknowledgement(department, &[&strange])).await;
    assert_eq!((&unknown.body["acknowledged"], &unknown.body["unknown"]), (&json!([]), &json!([strange["id"]])));
}

#[tokio::test]
async fn a_carrier_brings_entries_and_the_addressee_s_word_and_has_no_word_of_its_own() {
    let world = World::new().await;
    let department = &world.department;
    let edge = Department::enrol_carrying(world.running.base_url(), "edge-1", &["civil-affairs"]).await;
    let stranger = Department::enrol(world.running.base_url(), "natural-resources").await;
    notify(department, "civil-affairs", "请查收").await;
    let carried = entries(&edge, "?addressee=civil-affairs").await;
    assert_eq!(carried, entries(department, "").await);
    assert!(entries(&edge, "").await.is_empty(), "its own inbox is another");
    let refused = stranger.get("/v1/inbox?addressee=civil-affairs").await;
    assert_eq!(refused.code(), "scope.author_not_carried");

    // The edge's own word is about its own inbox, whatever it names.
    let own = edge.post("/v1/inbox/acknowledgements", &acknowledgement(&edge, &[&carried[0]])).await;
    assert_eq!(own.body["unknown"], json!([carried[0]["id"]]));
    let word = json!({ "party": "civil-affairs", "entries": [carried[0]["id"]], "time": "2026-11-23T12:00:00+08:00" });
    let forged = edge.sign("tongqiao-inbox-acknowledgement-v1", word.to_string().as_bytes());
    assert_eq!(edge.post("/v1/inbox/acknowledgements", &forged).await.code(), "event.wrong_party");
    let stolen = stranger.post("/v1/inbox/acknowledgements", &acknowledgement(department, &[&carried[0]])).await;
    assert_eq!(stolen.code(), "scope.author_not_carried");
    assert_eq!(entries(department, "").await.len(), 1);
    let brought = edge.post("/v1/inbox/acknowledgements", &acknowledgement(department, &[&carried[0]])).await;
    assert_eq!(brought.body["acknowledged"], json!([carried[0]["id"]]));
    assert!(entries(department, "").await.is_empty());
}

#[tokio::test]
async fn whoever_waits_hears_at_once() {
    let world = World::new().await;
    let department = world.department.clone();
    let waiting = tokio::spawn(async move { entries(&department, "?wait=60").await });
    // Whichever comes first: who waits is woken by the commit, who comes later finds it.
    notify(&world.department, "civil-affairs", "到了").await;
    let heard = tokio::time::timeout(std::time::Duration::from_secs(30), waiting).await.unwrap().unwrap();
    assert_eq!(heard[0]["data"]["zh"], "到了");
}

#[tokio::test]
async fn money_and_other_people_s_events_make_entries_in_the_transaction_of_their_cause() {
    let world = World::new().await;
    let department = &world.department;
    let (bill, record) = department.bill();
    let view = department.post("/v1/bills", &record).await;
    let cashier = format!("/cashier/{}", view.body["pay_code"].as_str().unwrap());
    department.plain(Method::POST, &cashier, &Value::Null).await;
    let (refund, order) = department.refund(&bill, "1.00");
    department.post(&format!("/v1/bills/{bill}/refunds"), &order).await;

    let case = fresh_id();
    let applied = world.applied(&case).await;
    department.push(&[applied]).await;
    let grant = json!({ "divisions": [DIVISION], "joins": ["civil-affairs"] });
    let partner = Department::enrol_with(world.running.base_url(), "natural-resources", &grant).await;
    let data = json!({ "result": "可以受理", "handler": "测试经办" });
    let reviewed = partner.event(&case, "pre-reviewed", 1, 1, &data);
    let pushed = partner.push(&[reviewed]).await;
    assert_eq!(pushed.result()["status"], "settled", "{:#}", pushed.body);

    let heard = loop {
        // The bank works apart from the answer to the order.
        let heard = entries(department, "?wait=30").await;
        if heard.len() >= 3 {
            break heard;
        }
        tokio::task::yield_now().await;
    };
    let mut told = kinds(&heard);
    told.sort_unstable();
    let wanted = ["bill-paid", "case-changed", "refund-ended"].map(|kind| format!("cn.tongqiao.inbox.{kind}.v1"));
    assert_eq!(told, wanted);
    let of = |kind: &str| heard.iter().find(|entry| entry["type"].as_str().unwrap().contains(kind)).unwrap();
    assert_eq!((&of("bill-paid")["subject"], &of("bill-paid")["data"]["bill"]), (&json!(bill), &json!(bill)));
    assert_eq!(
        (&of("refund-ended")["subject"], &of("refund-ended")["data"]["state"]),
        (&json!(refund), &json!("done"))
    );
    let changed = of("case-changed");
    assert_eq!((&changed["data"]["kind"], &changed["data"]["revision"]), (&json!("pre-reviewed"), &json!(2)));
    assert_eq!((&changed["data"]["party"], &changed["subject"]), (&json!("natural-resources"), &json!(case)));
    assert!(entries(&partner, "").await.is_empty(), "nobody hears of what he did himself");
}

#[tokio::test]
async fn after_a_restore_the_same_cause_makes_the_same_entry() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    let applied = world.applied(&case).await;
    department.push(&[applied]).await;
    let grant = json!({ "divisions": [DIVISION], "joins": ["civil-affairs"] });
    let partner = Department::enrol_with(world.running.base_url(), "natural-resources", &grant).await;
    let backup = world.backup().await;
    let data = json!({ "result": "可以受理", "handler": "测试经办" });
    let reviewed = partner.event(&case, "pre-reviewed", 1, 1, &data);
    partner.push(std::slice::from_ref(&reviewed)).await;
    let (_, record) = department.bill();
    let view = department.post("/v1/bills", &record).await;
    let cashier = format!("/cashier/{}", view.body["pay_code"].as_str().unwrap());
    department.plain(Method::POST, &cashier, &Value::Null).await;
    let before = entries(department, "").await;
    assert_eq!(before.len(), 2);
    world.restore(&backup).await;
    assert!(entries(department, "").await.is_empty());
    partner.push(&[reviewed]).await;
    department.post("/v1/bills", &record).await;
    let ids = |entries: &[Value]| {
        let mut ids: Vec<_> = entries.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&entries(department, "").await), ids(&before));
}

#[tokio::test]
async fn limits_of_an_inbox_hold_at_the_limit_and_one_past_it() {
    let world = World::new().await;
    let department = &world.department;
    for (question, path) in [
        ("?wait=61", "/query/wait"),
        ("?limit=0", "/query/limit"),
        ("?limit=101", "/query/limit"),
        ("?after=-1", "/query/after"),
        ("?after=x", "/query/after"),
    ] {
        let refused = department.get(&format!("/v1/inbox{question}")).await;
        assert_eq!(refused.faults(), [(path.to_owned(), "request.out_of_range".to_owned())], "{question}");
    }
    for number in 0..=INBOX_ENTRIES_MAX {
        notify(department, "civil-affairs", &format!("第{number}条")).await;
    }
    assert_eq!(entries(department, "?wait=60&limit=100").await.len(), INBOX_ENTRIES_MAX);
    assert_eq!(entries(department, &format!("?after={INBOX_ENTRIES_MAX}")).await.len(), 1);
    let strange = json!({ "id": fresh_id() });
    let most = acknowledgement(department, &vec![&strange; INBOX_ACKNOWLEDGED_MAX]);
    assert_eq!(department.post("/v1/inbox/acknowledgements", &most).await.status.as_u16(), 200);
    for entries in [vec![], vec![&strange; INBOX_ACKNOWLEDGED_MAX + 1]] {
        let refused = department.post("/v1/inbox/acknowledgements", &acknowledgement(department, &entries)).await;
        assert_eq!(refused.faults()[0].0, "/entries", "{:#}", refused.body);
    }
}
