//! Cases 办件: opened offline, judged before they are signed, delivered in the background.

mod case_file;
mod case_locks;
mod deadlines;
mod draft;
mod form;
mod handle;
mod joint;
mod judgement;
mod lease;
mod number_part;
mod number_pool;
mod opening;
mod past;
mod prepared;
mod project;
mod query_secret;
mod replacement;
mod take_over;
mod writing;

use std::sync::Arc;

pub(crate) use case_file::noted_before_forgetting;
pub(crate) use case_locks::CaseLocks;
pub use deadlines::{
    AlertStatement, DeadlineDifference, DeadlineReport, DeadlineStatement, DutyAlert, DutyStatement, PlatformDeadlines,
};
pub use draft::CaseDraft;
pub(crate) use handle::await_record;
pub use handle::{CaseHandle, CaseView, EventView};
pub use joint::{JointCase, JointDraft, JointHandle, JointRole, JointView};
pub(crate) use number_part::{pass_on, passed_on, tell as tell_parts};
pub(crate) use number_pool::NumberPool;
pub use prepared::Prepared;
pub use project::ProjectCase;
pub use take_over::TakenOver;
use tongqiao_protocol::case::CaseEventData;
use tongqiao_protocol::{CaseId, ErrorCode, EventId, Outcome, ProjectCode, QueryPassword};

use crate::Error;
use crate::client::Running;

/// Cases; see [`Client::cases`](crate::Client::cases).
///
/// ```no_run
/// use tongqiao::CaseDraft;
///
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// let draft = CaseDraft::new("11340700TQ050001973000105804000", 1, "340700000000")
///     .person("测试用户", "340702196802290211")
///     .field("contact-phone", "13800000000")
///     .material("id-card", "居民身份证");
/// let case = client.cases().open(&draft).await?; // on disk, with its final number, also without a network
/// println!("{}", case.number());
/// let receipt = case.settled().await?; // the platform has it, and has signed for it
/// println!("{} {}", receipt.epoch, receipt.position);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Cases {
    shared: Arc<Running>,
}

impl Cases {
    pub(crate) const fn new(shared: Arc<Running>) -> Self {
        Self { shared }
    }

    /// Opens a case: judges the draft by the identifiers' rules and the mirrored catalogue, takes a leased number, signs,
    /// and returns when the event is on disk. Delivery goes on in the background. The network is needed only where no
    /// number is in stock or no catalogue was ever mirrored.
    ///
    /// # When you do not hear the answer
    /// A call that was dropped (by a timeout, or with the process) may have opened the case. Called again with the same
    /// draft it opens *another* one, unless the draft brings an id of its own ([`CaseDraft::case_id`]): with it the same
    /// content gives the same case, as often as it is said. A program that may be killed, or that gives this call a
    /// timeout, should choose the id and store it first.
    ///
    /// ```no_run
    /// use tongqiao::CaseDraft;
    /// use tongqiao::protocol::CaseId;
    ///
    /// # async fn run(client: tongqiao::Client, chosen: [u8; 10]) -> Result<(), tongqiao::Error> {
    /// let case = CaseId::from_time_and_random(client.platform_time(), chosen);
    /// // … store `case` beside your own record of the application …
    /// let draft = CaseDraft::new("11340700TQ050001973000105804000", 1, "340700000000")
    ///     .case_id(case)
    ///     .person("测试用户", "340702196802290211");
    /// let first = client.cases().open(&draft).await?;
    /// let again = client.cases().open(&draft).await?;
    /// assert_eq!(first.number(), again.number());
    /// # Ok(()) }
    /// ```
    ///
    /// # Limits
    /// The signed record holds at most 256 KiB, an application at most 200 materials, names at most 200 characters.
    ///
    /// # Errors
    /// `request.invalid` with *all* faults of the draft and their paths; `lease.exhausted` when there is no number and
    /// none can be leased now; `scope.` codes when the platform gives this party no numbers for the division;
    /// `catalogue.not_mirrored`; `event.id_conflict` when this store has the chosen id with other content;
    /// `client.closed`; or a `store.` code. Nothing is stored or sent then, and a draft with faults takes no number.
    pub async fn open(&self, draft: &CaseDraft) -> Result<CaseHandle, Error> {
        self.shared.still_open()?;
        if let Some(opened) = self.opened_before(draft).await? {
            return Ok(opened);
        }
        let opening = opening::compose(&self.shared, draft).await?;
        let (case, number, event) = (opening.event.case, opening.number, opening.event.id);
        match writing::commit_opening(&self.shared, opening).await {
            Ok(()) => {
                tracing::debug!(%case, %event, number = number.mask(), "a case is opened");
                Ok(CaseHandle::new(Arc::clone(&self.shared), case, number, event))
            }
            // Another process with the same case id was faster.
            Err(error) => self.opened_before(draft).await?.ok_or(error),
        }
    }

