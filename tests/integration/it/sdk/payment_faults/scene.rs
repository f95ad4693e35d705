//! One act of payment on a platform of its own: what must be there before it, the act, and how its outcome is found out.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tongqiao::{BillDraft, Client, EntryState, Resolution, Transport};
use tongqiao_protocol::bill::{BillState, BillView, PaymentOutcome, RefundState};
use tongqiao_protocol::{BillId, CivilDate, RecordId, RefundId, Suite};

use super::super::cases::PATIENCE;
use super::super::sandbox::{Sandbox, reqwest_client};
use super::way::Way;

/// An act, by the route on which it is struck.
pub(super) struct Act {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) route: &'static str,
}

const fn act(name: &'static str, method: &'static str, route: &'static str) -> Act {
    Act { name, method, route }
}

/// The acts.
pub(super) const ACTS: &[Act] = &[
    act("bill", "POST", "/v1/bills"),
    act("query", "GET", "/v1/bills/{bill}"),
    act("void", "POST", "/v1/bills/{bill}/void"),
    act("fence", "POST", "/v1/bills/{bill}/fence"),
    act("refund", "POST", "/v1/bills/{bill}/refunds"),
    act("refund-query", "GET", "/v1/refunds/{refund}"),
    act("e-receipts", "GET", "/v1/bills/{bill}/e-receipts"),
    act("reconciliation", "GET", "/v1/reconciliations/{date}"),
];

/// What a bill here asks for, and what is refunded of it, in fen.
const BILLED_FEN: i64 = 1_050;
const REFUNDED_FEN: i64 = 100;

/// Platform, way and client of one line.
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) way: Arc<Way>,
    act: &'static Act,
    client: Client,
    bill: Option<BillId>,
    refund: Option<RefundId>,
}

impl Scene {
    pub(super) async fn open(act: &'static Act) -> Self {
        let sandbox = Sandbox::start().await;
        let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
        let way = Way::to(sandbox.url());
        let transport = Arc::clone(&way) as Arc<dyn Transport>;
        let builder = sandbox.builder(&credentials).store(sandbox.path("outbox.sqlite")).transport(transport);
        let client = builder.build().await.unwrap();
        // It has spoken with the platform before, and knows its epoch.
        client.items().refresh().await.unwrap();
        Self { sandbox, way, act, client, bill: None, refund: None }
    }

    fn bill(&self) -> BillId {
        self.bill.unwrap()
    }

    /// What the act needs to be there.
    pub(super) async fn prepare(&mut self) {
        match self.act.name {
            "bill" => {}
            "query" | "void" => drop(self.registered().await),
            "fence" => {
                self.way.strike("refused", &ACTS[0]);
                self.expired().await;
                self.way.clear();
            }
            "refund" | "e-receipts" | "reconciliation" => self.paid().await,
            "refund-query" => {
                self.paid().await;
                self.refund = Some(self.pay_back().await);
                let (client, refund) = (self.client.clone(), self.refund.unwrap());
                until(|| async { is(&client, refund.into(), is_settled).await }).await;
            }
            other => panic!("an act that this test does not know: {other}"),
        }
    }

    /// Makes a bill whose time is over before anybody has answered for it.
    pub(super) async fn expired(&mut self) {
        let draft = draft().taken_within(Duration::from_millis(300));
        let bill = self.client.payments().create(&draft).await.unwrap();
        self.bill = Some(bill);
        let client = self.client.clone();
        until(|| async { is(&client, bill.into(), |state| *state == EntryState::Expired).await }).await;
    }

    pub(super) async fn resolution(&self) -> Resolution {
        self.client.payments().resolve(self.bill()).await.unwrap()
    }

    /// Asks for something that has nothing to do with money.
    pub(super) async fn any_answer(&self) {
        self.client.items().refresh().await.unwrap();
    }

    async fn registered(&mut self) -> BillView {
        let bill = self.client.payments().create(&draft()).await.unwrap();
        self.bill = Some(bill);
        tokio::time::timeout(PATIENCE, self.client.payments().registered(bill)).await.unwrap().unwrap()
    }

    async fn paid(&mut self) {
        let view = self.registered().await;
        let answer = reqwest_client().post(view.cashier_url.as_ref().unwrap()).send().await.unwrap();
        assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
        assert_eq!(self.client.payments().status(view.bill).await.unwrap().state, BillState::Paid);
    }

    async fn pay_back(&self) -> RefundId {
        self.client.payments().refund(self.bill(), "1.00".parse().unwrap(), "多收").await.unwrap()
    }

    /// Does it once; what is known of it then without asking anybody.
    pub(super) async fn act(&mut self) -> PaymentOutcome {
        let payments = self.client.payments();
        match self.act.name {
            "bill" => {
                let bill = payments.create(&draft()).await.unwrap();
                self.bill = Some(bill);
                self.sent(bill.into()).await
            }
            "void" => {
                payments.void(self.bill(), "录入有误").await.unwrap();
                // A void waits under an id of its own: what is known of it stands in the outbox as a whole.
                let (client, way) = (self.client.clone(), Arc::clone(&self.way));
                let pending = || async { client.outbox().statistics().await.unwrap().pending };
                until(|| async {
                    client.outbox().nudge();
                    pending().await == 0 || way.struck() >= 2
                })
                .await;
                if pending().await == 0 { PaymentOutcome::Confirmed } else { PaymentOutcome::Unknown }
            }
            "refund" => {
                let refund = self.pay_back().await;
                self.refund = Some(refund);
                self.sent(refund.into()).await
            }
            _ => self.ask().await,
        }
    }

