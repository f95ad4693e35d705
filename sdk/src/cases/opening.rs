//! From a draft to a signed application.

use serde_json::{Map, Value, json};
use tongqiao_engine::Sequence;
use tongqiao_protocol::case::{Application, CaseEvent, CaseEventData, ClockStanding, DataClass};
use tongqiao_protocol::code_set::GB39046;
use tongqiao_protocol::{
    CaseId, CaseNumber, Digest, DivisionCode, EventId, Fault, Faults, IncarnationId, ProducerId, Timestamp,
};
use tongqiao_store::StoreIdentity;

use super::draft::CaseDraft;
use super::{judgement, query_secret, writing};
use crate::client::Shared;
use crate::{Error, entropy};

/// A well-formed number that stands in while a draft is judged; none is taken for a draft with faults.
const STAND_IN: (&str, u16, u64) = ("340700", 2026, 0);

/// An application that is ready to be signed.
pub(super) struct Opening {
    pub(super) event: CaseEvent,
    pub(super) number: CaseNumber,
}

/// All faults of a draft, or nothing.
pub(super) async fn check(shared: &Shared, draft: &CaseDraft) -> Result<(), Error> {
    judged(shared, draft).await.map(|_| ())
}

/// Judges the draft and takes a number.
pub(super) async fn compose(shared: &Shared, draft: &CaseDraft) -> Result<Opening, Error> {
    let mut application = judged(shared, draft).await?;
    let number = shared.numbers.take(shared, &application.division).await?;
    let now = shared.clock.now();
    let identity = shared.storage.ask(|store| store.identity()).await?;
    let case = match draft.chosen_id() {
        Some(case) => case,
        None => entropy::id(now, CaseId::from_time_and_random)?,
    };
    application.query = Some(query_secret::password(shared, case).await?.verifier(writing::own_suite(shared), case));
    let event = CaseEvent {
        id: entropy::id(now, EventId::from_time_and_random)?,
        party: shared.credentials.party().clone(),
        case,
        time: now,
        producer: identity.producer,
        incarnation: identity.incarnation,
        sequence: Sequence::FIRST.get(),
        revision: 0,
        number: Some(number),
        data_class: DataClass::Personal,
        clock: standing(shared),
        replacement: None,
        data: CaseEventData::Applied(Box::new(application)),
    };
    Ok(Opening { event, number })
}

pub(super) fn standing(shared: &Shared) -> ClockStanding {
    if shared.clock.is_attested() { ClockStanding::Attested } else { ClockStanding::Free }
}

/// By which an opening of this draft would be told from others with the same case id; `None` for a draft that nobody can
/// have opened.
pub(super) fn content_of(shared: &Shared, draft: &CaseDraft, case: CaseId) -> Option<Digest> {
    let application = read(shared, draft, shared.clock.now()).ok()?.ok()?;
    Some(writing::content_digest(shared, case, &application))
}

/// What a draft becomes, for an opening that takes the place of a refused one.
pub(super) async fn application(shared: &Shared, draft: &CaseDraft) -> Result<CaseEventData, Error> {
    judged(shared, draft).await.map(|application| CaseEventData::Applied(Box::new(application)))
}

/// The application in a draft, once form, identifiers and guide have nothing against it.
async fn judged(shared: &Shared, draft: &CaseDraft) -> Result<Application, Error> {
    let now = shared.clock.now();
    let catalogue = shared.mirror.current_or_fetched(shared).await?;
    let read = read(shared, draft, now)?;
    // Where the form has faults, the guide is asked all the same, as far as the rest can be read.
    let (application, mut faults) = match read {
        Ok(application) => (Some(application), Faults::new()),
        Err(faults) => (None, faults),
    };
    let for_guide = match &application {
        Some(application) => Some((application.clone(), Vec::new())),
        None => readable_part(shared, draft, &faults, now)?,
    };
    if let Some((application, replaced)) = for_guide {
        let told = judgement::judge(&catalogue, &application, now);
        let of_the_draft = |fault: &Fault| !replaced.iter().any(|part| fault.path.starts_with(part));
        faults.0.extend(told.0.into_iter().filter(of_the_draft));
    }
    match (application, Error::from_faults(faults)) {
        (Some(application), None) => Ok(application),
        (_, Some(error)) => Err(error),
        (None, None) => Err(Error::internal("an unreadable draft without faults")),
    }
}

