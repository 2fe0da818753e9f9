//! A folder of files that the platform is told by. Others may keep files of their own in it: only what was written for this stack,
//! at this home, is written over, and only what was written to where it is now is removed: copies stay.

pub(crate) mod commands;
mod symbolic_links;
pub(crate) mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use cloudgrant_core::{DeliveryFile, Error, ErrorKind, Result};
use serde::Serialize;

/// How the line of a file begins that says whose it is.
const MARK: &str = "# cloudgrant: ";

/// How the next line begins and goes on: between them is where in the folder the file was written.
const PLACE: (&str, &str) = ("# Written as ", " by `cloudgrant export`");

/// Of a file, no more is read for that than this, in bytes.
const HEAD: u64 = 4096;

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    Create,
    Update,
    Delete,
    Unchanged,
}

impl Action {
    /// As plans have it.
    pub(crate) fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Delete => '-',
            Self::Unchanged => ' ',
        }
    }
}

/// A file of the folder.
#[derive(Debug, Serialize)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) action: Action,
    #[serde(skip)]
    text: String,
}

/// A folder, held against what should be in it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    files: Vec<File>,
}

impl Folder {
    /// Holds a folder against what should be in it. Nothing is written. `whose` names the stack and its home, in a line;
    /// `manifest` is the manifest's folder. Files that are to come `later` stay as they are.
    ///
    /// # Errors
    /// A file is in the way that wasn't written for this stack, or something can't be read.
    pub(crate) fn compared(
        folder: &Path,
        manifest: &Path,
        whose: &str,
        files: Vec<DeliveryFile>,
        later: &BTreeSet<String>,
    ) -> Result<Self> {
        usable(folder, manifest)?;
        let text = |DeliveryFile { path, purpose, content }: &DeliveryFile| {
            let place = format!("{}{path}{}", PLACE.0, PLACE.1);
            format!(
                "{MARK}{whose}\n{place}, which writes it anew: change the manifest instead.\n# {purpose}\n{content}"
            )
        };
        let wanted: BTreeMap<_, _> = files.iter().map(|file| (file.path.clone(), text(file))).collect();
        let mut compared = Vec::new();
        for (path, text) in &wanted {
            let at = folder.join(path);
            if let Some(link) =
                at.ancestors().skip(1).take_while(|above| *above != folder).find(|above| above.is_symlink())
            {
                return Err(is_a_link(link));
            }
            let action = match there(&at)? {
                There::Nothing => Action::Create,
                There::Marked(mark) if mark.whose == whose => match read(&at)? == *text {
                    true => Action::Unchanged,
                    false => Action::Update,
                },
                There::Marked(mark) => return Err(in_the_way(&at, whose, Some(&mark.whose))),
                There::Other => return Err(in_the_way(&at, whose, None)),
            };
            compared.push(File { path: path.clone(), action, text: text.clone() });
        }
        let mut written = Vec::new();
        find(folder, "", whose, &mut written)?;
        written.sort();
        for path in written.into_iter().filter(|path| !wanted.contains_key(path) && !later.contains(path)) {
            compared.push(File { path, action: Action::Delete, text: String::new() });
        }
        Ok(Self { path: folder.to_owned(), files: compared })
    }

    /// The files, by path; those that go come last.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// How many of the files become that.
    pub(crate) fn count(&self, action: Action) -> usize {
        self.files.iter().filter(|file| file.action == action).count()
    }

    /// Whether the folder isn't as it should be.
    pub(crate) fn differs(&self) -> bool {
        self.count(Action::Unchanged) < self.files.len()
    }

    /// Writes what differs. Each file is whole at any time.
    ///
    /// # Errors
    /// Something can't be written.
    pub(crate) fn write(&self) -> Result<()> {
        for file in &self.files {
            let at = self.path.join(&file.path);
            let written = match file.action {
                Action::Unchanged => Ok(()),
                Action::Create | Action::Update => replace(&at, &file.text),
                Action::Delete => self.remove(&at),
            };
            written.map_err(|cause| {
                Error::new(ErrorKind::Unexpected, format!("can't write `{}`", at.display())).with("cause", cause)
            })?;
        }
        Ok(())
    }

