//! Reading materials back, for those whose cases cite them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tongqiao_protocol::limits::MATERIAL_CHUNK_BYTES_MAX;
use tongqiao_protocol::material::MaterialView;
use tongqiao_protocol::{ErrorCode, MaterialId};

use super::{Materials, file};
use crate::Error;
use crate::exchange::Ask;

impl Materials {
    /// How a material stands at the platform: one's own, or one that a case cites which this party may see.
    ///
    /// # Errors
    /// `material.unknown` when there is none that this party may see, or an error of the connection.
    pub async fn view(&self, id: MaterialId) -> Result<MaterialView, Error> {
        let answer = self.shared.exchange.ask(Ask::get(format!("/v1/materials/{id}"))).await?;
        serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
    }

    /// A range of a complete material: at most `length` bytes from `offset`, and at most 4 MiB.
    ///
    /// # Errors
    /// `material.unknown`, `material.incomplete`, `request.out_of_range` behind its end, or an error of the connection.
    pub async fn read(&self, id: MaterialId, offset: u64, length: usize) -> Result<Vec<u8>, Error> {
        let length = length.clamp(1, MATERIAL_CHUNK_BYTES_MAX);
        let ask = Ask::get(format!("/v1/materials/{id}/content")).query("offset", &offset.to_string());
        let answer = self.shared.exchange.ask(ask.query("limit", &length.to_string())).await?;
        if answer.body().is_empty() || answer.body().len() > length {
            return Err(Error::malformed_answer("another number of bytes than was asked for"));
        }
        Ok(answer.into_body())
    }

    /// Saves a complete material as a file, which exists only when the digest of all that came is right. Whatever was at the
    /// path is replaced. A file beside it with `.part` at its end is what has come so far; calling again goes on there.
    ///
    /// # Errors
    /// As [`Materials::read`]; `client.bad_answer` when the digest is wrong, and then the part is gone;
    /// `client.material_unreadable` when the file cannot be written.
    pub async fn save(&self, id: MaterialId, path: impl Into<PathBuf>) -> Result<MaterialView, Error> {
        let path = path.into();
        let view = self.view(id).await?;
        let part = PathBuf::from(format!("{}.part", path.display()));
        let mut offset = on_disk(part.clone(), length_of).await?;
        if offset > view.announcement.size {
            offset = 0;
        }
        while offset < view.announcement.size {
            let bytes = self.read(id, offset, MATERIAL_CHUNK_BYTES_MAX).await?;
            let at = offset;
            offset += bytes.len() as u64;
            on_disk(part.clone(), move |part| append(part, at, &bytes)).await?;
        }
        let wanted = view.announcement.digest;
        let found = on_disk(part.clone(), move |part| file::measure(part, wanted.suite(), None)).await?;
        if found.digest != wanted {
            on_disk(part, |part| std::fs::remove_file(part)).await?;
            return Err(Error::malformed_answer("the bytes of a material do not have its digest"));
        }
        on_disk(part, move |part| std::fs::rename(part, path)).await?;
        Ok(view)
    }
}

fn length_of(part: &Path) -> std::io::Result<u64> {
    match std::fs::metadata(part) {
        Ok(facts) => Ok(facts.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn append(part: &Path, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Seek as _;

    let mut file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(part)?;
    file.set_len(offset)?;
    file.seek(std::io::SeekFrom::Start(offset))?;
    file.write_all(bytes)?;
    file.sync_data()
}

async fn on_disk<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(move || work(&path)).await.map_err(Error::internal)?;
    done.map_err(|error| Error::of(ErrorCode::ClientMaterialUnreadable).because(error))
}
