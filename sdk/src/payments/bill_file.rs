//! What the store keeps of a bill beside its record.

use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::bill::BillView;
use tongqiao_protocol::{BillId, IncarnationId, ProducerId, Timestamp};
use tongqiao_store::{Reason, Store, StoreError};

use crate::Error;
use crate::client::Shared;

/// The document of a bill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BillFile {
    pub(super) bill: BillId,
    pub(super) producer: ProducerId,
    /// The life of the store in which the bill's stream began.
    pub(super) incarnation: IncarnationId,
    pub(super) not_after: Timestamp,
    /// What the platform said last.
    #[serde(default)]
    pub(super) view: Option<BillView>,
    /// Whether the application has been told of the payment.
    #[serde(default)]
    pub(super) notified: bool,
}

impl BillFile {
    pub(super) fn load(store: &dyn Store, bill: BillId) -> Result<Option<(Self, u64)>, StoreError> {
        let document = store.document(Collection::Bill, &bill.to_string())?;
        Ok(document.and_then(|document| Some((serde_json::from_slice(&document.bytes).ok()?, document.version))))
    }

    pub(super) fn put(&self, expected: Expected) -> Change {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Change::PutDocument { collection: Collection::Bill, key: self.bill.to_string(), expected, bytes }
    }
}

/// Keeps what the platform said.
pub(super) async fn note(shared: &Shared, view: &BillView) -> Result<(), Error> {
    update(shared, view, |_| ()).await.map(|_| ())
}

/// The view, the first time only.
pub(super) async fn take_notice(shared: &Shared, view: &BillView) -> Result<Option<BillView>, Error> {
    let told_before = update(shared, view, |file| std::mem::replace(&mut file.notified, true)).await?;
    Ok((told_before == Some(false)).then(|| view.clone()))
}

/// Changes the document under its version, again when somebody else was faster; `None` when there is no document.
async fn update<T: Send + 'static>(
    shared: &Shared,
    view: &BillView,
    change: impl Fn(&mut BillFile) -> T + Send + 'static,
) -> Result<Option<T>, Error> {
    let view = view.clone();
    shared
        .storage
        .ask(move |store| {
            loop {
                let Some((mut file, version)) = BillFile::load(store, view.bill)? else { return Ok(None) };
                let result = change(&mut file);
                file.view = Some(view.clone());
                match store.commit(vec![file.put(Expected::Version(version))]) {
                    Ok(_) => return Ok(Some(result)),
                    Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        })
        .await
}
