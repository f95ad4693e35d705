//! Files of materials: into custody, as events are, by the routes of chapter 15.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tongqiao::{CarriedMaterial, MaterialStanding, MaterialTaken};
use tongqiao_protocol::case::DataClass;
use tongqiao_protocol::limits::{MATERIAL_IDLE_MS, MATERIALS_RECEIVING_MAX};
use tongqiao_protocol::material::MaterialAnnouncement;
use tongqiao_protocol::{ErrorCode, Fault, Language, MaterialId, PartyId, Problem};

use super::desk::{Inside, Letter};
use super::reply::{Reply, Trouble};
use super::{passing, room};
use crate::incoming::{Incoming, Part, Piece};

/// Where an upload is, as far as this node knows.
enum Here {
    Coming(Part),
    Taken(Box<CarriedMaterial>),
}

impl Here {
    const fn announcement(&self) -> &MaterialAnnouncement {
        match self {
            Self::Coming(part) => &part.announcement,
            Self::Taken(taken) => &taken.announcement,
        }
    }
}

/// `POST /v1/materials`.
pub(super) async fn announce(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let caller = inside.identify(&letter).await?;
    let announcement = MaterialAnnouncement::parse(&letter.body);
    let announcement = announcement.map_err(|faults| Problem::from_faults(faults, Language::Chinese))?;
    // What may not be kept, and what the node may not speak for, is the platform's from the first byte.
    if announcement.data_class == DataClass::NotToBeCached || !inside.may_carry(&caller, &announcement.party) {
        return passing::pass(inside, letter).await;
    }
    let _one_at_a_time = inside.incoming.lock(announcement.material).await;
    if let Some(here) = find(inside, announcement.material).await? {
        let same = *here.announcement() == announcement;
        return if same { view(inside, &here) } else { Err(ErrorCode::MaterialIdConflict.into()) };
    }
    if let Some(path) = inside.client.carrier().same_content(&announcement).await?
        && let Ok(MaterialTaken::Here(taken)) = inside.client.carrier().take_material(&announcement, &path).await
    {
        return view(inside, &Here::Taken(taken));
    }
    let part = admit(inside, announcement).await?;
    view(inside, &Here::Coming(part))
}

/// Begins an upload, where it has room beside all others that have begun.
async fn admit(inside: &Inside, announcement: MaterialAnnouncement) -> Result<Part, Trouble> {
    let _one_at_a_time = inside.incoming.admission.lock().await;
    forget_idle(inside).await?;
    let party = announcement.party.clone();
    let expected = on_disk(inside, move |incoming| incoming.expected(&party)).await?;
    if expected.of_party >= MATERIALS_RECEIVING_MAX {
        return Err(told(ErrorCode::MaterialQuota, [("limit", MATERIALS_RECEIVING_MAX.to_string())]));
    }
    room::for_files(inside, expected.missing_bytes.saturating_add(announcement.size)).await?;
    on_disk(inside, move |incoming| incoming.begin(&announcement)).await
}

/// What nobody has gone on with for as long as the platform would wait.
async fn forget_idle(inside: &Inside) -> Result<(), Trouble> {
    let longest = Duration::from_millis(MATERIAL_IDLE_MS.unsigned_abs());
    for id in on_disk(inside, move |incoming| incoming.idle(longest)).await? {
        let Some(_one_at_a_time) = inside.incoming.lock_if_free(id) else { continue };
        inside.client.carrier().forget_untaken(id).await?;
        on_disk(inside, move |incoming| incoming.forget(id)).await?;
    }
    Ok(())
}

/// `POST /v1/materials/{material}/chunks`.
pub(super) async fn piece(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let Some(id) = id_of(&letter) else { return passing::pass(inside, letter).await };
    let _one_at_a_time = inside.incoming.lock(id).await;
    let part = match find(inside, id).await? {
        None => return passing::pass(inside, letter).await,
        Some(here) => match (owned(inside, &letter, &here).await?, here) {
            ((), Here::Coming(part)) => part,
            ((), taken) => return view(inside, &taken),
        },
    };
    let offset = letter.query().split('&').find_map(|pair| pair.strip_prefix("offset="));
    let offset = match offset.map(str::parse::<u64>) {
        Some(Ok(offset)) => offset,
        Some(Err(_)) => return Err(fault("/query/offset", ErrorCode::RequestOutOfRange)),
        None => return Err(fault("/query/offset", ErrorCode::RequestMissingField)),
    };
    if letter.body.is_empty() {
        return Err(fault("", ErrorCode::RequestMissingField));
    }
    room::for_files(inside, letter.body.len() as u64).await?;
    let (bytes, appending) = (letter.body, part.clone());
    match on_disk(inside, move |_| appending.append(offset, &bytes)).await? {
        Piece::Here(received) => view(inside, &Here::Coming(Part { received, ..part })),
        Piece::OtherOffset(stands) => Err(told(ErrorCode::MaterialOffsetMismatch, [("offset", stands.to_string())])),
        Piece::OtherBytes => Err(told(ErrorCode::MaterialChunkConflict, [("offset", offset.to_string())])),
        Piece::TooLong => Err(fault("/query/offset", ErrorCode::RequestOutOfRange)),
    }
}

