//! The user that PostgreSQL runs as when this program runs as root, which PostgreSQL refuses to run
//! as; and the folders that this user can reach.

use crate::ServerError;
use rustix::fs::{Gid, Uid};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// Returns the user to change to; `None` when this process does not run as root.
    pub(crate) fn to_drop_to() -> Result<Option<Self>, ServerError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let path = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(path).map_err(ServerError::on("read", path))?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Self::in_passwd(&passwd, name))
            .map(Some)
            .ok_or(ServerError::NoAccount)
    }

    fn in_passwd(passwd: &str, name: &str) -> Option<Self> {
        let fields: Vec<&str> = passwd
            .lines()
            .map(|line| line.split(':').collect())
            .find(|fields: &Vec<&str>| fields.first() == Some(&name))?;
        Some(Self {
            name: name.to_owned(),
            uid: fields.get(2)?.parse().ok().filter(|&uid| uid != 0)?,
            gid: fields.get(3)?.parse().ok()?,
        })
    }

    /// Returns whether this user may pass through all folders above `path`, and through `path` if
    /// it is a folder.
    pub(crate) fn can_reach(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        path.ancestors().all(|step| {
            let Ok(about) = fs::metadata(step) else { return false };
            let bit = if about.uid() == self.uid {
                0o100
            } else if about.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            about.mode() & bit != 0
        })
    }

    /// Gives a file or folder to this user.
    pub(crate) fn give(&self, path: &Path) -> Result<(), ServerError> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        rustix::fs::chown(path, Some(uid), Some(gid))
            .map_err(|error| ServerError::file("change the owner of", path, error.into()))
    }
}

/// Returns folders that other users can reach; those that outlive a restart of the machine come
/// first.
pub(crate) fn shared_folders() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/var/tmp")];
    folders.extend(std::env::var_os("TMPDIR").map(PathBuf::from));
    folders.push(PathBuf::from("/tmp"));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn accounts_are_found_and_root_is_not_one() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres:x:0:0::/:/bin/sh\nnobody:x:65534:65533:n:/:/x\n";
        let nobody = Account::in_passwd(passwd, "nobody").unwrap();
        assert_eq!((nobody.uid, nobody.gid), (65_534, 65_533));
        assert_eq!(Account::in_passwd(passwd, "postgres"), None);
        assert_eq!(Account::in_passwd(passwd, "body"), None);
    }

    #[test]
    fn a_private_parent_folder_blocks_other_users() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let about = fs::metadata(dir.path()).unwrap();
        let stranger = Account { name: "x".into(), uid: about.uid() + 1, gid: about.gid() + 1 };
        let owner = Account { name: "y".into(), uid: about.uid(), gid: about.gid() };
        let mode = |mode| fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
        mode(0o700);
        assert!(!stranger.can_reach(&inner));
        assert!(owner.can_reach(&inner));
        mode(0o711);
        assert!(stranger.can_reach(&inner));
        mode(0o677);
        assert!(!owner.can_reach(&inner));
        mode(0o700);
    }
}
