//! An upload that a node in between has taken.

use tongqiao_protocol::case::OpenValue;
use tongqiao_protocol::material::{MaterialState, MaterialView};

use super::job::{self, Job};
use super::upload::Obstacle;
use crate::client::Shared;
use crate::receipt;

/// Whether the answer is a node's that has the whole of it.
pub(super) fn is_kept_by_node(view: &MaterialView) -> bool {
    view.state == OpenValue::Known(MaterialState::Receiving) && view.custody.is_some()
}

/// A node's receipt is checked and ends nothing; one that proves nothing is as good as none.
pub(super) async fn with_node(shared: &Shared, job: &Job, view: &MaterialView) -> Result<Obstacle, Obstacle> {
    let receipt = view.custody.as_ref().and_then(|custody| serde_json::from_value(custody.clone()).ok());
    let Some(body) = receipt::verify_custody(shared, receipt, job.id().into(), job.announcement.digest).await else {
        return Ok(Obstacle::Later(None));
    };
    if job.with_node != Some(body.time) {
        let noted = move |job: Job| Some(Job { with_node: Some(body.time), ..job });
        let id = job.id();
        shared.storage.ask(move |store| job::change(store, id, noted)).await?;
    }
    shared.uploads.changed(job.id(), Some(view.offset));
    Ok(Obstacle::InCustody)
}
