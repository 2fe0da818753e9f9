//! A trail, open for writing.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::audit::chain::Link;
use crate::audit::record::{self, Event};
use crate::audit::verify::{self, verify};
use crate::contract::error::{Error, ErrorKind, Result};

/// A trail that is open for writing. One process at a time.
#[derive(Debug)]
pub struct Trail {
    path: PathBuf,
    run: String,
    pub(super) state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) file: File,
    /// In bytes: whole lines.
    length: u64,
    last: Link,
}

impl Trail {
    /// Opens a trail, or begins one, and takes the lock on it.
    ///
    /// # Errors
    /// Another run writes it, it can't be read or written, or it isn't as it was written: then nobody knows what a new
    /// line would follow.
    pub fn open(path: &Path) -> Result<Self> {
        // A hint that is nearer to the cause stays.
        Self::opened(path).map_err(|error| error.hint(ELSEWHERE))
    }

    /// Looks whether a trail could be opened, as far as that shows without writing anything.
    ///
    /// # Errors
    /// It is no file, can't be written, or there is no folder for it.
    pub fn look(path: &Path) -> Result<()> {
        let refused = |cause: std::io::Error| failed("open", path).with("cause", &cause).source(cause).hint(ELSEWHERE);
        match OpenOptions::new().read(true).append(true).open(path) {
            Ok(_) => Ok(()),
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(refused(cause)),
            Err(_) if folder(path).is_dir() => Ok(()),
            Err(_) => Err(failed("open", path)
                .with("cause", format!("there is no folder {}", folder(path).display()))
                .hint("make the folder, or write the trail elsewhere (`--audit FILE`); nothing was changed")),
        }
    }

    /// Tries whether a trail could be opened, and leaves nothing behind: what would be written in it isn't known yet.
    ///
    /// # Errors
    /// As [`Self::look`], or nothing can be made in its folder.
    pub fn try_out(path: &Path) -> Result<()> {
        Self::look(path)?;
        if path.exists() {
            return Ok(());
        }
        // Under another name: another run may begin the trail at this moment, and keeps it.
        let tried = folder(path).join(format!(".cloudgrant-audit-{}", std::process::id()));
        let made = OpenOptions::new().write(true).create_new(true).open(&tried);
        let made = made.and_then(|_| std::fs::remove_file(&tried));
        made.map_err(|cause| failed("make", path).with("cause", &cause).source(cause).hint(ELSEWHERE))
    }

    fn opened(path: &Path) -> Result<Self> {
        let failed = |what: &str| failed(what, path);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|cause| failed("open").with("cause", &cause).source(cause))?;
        file.try_lock()
            .map_err(|cause| failed("lock").with("cause", &cause).hint("another run is writing it: wait for that"))?;
        let last = last_line(&mut file).map_err(|cause| failed("read").with("cause", &cause).source(cause))?;
        let last = match last.as_deref() {
            None => Link::first(),
            Some(line) => Link::of(line).ok_or_else(|| {
                failed("go on with").with("last line", "it isn't whole, or isn't of an audit trail").hint(
                    "see what `cloudgrant audit verify` says; keep the file, and begin another one (`--audit FILE`)",
                )
            })?,
        };
        // Nothing follows what somebody changed: the trail would be broken before its run began.
        if last.sequence > 0
            && let Err(broken) = verify(path)?
        {
            return Err(failed("go on with")
                .with("line", broken.line.to_string())
                .with("cause", broken.why)
                .hint("keep the file, find out who changed it, and begin another one (`--audit FILE`)"));
        }
        let length = file.metadata().map_err(|cause| failed("read").with("cause", &cause).source(cause))?.len();
        let run = record::run_id(&last.hash);
        Ok(Self { path: path.to_owned(), run, state: Mutex::new(State { file, length, last }) })
    }

    /// Appends a line.
    ///
    /// # Errors
    /// It can't be written. What was about to be done must not be done then.
    pub fn append(&self, event: Event<'_>) -> Result<()> {
        let lasting = matches!(event, Event::Begin { .. } | Event::End { .. });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (line, link) = state.last.next(&self.run, &event);
        let write = |file: &mut File| {
            // In one piece: a run that is killed leaves whole lines.
            file.write_all(line.as_bytes())?;
            if lasting { file.sync_data() } else { Ok(()) }
        };
        let whole = state.length + line.len() as u64;
        let written = match line.len() as u64 > verify::LONGEST {
            true => Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "the line is longer than 64 MiB")),
            false => write(&mut state.file),
        };
        if written.is_err() {
            // A part of a line would be the trail's end, and nothing could follow it.
            let cut = state.file.set_len(state.length);
            tracing::debug!(?cut, "a line of the audit trail isn't whole");
        }
        written.map_err(|cause| {
            Error::new(ErrorKind::Unexpected, format!("can't write the audit trail {}", self.path.display()))
                .with("cause", &cause)
                .hint("what isn't in the trail isn't done; make room, and run again")
                .source(cause)
        })?;
        (state.length, state.last) = (whole, link);
        Ok(())
    }

    /// The hash of the last line: against it, a cut at the end shows.
    pub fn head(&self) -> String {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).last.hash.clone()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What to do where a trail can't be written.
const ELSEWHERE: &str = "nothing was changed; write it elsewhere (`--audit FILE`), or mend what is wrong";

fn failed(what: &str, path: &Path) -> Error {
    Error::new(ErrorKind::Unexpected, format!("can't {what} the audit trail {}", path.display()))
}

/// The folder that a file is in, or is to be in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The last line, without reading all the others.
fn last_line(file: &mut File) -> std::io::Result<Option<String>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut window: u64 = 4 << 10;
    loop {
        let from = length.saturating_sub(window);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        if text.is_empty() {
            return Ok(None);
        }
        let Some(whole) = text.strip_suffix('\n') else { return Ok(Some(String::new())) };
        match whole.rsplit_once('\n') {
            Some((_, last)) => return Ok(Some(last.to_owned())),
            None if from == 0 => return Ok(Some(whole.to_owned())),
            None => window *= 4,
        }
    }
}
