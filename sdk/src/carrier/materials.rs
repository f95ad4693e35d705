//! Files of those whose records are carried.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tongqiao_protocol::custody::CustodyBody;
use tongqiao_protocol::material::MaterialAnnouncement;
use tongqiao_protocol::{Digest, ErrorCode, MaterialId, Problem};

use super::{Carrier, standing_of};
use crate::materials::{self, CarriedJob, Since, Taken};
use crate::{Error, UploadState};

/// A material that was taken here for somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct CarriedMaterial {
    /// What its owner announced.
    pub announcement: MaterialAnnouncement,
    /// Where it stands.
    pub standing: MaterialStanding,
}

/// Where somebody's material stands.
#[derive(Debug, Clone, PartialEq)]
pub enum MaterialStanding {
    /// It is on disk here, and not whole at the platform yet. To be signed by [`Carrier::sign`](crate::Carrier::sign).
    InCustody(CustodyBody),
    /// It is whole at the platform: the receipt as it came, verified.
    Complete(Value),
    /// The platform will not have it.
    Refused(Box<Problem>),
    /// What was kept here has been damaged or is gone: its owner has to bring it again.
    Lost,
}

/// What was made of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum MaterialTaken {
    /// It is here.
    Here(Box<CarriedMaterial>),
    /// It has another content than was announced, namely this.
    OtherContent(Digest),
}

impl Carrier {
    /// Takes a whole file as the material that its owner announced, after its content was compared with the digest. It is on disk
    /// when this returns, and the file itself may go; the platform gets it behind records and money. Taking it again is harmless.
    ///
    /// # Errors
    /// `client.material_unreadable` when the file cannot be read or kept; a `store.` code; or `client.closed`.
    pub async fn take_material(
        &self,
        announcement: &MaterialAnnouncement,
        file: &Path,
    ) -> Result<MaterialTaken, Error> {
        self.shared.still_open()?;
        let since = Since { time: self.shared.clock.local(), clock: standing_of(&self.shared) };
        match materials::take(&self.shared, announcement.clone(), file.to_owned(), since).await? {
            Taken::Kept(job) => Ok(MaterialTaken::Here(Box::new(self.carried_material(*job)))),
            Taken::Other(found) => Ok(MaterialTaken::OtherContent(found)),
        }
    }

    /// A material that was taken here; `None` when it was not.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn material(&self, id: MaterialId) -> Result<Option<CarriedMaterial>, Error> {
        Ok(materials::what_is_here(&self.shared, id).await?.map(|job| self.carried_material(job)))
    }

    /// The file of the same content that the same party has brought before, while it is kept. Who else has brought it makes no
    /// difference: a digest is no permission.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn same_content(&self, announcement: &MaterialAnnouncement) -> Result<Option<PathBuf>, Error> {
        materials::link_of(&self.shared, announcement).await
    }

    /// Removes what a power cut has left of a material that was not taken.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn forget_untaken(&self, id: MaterialId) -> Result<(), Error> {
        materials::sweep(&self.shared, id).await
    }

    /// How many materials are on their way to the platform.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn materials_waiting(&self) -> Result<u64, Error> {
        materials::count_waiting(&self.shared).await
    }

    /// The folder in which files are kept; `None` without one.
    pub fn materials_folder(&self) -> Option<&Path> {
        self.shared.spool.as_deref()
    }

    fn carried_material(&self, job: CarriedJob) -> CarriedMaterial {
        let CarriedJob { announcement, state, problem, receipt, carried, .. } = job;
        let standing = match (state, receipt, carried) {
            (UploadState::Delivered, Some(receipt), _) => MaterialStanding::Complete(receipt),
            (UploadState::Failed, ..) => match problem {
                Some(problem) if !is_of_this_side(problem.code) => MaterialStanding::Refused(Box::new(problem)),
                _ => MaterialStanding::Lost,
            },
            (_, _, Some(Since { time, clock })) => {
                let (id, edge) = (announcement.material.into(), self.shared.credentials.party().clone());
                MaterialStanding::InCustody(CustodyBody::new(id, announcement.digest, edge, time, clock))
            }
            // Only what was taken for somebody comes here.
            (_, _, None) => MaterialStanding::Lost,
        };
        CarriedMaterial { announcement, standing }
    }
}

/// Whether an upload failed for the file here and not by the platform's word.
const fn is_of_this_side(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::ClientMaterialChanged | ErrorCode::ClientMaterialUnreadable)
}