    /// The case of a draft that brings its own id, when this store has it already, with the same content.
    async fn opened_before(&self, draft: &CaseDraft) -> Result<Option<CaseHandle>, Error> {
        let Some(case) = draft.chosen_id() else { return Ok(None) };
        let Some((number, first, content)) = handle::opened(&self.shared, case).await? else { return Ok(None) };
        if content.is_some_and(|content| opening::content_of(&self.shared, draft, case) != Some(content)) {
            let words = "the case with this id was opened with other content";
            return Err(Error::of(ErrorCode::EventIdConflict).outcome_is(Outcome::NotSent).detail(words));
        }
        Ok(Some(CaseHandle::new(Arc::clone(&self.shared), case, number, first)))
    }

    /// Says what happens next to a case: judged by the table of case life as far as this store knows the case, signed and
    /// committed. Delivery keeps the order in which events of a case are appended here.
    ///
    /// A call that was dropped by a timeout may have been committed, and saying it again may say it twice: choose the event's id
    /// ([`Cases::append_once`]), or keep signed bytes ([`Cases::prepare_change`], [`Cases::submit`]); both count once.
    ///
    /// ```no_run
    /// use tongqiao::protocol::case::{CaseEventData, PreReview};
    ///
    /// # async fn run(client: tongqiao::Client, case: tongqiao::CaseHandle) -> Result<(), tongqiao::Error> {
    /// let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    /// let reviewed = client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await?;
    /// if let Err(refusal) = reviewed.settled().await {
    ///     // What was appended behind it waits. Say it anew, in its place:
    ///     let fault = refusal.faults().first().map(|fault| fault.path.clone());
    ///     let corrected = PreReview { result: format!("更正 {fault:?}"), handler: "测试经办".to_owned() };
    ///     client.cases().supersede(reviewed.event(), CaseEventData::PreReviewed(corrected)).await?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `request.invalid` with all faults (a correction notice may cite only what the mirrored guide says),
    /// `case.transition_impossible` when the case cannot take this event now, `case.unknown` when the case was not opened
    /// through this store, `client.closed`, or a `store.` code. Nothing is stored or sent then.
    pub async fn append(&self, case: CaseId, change: impl Into<CaseEventData>) -> Result<CaseHandle, Error> {
        self.shared.still_open()?;
        let _turn = self.shared.case_locks.turn(case).await;
        self.appended(case, None, change.into()).await
    }

    /// [`Cases::append`] under an id that the caller has chosen and stored first: with it the same content is the same event, as
    /// often as it is said, by this process or another, and also after the record's retention. For a program that may be
    /// killed, or that gives the call a timeout.
    ///
    /// ```no_run
    /// use tongqiao::protocol::EventId;
    /// use tongqiao::protocol::case::{CaseEventData, PreReview};
    ///
    /// # async fn run(client: tongqiao::Client, case: tongqiao::CaseHandle, chosen: [u8; 10]) -> Result<(), tongqiao::Error> {
    /// let event = EventId::from_time_and_random(client.platform_time(), chosen);
    /// // … store `event` beside your own record of what was done …
    /// let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    /// let first = client.cases().append_once(case.id(), event, CaseEventData::PreReviewed(reviewed.clone())).await?;
    /// let again = client.cases().append_once(case.id(), event, CaseEventData::PreReviewed(reviewed)).await?;
    /// assert_eq!(first.event(), again.event());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Cases::append`], and `event.id_conflict` when this store has the id with other content or in another case. An event
    /// that was refused and replaced is still itself: the handle tells of its refusal.
    pub async fn append_once(
        &self,
        case: CaseId,
        event: EventId,
        change: impl Into<CaseEventData>,
    ) -> Result<CaseHandle, Error> {
        self.shared.still_open()?;
        let _turn = self.shared.case_locks.turn(case).await;
        self.appended(case, Some(event), change.into()).await
    }

