//! Case numbers that a node has passed on: whose they are, and what the platform does while it has not heard.

use serde_json::{Value, json};
use tongqiao_protocol::{CaseNumber, DivisionCode, Timestamp};

use super::department::{DIVISION, Department, NOON_MILLIS, World, fresh_id};

/// A node's lease of ten numbers.
struct Stock {
    node: Department,
    lease: Value,
}

impl Stock {
    async fn of(base_url: &str, name: &str, carries: &[&str]) -> Self {
        let node = Department::enrol_carrying(base_url, name, carries).await;
        let wish = json!({
            "request": fresh_id(), "division": DIVISION, "count": 10,
            "producer": node.producer, "incarnation": node.incarnation,
        });
        let lease = node.post("/v1/case-number-leases", &wish).await;
        Self { node, lease: lease.body }
    }

    fn serial(&self, place: u64) -> u64 {
        self.lease["first"].as_u64().unwrap() + place
    }

    fn number(&self, place: u64) -> Value {
        let division = DivisionCode::parse(DIVISION).unwrap();
        let year = u16::try_from(self.lease["year"].as_u64().unwrap()).unwrap();
        json!(CaseNumber::build(&division, year, self.serial(place)).unwrap().as_str())
    }

    /// The numbers from the place `from` to the place `to`, for `holder`.
    fn part(&self, id: &str, holder: &Department, from: u64, to: u64) -> Value {
        json!({
            "part": id, "lease": self.lease["lease"], "to": holder.party, "producer": holder.producer,
            "incarnation": holder.incarnation, "first": self.serial(from), "last": self.serial(to),
            "given": Timestamp::from_millis(NOON_MILLIS),
        })
    }

    fn sign(&self, part: &Value) -> Value {
        self.node.sign("tongqiao-number-part-v1", part.to_string().as_bytes())
    }
}

/// A part as a node has signed it for `holder`, of which the platform has not heard.
pub(super) async fn part_for(holder: &Department, base_url: &str) -> Value {
    let stock = Stock::of(base_url, "township-of-parts", &[&holder.party]).await;
    stock.sign(&stock.part(&fresh_id(), holder, 0, 4))
}

async fn bring(by: &Department, part: &Value) -> (u16, String) {
    let answer = by.post("/v1/case-number-parts", part).await;
    (answer.status.as_u16(), answer.code().to_owned())
}

async fn applied(world: &World, number: Value) -> Value {
    let mut event = world.applied(&fresh_id()).await;
    event["number"] = number;
    event
}

#[tokio::test]
async fn an_application_waits_until_its_part_is_known_whoever_brings_it() {
    let world = World::new().await;
    let stock = Stock::of(world.running.base_url(), "township", &["civil-affairs"]).await;
    for (place, by) in [(0, &stock.node), (5, &world.department)] {
        let event = applied(&world, stock.number(place)).await;
        let waits = world.department.push(std::slice::from_ref(&event)).await;
        assert_eq!(waits.result()["status"], "deferred", "{:#}", waits.body);
        assert_eq!(waits.result()["missing"], json!({ "number": stock.number(place) }));
        let part = stock.sign(&stock.part(&fresh_id(), &world.department, place, place + 4));
        // Again, it changes nothing.
        for _ in 0..2 {
            assert_eq!(bring(by, &part).await, (200, String::new()));
        }
        let settled = world.department.push(&[event]).await;
        assert_eq!(settled.result()["status"], "settled", "{:#}", settled.body);
    }
    // A number is one case's, passed on or not.
    let again = world.department.push(&[applied(&world, stock.number(0)).await]).await;
    assert_eq!(again.result()["problem"]["code"], "case.number_taken", "{:#}", again.body);
}

#[tokio::test]
async fn a_number_passed_on_to_one_is_not_anothers() {
    let world = World::new().await;
    let base_url = world.running.base_url();
    let stock = Stock::of(base_url, "township", &["civil-affairs", "natural-resources"]).await;
    let other = Department::enrol(base_url, "natural-resources").await;
    let part = stock.sign(&stock.part(&fresh_id(), &other, 0, 4));
    assert_eq!(bring(&stock.node, &part).await.0, 200);
    let refused = world.department.push(&[applied(&world, stock.number(4)).await]).await;
    assert_eq!(refused.result()["problem"]["code"], "case.number_not_leased", "{:#}", refused.body);
    // Nor does another life of the holder's store have it.
    let mut event = applied(&world, stock.number(4)).await;
    (event["source"], event["producer"]) =
        (json!(format!("urn:tongqiao:party:{}", other.party)), json!(other.producer));
    event["incarnation"] = json!(fresh_id());
    let refused = other.push(&[event]).await;
    assert_eq!(refused.result()["problem"]["code"], "case.number_not_leased", "{:#}", refused.body);
    // A node that does not carry the author: its numbers are foreign, and nothing is waited for.
    let foreign = Stock::of(base_url, "township-2", &["natural-resources"]).await;
    let mut event = applied(&world, foreign.number(0)).await;
    (event["subject"], event["sequence"]) = (json!(fresh_id()), json!(1));
    let refused = world.department.push(&[event]).await;
    assert_eq!(refused.result()["problem"]["code"], "case.number_not_leased", "{:#}", refused.body);
}