/// `POST /v1/materials/{material}/completion`: what is whole and right goes into custody.
pub(super) async fn complete(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let Some(id) = id_of(&letter) else { return passing::pass(inside, letter).await };
    let _one_at_a_time = inside.incoming.lock(id).await;
    let part = match find(inside, id).await? {
        None => return passing::pass(inside, letter).await,
        Some(here) => match (owned(inside, &letter, &here).await?, here) {
            ((), Here::Coming(part)) => part,
            ((), taken) => return view(inside, &taken),
        },
    };
    if !part.is_whole() {
        let stands = [("offset", part.received.to_string()), ("size", part.announcement.size.to_string())];
        return Err(told(ErrorCode::MaterialIncomplete, stands));
    }
    let taken = inside.client.carrier().take_material(&part.announcement, &part.path).await?;
    // In custody it is kept elsewhere; with another content it is nothing that was announced.
    on_disk(inside, move |incoming| incoming.forget(id)).await?;
    match taken {
        MaterialTaken::Here(taken) => view(inside, &Here::Taken(taken)),
        MaterialTaken::OtherContent(found) => {
            let both = [("expected", part.announcement.digest.to_string()), ("found", found.to_string())];
            Err(told(ErrorCode::MaterialDigestMismatch, both))
        }
    }
}

/// `GET /v1/materials/{material}`, and `POST /v1/materials/{material}/possession`: there is no proof to be had here, since
/// nothing tells what others have brought.
pub(super) async fn look(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let here = match id_of(&letter) {
        Some(id) => find(inside, id).await?,
        None => None,
    };
    match here {
        Some(here) => {
            owned(inside, &letter, &here).await?;
            view(inside, &here)
        }
        None => passing::pass(inside, letter).await,
    }
}

fn id_of(letter: &Letter) -> Option<MaterialId> {
    letter.path().split('/').nth(3)?.parse().ok()
}

/// What is here under an id. What was lost here is as good as never brought.
async fn find(inside: &Inside, id: MaterialId) -> Result<Option<Here>, Trouble> {
    match inside.client.carrier().material(id).await? {
        Some(CarriedMaterial { standing: MaterialStanding::Lost, .. }) | None => {
            Ok(on_disk(inside, move |incoming| incoming.find(id)).await?.map(Here::Coming))
        }
        Some(taken) => Ok(Some(Here::Taken(Box::new(taken)))),
    }
}

/// Somebody else's looks like none.
async fn owned(inside: &Inside, letter: &Letter, here: &Here) -> Result<(), Trouble> {
    let caller: PartyId = inside.identify(letter).await?;
    if inside.may_carry(&caller, &here.announcement().party) { Ok(()) } else { Err(ErrorCode::MaterialUnknown.into()) }
}

fn view(inside: &Inside, here: &Here) -> Result<Reply, Trouble> {
    let announcement = here.announcement();
    let mut view = serde_json::to_value(announcement).map_err(|_| Trouble::from(ErrorCode::InternalDefect))?;
    let mut set = |name: &str, value: Value| view[name] = value;
    set("offset", json!(announcement.size));
    set("state", json!("receiving"));
    match here {
        Here::Coming(part) => set("offset", json!(part.received)),
        Here::Taken(taken) => match &taken.standing {
            MaterialStanding::InCustody(body) => {
                let receipts = inside.client.carrier().sign(std::slice::from_ref(body))?;
                set("custody", json!(receipts.first()));
            }
            MaterialStanding::Complete(receipt) => {
                set("state", json!("complete"));
                set("receipt", receipt.clone());
            }
            MaterialStanding::Refused(problem) => return Err(problem.as_ref().clone().into()),
            // It is looked for among what is coming.
            MaterialStanding::Lost => return Err(ErrorCode::MaterialUnknown.into()),
        },
    }
    Reply::json(&view)
}

fn told<const N: usize>(code: ErrorCode, params: [(&str, String); N]) -> Trouble {
    let mut problem = Problem::new(code, Language::Chinese);
    problem.params.extend(params.into_iter().map(|(name, value)| (name.to_owned(), value)));
    problem.into()
}

fn fault(path: &str, code: ErrorCode) -> Trouble {
    Problem::from_faults(tongqiao_protocol::Faults::one(Fault::new(path, code)), Language::Chinese).into()
}

async fn on_disk<T: Send + 'static>(
    inside: &Inside,
    work: impl FnOnce(&Incoming) -> io::Result<T> + Send + 'static,
) -> Result<T, Trouble> {
    let incoming = Arc::clone(&inside.incoming);
    let done = tokio::task::spawn_blocking(move || work(&incoming)).await;
    done.map_err(|_| Trouble::from(ErrorCode::InternalDefect))?.map_err(|error| {
        tracing::error!(%error, "a file of a material could not be written or read");
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::from(ErrorCode::EdgeMaterialsFull),
            _ => ErrorCode::PlatformUnavailable.into(),
        }
    })
}
