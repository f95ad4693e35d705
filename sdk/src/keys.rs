//! Whose keys are believed: what the checks of records and receipts ask, wherever the keys come from.

use tongqiao_protocol::{KeyId, SignatureValue, Suite, Timestamp};

use crate::Error;
use crate::client::Shared;
use crate::directory::KeySought;

/// Who knows the keys. In a client it is the platform's signed directory, which may have to be asked for.
pub(crate) trait Keys: Sync {
    /// The suite of a key with which the platform signed at that moment.
    fn suite(&self, keyid: &KeyId, at: Timestamp) -> impl Future<Output = Result<Suite, Error>> + Send;

    /// Checks what the platform signed at that moment.
    fn verify(
        &self,
        keyid: &KeyId,
        at: Timestamp,
        message: &[u8],
        signature: &SignatureValue,
    ) -> impl Future<Output = Result<Suite, Error>> + Send;

    /// The row of a key, whoever's it is.
    fn record(&self, keyid: &KeyId) -> impl Future<Output = KeySought> + Send;
}

impl Keys for Shared {
    async fn suite(&self, keyid: &KeyId, at: Timestamp) -> Result<Suite, Error> {
        self.directory.suite(self, keyid, at).await
    }

    async fn verify(
        &self,
        keyid: &KeyId,
        at: Timestamp,
        message: &[u8],
        signature: &SignatureValue,
    ) -> Result<Suite, Error> {
        self.directory.verify(self, keyid, Some(at), message, signature).await
    }

    async fn record(&self, keyid: &KeyId) -> KeySought {
        self.directory.key_record(self, keyid).await
    }
}