    async fn appended(&self, case: CaseId, id: Option<EventId>, change: CaseEventData) -> Result<CaseHandle, Error> {
        let (number, event) = writing::append(&self.shared, case, id, &change).await?;
        tracing::debug!(%case, %event, kind = change.name(), number = number.mask(), "an event is appended");
        Ok(CaseHandle::new(Arc::clone(&self.shared), case, number, event))
    }

    /// Judges a draft as [`Cases::open`] does, and does nothing else.
    ///
    /// # Errors
    /// `request.invalid` with all faults.
    pub async fn check(&self, draft: &CaseDraft) -> Result<(), Error> {
        opening::check(&self.shared, draft).await
    }

    /// Signs an opening without storing or sending it, for an application that keeps the bytes in its own database, in
    /// its own transaction, and calls [`Cases::submit`] afterwards.
    ///
    /// What the application must do: commit the bytes together with its own rows, then submit them, again and again
    /// until that succeeds (at start, submit whatever is not marked as submitted; submitting twice is once). Bytes that
    /// are never submitted cost one case number and block nothing: the case is new, so no other event waits for it.
    ///
    /// ```no_run
    /// # async fn run(client: tongqiao::Client, draft: tongqiao::CaseDraft) -> Result<(), tongqiao::Error> {
    /// let prepared = client.cases().prepare(&draft).await?;
    /// // BEGIN; your own rows, and prepared.bytes() (at most 256 KiB) marked as not submitted; COMMIT
    /// let case = client.cases().submit(prepared.bytes()).await?;
    /// // mark them as submitted
    /// println!("{}", case.number());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Cases::open`].
    pub async fn prepare(&self, draft: &CaseDraft) -> Result<Prepared, Error> {
        prepared::opening(&self.shared, draft).await
    }

    /// Signs a further event of a case without storing or sending it; `after` is the prepared event that comes directly
    /// before it when that is not submitted yet.
    ///
    /// The event's place in the case's order is fixed here. Submit in that order; one that is submitted before its
    /// predecessor, or after another event took its place, is refused with `store.conflict` and must be prepared anew.
    /// Because only a fitting place is ever stored, bytes that were thrown away leave no hole that could block the case.
    ///
    /// # Errors
    /// As [`Cases::append`].
    pub async fn prepare_change(
        &self,
        case: CaseId,
        change: impl Into<CaseEventData>,
        after: Option<&Prepared>,
    ) -> Result<Prepared, Error> {
        prepared::change(&self.shared, case, &change.into(), after).await
    }

    /// Takes prepared bytes into the outbox. The same bytes twice are once, also after the record's retention.
    ///
    /// # Errors
    /// `event.id_conflict` when other bytes with the same id are here already, `store.conflict` when their place in the
    /// case's order is taken by *another* event or is not the next, `record.malformed` when the bytes are not of this
    /// party and library, `client.closed`.
    pub async fn submit(&self, bytes: &[u8]) -> Result<CaseHandle, Error> {
        self.shared.still_open()?;
        prepared::submit(&self.shared, bytes).await
    }

    /// The handle of an event that was accepted earlier, perhaps by another process or before a restart.
    ///
    /// # Errors
    /// `event.unknown` when this store does not know it, or no longer, because its retention is over; or a `store.` code.
    pub async fn handle(&self, event: EventId) -> Result<CaseHandle, Error> {
        handle::find(&self.shared, event).await
    }

