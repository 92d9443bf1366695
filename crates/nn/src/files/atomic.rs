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
/// the error comes with the new file in place. A symbolic link is replaced, not followed.
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

/// Folders can be opened, and so brought to disk, on Unix alone.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
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
