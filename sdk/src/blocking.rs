//! The same without `async`, for programs that have no runtime of their own.
//!
//! A [`Client`] here owns a small runtime, on which the background tasks run. Do not call it from asynchronous code.
//!
//! ```no_run
//! use tongqiao::{CaseDraft, Credentials, blocking};
//!
//! # fn run() -> Result<(), tongqiao::Error> {
//! let credentials = Credentials::from_file("civil-affairs.credentials.json")?;
//! let builder = tongqiao::Client::builder("https://platform.example", credentials).store("outbox.sqlite");
//! let client = blocking::Client::build(builder)?;
//! let case = client.open(&CaseDraft::new("11340700TQ050001973000105804000", 1, "340700000000"))?;
//! let receipt = client.wait(case.settled())?;
//! # Ok(()) }
//! ```

use std::future::Future;

use tongqiao_protocol::bill::BillView;
use tongqiao_protocol::case::CaseEventData;
use tongqiao_protocol::{BillId, CaseId};

use crate::{BillDraft, CaseDraft, CaseHandle, ClientBuilder, Credentials, Enrolment, Error, Receipt};

/// Threads of the runtime that a blocking client owns.
const THREADS: usize = 2;

/// A client whose calls block. The calls used most have methods here; [`Client::wait`] does the rest.
pub struct Client {
    // Declared before the runtime, so that the background tasks are told to stop while it still runs.
    client: crate::Client,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    /// Builds the client with a runtime of its own.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn build(builder: ClientBuilder) -> Result<Self, Error> {
        let runtime = runtime()?;
        let client = runtime.block_on(builder.build())?;
        Ok(Self { client, runtime })
    }

    /// The asynchronous client, whose futures [`Client::wait`] runs.
    pub const fn inner(&self) -> &crate::Client {
        &self.client
    }

    /// Runs a future of this library to its end: `client.wait(client.inner().items().find(&query))`.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// See [`Cases::open`](crate::Cases::open).
    ///
    /// # Errors
    /// As there.
    pub fn open(&self, draft: &CaseDraft) -> Result<CaseHandle, Error> {
        self.wait(self.client.cases().open(draft))
    }

    /// See [`Cases::append`](crate::Cases::append).
    ///
    /// # Errors
    /// As there.
    pub fn append(&self, case: CaseId, change: impl Into<CaseEventData>) -> Result<CaseHandle, Error> {
        self.wait(self.client.cases().append(case, change))
    }

    /// See [`CaseHandle::settled`].
    ///
    /// # Errors
    /// As there.
    pub fn settled(&self, handle: &CaseHandle) -> Result<Receipt, Error> {
        self.wait(handle.settled())
    }

    /// See [`Payments::create`](crate::Payments::create).
    ///
    /// # Errors
    /// As there.
    pub fn bill(&self, draft: &BillDraft) -> Result<BillId, Error> {
        self.wait(self.client.payments().create(draft))
    }

    /// See [`Payments::await_paid`](crate::Payments::await_paid).
    ///
    /// # Errors
    /// As there.
    pub fn await_paid(&self, bill: BillId) -> Result<BillView, Error> {
        self.wait(self.client.payments().await_paid(bill))
    }

    /// Stops the background tasks and waits for them.
    pub fn close(self) {
        self.runtime.block_on(self.client.close());
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("blocking::Client").field(&self.client).finish()
    }
}

/// Enrols without a runtime of the caller's; see [`enrol`](crate::enrol).
///
/// # Errors
/// As [`Enrolment::run`].
pub fn enrol(enrolment: Enrolment) -> Result<Credentials, Error> {
    runtime()?.block_on(enrolment.run())
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|error| Error::configuration("runtime", error))
}
