//! The page on which anybody verifies a receipt.

use tongqiao_protocol::Suite;

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft, reqwest_client};

#[tokio::test]
async fn a_receipt_is_verified_by_what_stands_on_the_paper_and_nothing_else_is() {
    for suite in [Suite::International, Suite::ShangMi] {
        let sandbox = Sandbox::start().await;
        let credentials = sandbox.enrol("civil-affairs", suite).await;
        let client = sandbox.builder(&credentials).store(sandbox.path("store.sqlite")).build().await.unwrap();
        let case = client.cases().open(&draft(&client).await).await.unwrap();
        let receipt = tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
        let http = reqwest_client();
        let page = async |query: &[(&str, &str)]| {
            let query = query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
            let separator = if query.is_empty() { "" } else { "?" };
            let answer = http.get(format!("{}/verify{separator}{query}", sandbox.url())).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let (event, digest) = (case.event().to_string(), receipt.digest.to_string());
        let (status, text) = page(&[("event", &event), ("digest", &digest)]).await;
        assert!(status == 200 && text.contains("回执真实") && text.contains(&receipt.time.to_string()), "{text}");
        assert!(!text.contains("测试用户") && !text.contains(case.number().as_str()));
        let other = digest.chars().rev().take(1).map(|last| if last == '0' { '1' } else { '0' }).collect::<String>();
        let other = format!("{}{other}", &digest[..digest.len() - 1]);
        for query in [[("event", event.as_str()), ("digest", other.as_str())], [("event", "x"), ("digest", &digest)]] {
            let (status, text) = page(&query).await;
            assert!(status == 404 && text.contains("没有这份回执"), "{text}");
        }
        assert_eq!(page(&[]).await.0, 200);

        let proof = client.receipts().prove(case.event()).await.unwrap().to_json().unwrap();
        let post = async |proof: &str| {
            let form = [("proof", proof)];
            http.post(format!("{}/verify", sandbox.url())).form(&form).send().await.unwrap().status().as_u16()
        };
        assert_eq!(post(&proof).await, 200);
        let mut forged = serde_json::from_str::<serde_json::Value>(&proof).unwrap();
        let mut body = serde_json::from_slice::<serde_json::Value>(&decoded(&forged)).unwrap();
        body["time"] = serde_json::json!("2026-01-05T09:00:00.000+08:00");
        forged["receipt"]["receipt"] = serde_json::json!(encoded(body.to_string().as_bytes()));
        for wrong in [forged.to_string().as_str(), "{}", ""] {
            assert_eq!(post(wrong).await, 404, "{wrong}");
        }
    }
}

fn decoded(proof: &serde_json::Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(proof["receipt"]["receipt"].as_str().unwrap()).unwrap()
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
