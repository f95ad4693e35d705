//! Cases as pages want them: the file of the counter with what both stores say.

use std::sync::Arc;

use tongqiao::{Entry, EntryState, Error};
use tongqiao_protocol::{CaseId, CivilDate, EventId};

use super::Inside;
use super::ledger::Taken;
use super::stage::{AtNode, Way, opening};

/// More rows than this make no page better.
pub(super) const ROWS_MOST: usize = 300;

impl Inside {
    /// A case that was taken here, with its way.
    pub(super) async fn find(&self, case: CaseId) -> Result<Option<(Arc<Taken>, Way)>, Error> {
        match self.ledger.get(case) {
            Some(taken) => {
                let way = self.way(&taken).await?;
                Ok(Some((taken, way)))
            }
            None => Ok(None),
        }
    }

    /// How far a case is.
    pub(super) async fn way(&self, taken: &Taken) -> Result<Way, Error> {
        let view = self.client.cases().get(taken.case).await?;
        let at_node = match view.as_ref().and_then(opening) {
            Some(event) => self.at_node(event.event).await?,
            None => AtNode::No,
        };
        Ok(Way::of(taken, view, at_node))
    }

    async fn at_node(&self, event: EventId) -> Result<AtNode, Error> {
        let kept: Option<Entry> = self.node.outbox().entry(event).await?;
        Ok(if kept.is_some() { AtNode::Yes } else { AtNode::No })
    }

    /// The cases of a day, newest first.
    pub(super) async fn of_day(&self, day: CivilDate) -> Result<Vec<(Arc<Taken>, Way)>, Error> {
        let mut rows = Vec::new();
        for taken in self.ledger.all() {
            if CivilDate::of(taken.taken_at) == day && rows.len() < ROWS_MOST {
                let way = self.way(&taken).await?;
                rows.push((taken, way));
            }
        }
        Ok(rows)
    }

    /// The cases of which something is not at the city yet, oldest first, with the bytes of it.
    pub(super) async fn unsettled(&self) -> Result<Vec<(Arc<Taken>, Way)>, Error> {
        let mut rows = Vec::new();
        for taken in self.ledger.all().into_iter().rev() {
            let way = self.way(&taken).await?;
            if way.bytes_waiting > 0 || way.needs_hand {
                rows.push((taken, way));
            }
        }
        Ok(rows)
    }

    /// Cases of the same applicant about the same item in the last month that were not refused.
    pub(super) async fn like(&self, number: &str, item: &str, but: CaseId) -> Result<Vec<Arc<Taken>>, Error> {
        let since = crate::courier::local_now().plus_millis(-30 * 86_400_000);
        let mut found = Vec::new();
        for taken in self.ledger.all().into_iter().take_while(|taken| taken.taken_at > since) {
            let is_like = taken.case != but && taken.item == item && taken.applicant_number() == number;
            if is_like && self.client.cases().get(taken.case).await?.is_some_and(|view| stands(&view)) {
                found.push(taken);
            }
        }
        Ok(found)
    }
}

/// Whether a case was opened and not given up or withdrawn.
fn stands(view: &tongqiao::CaseView) -> bool {
    let opened = opening(view).is_some_and(|event| {
        event.kind != "abandoned" && !event.entry.as_ref().is_some_and(|entry| matches!(entry.state, EntryState::Dead))
    });
    opened && view.events.iter().all(|event| event.kind != "withdrawn")
}