/// The draft as the platform would read it.
fn read(shared: &Shared, draft: &CaseDraft, now: Timestamp) -> Result<Result<Application, Faults>, Error> {
    parse(shared, draft.to_data(now), now)
}

fn parse(shared: &Shared, data: Value, now: Timestamp) -> Result<Result<Application, Faults>, Error> {
    let division = DivisionCode::parse(STAND_IN.0).map_err(Error::internal)?;
    let number = CaseNumber::build(&division, STAND_IN.1, STAND_IN.2).map_err(Error::internal)?;
    let identity = StoreIdentity {
        producer: ProducerId::from_time_and_random(now, [0; 10]),
        incarnation: IncarnationId::from_time_and_random(now, [0; 10]),
    };
    let envelope = json!({
        "specversion": "1.0",
        "id": EventId::from_time_and_random(now, [0; 10]),
        "source": format!("urn:tongqiao:party:{}", shared.credentials.party()),
        "type": "cn.tongqiao.case.applied.v1",
        "subject": CaseId::from_time_and_random(now, [0; 10]),
        "time": now,
        "datacontenttype": "application/json",
        "producer": identity.producer,
        "incarnation": identity.incarnation,
        "sequence": 1,
        "revision": 0,
        "number": number,
        "dataclass": DataClass::Personal,
        "clock": ClockStanding::Free,
        "data": data,
    });
    Ok(match CaseEvent::parse(envelope.to_string().as_bytes()) {
        Ok(CaseEvent { data: CaseEventData::Applied(application), .. }) => Ok(*application),
        Ok(_) => return Err(Error::internal("an application was read as something else")),
        Err(faults) => Err(faults),
    })
}

/// The draft with harmless values where it is faulty, so that the guide can say what it has against the rest, and the paths
/// of which the guide must not speak then. `None` when even that cannot be read, or when it cannot be told which guide.
fn readable_part(
    shared: &Shared,
    draft: &CaseDraft,
    faults: &Faults,
    now: Timestamp,
) -> Result<Option<(Application, Vec<&'static str>)>, Error> {
    let mut data = draft.to_data(now);
    let mut replaced = Vec::new();
    for fault in faults {
        let path = fault.path.as_str();
        if path.is_empty() || path.starts_with("/data/item") {
            return Ok(None);
        } else if path.starts_with("/data/applicant") {
            data["applicant"] = harmless_applicant(&data["applicant"]);
            if path == "/data/applicant" || path.starts_with("/data/applicant/kind") {
                replaced.push("/data/applicant/kind");
            }
        } else if path.starts_with("/data/division") {
            data["division"] = json!(STAND_IN.0);
            replaced.push("/data/division");
        } else if path.starts_with("/data/channel") {
            data["channel"] = json!({ "set": "handle_form", "generation": GB39046, "code": "1" });
            replaced.push("/data/channel");
        } else if path.starts_with("/data/overrides") {
            data["overrides"] = json!([]);
        } else if path == "/data/materials" {
            data["materials"] = json!([]);
            replaced.push("/data/materials");
        } else if path.starts_with("/data/materials/")
            && let Some(material) = material_at(&mut data, path)
        {
            *material = harmless_material(material);
        }
    }
    Ok(parse(shared, data, now)?.ok().map(|application| (application, replaced)))
}

fn harmless_material(given: &Map<String, Value>) -> Map<String, Value> {
    let mut harmless = Map::from_iter([("name".to_owned(), json!("-"))]);
    if let Some(guide) = given.get("guide") {
        harmless.insert("guide".to_owned(), guide.clone());
    }
    harmless
}

fn harmless_applicant(given: &Value) -> Value {
    json!({
        "kind": if given["kind"] == json!("organisation") { "organisation" } else { "person" },
        "name": "-",
        "identity": { "kind": { "set": "id_type", "generation": "ga2000.156", "code": "990" }, "number": "-" },
    })
}

fn material_at<'a>(data: &'a mut Value, path: &str) -> Option<&'a mut Map<String, Value>> {
    let index: usize = path.strip_prefix("/data/materials/")?.split('/').next()?.parse().ok()?;
    data["materials"].get_mut(index)?.as_object_mut()
}
