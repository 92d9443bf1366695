//! A file that is written whole or not at all.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
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
///
/// A process that is killed leaves its new file, `.NAME.PROCESS-COUNT.tmp`, for [`remove_left_behind`].
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (temporary, file) = Temporary::create(path)?;
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    let file = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    // With the file open, which keeps its lock.
    fs::rename(&temporary.0, path)?;
    drop(file);
    sync_folder(folder_of(path))
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Removes what killed processes left of those files in a folder whose names are `ours`. The files of writers that live are locked, on
/// other machines too where the file system does that; where it has no locks at all, nothing is removed.
pub(super) fn remove_left_behind(folder: &Path, ours: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_str().and_then(target_of).is_some_and(&ours) {
            continue;
        }
        // What cannot be opened, locked or removed stays: it takes room, and nothing depends on it.
        if let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The name that a file with the name of a temporary one was to have.
fn target_of(temporary: &str) -> Option<&str> {
    let (target, numbers) = temporary.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
    let (process, count) = numbers.split_once('-')?;
    let is_number = |text: &str| text.parse::<u64>().is_ok();
    (is_number(process) && is_number(count)).then_some(target)
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
                Ok(file) => {
                    // Until it is closed, also by a crash. Where there are no locks, `remove_left_behind` gets none either; and
                    // where it came in between, the file has gone or goes now.
                    let is_passed_over =
                        matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || !temporary.exists();
                    if !is_passed_over || tries == TRIES {
                        return Ok((Temporary(temporary), file));
                    }
                }
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
