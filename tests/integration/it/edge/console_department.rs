//! The console and a department that handles what was taken at the counter.

use serde_json::{Map, Value, json};
use tongqiao::{Client, Item, ItemQuery};
use tongqiao_protocol::CaseId;
use tongqiao_protocol::case::CaseEventData;

use super::counter::{Counter, hidden};
use super::office::{eventually, settle};
use crate::sdk::sandbox::CITIZEN;

/// A department in the city that handles the items of an agency.
async fn bureau(counter: &Counter, item: &Item) -> Client {
    let sandbox = &counter.office.sandbox;
    let code = sandbox.post("/sandbox/enrolment-codes", &json!({ "handles": [item.code[..18].to_owned()] })).await;
    let enrolment = tongqiao::enrol(&sandbox.url(), "bureau", code["code"].as_str().unwrap()).unwrap();
    let credentials = enrolment.run().await.unwrap();
    sandbox.builder(&credentials).store(sandbox.path("bureau.sqlite")).build().await.unwrap()
}

fn said(kind: &str, data: Value) -> CaseEventData {
    let empty = Map::new();
    CaseEventData::from_json(kind, data.as_object().unwrap_or(&empty)).unwrap()
}

fn id_of(path: &str) -> CaseId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_notice_comes_to_the_counter_and_its_answer_goes_back_and_the_applicant_evaluates() {
    let counter = Counter::staffed().await;
    counter.form().await;
    let items = counter.office.node().client().items().find(&ItemQuery::text("file certificate")).await.unwrap();
    let item = items[0].clone();
    let bureau = bureau(&counter, &item).await;
    let path = counter.take("").await;
    let case = id_of(&path);
    eventually("the dispatch", async || bureau.cases().take_over(case).await.ok()).await;
    let lines = json!([{ "cites": "material", "id": "id-card", "text": "身份证复印件不清晰" }]);
    let notice = said("correction-requested", json!({ "lines": lines, "handler": "测试审核" }));
    settle(&bureau.cases().append(case, notice).await.unwrap()).await;
    let page = counter.hears("/console/corrections", "身份证复印件不清晰").await;
    assert!(page.contains(&path) && !page.contains("测试用户"));
    counter.says(&path, "补正告知").await;
    // A scan for the line, and one for a line that nobody asked for.
    let scan = |field| (field, "身份证.png", b"a clear picture".as_slice());
    let corrected = format!("{path}/corrected");
    let answer = counter.post_files(&corrected, &[("line.0", "yes")], &[scan("file.0"), scan("file.7")]).await;
    assert_eq!(answer.location.as_deref(), Some(path.as_str()), "{}", answer.text);
    assert!(counter.get("/console/corrections").await.text.contains("没有等待补正的办件"));
    eventually("the correction", async || {
        let over = bureau.cases().take_over(case).await.ok()?;
        let CaseEventData::Corrected(corrected) = &over.events.last()?.data else { return None };
        assert_eq!(corrected.materials.len(), 1);
        assert_eq!(corrected.materials[0].guide.as_deref(), Some("id-card"));
        let digest = corrected.materials[0].digest.unwrap();
        assert_eq!(digest, tongqiao_protocol::Digest::of(tongqiao_protocol::Suite::International, b"a clear picture"));
        Some(())
    })
    .await;
    let now = tongqiao::Clock::now(&tongqiao::SystemClock);
    let promise = json!({ "working_days": 0, "due": now.plus_millis(60_000) });
    let promise = said("accepted", json!({ "accepted_on": now, "handler": "测试审核", "promise": promise }));
    settle(&bureau.cases().append(case, promise).await.unwrap()).await;
    counter.hears(&path, "<td>受理</td>").await;
    counter.says(&path, "部门办理中").await;
    let evaluated = counter.post(&format!("{path}/evaluate"), &[("score", "1"), ("comment", "很快")]).await;
    assert_eq!(evaluated.location.as_deref(), Some(path.as_str()), "{}", evaluated.text);
    eventually("the evaluation", async || {
        let over = bureau.cases().take_over(case).await.ok()?;
        matches!(over.events.last()?.data, CaseEventData::Evaluated(_)).then_some(())
    })
    .await;
}

/// A complete form of an item, whatever it asks for.
fn filled(item: &Item, case: &str) -> Vec<(String, String)> {
    let mut fields =
        [("case", case), ("kind", "person"), ("name", "测试用户"), ("document", "111"), ("number", CITIZEN)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
    for field in &item.form {
        let value = match field.kind.as_str() {
            "phone" => "13800000000",
            "date" => "2026-01-05",
            "number" | "integer" => "3",
            "amount" => "30.00",
            "division" => "340702000000",
            "choice" => field.choices[0].zh.as_str(),
            _ => "测试内容",
        };
        fields.push((format!("form.{}", field.key), value.to_owned()));
    }
    fields.extend(item.materials.iter().map(|one| (format!("material.{}", one.key), "shown".to_owned())));
    fields.push(("step".to_owned(), "send".to_owned()));
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_is_made_once_however_often_it_is_asked_for_and_its_payment_is_seen() {
    let counter = Counter::staffed().await;
    counter.form().await;
    let items = counter.office.node().client().items().find(&ItemQuery::all()).await.unwrap();
    let for_persons =
        |item: &&std::sync::Arc<Item>| !item.fees.is_empty() && item.targets.codes.iter().any(|one| one == "1");
    let item = items.iter().find(for_persons).unwrap();
    let form = format!("/console/new/{}/{}", item.code, item.version);
    let case = hidden(&counter.get(&form).await.text, "case");
    let fields = filled(item, &case);
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
    let taken = counter.post(&form, &fields).await;
    let path = taken.location.unwrap_or_else(|| panic!("{}", taken.text));
    assert!(counter.get(&path).await.text.contains("开具缴款单"));
    let bill = format!("{path}/bill");
    let (one, other) = tokio::join!(counter.post(&bill, &[]), counter.post(&bill, &[]));
    let payment = format!("{path}/payment");
    assert_eq!(
        (one.location.as_deref(), other.location.as_deref()),
        (Some(&*payment), Some(&*payment)),
        "{}",
        one.text
    );
    let page = counter.says(&payment, "请申请人扫码缴款").await;
    assert!(page.contains("<svg"));
    assert_eq!(counter.office.sandbox.ledger().await["counts"]["bills"], 1);
    let code = page.split("class=\"mono big\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let cashier = format!("{}/cashier/{code}", counter.office.sandbox.url());
    let http = crate::sdk::sandbox::reqwest_client();
    let desk = http.get(&cashier).send().await.unwrap().text().await.unwrap();
    let paying = [("token", hidden(&desk, "token")), ("total", hidden(&desk, "total"))];
    assert!(http.post(&cashier).form(&paying).send().await.unwrap().status().is_redirection());
    counter.says(&payment, "已缴款").await;
}