    /// Waits until the record is settled, or has failed and was tried again.
    async fn sent(&self, id: RecordId) -> PaymentOutcome {
        let (client, way) = (self.client.clone(), Arc::clone(&self.way));
        until(|| async {
            client.outbox().nudge();
            is(&client, id, is_settled).await || way.struck() >= 2
        })
        .await;
        if is(&self.client, id, is_settled).await { PaymentOutcome::Confirmed } else { PaymentOutcome::Unknown }
    }

    /// An act that only asks.
    async fn ask(&self) -> PaymentOutcome {
        let payments = self.client.payments();
        let found = |found: bool| if found { PaymentOutcome::Confirmed } else { PaymentOutcome::Unknown };
        match self.act.name {
            "bill" => payments.registered(self.bill()).await.map_or(PaymentOutcome::Unknown, |view| view.outcome),
            "query" => payments.status(self.bill()).await.map_or(PaymentOutcome::Unknown, |view| view.outcome),
            "void" => found(payments.status(self.bill()).await.is_ok_and(|view| view.state == BillState::Void)),
            "fence" => {
                let resolution = payments.resolve(self.bill()).await.unwrap();
                assert_eq!(resolution.may_be_replaced, resolution.outcome == PaymentOutcome::Absent);
                resolution.outcome
            }
            "refund" | "refund-query" => {
                let view = payments.refund_status(self.refund.unwrap()).await;
                view.map_or(PaymentOutcome::Unknown, |view| view.outcome)
            }
            "e-receipts" => found(payments.e_receipts(self.bill()).await.is_ok_and(|receipts| !receipts.is_empty())),
            "reconciliation" => {
                let day = payments.reconcile(CivilDate::of(self.client.platform_time())).await;
                found(day.is_ok_and(|day| day.comparison.is_clean() && day.comparison.matched == 1))
            }
            other => panic!("an act that this test does not know: {other}"),
        }
    }

    /// Asks until the outcome is the one that is to be, or patience is over.
    pub(super) async fn resolve(&self, wanted: &str) -> PaymentOutcome {
        let mut outcome = self.ask().await;
        let asking = async {
            while super::word(outcome) != wanted {
                self.client.outbox().nudge();
                tokio::time::sleep(Duration::from_millis(20)).await;
                outcome = self.ask().await;
            }
            self.client.outbox().nudge();
            self.client.outbox().drained().await.unwrap();
        };
        drop(tokio::time::timeout(PATIENCE, asking).await);
        outcome
    }

    /// The books of the platform and of the bank, and everything that was ever sent.
    pub(super) async fn audit(&self, what: &str) {
        for route in ["/v1/bills", "/v1/bills/{bill}/refunds"] {
            assert!(self.way.records(route) <= 1, "{what}: one debt, one record at {route}");
        }
        let ledger = self.sandbox.ledger().await;
        let sum = |list: &str, counts: fn(&Value) -> bool| -> i64 {
            let rows = ledger["effects"][list].as_array().unwrap();
            rows.iter().filter(|row| counts(row)).map(|row| row["amount_fen"].as_i64().unwrap()).sum()
        };
        let is_paid = matches!(self.act.name, "refund" | "refund-query" | "e-receipts" | "reconciliation");
        let is_refunded = matches!(self.act.name, "refund" | "refund-query");
        let (paid, refunded) = (sum("payments", |_| true), sum("refunds", |refund| refund["state"] != "refused"));
        assert_eq!(paid, if is_paid { BILLED_FEN } else { 0 }, "{what}");
        assert_eq!(refunded, if is_refunded { REFUNDED_FEN } else { 0 }, "{what}");
        assert!(refunded <= paid, "{what}");
        let fenced = ledger["counts"]["bills_fenced"].as_i64().unwrap();
        assert_eq!(fenced, i64::from(self.act.name == "fence"), "{what}");
        assert_eq!(ledger["effects"]["bills"].as_array().unwrap().len(), 1, "{what}: one bill");
        assert_eq!(ledger["counts"]["alarms"], 0, "{what}");
        assert!(self.client.outbox().attention().await.unwrap().is_empty(), "{what}: nothing is left for a person");
        if !is_paid {
            return;
        }
        // The bank's own statement, as the platform signs it: nothing twice.
        if let Some(refund) = self.refund {
            let client = self.client.clone();
            until(|| async { client.payments().refund_status(refund).await.unwrap().state == RefundState::Done }).await;
        }
        let day = self.client.payments().reconcile(CivilDate::of(self.client.platform_time())).await.unwrap();
        assert!(day.comparison.is_clean(), "{what}: {:?}", day.comparison.differences);
        assert_eq!(day.turnover_fen, [paid + refunded; 3], "{what}");
    }
}

fn draft() -> BillDraft {
    BillDraft::new("340700000000", "测试用户").line("certificate", "证书工本费", 2, "5.00").late_fee("0.50")
}

fn is_settled(state: &EntryState) -> bool {
    matches!(state, EntryState::Settled { .. })
}

async fn is(client: &Client, id: RecordId, holds: impl Fn(&EntryState) -> bool) -> bool {
    client.outbox().entry(id).await.unwrap().is_some_and(|entry| holds(&entry.state))
}

/// Waits until something holds.
pub(super) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}
