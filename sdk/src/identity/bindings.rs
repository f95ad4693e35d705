//! Which account of a vendor's own system belongs to which person at the provider.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{Digest, ErrorCode, Suite, Timestamp};
use tongqiao_store::{Store, StoreError};

use super::Subject;
use crate::Error;
use crate::client::Shared;
use crate::storage::repeatedly;

/// The longest id of a vendor's account, in characters.
const ACCOUNT_CHARS_MAX: usize = 200;

/// An account of the vendor's own system and the person to whom it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    account: String,
    issuer: String,
    subject: String,
    bound_at: Timestamp,
}

impl Binding {
    /// The vendor's own id of the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The provider.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The provider's stable id of the person.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When it was bound, by this machine's clock.
    pub const fn bound_at(&self) -> Timestamp {
        self.bound_at
    }
}

/// Accounts of one's own, bound to people at the provider; kept in the store, beside the outbox.
///
/// An account is bound to the pair of provider and stable id, and to nothing else: names change, and a credit code belongs to
/// as many people as an organisation lets sign in. Let somebody prove once that the old account is his own before it is bound.
///
/// ```no_run
/// # async fn run(client: tongqiao::Client, signed_in: tongqiao::SignedIn) -> Result<(), tongqiao::Error> {
/// let bindings = client.identity().bindings();
/// match bindings.account_of(signed_in.subject()).await? {
///     Some(known) => println!("welcome back, {}", known.account()),
///     None => drop(bindings.bind("window-clerk-17", signed_in.subject()).await?),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Bindings {
    shared: Arc<Shared>,
}

impl Bindings {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Binds an account to a person. The same once more changes nothing.
    ///
    /// # Errors
    /// `identity.binding_conflict` when either is bound to another; its text says which. `client.configuration`
    /// when the account's id is empty or longer than 200 characters.
    pub async fn bind(&self, account: &str, subject: &Subject) -> Result<Binding, Error> {
        if account.is_empty() || account.chars().count() > ACCOUNT_CHARS_MAX {
            return Err(Error::configuration("account", "1 to 200 characters"));
        }
        let wanted = Binding {
            account: account.to_owned(),
            issuer: subject.issuer().to_owned(),
            subject: subject.id().to_owned(),
            bound_at: self.shared.clock.local(),
        };
        let bound = self.shared.storage.ask(move |store| repeatedly(|| bind(store, &wanted))).await?;
        bound.map_err(|reason| Error::of(ErrorCode::IdentityBindingConflict).detail(reason))
    }

    /// The account that is bound to this person.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn account_of(&self, subject: &Subject) -> Result<Option<Binding>, Error> {
        let key = subject_key(subject.issuer(), subject.id());
        self.shared.storage.ask(move |store| read(store, &key)).await
    }

    /// The person to whom this account is bound.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(&self, account: &str) -> Result<Option<Binding>, Error> {
        let key = account_key(account);
        self.shared.storage.ask(move |store| read(store, &key)).await
    }

    /// Frees an account; gives what it was bound to. An account that is not bound stays so.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn unbind(&self, account: &str) -> Result<Option<Binding>, Error> {
        let key = account_key(account);
        self.shared.storage.ask(move |store| repeatedly(|| unbind(store, &key))).await
    }
}

fn bind(store: &dyn Store, wanted: &Binding) -> Result<Result<Binding, String>, StoreError> {
    let keys = [account_key(&wanted.account), subject_key(&wanted.issuer, &wanted.subject)];
    let [of_account, of_subject] = [read(store, &keys[0])?, read(store, &keys[1])?];
    let is_same = |known: &Binding| {
        (&known.account, &known.issuer, &known.subject) == (&wanted.account, &wanted.issuer, &wanted.subject)
    };
    match of_account.or(of_subject) {
        Some(known) if is_same(&known) => return Ok(Ok(known)),
        Some(known) if known.account == wanted.account => {
            return Ok(Err(format!("the account {} is bound to another person", known.account)));
        }
        Some(known) => return Ok(Err(format!("the person is bound to another account, {}", known.account))),
        None => {}
    }
    let bytes = serde_json::to_vec(wanted).unwrap_or_default();
    let put = |key: String| Change::PutDocument {
        collection: Collection::Identity,
        key,
        expected: Expected::Absent,
        bytes: bytes.clone(),
    };
    store.commit(keys.map(put).to_vec())?;
    Ok(Ok(wanted.clone()))
}

fn unbind(store: &dyn Store, key: &str) -> Result<Option<Binding>, StoreError> {
    let Some(document) = store.document(Collection::Identity, key)? else { return Ok(None) };
    let known = serde_json::from_slice::<Binding>(&document.bytes).ok();
    let mut changes = vec![Change::DeleteDocument {
        collection: Collection::Identity,
        key: key.to_owned(),
        expected: Expected::Version(document.version),
    }];
    changes.extend(known.as_ref().map(|known| Change::DeleteDocument {
        collection: Collection::Identity,
        key: subject_key(&known.issuer, &known.subject),
        expected: Expected::Any,
    }));
    store.commit(changes)?;
    Ok(known)
}

fn read(store: &dyn Store, key: &str) -> Result<Option<Binding>, StoreError> {
    let document = store.document(Collection::Identity, key)?;
    Ok(document.and_then(|document| serde_json::from_slice(&document.bytes).ok()))
}

fn account_key(account: &str) -> String {
    format!("binding account {}", Digest::of(Suite::International, account.as_bytes()))
}

/// Both parts with their length, so that no two pairs are one text.
fn subject_key(issuer: &str, subject: &str) -> String {
    let pair = format!("{}:{issuer}{}:{subject}", issuer.len(), subject.len());
    format!("binding subject {}", Digest::of(Suite::International, pair.as_bytes()))
}