#[tokio::test]
async fn a_part_that_cannot_be_is_refused_and_a_doubled_one_is_an_alarm() {
    let world = World::new().await;
    let (base_url, holder) = (world.running.base_url(), &world.department);
    let stock = Stock::of(base_url, "township", &["civil-affairs"]).await;
    let stranger = Department::enrol(base_url, "natural-resources").await;
    let refused = async |part: Value, by: &Department| bring(by, &stock.sign(&part)).await.1;
    let outside = stock.part(&fresh_id(), holder, 8, 10);
    assert_eq!(refused(outside, &stock.node).await, "lease.part_invalid");
    let mut unknown = stock.part(&fresh_id(), holder, 0, 1);
    unknown["lease"] = json!(fresh_id());
    assert_eq!(refused(unknown, &stock.node).await, "lease.part_invalid");
    let backwards = stock.part(&fresh_id(), holder, 3, 2);
    assert_eq!(refused(backwards, &stock.node).await, "request.out_of_range");
    let uncarried = stock.part(&fresh_id(), &stranger, 0, 1);
    assert_eq!(refused(uncarried, &stock.node).await, "scope.author_not_carried");
    // Another node's lease, signed by one that has none of its own there.
    let thief = Department::enrol_carrying(base_url, "township-2", &["civil-affairs"]).await;
    let stolen = thief.sign("tongqiao-number-part-v1", stock.part(&fresh_id(), holder, 0, 1).to_string().as_bytes());
    assert_eq!(bring(&thief, &stolen).await.1, "lease.part_invalid");
    let event = stock.node.sign("tongqiao-event-v1", stock.part(&fresh_id(), holder, 0, 1).to_string().as_bytes());
    assert_eq!(bring(&stock.node, &event).await.1, "record.signature_mismatch");

    let first = fresh_id();
    assert_eq!(refused(stock.part(&first, holder, 2, 5), &stock.node).await, "");
    assert_eq!(refused(stock.part(&first, holder, 2, 4), &stock.node).await, "lease.part_conflict");
    for (from, to) in [(5, 8), (0, 2), (3, 4), (1, 9)] {
        let doubled = stock.part(&fresh_id(), holder, from, to);
        assert_eq!(refused(doubled, &stock.node).await, "lease.part_conflict", "{from} to {to}");
    }
    assert_eq!(refused(stock.part(&fresh_id(), holder, 6, 9), &stock.node).await, "");
    let alarms = holder.plain(reqwest::Method::GET, "/sandbox/alarms", &Value::Null).await.body["alarms"].clone();
    let kinds = alarms.as_array().unwrap().iter().map(|alarm| alarm["kind"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(kinds, ["lease.part_conflict"; 5], "{alarms:#}");
}

#[tokio::test]
async fn a_node_whose_key_is_revoked_passes_nothing_on_until_a_human_has_looked() {
    let world = World::new().await;
    let stock = Stock::of(world.running.base_url(), "township", &["civil-affairs"]).await;
    let part = stock.sign(&stock.part(&fresh_id(), &world.department, 0, 4));
    let revoked = json!({ "keyid": stock.node.keyid(), "reason": "stolen" });
    world.department.plain(reqwest::Method::POST, "/sandbox/revoke", &revoked).await;
    assert_eq!(bring(&world.department, &part).await.1, "record.quarantined");
    let kept = world.department.plain(reqwest::Method::GET, "/sandbox/quarantine", &Value::Null).await.body;
    let kept = &kept["records"][0];
    let release = json!({ "record_id": kept["record_id"], "digest": kept["digest"] });
    world.department.plain(reqwest::Method::POST, "/sandbox/quarantine/release", &release).await;
    assert_eq!(bring(&world.department, &part).await, (200, String::new()));
}

#[tokio::test]
async fn an_application_whose_part_never_comes_is_judged_after_thirty_days() {
    let world = World::new().await;
    let stock = Stock::of(world.running.base_url(), "township", &["civil-affairs"]).await;
    let event = applied(&world, stock.number(0)).await;
    let push = async |days: i64| {
        let department = world.department.clone().later_by_seconds(days * 86_400);
        department.push(std::slice::from_ref(&event)).await.result()["status"].clone()
    };
    assert_eq!(push(0).await, "deferred");
    let advance = json!({ "advance_millis": 30 * 86_400_000_i64 - 1 });
    world.department.plain(reqwest::Method::POST, "/sandbox/clock", &advance).await;
    assert_eq!(push(30).await, "deferred");
    world.department.plain(reqwest::Method::POST, "/sandbox/clock", &json!({ "advance_millis": 1 })).await;
    assert_eq!(push(30).await, "settled");
}

#[tokio::test]
async fn a_restored_platform_knows_to_whom_numbers_were_passed_on() {
    let world = World::new().await;
    let stock = Stock::of(world.running.base_url(), "township", &["civil-affairs"]).await;
    let backup = world.backup().await;
    let part = stock.sign(&stock.part(&fresh_id(), &world.department, 0, 4));
    assert_eq!(bring(&stock.node, &part).await.0, 200);
    world.restore(&backup).await;
    let settled = world.department.push(&[applied(&world, stock.number(3)).await]).await;
    assert_eq!(settled.result()["status"], "settled", "{:#}", settled.body);
}
