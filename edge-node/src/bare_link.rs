//! A node's link without the node.

use std::sync::Arc;

use tongqiao::{Client, Credentials};

use crate::link::identity::Register;
use crate::link::{Measures, Uplink};
use crate::node::Node;
use crate::{NodeSettings, StartError, settings};

/// A node's link without the node: for programs that measure it. Nothing is delivered, and nothing is remembered.
pub struct BareLink {
    client: Client,
    uplink: Arc<Uplink>,
    register: Register,
}

impl BareLink {
    /// Opens the link of the node whose folder the settings name.
    ///
    /// # Errors
    /// [`StartError`], as for a node.
    pub async fn open(settings: &NodeSettings, measures: Measures) -> Result<Self, StartError> {
        let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
        let (client, uplink, register) = Node::at_rest_with(settings, &credentials, measures).await?;
        // Whose the hub's key is, must be known before the first request wants a link.
        client.carrier().directory().await?;
        Ok(Self { client, uplink, register })
    }

    /// The link.
    pub fn uplink(&self) -> Arc<Uplink> {
        Arc::clone(&self.uplink)
    }

    /// Ends it.
    pub async fn close(self) {
        self.register.close();
        self.client.close().await;
    }
}
