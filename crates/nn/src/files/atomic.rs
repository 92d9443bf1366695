//! A file that is written whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Puts what `write` writes in the place of a file. A crash at any moment leaves the old file or the new one; an error or
/// a panic leaves the old one, and nothing else.
///
/// The bytes go to a new file in the same folder, which takes the name over once they are on disk: a rename within a
/// folder is atomic. The folder is then brought to disk too, without which the rename itself could be lost; if that alone fails,
/// the error comes with the new file in place, but where the system does not do that for such a folder, it is no error. A symbolic link is
/// replaced, not followed.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (temporary, file) = Temporary::create(path)?;
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    buffered.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&temporary.0, path)?;
    sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Folders can be opened, and so brought to disk, on Unix alone; and there not all of them.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = match File::open(folder) {
        // One that may be written to, but not read.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        folder => folder?,
    };
    match folder.sync_all() {
        // EINVAL: the file system has no fsync for folders (Linux, vfs_fsync_range), as VirtualBox's shared ones.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A file of its own name. What is left under the name when this is dropped is removed: nothing, after a rename.
struct Temporary(PathBuf);

impl Temporary {
    fn create(path: &Path) -> io::Result<(Self, File)> {
        /// Tells apart what the threads of this process write; its number tells processes apart.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        /// Names that a crashed process of the same number may have left behind are passed over, so many of them.
        const TRIES: usize = 100;
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a file's name"));
        };
        let mut tries = 0;
        loop {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{}.tmp", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
            let temporary = folder_of(path).join(hidden);
            tries += 1;
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => return Ok((Temporary(temporary), file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Where this fails too, a hidden file is left behind; the error that led here says why.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    /// Linux has no fsync for the folders of /proc, which are there in every test.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_whose_file_system_has_no_fsync_is_no_error() {
        let error = File::open("/proc").and_then(|folder| folder.sync_all()).expect_err("EINVAL");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        sync_folder(Path::new("/proc")).expect("what there is to do is done");
        assert_eq!(sync_folder(Path::new("/proc/absent")).expect_err("no folder").kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_folder_that_may_only_be_written_to_takes_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let only_writing = |mode| fs::set_permissions(folder.path(), Permissions::from_mode(mode)).expect("ours");
        only_writing(0o300);
        let result = replace(&folder.path().join("file"), |file| file.write_all(b"new"));
        only_writing(0o700);
        result.expect("the file is there");
        assert_eq!(fs::read(folder.path().join("file")).expect("a file"), b"new");
    }
}
