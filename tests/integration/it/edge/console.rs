//! The clerk's console, over HTTP.

use super::counter::{Counter, PASSWORD, filled, hidden};
use super::office::eventually;
use crate::sdk::sandbox::CITIZEN;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_the_right_password_and_five_wrong_ones_lock_the_name() {
    let counter = Counter::open().await;
    for path in ["/console", "/console/items", "/console/health", "/console/cases/x", "/console/waiting"] {
        let answer = counter.get(path).await;
        assert_eq!((answer.status, answer.location.as_deref()), (303, Some("/console/sign-in")), "{path}");
    }
    assert_eq!(
        counter.send("/console/handover", &[("to", "x")], &[]).await.location.as_deref(),
        Some("/console/sign-in")
    );
    let tried = async |name: &str, password: &str| {
        counter.send("/console/sign-in", &[("name", name), ("password", password)], &[]).await
    };
    for _ in 0..4 {
        assert_eq!(tried("li", "wrong password").await.status, 403);
    }
    assert_eq!(tried("nobody", PASSWORD).await.status, 403);
    assert_eq!(tried("li", "wrong password").await.status, 429);
    let locked = tried("li", PASSWORD).await;
    assert_eq!((locked.status, locked.cookie), (429, None), "not even with the right one");
    assert_eq!(tried("wang", PASSWORD).await.status, 303);
    let from_elsewhere = [("origin", "http://elsewhere.example")];
    let answer = counter.send("/console/sign-in", &[("name", "wang"), ("password", PASSWORD)], &from_elsewhere).await;
    assert_eq!((answer.status, answer.cookie), (400, None));
    let expected = ["li sign-in-failed"; 4].into_iter().chain(["- sign-in-failed", "li locked-out", "wang signed-in"]);
    assert_eq!(counter.deeds(), expected.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_are_only_taken_from_pages_of_the_session_and_pages_bear_their_policy() {
    let mut counter = Counter::staffed().await;
    let first = counter.cookie.clone();
    let page = counter.get("/console").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["cache-control"], "no-store");
    let csrf = hidden(&page.text, "csrf");
    let fields = [("to", "测试主管"), ("csrf", csrf.as_str())];
    assert_eq!(counter.send("/console/handover", &fields[..1], &[]).await.status, 403);
    assert_eq!(counter.send("/console/handover", &fields, &[("origin", "http://elsewhere.example")]).await.status, 403);
    counter.sign_in("li").await;
    assert_eq!(counter.send("/console/handover", &fields, &[]).await.status, 403, "the token of another session");
    let own = counter.office.url();
    counter.cookie.clone_from(&first);
    assert_eq!(counter.send("/console/handover", &fields, &[("origin", own.as_str())]).await.status, 303);
    assert_eq!(counter.get("/console/handover").await.text.matches("测试主管").count(), 1);
    assert_eq!(counter.get("/console/health").await.status, 403, "a clerk is no administrator");
    assert_eq!(counter.post("/console/sign-out", &[]).await.status, 303);
    assert_eq!(counter.get("/console").await.status, 303);
    counter.sign_in("wang").await;
    assert_eq!(counter.get("/console").await.status, 200);
    tongqiao_edge::console::Accounts::of(&counter.office.settings.data).remove("wang").unwrap();
    assert_eq!(counter.get("/console").await.status, 303, "the account is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_taken_and_printed_without_a_link_and_settles_when_it_is_back() {
    let mut counter = Counter::staffed().await;
    let first = counter.take("").await;
    counter.says(&first, "市级平台已收").await;
    counter.office.stop_hub().await;
    let second = counter.take("yes").await;
    let page = counter.says(&second, "节点代管，待传").await;
    assert!(!page.contains(CITIZEN) && page.contains("3407************11"), "{page}");
    let receipt = counter.post(&format!("{second}/receipt"), &[]).await;
    assert_eq!(receipt.status, 200);
    assert!(receipt.text.contains("<svg") && receipt.text.contains("编号即为最终编号"), "{}", receipt.text);
    assert!(!receipt.text.contains("补打") && !receipt.text.contains(CITIZEN));
    let waiting = counter.get("/console/waiting").await.text;
    assert!(waiting.contains(second.as_str()) && waiting.contains("1 分钟"), "{waiting}");
    counter.office.start_hub().await;
    counter.post("/console/waiting/now", &[]).await;
    counter.says(&second, "市级平台已收").await;
    let copy = counter.post(&format!("{second}/receipt"), &[]).await.text;
    for words in ["补打 第2次", "市级平台已签收", "verify_receipt.py"] {
        assert!(copy.contains(words), "{words}: {copy}");
    }
    assert_eq!(counter.office.effects().await.len(), 2);
    assert!(counter.get("/console/waiting").await.text.contains("全部已送达市级平台"));
    let deadlines = counter.get("/console/deadlines").await.text;
    assert!(deadlines.contains("答复是否受理"), "{deadlines}");
    for path in ["/console/link", "/console/corrections", "/console/attention", "/console/items", "/console/handover"] {
        assert_eq!(counter.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_stand_beside_their_fields_and_what_is_looked_over_can_be_changed() {
    let counter = Counter::staffed().await;
    let form = counter.form().await;
    let case = hidden(&counter.get(&form).await.text, "case");
    let mut fields = filled(&case);
    fields.retain(|(name, _)| *name != "form.reason" && *name != "material.id-card");
    let number = fields.iter_mut().find(|(name, _)| *name == "number").unwrap();
    number.1 = "340702196802290212";
    fields.extend([
        ("agent_name", "测试代办"),
        ("agent_number", "1"),
        ("agent_until", "soon"),
        ("paper_at", "2999-01-01T09:00"),
        ("step", "send"),
    ]);
    let answer = counter.post(&form, &fields).await;
    assert_eq!(answer.status, 422);
    for field in ["number", "form.reason", "material.id-card", "agent_number", "agent_until", "paper_at"] {
        let row = answer.text.split("<div class=\"row faulty\">").skip(1);
        let beside = row.filter(|row| row.contains(&format!("id=\"fault.{field}\""))).count();
        assert_eq!(beside, 1, "{field}: {}", answer.text);
    }
    assert!(answer.text.contains("测试代办"), "what was filled in is still there");
    assert_eq!(counter.office.node().client().outbox().statistics().await.unwrap().pending, 0);
    let whole = filled(&case);
    let looked_over = counter.post(&form, &[whole.as_slice(), &[("step", "check")]].concat()).await;
    assert_eq!(looked_over.status, 200);
    assert!(looked_over.text.contains("请核对") && looked_over.text.contains(CITIZEN));
    let again = counter.post(&form, &[whole.as_slice(), &[("step", "edit")]].concat()).await;
    assert!(again.text.contains("value=\"13800000000\"") && again.text.contains("检查并核对"));
    assert_eq!(hidden(&again.text, "case"), case);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_again_is_the_same_case_and_another_one_like_it_is_asked_about() {
    let counter = Counter::staffed().await;
    let form = counter.form().await;
    let case = hidden(&counter.get(&form).await.text, "case");
    let fields = [filled(&case).as_slice(), &[("step", "send")]].concat();
    let (one, other) = tokio::join!(counter.post(&form, &fields), counter.post(&form, &fields));
    assert_eq!((one.status, one.location), (other.status, other.location.clone()));
    assert_eq!(other.location, Some(format!("/console/cases/{case}")));
    let other_case = hidden(&counter.get(&form).await.text, "case");
    let like = [filled(&other_case).as_slice(), &[("step", "send")]].concat();
    let asked = counter.post(&form, &like).await;
    assert!(asked.status == 200 && asked.text.contains(&format!("/console/cases/{case}")), "{}", asked.text);
    assert_eq!(counter.get(&format!("/console/cases/{other_case}")).await.status, 404);
    let sure = counter.post(&form, &[like.as_slice(), &[("again", "yes")]].concat()).await;
    assert_eq!(sure.location, Some(format!("/console/cases/{other_case}")));
    eventually("both", async || (counter.office.effects().await.len() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_application_is_mended_in_its_form_under_the_same_number() {
    let counter = Counter::staffed().await;
    let form = counter.form().await;
    let case = hidden(&counter.get(&form).await.text, "case");
    let (code, version) = form.trim_start_matches("/console/new/").split_once('/').unwrap();
    let next = serde_json::json!({ "changes": [
        { "kind": "new-version", "code": code },
        { "kind": "remove", "code": code, "version": version.parse::<u32>().unwrap() },
    ] });
    counter.office.sandbox.post("/sandbox/catalogue/changes", &next).await;
    let taken = counter.post(&form, &[filled(&case).as_slice(), &[("step", "send")]].concat()).await;
    let path = taken.location.unwrap();
    counter.says(&path, "被退回，待更正").await;
    let receipt = counter.post(&format!("{path}/receipt"), &[]).await.text;
    assert!(receipt.contains("本页不是受理凭据") && !receipt.contains("市级平台已签收"), "{receipt}");
    let list = counter.get("/console/attention").await.text;
    let mend =
        list.split("href=\"").find(|rest| rest.contains("/mend\"")).unwrap().split('"').next().unwrap().to_owned();
    // On a busy machine the first look may not wait for the platform's answer.
    let newer = eventually("the present version of the item", async || {
        let page = counter.get(&mend).await.text;
        let action = page.split("action=\"/console/new/").nth(1)?.split('"').next()?.to_owned();
        (!action.ends_with(&format!("/{version}"))).then_some((action, page))
    });
    let (action, page) = newer.await;
    assert_eq!(counter.deeds().last().map(String::as_str), Some("li revealed"));
    let mends = hidden(&page, "mends");
    assert!(page.contains("办理入职手续"), "what was filled in is still there");
    let fields = [filled(&case).as_slice(), &[("step", "send"), ("mends", &mends)]].concat();
    let mended = counter.post(&format!("/console/new/{action}"), &fields).await;
    assert_eq!(mended.location.as_deref(), Some(path.as_str()), "{}", mended.text);
    counter.says(&path, "市级平台已收").await;
    assert!(counter.get("/console/attention").await.text.contains("没有被退回"));
    assert_eq!(counter.office.effects().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_identifies_a_person_is_shown_when_it_is_asked_for_and_the_asking_is_noted() {
    let mut counter = Counter::staffed().await;
    let path = counter.take("").await;
    for page in [counter.get(&path).await.text, counter.get("/console").await.text] {
        assert!(!page.contains(CITIZEN) && !page.contains("测试用户") && page.contains("测***"), "{page}");
    }
    let whole = counter.post(&format!("{path}/revealed"), &[]).await.text;
    assert!(whole.contains(CITIZEN) && whole.contains("测试用户") && whole.contains("13800000000"));
    assert!(!counter.get(&path).await.text.contains(CITIZEN), "it was for once");
    assert_eq!(counter.deeds(), ["li signed-in", "li opened", "li revealed"]);
    let audit = counter.office.settings.data.join("audit.jsonl");
    assert!(!std::fs::read_to_string(audit).unwrap().contains("测试用户"));
    counter.language = "en";
    let english = counter.get(&path).await.text;
    assert!(english.contains("What happened") && english.contains("lang=\"en\""), "{english}");
}