    /// Takes over a case that was accepted elsewhere and that this party handles (分发), or catches up with what others have
    /// done in a case that is here already: asks the platform for the records that this store does not have, verifies each
    /// author's signature, and notes them. From then on the case is written like one that was opened here, in a stream of this
    /// store's own; the revision that was seen is known, so that nothing that happened meanwhile is overlooked. Said again, it
    /// changes nothing.
    ///
    /// ```no_run
    /// use tongqiao::protocol::case::{CaseEventData, OpenValue, PreReview};
    /// use tongqiao::protocol::inbox::InboxKind;
    ///
    /// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
    /// let entry = client.inbox().next().await?;
    /// if entry.kind == OpenValue::Known(InboxKind::CaseDispatched)
    ///     && let Ok(case) = entry.subject.parse()
    /// {
    ///     let taken = client.cases().take_over(case).await?;
    ///     // … the application is in taken.events[0]; store it in your own database …
    ///     client.inbox().acknowledge(entry.id).await?;
    ///     let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    ///     client.cases().append(taken.case, CaseEventData::PreReviewed(reviewed)).await?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `case.unknown` when the platform does not know the case or this party neither opened nor handles it;
    /// `signature.mismatch` or `signature.unknown_key` when a record is not its author's: then nothing is noted; what keeps the
    /// platform from being asked; `client.closed`; or a `store.` code.
    pub async fn take_over(&self, case: CaseId) -> Result<TakenOver, Error> {
        self.shared.still_open()?;
        let _turn = self.shared.case_locks.turn(case).await;
        take_over::run(&self.shared, case).await
    }

