//! Where the project's own files are: `nats/` (server configuration, streams, buckets, consumers) and
//! `schemas/sql` (migrations). The CLI applies what is in these folders; roles only check it.

use std::path::{Path, PathBuf};

/// The files cannot be found.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot find the folders nats/ and schemas/sql above {near}: run pokerctl inside the project, or name its folder with --home"
)]
pub struct NoHome {
    /// Where the search began.
    near: PathBuf,
}

/// The project's folder.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// The folder as given, else the nearest one above the working folder or above the program that has
    /// the files.
    ///
    /// # Errors
    /// When none has.
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

    /// Server configuration, streams, buckets and consumers.
    pub fn nats(&self) -> PathBuf {
        self.0.join("nats")
    }

    /// Migrations.
    pub fn sql(&self) -> PathBuf {
        self.0.join("schemas/sql")
    }
}
