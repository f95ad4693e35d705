//! Joining a platform once, and a client on what was kept of it.

use std::path::Path;

use tongqiao::{Client, Credentials, Error};

/// A client of `party`: with the credentials in `folder`, or with new ones for the one-time code.
///
/// # Errors
/// Those of joining, of the file and of [`tongqiao::ClientBuilder::build`].
pub async fn join(platform: &str, party: &str, code: &str, folder: &Path) -> Result<Client, Error> {
    let file = folder.join("credentials.json");
    let credentials = if file.exists() {
        Credentials::from_file(&file)?
    } else {
        let credentials = tongqiao::enrol(platform, party, code)?.run().await?;
        credentials.to_file(&file)?;
        credentials
    };
    Client::builder(platform, credentials).store(folder.join("outbox.sqlite")).division("340700").build().await
}