    /// What this store knows of a case; `None` when it was not opened through it.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn get(&self, case: CaseId) -> Result<Option<CaseView>, Error> {
        handle::view(&self.shared, case).await
    }

    /// Until when somebody must answer, decide and hand over, and which of the city's rules of supervision are met by now:
    /// counted here by the mirrored calendar, guide and rules from the events that this store has, also without a network.
    /// Events that are accepted here and not settled yet count as if they were.
    ///
    /// ```no_run
    /// # async fn run(client: tongqiao::Client, case: tongqiao::CaseHandle) -> Result<(), tongqiao::Error> {
    /// use tongqiao::{Due, DutyStanding};
    ///
    /// let report = client.cases().deadlines(case.id()).await?;
    /// for duty in &report.duties {
    ///     if let (Due::On(day), DutyStanding::Running { days_left }) = (duty.due, duty.standing) {
    ///         println!("{} ({:?}): until {day}, {days_left} days left", duty.duty.as_str(), duty.basis);
    ///     }
    /// }
    /// for alert in &report.alerts {
    ///     println!("{} {}", alert.rule.level.as_str(), alert.rule.id);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `case.unknown` when the case was not opened through this store; `signature.answer_unsigned` when calendar or rules
    /// were never mirrored and what came now is not signed by the platform; or a `store.` code.
    pub async fn deadlines(&self, case: CaseId) -> Result<DeadlineReport, Error> {
        deadlines::report(&self.shared, case).await
    }

    /// The platform's own word on the same, signed, and every value that differs from what is read here for that moment. Then
    /// somebody else's events, another edition of the guide or an uncertain clock is the reason, or one side counts wrongly:
    /// a person should look.
    ///
    /// ```no_run
    /// # async fn run(client: tongqiao::Client, case: tongqiao::CaseHandle) -> Result<(), tongqiao::Error> {
    /// let said = client.cases().deadlines_of_platform(case.id()).await?;
    /// for difference in said.differences.iter().flatten() {
    ///     println!("{}: {:?} here, {:?} there", difference.what, difference.here, difference.platform);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `case.unknown` when the platform does not show the case to this party; `signature.answer_unsigned` when the statement is
    /// not signed by the platform, of another case or of another time; an error of the connection; or a `store.` code.
    pub async fn deadlines_of_platform(&self, case: CaseId) -> Result<PlatformDeadlines, Error> {
        deadlines::of_platform(&self.shared, case).await
    }

    /// Opens a joint procedure 联办: the leading case and all partners, in one commit, so that there are all of them or none. Each
    /// is a case like any other, with a number of its own, and goes to the agency in charge of its item.
    ///
    /// Called again with the same id of the leading case ([`CaseDraft::case_id`]) and the same content it changes nothing and gives
    /// the handles of the first call.
    ///
    /// ```no_run
    /// # async fn run(client: tongqiao::Client, [shop, fire, food]: [tongqiao::CaseDraft; 3]) -> Result<(), tongqiao::Error> {
    /// use tongqiao::JointDraft;
    ///
    /// let procedure = client.cases().open_joint(&JointDraft::new(shop).partner(fire).partner(food)).await?;
    /// println!("{} {}", procedure.lead.number(), procedure.partners.len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Limits
    /// 1 to 20 partners.
    ///
    /// # Errors
    /// `request.invalid` with all faults of all drafts, their paths beginning with `/lead` or `/partners/0`; else as [`Cases::open`].
    pub async fn open_joint(&self, draft: &JointDraft) -> Result<JointHandle, Error> {
        self.shared.still_open()?;
        joint::open(self, draft).await
    }

    /// How the joint procedure stands to which a case belongs, by the platform's word of now; it is not signed, and the decision
    /// of the leading case is judged by the platform anew. [`JointView::results`] is what that decision must say.
    ///
    /// # Errors
    /// `case.unknown` when the platform does not know the case or does not show it to this party, or an error of the connection.
    pub async fn joint(&self, case: CaseId) -> Result<JointView, Error> {
        joint::view(&self.shared, case).await
    }

    /// The cases of a construction project that the platform shows to this party, in the order in which they were opened.
    ///
    /// # Errors
    /// An error of the connection.
    pub async fn project(&self, code: &ProjectCode) -> Result<Vec<ProjectCase>, Error> {
        project::cases(&self.shared, code).await
    }

    /// The password with which the applicant asks how a case stands, without an account: print it on the receipt beside the
    /// number. It follows from a secret of this store and the case's id, so that a receipt can be printed again, also of a
    /// case that was only prepared; the platform knows only a digest. Who has lost it asks at the counter.
    ///
    /// ```no_run
    /// # async fn run(client: tongqiao::Client, case: tongqiao::CaseHandle) -> Result<(), tongqiao::Error> {
    /// println!("{} {}", case.number(), client.cases().query_password(case.id()).await?.grouped());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A `store.` code. For a case that another store opened it gives a password that opens nothing.
    pub async fn query_password(&self, case: CaseId) -> Result<QueryPassword, Error> {
        query_secret::password(&self.shared, case).await
    }

    /// Replaces a refused or dead event by a corrected one, in its place in the order; the events behind it go on.
    ///
    /// # Errors
    /// As [`Cases::append`], and `event.replacement_invalid` when the event is neither refused nor dead.
    pub async fn supersede(&self, refused: EventId, change: impl Into<CaseEventData>) -> Result<CaseHandle, Error> {
        self.shared.still_open()?;
        replacement::supersede(&self.shared, refused, change.into()).await
    }

    /// [`Cases::supersede`] for a refused opening: a corrected draft takes its place, with the same case and number.
    ///
    /// # Errors
    /// As [`Cases::open`] and [`Cases::supersede`].
    pub async fn supersede_opening(&self, refused: EventId, draft: &CaseDraft) -> Result<CaseHandle, Error> {
        self.shared.still_open()?;
        let application = opening::application(&self.shared, draft).await?;
        replacement::supersede(&self.shared, refused, application).await
    }

    /// Gives a refused or dead event up: a named person says that nothing happened there. The events behind it go on.
    ///
    /// # Errors
    /// `event.replacement_invalid` when the event is neither refused nor dead, or a `store.` code.
    pub async fn abandon(&self, refused: EventId, by: &str, reason: &str) -> Result<CaseHandle, Error> {
        self.shared.still_open()?;
        replacement::abandon(&self.shared, refused, by, reason).await
    }
}
