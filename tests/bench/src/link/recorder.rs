//! A department's system at a real platform, and everything that was said between them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tongqiao::{BillDraft, CaseDraft, Client, HttpTransport, ItemQuery, Request, Sending, Transport, Trust, enrol};
use tongqiao_protocol::Suite;
use tongqiao_reference_platform::{Platform, Running};

use crate::store::load::Trouble;

/// Which cases are opened.
pub(crate) struct Plan {
    /// Words by which items are found.
    pub(crate) items: &'static [&'static str],
    /// Synthetic persons and their numbers.
    pub(crate) persons: &'static [(&'static str, &'static str)],
    /// What is written where anything may be written.
    pub(crate) fillings: &'static [&'static str],
    pub(crate) cases: usize,
    /// Who opens them.
    pub(crate) department: &'static str,
}

/// A path, a request's body and its answer's.
pub(crate) type Heard = (String, Vec<u8>, Vec<u8>);

/// Passes requests on and notes them with their answers.
pub(crate) struct Recorder {
    pub(crate) inner: HttpTransport,
    heard: Mutex<Vec<Heard>>,
}

impl Transport for Recorder {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let (path, body) = (request.uri().path().to_owned(), request.body().clone());
            let answer = self.inner.send(request).await?;
            let heard = (path, body, answer.body().clone());
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
            Ok(answer)
        })
    }
}

impl Recorder {
    /// Everything so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens cases and sends a bill; the platform goes on running.
pub(crate) async fn recorded(folder: &Path, plan: &Plan) -> Result<(Running, Arc<Recorder>), Trouble> {
    let running = Platform::builder().database(folder.join("platform.db")).sandbox().start().await?;
    let endpoint = format!("http://{}", running.address());
    let code = running.enrolment_code(None, &["340000000000"]).await?;
    let credentials = enrol(&endpoint, plan.department, &code)?.suite(Suite::International).run().await?;
    let recorder = Arc::new(Recorder { inner: HttpTransport::direct(&Trust::system())?, heard: Mutex::default() });
    let builder = Client::builder(&endpoint, credentials).store(folder.join("department.db"));
    let builder = builder.transport(Arc::clone(&recorder) as Arc<dyn Transport>);
    let client = builder.numbers_in_stock(500).build().await?;
    open_cases(&client, plan).await?;
    let bill = BillDraft::new("340700000000", plan.persons[0].0).line("certificate", "证书工本费", 2, "5.00");
    let bill = client.payments().create(&bill).await?;
    client.payments().registered(bill).await?;
    client.close().await;
    Ok((running, recorder))
}

/// Cases of many items, each with what its guide asks for.
async fn open_cases(client: &Client, plan: &Plan) -> Result<(), Trouble> {
    let mut items = Vec::new();
    for text in plan.items {
        items.extend(client.items().find(&ItemQuery::text(text)).await?.into_iter().take(8));
    }
    let mut opened = Vec::new();
    for place in 0.. {
        let Some(item) = items.get(place % items.len().max(1)) else { return Err("the catalogue is empty".into()) };
        let (person, number) = plan.persons[place % plan.persons.len()];
        let filling = plan.fillings[place % plan.fillings.len()];
        let mut draft = CaseDraft::for_item(item).person(person, number);
        for material in item.materials.iter().filter(|material| material.required) {
            draft = draft.material(&material.key, &material.name.zh);
        }
        for field in item.form.iter().filter(|field| field.required) {
            let value = field.choices.first().map_or(filling, |choice| &choice.zh);
            draft = draft.field(&field.key, if field.kind == "phone" { "13800000000" } else { value });
        }
        // An item that cannot be applied for in this way is passed over.
        if let Ok(case) = client.cases().open(&draft).await {
            opened.push(case);
        } else if place > 20 * plan.cases {
            return Err("the catalogue has too few items".into());
        }
        if opened.len() == plan.cases {
            break;
        }
    }
    for case in opened {
        case.settled().await?;
    }
    Ok(())
}
