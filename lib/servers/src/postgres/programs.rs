//! PostgreSQL's programs where the user that it runs as can reach them.
//!
//! A clone in a private folder (root's home, say) is out of reach for another user; then the
//! programs are copied once to a shared folder, named after their content.

use crate::{
    ServerError,
    account::{Account, shared_folders},
};
use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::Hasher,
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Returns the folder of the programs, or of a copy of them.
pub(super) fn reachable(bin: PathBuf, account: Option<&Account>) -> Result<PathBuf, ServerError> {
    let Some(account) = account else { return Ok(bin) };
    if account.can_reach(&bin) {
        return Ok(bin);
    }
    let out_of_reach =
        || ServerError::Unreachable { account: account.name.clone(), path: bin.display().to_string() };
    let bin = bin.canonicalize().map_err(ServerError::on("find", &bin))?;
    // Only a tree with all files beside its programs works elsewhere.
    let tree = bin.parent().filter(|tree| tree.join("share").is_dir() && tree.join("lib").is_dir());
    let tree = tree.ok_or_else(out_of_reach)?;
    let name = format!("poker-postgres-programs-{:016x}", fingerprint(&bin)?);
    let shared = shared_folders().into_iter().find(|shared| account.can_reach(shared));
    let copy = shared.ok_or_else(out_of_reach)?.join(name);
    if !is_ours(&copy) {
        copy_tree(tree, &copy)?;
    }
    Ok(copy.join("bin"))
}

/// Returns a number that differs between builds.
fn fingerprint(bin: &Path) -> Result<u64, ServerError> {
    let mut hasher = DefaultHasher::new();
    for program in ["initdb", "postgres"] {
        let path = bin.join(program);
        hasher.write(&fs::read(&path).map_err(ServerError::on("read", &path))?);
    }
    Ok(hasher.finish())
}

/// Returns whether a copy is there that only root can have made or changed.
fn is_ours(copy: &Path) -> bool {
    fs::symlink_metadata(copy)
        .is_ok_and(|about| about.is_dir() && about.uid() == 0 && about.mode() & 0o022 == 0)
}

/// Copies under another name first, so that the copy is always whole.
fn copy_tree(tree: &Path, copy: &Path) -> Result<(), ServerError> {
    let shared = copy.parent().unwrap_or(Path::new("/"));
    let new = tempfile::Builder::new()
        .prefix("poker-postgres-programs-")
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir_in(shared)
        .map_err(ServerError::on("write into", shared))?;
    for part in ["bin", "lib", "share"] {
        let from = tree.join(part);
        copy_folder(&from, &new.path().join(part)).map_err(ServerError::on("copy", &from))?;
    }
    match fs::rename(new.path(), copy) {
        Ok(()) => {
            let _ = new.keep();
            Ok(())
        }
        // Another process has made the copy first.
        Err(_) if is_ours(copy) => Ok(()),
        Err(error) => Err(ServerError::file("make", copy, error)),
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        // Links within the tree become files.
        if fs::metadata(entry.path())?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            let mode = fs::metadata(&target)?.mode() | 0o444;
            fs::set_permissions(&target, fs::Permissions::from_mode(mode & 0o755))?;
        }
    }
    Ok(())
}
