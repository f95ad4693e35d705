//! What can be applied for: the mirrored catalogue, readable without a network.

mod item;
mod listing;
mod mirror;
mod query;

use std::sync::Arc;

pub use item::{Coded, Condition, FormField, Item, ItemAgency, ItemFee, ItemMaterial, ItemState, Text};
pub use listing::{Agency, Intermediary, Question};
pub(crate) use mirror::Mirror;
pub use mirror::{Catalogue, Edition};
pub use query::ItemQuery;
pub(crate) use query::today;

use crate::Error;
use crate::client::Shared;

/// The catalogue of items; see [`Client::items`](crate::Client::items).
///
/// ```no_run
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// use tongqiao::ItemQuery;
///
/// for item in client.items().find(&ItemQuery::text("低保").division("340705")).await? {
///     println!("{} v{} {} ({})", item.code, item.version, item.name.zh, item.agency.name.zh);
/// }
/// let edition = client.items().edition().await?;
/// println!("as of {}, heard {}", edition.published, edition.fetched_at);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Items {
    shared: Arc<Shared>,
}

impl Items {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The items that match, in the order of code and version.
    ///
    /// # Errors
    /// `catalogue.not_mirrored` when no catalogue was ever mirrored here and none can be fetched now.
    pub async fn find(&self, query: &ItemQuery) -> Result<Vec<Arc<Item>>, Error> {
        let catalogue = self.catalogue().await?;
        let today = query::today(self.shared.clock.now());
        Ok(catalogue.items().filter(|item| query.matches(item, &today)).map(Arc::clone).collect())
    }

    /// One version of one item. Its identity is (code, version); both are needed.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn get(&self, code: &str, version: u32) -> Result<Option<Arc<Item>>, Error> {
        Ok(self.catalogue().await?.item(code, version).map(Arc::clone))
    }

    /// Which edition is mirrored, and how old it is.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn edition(&self) -> Result<Edition, Error> {
        Ok(self.catalogue().await?.edition().clone())
    }

    /// Asks the platform for changes now. It also happens in the background.
    ///
    /// # Errors
    /// An error of the connection, or `catalogue.signature_invalid`; the mirror stays as it was then.
    pub async fn refresh(&self) -> Result<Edition, Error> {
        Ok(self.shared.mirror.refresh(&self.shared).await?.edition().clone())
    }

    /// The whole mirror at this moment.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn catalogue(&self) -> Result<Arc<Catalogue>, Error> {
        self.shared.mirror.current_or_fetched(&self.shared).await
    }
}
