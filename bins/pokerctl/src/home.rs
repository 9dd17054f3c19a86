//! The project's own files: `nats/` (server configuration, streams, buckets, consumers) and
//! `schemas/sql` (migrations). `pokerctl` applies these files; roles only check that they are
//! applied.

use std::path::{Path, PathBuf};

/// The project's files were not found.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot find the folders nats/ and schemas/sql above {near}: run pokerctl inside the project, or name its folder with --home"
)]
pub struct NoHome {
    /// The folder where the search began.
    near: PathBuf,
}

/// The project's folder.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// Returns the folder `given`, else the nearest folder above the working folder or above the
    /// program that has the files.
    ///
    /// # Errors
    /// When no such folder has the files.
    pub fn find(given: Option<&Path>) -> Result<Self, NoHome> {
        let here = std::env::current_dir().unwrap_or_default();
        let program = std::env::current_exe().unwrap_or_default();
        let fits =
            |folder: &Path| folder.join("nats/streams").is_dir() && folder.join("schemas/sql").is_dir();
        let found = match given {
            Some(folder) => fits(folder).then_some(folder),
            None => here.ancestors().chain(program.ancestors()).find(|folder| fits(folder)),
        };
        found
            .map(|folder| Self(folder.to_owned()))
            .ok_or(NoHome { near: given.map_or(here.clone(), Path::to_owned) })
    }

    /// Returns the folder of server configuration, streams, buckets and consumers.
    pub fn nats(&self) -> PathBuf {
        self.0.join("nats")
    }

    /// Returns the folder of migrations.
    pub fn sql(&self) -> PathBuf {
        self.0.join("schemas/sql")
    }
}
