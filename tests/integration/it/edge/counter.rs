//! A clerk at the counter: a browser without eyes, at the console of an office's node.

use serde_json::Value;
use tongqiao::ItemQuery;
use tongqiao_edge::console::{Accounts, Role, folder};
use tongqiao_protocol::Suite;

use super::office::{Office, eventually};
use crate::sdk::sandbox::{CITIZEN, reqwest_client};

pub(crate) const PASSWORD: &str = "口令-for-tests-1";

/// Between the parts of a form with files.
const BOUNDARY: &str = "a-boundary-that-no-file-has";

/// What came back for a request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) cookie: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

/// An office with a console, and somebody who may be signed in to it.
pub(crate) struct Counter {
    pub(crate) office: Office,
    http: reqwest::Client,
    pub(crate) cookie: String,
    pub(crate) language: &'static str,
}

impl Counter {
    /// Everything running, and `li`, a clerk, and `wang`, an administrator, may sign in. Nobody is.
    pub(crate) async fn open() -> Self {
        let mut office = Office::prepare(Suite::International).await;
        let data = &office.settings.data;
        std::fs::create_dir_all(folder(data)).unwrap();
        office.department.to_file(folder(data).join("credentials.json")).unwrap();
        let accounts = Accounts::of(data);
        accounts.set("li", "测试经办", Role::Clerk, PASSWORD).unwrap();
        accounts.set("wang", "测试主管", Role::Administrator, PASSWORD).unwrap();
        office.settings.console.verify_at = "https://platform.example/verify".to_owned();
        office.start_hub().await;
        office.start_node().await;
        Self { office, http: reqwest_client(), cookie: String::new(), language: "zh" }
    }

    /// The same, with `li` signed in.
    pub(crate) async fn staffed() -> Self {
        let mut counter = Self::open().await;
        counter.sign_in("li").await;
        counter
    }

    pub(crate) async fn sign_in(&mut self, name: &str) {
        self.cookie.clear();
        let answer = self.send("/console/sign-in", &[("name", name), ("password", PASSWORD)], &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        self.cookie = answer.cookie.unwrap();
    }

    async fn answered(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.header("cookie", &self.cookie).header("accept-language", self.language);
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (location, cookie) = (header("location"), header("set-cookie"));
        let cookie = cookie.map(|cookie| cookie.split(';').next().unwrap().to_owned());
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, location, cookie, headers, text: answer.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.answered(self.http.get(format!("{}{path}", self.office.url()))).await
    }

    /// A form as it is, without the token of a page.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.post(format!("{}{path}", self.office.url())).form(fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answered(request).await
    }

    /// A form from a page of the console.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = hidden(&self.get("/console").await.text, "csrf");
        self.send(path, &[fields, &[("csrf", &csrf)]].concat(), &[]).await
    }

    /// A form with files: each with its field, its name and what is in it.
    pub(crate) async fn post_files(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        let csrf = hidden(&self.get("/console").await.text, "csrf");
        let mut body = Vec::new();
        for (name, value) in fields.iter().chain(&[("csrf", csrf.as_str())]) {
            body.extend(
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        for (field, name, bytes) in files {
            let disposition = format!("content-disposition: form-data; name=\"{field}\"; filename=\"{name}\"");
            body.extend(format!("--{BOUNDARY}\r\n{disposition}\r\ncontent-type: image/png\r\n\r\n").bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let request = self.http.post(format!("{}{path}", self.office.url()));
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.answered(request.header("content-type", kind).body(body)).await
    }

    /// The path of the form of an item that everybody may apply for.
    pub(crate) async fn form(&self) -> String {
        let found = eventually("the catalogue", async || {
            let items = self.office.node().client().items().find(&ItemQuery::text("file certificate")).await.ok()?;
            Some((items[0].code.clone(), items[0].version))
        });
        let (code, version) = found.await;
        format!("/console/new/{code}/{version}")
    }

    /// Fills in a form and hands it in; the case's own address.
    pub(crate) async fn take(&self, again: &str) -> String {
        let form = self.form().await;
        let case = hidden(&self.get(&form).await.text, "case");
        let answer =
            self.post(&form, &[filled(&case).as_slice(), &[("step", "send"), ("again", again)]].concat()).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let path = answer.location.unwrap();
        assert_eq!(path, format!("/console/cases/{case}"));
        path
    }

    /// Waits until a page says something.
    pub(crate) async fn says(&self, path: &str, words: &str) -> String {
        eventually(words, async || {
            let text = self.get(path).await.text;
            text.contains(words).then_some(text)
        })
        .await
    }

    /// The same, with "try now" pressed again and again: news that was not there a moment ago is otherwise asked for a minute later.
    pub(crate) async fn hears(&self, path: &str, words: &str) -> String {
        eventually(words, async || {
            self.post("/console/waiting/now", &[]).await;
            let text = self.get(path).await.text;
            text.contains(words).then_some(text)
        })
        .await
    }

    /// What clerks did, as the audit file has it, in order.
    pub(crate) fn deeds(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.office.settings.data.join("audit.jsonl")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_people = lines.filter(|line| line["who"] != "operator" && line["deed"] != "receipts-given");
        of_people.map(|line| format!("{} {}", line["who"].as_str().unwrap(), line["deed"].as_str().unwrap())).collect()
    }
}

/// A complete form.
pub(crate) fn filled(case: &str) -> Vec<(&str, &str)> {
    vec![
        ("case", case),
        ("kind", "person"),
        ("name", "测试用户"),
        ("document", "111"),
        ("number", CITIZEN),
        ("form.contact-phone", "13800000000"),
        ("form.reason", "办理入职手续"),
        ("material.id-card", "shown"),
    ]
}

/// The value of a hidden field on a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split(&start).nth(1).unwrap_or_else(|| panic!("no field {name} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}
