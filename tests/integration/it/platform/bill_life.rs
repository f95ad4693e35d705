//! Every row of `bill-life.tsv`, driven over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::department::{Answer, Department, World};

const TABLE: &str = include_str!("../../../../conformance/spec/bill-life.tsv");
const LATE_SECONDS: i64 = 86_401;

/// One bill on its way through the rows.
struct Case {
    world: World,
    bill: String,
    record: Value,
    refund: String,
    order: Value,
    code: String,
    /// Set once time has passed, because a hop signature must be fresh.
    late: Option<Department>,
}

impl Case {
    async fn new() -> Self {
        let world = World::new().await;
        let (bill, record) = world.department.bill();
        let (refund, order) = world.department.refund(&bill, "10.00");
        Self { world, bill, record, refund, order, code: String::new(), late: None }
    }

    fn department(&self) -> &Department {
        self.late.as_ref().unwrap_or(&self.world.department)
    }

    async fn bank(&self, mode: &str) {
        self.department().plain(Method::POST, "/sandbox/bank", &json!({ "mode": mode })).await;
    }

    fn be_late(&mut self) {
        if self.late.is_none() {
            self.world.running.clock().advance_millis(LATE_SECONDS * 1_000);
            self.late = Some(self.world.department.clone().later_by_seconds(LATE_SECONDS));
        }
    }

    /// The record is settled, the platform goes back to before, and late the record comes again with its receipt.
    async fn forgotten_and_shown(&mut self, path: &str, record: &Value) -> Answer {
        let backup = self.department().plain(Method::POST, "/sandbox/backup", &Value::Null).await.body;
        let first = self.department().post(path, record).await;
        let wish = json!({ "backup": backup["backup"] });
        self.department().plain(Method::POST, "/sandbox/restore", &wish).await;
        self.be_late();
        let mut shown = record.clone();
        shown["receipt"] = first.body["receipt"].clone();
        self.department().post(path, &shown).await
    }

    async fn view(&self, machine: &str) -> Answer {
        let path =
            if machine == "bill" { format!("/v1/bills/{}", self.bill) } else { format!("/v1/refunds/{}", self.refund) };
        self.department().get(&path).await
    }

    /// Lets an event of the table happen; gives the answer that its sender gets.
    async fn happen(&mut self, machine: &str, event: &str) -> Answer {
        if event.ends_with("-too-late") {
            self.be_late();
        }
        let bill = format!("/v1/bills/{}", self.bill);
        let answer = match event {
            "bill" | "bill-too-late" => self.department().post("/v1/bills", &self.record).await,
            "fence" => self.department().post(&format!("{bill}/fence"), &self.department().fence(&self.bill)).await,
            "void" => self.department().post(&format!("{bill}/void"), &self.department().void(&self.bill)).await,
            "refund" | "refund-too-late" => self.department().post(&format!("{bill}/refunds"), &self.order).await,
            "bill-shown" => self.forgotten_and_shown("/v1/bills", &self.record.clone()).await,
            "refund-shown" => self.forgotten_and_shown(&format!("{bill}/refunds"), &self.order.clone()).await,
            "refund-exceeds-paid" => {
                let (refund, order) = self.world.department.refund(&self.bill, "30.51");
                (self.refund, self.order) = (refund, order);
                self.department().post(&format!("{bill}/refunds"), &self.order).await
            }
            "payment" => {
                let path = format!("/sandbox/cashier/{}/pay-anyway", self.code);
                self.department().form(&path, "token=transaction-1").await;
                self.view(machine).await
            }
            "money-returned" | "return-failed" => {
                self.bank(if event == "return-failed" { "failing" } else { "prompt" }).await;
                let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
                loop {
                    let view = self.view(machine).await;
                    if view.body["state"] != "pending" {
                        break view;
                    }
                    assert!(std::time::Instant::now() < deadline, "the bank does nothing");
                }
            }
            "query" => self.view(machine).await,
            other => panic!("an event that this test does not know: {other}"),
        };
        if let Some(code) = answer.body["pay_code"].as_str() {
            code.clone_into(&mut self.code);
        }
        answer
    }

    /// Brings the machine into a state of the table.
    async fn reach(&mut self, machine: &str, state: &str) {
        self.bank("held").await;
        let way: &[&str] = match (machine, state) {
            ("bill", "requested") => &[],
            ("bill", "open") => &["bill"],
            ("bill", "paid") => &["bill", "payment"],
            ("bill", "void") => &["bill", "void"],
            ("bill", "fenced") => &["fence"],
            ("refund", "requested") => &["bill", "payment"],
            ("refund", "pending") => &["bill", "payment", "refund"],
            ("refund", "done") => &["bill", "payment", "refund", "money-returned"],
            ("refund", "failed") => &["bill", "payment", "refund", "return-failed"],
            ("refund", "refused") => &["bill", "payment", "refund-too-late"],
            other => panic!("a state that this test does not know: {other:?}"),
        };
        for event in way {
            let machine = if *event == "payment" { "bill" } else { machine };
            self.happen(machine, event).await;
        }
    }
}

#[tokio::test]
async fn the_platform_does_what_every_row_of_the_table_says() {
    let mut rows = 0;
    for line in TABLE.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [machine, from, event, to, outcome, effect] = cells[..6] else { panic!("{line}") };
        let mut case = Case::new().await;
        case.reach(machine, from).await;
        // A void bill has money to give back only after somebody paid it.
        if (machine, from, event) == ("bill", "void", "refund") {
            case.happen("bill", "payment").await;
        }
        let before = case.world.ledger().await;
        let answer = case.happen(machine, event).await;
        match effect.split_once(':') {
            Some(("refuse", code)) => assert_eq!(answer.code(), code, "{line}: {:#}", answer.body),
            _ => assert_eq!(answer.status.as_u16(), 200, "{line}: {:#}", answer.body),
        }
        let view = case.view(machine).await;
        if to == "requested" {
            assert_eq!(view.code(), format!("{machine}.unknown"), "{line}");
        } else {
            let said = (view.body["state"].as_str().unwrap_or_default(), view.body["outcome"].as_str());
            assert_eq!(said, (to, Some(outcome)), "{line}: {:#}", view.body);
        }
        let after = case.world.ledger().await;
        let owed = |ledger: &Value| ledger["fen"]["refund_owed"].as_i64().unwrap();
        match effect {
            "owe" if from == "void" => assert_eq!(owed(&after) - owed(&before), 3_050, "{line}"),
            // The same payment again changes nothing; a void or a fence of what is so already has a receipt, and no effect.
            "owe" | "same" => assert_eq!(after["effects_digest"], before["effects_digest"], "{line}"),
            _ => {}
        }
        rows += 1;
    }
    assert_eq!(rows, TABLE.lines().count() - 1);
    assert!(rows > 40, "the table was read");
}
