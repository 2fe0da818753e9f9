//! A folder of files that the platform is told by. Others may keep files of their own in it: only what was written for this stack,
//! at this home, is written over or removed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};

use cloudgrant_core::{DeliveryFile, Error, ErrorKind, Result};
use serde::Serialize;

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
    /// Holds a folder against what should be in it. Nothing is written. `whose` names the stack and its home.
    ///
    /// # Errors
    /// A file is in the way that wasn't written for this stack, or something can't be read.
    pub(crate) fn compared(folder: &Path, whose: &str, files: Vec<DeliveryFile>) -> Result<Self> {
        let mark = mark(whose);
        let text = |file: &DeliveryFile| format!("{mark}\n# {}\n{}", file.purpose, file.content);
        let wanted: BTreeMap<_, _> = files.iter().map(|file| (file.path.clone(), text(file))).collect();
        let mut compared = Vec::new();
        for (path, text) in &wanted {
            let at = folder.join(path);
            if let Some(link) =
                at.ancestors().skip(1).take_while(|above| *above != folder).find(|above| above.is_symlink())
            {
                let message = format!("`{}` is a link: what is written below it would land elsewhere", link.display());
                return Err(Error::new(ErrorKind::Conflict, message).hint("name another folder; nothing was written"));
            }
            let action = match there(&at, &mark)? {
                There::Nothing => Action::Create,
                There::Ours => match fs::read_to_string(&at).map_err(|cause| unread(&at, &cause))? == *text {
                    true => Action::Unchanged,
                    false => Action::Update,
                },
                There::Other => {
                    let message = format!("`{}` is there, and wasn't written for {whose}", at.display());
                    return Err(Error::new(ErrorKind::Conflict, message)
                        .hint("name another folder, or move the file away; nothing was written"));
                }
            };
            compared.push(File { path: path.clone(), action, text: text.clone() });
        }
        for path in written(folder, &mark)?.into_iter().filter(|path| !wanted.contains_key(path)) {
            compared.push(File { path, action: Action::Delete, text: String::new() });
        }
        Ok(Self { path: folder.to_owned(), files: compared })
    }

    /// The files, by path; those that go come last.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
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
                Action::Delete => fs::remove_file(&at),
            };
            written.map_err(|cause| {
                Error::new(ErrorKind::Unexpected, format!("can't write `{}`", at.display())).with("cause", cause)
            })?;
        }
        Ok(())
    }

    /// What was done, or would be, in a sentence.
    pub(crate) fn summary(&self, dry_run: bool) -> String {
        let count = |action| self.files.iter().filter(|file| file.action == action).count();
        let folder = self.path.display();
        if self.files.is_empty() {
            return "No scope has a principal of its own: the platform is to be told nothing.".to_owned();
        }
        let [created, changed, removed, unchanged] =
            [Action::Create, Action::Update, Action::Delete, Action::Unchanged].map(count);
        let told = format!("{created} new, {changed} changed, {removed} removed, {unchanged} unchanged");
        if dry_run {
            format!("Nothing was written. {folder} would have: {told}.")
        } else {
            format!("{folder}: {told}.")
        }
    }
}

/// The first line of each file.
fn mark(whose: &str) -> String {
    format!("# Written by `cloudgrant export` for {whose}. It is written over: change the manifest instead.")
}

/// What is at a path.
enum There {
    Nothing,
    Ours,
    /// Somebody else's, or something that is no file.
    Other,
}

fn there(path: &Path, mark: &str) -> Result<There> {
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(There::Nothing),
        Err(cause) => Err(unread(path, &cause)),
        Ok(about) if !about.is_file() => Ok(There::Other),
        Ok(_) => {
            let file = fs::File::open(path).map_err(|cause| unread(path, &cause))?;
            let mut first = Vec::new();
            // No more than the mark has: a file of others may be of any length, and have no line end.
            let mut start = io::Read::take(BufReader::new(file), mark.len() as u64 + 1);
            start.read_until(b'\n', &mut first).map_err(|cause| unread(path, &cause))?;
            Ok(if first.strip_suffix(b"\n") == Some(mark.as_bytes()) { There::Ours } else { There::Other })
        }
    }
}

/// The files below the folder that were written for this stack, by their paths from there. Links are not followed.
fn written(folder: &Path, mark: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in [None, Some("cluster-resource-attributes"), Some("helm"), Some("service-accounts")] {
        let at = name.map_or_else(|| folder.to_owned(), |name| folder.join(name));
        let entries = match fs::symlink_metadata(&at) {
            Ok(about) if about.is_dir() || name.is_none() => fs::read_dir(&at).map_err(|cause| unread(&at, &cause))?,
            Ok(_) => continue,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(unread(&at, &cause)),
        };
        for entry in entries {
            let entry = entry.map_err(|cause| unread(&at, &cause))?;
            let Ok(file) = entry.file_name().into_string() else { continue };
            if file.ends_with(".yaml") && matches!(there(&entry.path(), mark)?, There::Ours) {
                found.push(name.map_or_else(|| file.clone(), |name| format!("{name}/{file}")));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Writes beside the file, and puts that in its place.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let aside = path.with_extension("yaml.new");
    // What an interrupted run has left; never through a link that somebody put there.
    _ = fs::remove_file(&aside);
    fs::File::create_new(&aside)?.write_all(text.as_bytes())?;
    fs::rename(&aside, path).inspect_err(|_| _ = fs::remove_file(&aside))
}

fn unread(path: &Path, cause: &io::Error) -> Error {
    Error::new(ErrorKind::Unexpected, format!("can't read `{}`", path.display())).with("cause", cause)
}