    /// Removes a file, and the folders above it that are empty then.
    fn remove(&self, at: &Path) -> io::Result<()> {
        fs::remove_file(at)?;
        for above in at.ancestors().skip(1).take_while(|above| *above != self.path) {
            if fs::remove_dir(above).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// What was done, or would be, in a sentence.
    pub(crate) fn summary(&self, dry_run: bool) -> String {
        let folder = self.path.display();
        if self.files.is_empty() {
            return "No file is needed: there is no principal to tell the platform about.".to_owned();
        }
        let [created, changed, removed, unchanged] =
            [Action::Create, Action::Update, Action::Delete, Action::Unchanged].map(|action| self.count(action));
        let told = format!("{created} new, {changed} changed, {removed} removed, {unchanged} unchanged");
        if dry_run {
            format!("Nothing was written. {folder} would have: {told}.")
        } else {
            format!("{folder}: {told}.")
        }
    }
}

/// Whether it can be a folder of such files: one that isn't there, or is a folder, and no link on the way to it.
fn usable(folder: &Path, manifest: &Path) -> Result<()> {
    if let Some(link) = symbolic_links::link_on(folder, manifest) {
        return Err(is_a_link(&link));
    }
    let message = match fs::symlink_metadata(folder) {
        Ok(about) if !about.is_dir() => format!("`{}` is a file, and no folder", folder.display()),
        Err(_) if folder == Path::new("-") => "`-` is no folder: files can't be written to standard output".to_owned(),
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Manifest, message).hint("name a folder: `--to delivery`"))
}

fn is_a_link(at: &Path) -> Error {
    let message = format!("`{}` is a link: what is written there would land elsewhere", at.display());
    Error::new(ErrorKind::Conflict, message)
        .hint("name another folder, or the one that it leads to by its own path; nothing was written")
}

fn in_the_way(at: &Path, whose: &str, other: Option<&str>) -> Error {
    let why = match other {
        Some(other) => format!("was written for {other}, not for {whose}"),
        None => format!("was not written by `cloudgrant export` for {whose}"),
    };
    Error::new(ErrorKind::Conflict, format!("`{}` already exists and {why}", at.display()))
        .hint("name another folder, or move the file away; nothing was written")
}

/// What is at a path.
enum There {
    Nothing,
    /// Written by this command.
    Marked(Mark),
    /// Somebody else's, or something that is no file.
    Other,
}

/// What a file written by this command says of itself.
struct Mark {
    /// The stack and its home.
    whose: String,
    /// Where in the folder it was written.
    place: Option<String>,
}

fn there(path: &Path) -> Result<There> {
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(There::Nothing),
        Err(cause) => Err(unread(path, &cause)),
        Ok(about) if !about.is_file() => Ok(There::Other),
        Ok(_) => Ok(marked(path).map_err(|cause| unread(path, &cause))?.map_or(There::Other, There::Marked)),
    }
}

/// For whom a file was written, and where: lines of the comments at its top say it. Line ends and what else stands among these
/// lines may be another tool's.
fn marked(path: &Path) -> io::Result<Option<Mark>> {
    let mut mark: Option<Mark> = None;
    let mut lines = BufReader::new(fs::File::open(path)?.take(HEAD));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let Ok(text) = std::str::from_utf8(&line) else { break };
        let text = text.trim();
        if !(text.is_empty() || text == "---" || text.starts_with('#')) {
            break;
        }
        if let (None, Some(whose)) = (&mark, text.strip_prefix(MARK)) {
            mark = Some(Mark { whose: whose.to_owned(), place: None });
        } else if let (Some(mark), Some(rest)) = (&mut mark, text.strip_prefix(PLACE.0)) {
            mark.place = rest.split_once(PLACE.1).map(|(place, _)| place.to_owned());
            break;
        }
        line.clear();
    }
    Ok(mark)
}

fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).map_err(|cause| unread(path, &cause))?;
    // As a checkout on Windows has it.
    Ok(text.replace("\r\n", "\n"))
}

/// The files below the folder that were written there for this stack, by their paths from it. A copy, such as one in the folder
/// of another export or in another checkout below, says another path and is none of them. Links are not followed, and hidden
/// folders, such as Git's, are left out.
fn find(folder: &Path, below: &str, whose: &str, found: &mut Vec<String>) -> Result<()> {
    let at = folder.join(below);
    let entries = match fs::read_dir(&at) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(unread(&at, &cause)),
    };
    for entry in entries {
        let entry = entry.map_err(|cause| unread(&at, &cause))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let kind = entry.file_type().map_err(|cause| unread(&entry.path(), &cause))?;
        if kind.is_dir() && !name.starts_with('.') {
            find(folder, &path, whose, found)?;
        } else if name.ends_with(".yaml")
            && let There::Marked(mark) = there(&entry.path())?
            && mark.whose == whose
            && mark.place.as_deref() == Some(&path)
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Writes beside the file, and puts that in its place.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Err(io::Error::from(io::ErrorKind::InvalidInput)) };
    fs::create_dir_all(folder)?;
    // A name that nothing has, so that nobody's file is written over, and no link followed.
    let mut aside = tempfile::Builder::new();
    aside.prefix(".cloudgrant-");
    // What is in it is no secret: as other files of the repository, less what the person's umask takes away.
    #[cfg(unix)]
    aside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut aside = aside.tempfile_in(folder)?;
    aside.write_all(text.as_bytes())?;
    aside.persist(path)?;
    Ok(())
}

fn unread(path: &Path, cause: &io::Error) -> Error {
    Error::new(ErrorKind::Unexpected, format!("can't read `{}`", path.display())).with("cause", cause)
}
