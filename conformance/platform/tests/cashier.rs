//! The cashier's page over HTTP: paying once, void bills, money that arrives all the same, hostile texts.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/plain_http.rs"]
mod plain_http;

use plain_http::{get, post_form, send};
use rusqlite::Connection;
use serde_json::json;
use tongqiao_protocol::{Amount, BillId, Digest, Suite, Timestamp};
use tongqiao_reference_platform::{Platform, Running};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

struct Cashier {
    running: Running,
    database: Connection,
    _directory: tempfile::TempDir,
}

impl Cashier {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("platform.sqlite");
        let running = Platform::builder().database(&path).sandbox().start().await.unwrap();
        let database = Connection::open(&path).unwrap();
        Self { running, database, _directory: directory }
    }

    /// A bill as it stands in the database after it was accepted.
    fn bill(&self, number: u8, state: &str, payer: &str, line: &str) -> String {
        let bill = BillId::from_time_and_random(NOW, [number; 10]);
        let fen = |fen: i64| Amount::from_fen(fen).unwrap();
        let record = json!({
            "bill": bill, "party": "civil-affairs", "division": "340700000000", "payer": { "name": payer },
            "amount": fen(96_000), "late_fee": fen(150), "not_after": NOW, "created": NOW,
            "lines": [
                { "code": "cremation", "name": line, "quantity": 1, "unit_price": fen(78_000), "amount": fen(78_000) },
                { "code": "storage", "name": "遗体存放费", "quantity": 3, "unit_price": fen(6_000), "amount": fen(18_000) },
            ],
        });
        let pay_code = format!("3407{number:016}");
        let digest = Digest::of(Suite::International, record.to_string().as_bytes()).to_string();
        self.database
            .execute(
                "INSERT INTO bill (bill, party, state, digest, pay_code, division, amount, late_fee, record, created)
                 VALUES (?1, 'civil-affairs', ?2, ?6, ?3, '340700000000', 96000, 150, ?4, ?5)",
                (bill.as_bytes(), state, &pay_code, record.to_string().into_bytes(), NOW.as_millis(), digest),
            )
            .unwrap();
        pay_code
    }

    /// (state, paid, owed back, payments)
    fn standing(&self, pay_code: &str) -> (String, Option<i64>, i64, i64) {
        let sql = "SELECT state, paid_amount, refund_owed,
                          (SELECT count(*) FROM payment WHERE payment.bill = bill.bill) FROM bill WHERE pay_code = ?1";
        self.database
            .query_row(sql, [pay_code], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap()
    }

    /// The page and the token of its form.
    async fn page(&self, pay_code: &str) -> (String, String) {
        let answer = get(self.running.address(), &format!("/cashier/{pay_code}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.text();
        let token = text.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        (text.clone(), token.unwrap_or_default().to_owned())
    }

    async fn press(&self, pay_code: &str, token: &str) -> u16 {
        let path = format!("/cashier/{pay_code}");
        let answer = post_form(self.running.address(), &path, &[("token", token)]).await;
        if answer.status == 303 {
            assert_eq!(answer.header("location"), Some(path.as_str()));
        }
        answer.status
    }
}

#[tokio::test]
async fn the_page_shows_the_bill_and_pressing_twice_pays_once() {
    let cashier = Cashier::open().await;
    let code = cashier.bill(1, "open", "测试甲", "遗体火化费");
    let (page, token) = cashier.page(&code).await;
    for text in ["收款单位", "civil-affairs", "测**", "遗体火化费", "780.00", "滞纳金", "¥1.50", "¥961.50", "支付"]
    {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    assert!(!page.contains("测试甲"), "the payer's name is masked");
    assert_eq!((cashier.press(&code, &token).await, cashier.press(&code, &token).await), (303, 303));
    assert_eq!(cashier.standing(&code), ("paid".to_owned(), Some(96_150), 0, 1));
    let (paid, _) = cashier.page(&code).await;
    assert!(paid.contains("缴款成功") && !paid.contains("action=\"/cashier/"));
    cashier.running.shutdown().await;
}

#[tokio::test]
async fn two_pages_open_at_once_still_pay_once() {
    let cashier = Cashier::open().await;
    let code = cashier.bill(1, "open", "测试甲", "遗体火化费");
    let ((_, first), (_, second)) = (cashier.page(&code).await, cashier.page(&code).await);
    assert_ne!(first, second);
    let pressed = tokio::join!(cashier.press(&code, &first), cashier.press(&code, &second));
    assert_eq!(pressed, (303, 303));
    assert_eq!(cashier.standing(&code), ("paid".to_owned(), Some(96_150), 0, 1));
    cashier.running.shutdown().await;
}

#[tokio::test]
async fn a_void_bill_says_so_and_takes_no_money_at_the_cashier() {
    let cashier = Cashier::open().await;
    let code = cashier.bill(1, "void", "测试甲", "遗体火化费");
    let (page, _) = cashier.page(&code).await;
    assert!(page.contains("已作废") && !page.contains("action=\"/cashier/"));
    assert_eq!(cashier.press(&code, "12345678").await, 303);
    assert_eq!(cashier.standing(&code), ("void".to_owned(), None, 0, 0));
    cashier.running.shutdown().await;
}

#[tokio::test]
async fn money_that_arrives_for_a_void_or_paid_bill_is_owed_back_once() {
    let cashier = Cashier::open().await;
    for (number, state) in [(1, "void"), (2, "open")] {
        let code = cashier.bill(number, state, "测试甲", "遗体火化费");
        let (_, token) = cashier.page(&code).await;
        cashier.press(&code, &token).await;
        let path = format!("/sandbox/cashier/{code}/pay-anyway");
        for _ in 0..2 {
            let answer = post_form(cashier.running.address(), &path, &[("token", "arrives-late")]).await;
            assert_eq!((answer.status, &answer.json()["effect"]), (200, &json!("refund_owed")));
        }
        assert_eq!(cashier.standing(&code).2, 96_150, "{state}");
        let (page, _) = cashier.page(&code).await;
        assert!(page.contains("待退还") && page.contains("¥961.50"));
    }
    cashier.running.shutdown().await;
}

#[tokio::test]
async fn a_bill_without_a_page_is_paid_once_by_its_code() {
    let cashier = Cashier::open().await;
    let code = cashier.bill(1, "open", "测试甲", "遗体火化费");
    for _ in 0..2 {
        assert_eq!(post_form(cashier.running.address(), &format!("/cashier/{code}"), &[]).await.status, 303);
    }
    assert_eq!(cashier.standing(&code), ("paid".to_owned(), Some(96_150), 0, 1));
    cashier.running.shutdown().await;
}

#[tokio::test]
async fn what_others_wrote_is_shown_as_text_and_nothing_runs() {
    let cashier = Cashier::open().await;
    let attack = "<script>alert(1)</script>\"'&";
    let code = cashier.bill(1, "open", attack, attack);
    let answer = get(cashier.running.address(), &format!("/cashier/{code}")).await;
    let text = answer.text();
    assert!(!text.contains("<script") && text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    cashier.running.shutdown().await;
}

#[tokio::test]
async fn an_unknown_code_and_a_foreign_form_change_nothing() {
    let cashier = Cashier::open().await;
    let code = cashier.bill(1, "open", "测试甲", "遗体火化费");
    for path in ["/cashier/nonsense", "/cashier/%3Cscript%3E", "/cashier/34070000000000000099"] {
        assert_eq!(get(cashier.running.address(), path).await.status, 404, "{path}");
        assert_eq!(post_form(cashier.running.address(), path, &[]).await.status, 404, "{path}");
    }
    for token in ["short", "with space in it", &"x".repeat(65)] {
        assert_eq!(cashier.press(&code, token).await, 400, "{token}");
    }
    assert_eq!(cashier.press(&code, &"x".repeat(64)).await, 303);
    assert_eq!(cashier.standing(&code).3, 1);
    let path = format!("/cashier/{code}");
    let answer = send(cashier.running.address(), "GET", &path, &[("accept-language", "en")], "").await;
    assert!(answer.text().contains("Paid"));
    cashier.running.shutdown().await;
}
