//! Durable state in a folder: one JSON file per entity.
//!
//! The folder is made to be read by people: `roles/111122223333/acme-userflyterole.json`. A write is a new file that
//! replaces the old one by renaming, so a process that is killed leaves either the old entity or the new one. Nothing is
//! flushed to the disk itself: the state survives the process, not the machine's power.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::foreign;
use crate::{Result, SandboxError};

/// The version of the folder's layout that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 1;

const FORMAT_FILE: &str = "sandbox.json";
/// What to do with a folder whose world contradicts a manifest.
pub const BEGIN_ANEW: &str = "to begin anew, delete that folder; or name another one, as in `--sandbox=DIR`";
const LOCK_FILE: &str = "lock";
const TEMPORARY: &str = ".writing-";

/// What a file name may hold as it is. A leading dot is encoded too, by [`file_name`].
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'+').remove(b'=').remove(b',').remove(b'@');

/// The longest encoded name that is used as it is; file systems allow 255 bytes.
const NAME_LIMIT: usize = 200;

#[derive(Serialize, Deserialize)]
struct Format {
    provider: String,
    format_version: u32,
    /// What the manifest named when the folder was new, such as an account. Folders of older programs don't say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    begun_with: BTreeMap<String, String>,
}

impl Format {
    fn of(provider: &str, begun_with: BTreeMap<String, String>) -> Self {
        Self { provider: provider.to_owned(), format_version: FORMAT_VERSION, begun_with }
    }
}

/// A folder that is in use by this process.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    is_new: bool,
    /// The files that a sandbox made: those that were read as entities, and those that were written since. No other one is
    /// overwritten.
    made: Mutex<HashSet<PathBuf>>,
    /// Held, not read: the lock ends with the file.
    _lock: File,
}

impl Store {
    /// Opens a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// When another process uses the folder, when it belongs to another provider's sandbox or has another format version,
    /// when it holds something that no sandbox made, when it is reached through a symbolic link of the current folder or
    /// holds one (a repository that somebody checked out may have put it there), or when it can't be read or written.
    pub fn open(folder: impl Into<PathBuf>, provider: &str) -> Result<Self> {
        let folder = folder.into();
        let attempted = || SandboxError::new(format!("open the sandbox folder {}", folder.display()));
        foreign::make_folder(&folder)?;
        foreign::no_links_in(&folder)?;
        let format_file = folder.join(FORMAT_FILE);
        let is_new = !format_file.exists();
        if is_new && holds_something(&folder).map_err(|error| attempted().source(error))? {
            return Err(attempted()
                .because(format!("it is not empty and has no {FORMAT_FILE}, so it is not a sandbox's folder"))
                .hint("name an empty folder, or one that does not exist yet"));
        }
        let lock = lock(&folder)?;
        if format_file.exists() {
            check_format(&folder, &format_file, provider)?;
        } else {
            write(&format_file, &Format::of(provider, BTreeMap::new()), false)?;
        }
        Ok(Self { folder, is_new, made: Mutex::default(), _lock: lock })
    }

    /// Notes in a new folder what its world is begun with, each under what it is: `account`. Of a folder that isn't new, says
    /// what is otherwise now, a sentence's part for each. What is empty says nothing, nor does a folder of an older program.
    ///
    /// # Errors
    /// When the note can't be read or written.
    pub fn begun_otherwise(&self, provider: &str, now: &[(&str, &str)]) -> Result<Vec<String>> {
        let file = self.folder.join(FORMAT_FILE);
        let said = now.iter().filter(|(_, value)| !value.is_empty());
        if self.is_new {
            let begun_with = said.map(|(what, value)| ((*what).to_owned(), (*value).to_owned())).collect();
            write(&file, &Format::of(provider, begun_with), true)?;
            return Ok(Vec::new());
        }
        let begun_with = self.begun_with()?;
        let otherwise = said.filter_map(|(what, value)| {
            let begun = begun_with.get(*what).filter(|begun| begun != value)?;
            Some(format!("the {what} {begun}, and the manifest has {value}"))
        });
        Ok(otherwise.collect())
    }

    /// Refuses what a world has only one of, such as a cloud, where the folder was begun with another one.
    ///
    /// # Errors
    /// It was; or the note can't be read.
    pub fn has_one(&self, what: &str, now: &str) -> Result<()> {
        if self.is_new {
            return Ok(());
        }
        match self.begun_with()?.get(what).filter(|begun| *begun != now) {
            None => Ok(()),
            Some(begun) => Err(SandboxError::new(format!("open the sandbox folder {}", self.folder.display()))
                .because(format!("it was begun with the {what} {begun}, and the manifest has {now}"))
                .hint(BEGIN_ANEW)),
        }
    }

    fn begun_with(&self) -> Result<BTreeMap<String, String>> {
        let file = self.folder.join(FORMAT_FILE);
        let failed = || SandboxError::new(format!("read {}", file.display()));
        let text = fs::read(&file).map_err(|error| failed().source(error))?;
        let format: Format = serde_json::from_slice(&text).map_err(|error| failed().source(error))?;
        Ok(format.begun_with)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes an entity. `key` is its place, outermost part first: `["roles", "111122223333", "acme-userflyterole"]`.
    /// When this returns, the file is there.
    ///
    /// # Errors
    /// When the file can't be written, or is there and no sandbox made it; what was there is then still there.
    pub fn put<T: Serialize + ?Sized>(&self, key: &[&str], entity: &T) -> Result<()> {
        let path = self.path(key);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        write(&path, entity, made.contains(&path))?;
        made.insert(path);
        Ok(())
    }

    /// Removes an entity; that it is not there is fine, and what no sandbox made stays.
    ///
    /// # Errors
    /// When the file can't be removed.
    pub fn remove(&self, key: &[&str]) -> Result<()> {
        let path = self.path(key);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.remove(&path) {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(SandboxError::new(format!("remove {}", path.display())).source(error))
            }
            _ => Ok(()),
        }
    }

    /// Reads all entities of one kind, which is the first part of their keys. Entities must know their own names: file
    /// names are for people.
    ///
    /// # Errors
    /// When a file can't be read, or does not hold such an entity.
    pub fn load<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>> {
        let mut entities = Vec::new();
        let root = self.folder.join(file_name(kind));
        if root.is_dir() {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            load_folder(&root, &mut entities, &mut made)?;
        }
        Ok(entities)
    }

    fn path(&self, key: &[&str]) -> PathBuf {
        let mut path = self.folder.clone();
        let (last, parents) = key.split_last().unwrap_or((&"", &[]));
        path.extend(parents.iter().map(|part| file_name(part)));
        path.push(file_name(last) + ".json");
        path
    }
}

fn lock(folder: &Path) -> Result<File> {
    let attempted = || SandboxError::new(format!("open the sandbox folder {}", folder.display()));
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK_FILE))
        .map_err(|error| attempted().source(error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(attempted().because("another process is using it").hint(
            "stop that process, or name another folder; the lock ends with the process, so there is nothing to delete",
        )),
        Err(TryLockError::Error(error)) => Err(attempted().source(error)),
    }
}

fn holds_something(folder: &Path) -> std::io::Result<bool> {
    // The lock file may be there without the format file: a process may have been killed between the two.
    for entry in fs::read_dir(folder)? {
        if entry?.file_name() != OsStr::new(LOCK_FILE) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn check_format(folder: &Path, file: &Path, provider: &str) -> Result<()> {
    let attempted = || SandboxError::new(format!("open the sandbox folder {}", folder.display()));
    let text = fs::read(file).map_err(|error| attempted().source(error))?;
    let format: Format = serde_json::from_slice(&text).map_err(|error| attempted().source(error))?;
    if format.provider != provider {
        return Err(attempted()
            .because(format!("it holds the state of the sandbox for `{}`, not for `{provider}`", format.provider))
            .hint("name another folder, as in `--sandbox=DIR`: each provider has one of its own"));
    }
    if format.format_version != FORMAT_VERSION {
        return Err(attempted()
            .because(format!(
                "its format version is {}, and this program knows version {FORMAT_VERSION}",
                format.format_version
            ))
            .hint("name another folder, or use the program that made it"));
    }
    Ok(())
}

fn load_folder<T: DeserializeOwned>(folder: &Path, entities: &mut Vec<T>, made: &mut HashSet<PathBuf>) -> Result<()> {
    let failed = |path: &Path| SandboxError::new(format!("read {}", path.display()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder).source(error))? {
        paths.push(entry.map_err(|error| failed(folder).source(error))?.path());
    }
    // Sorted, so that what is loaded does not depend on the file system's mood.
    paths.sort();
    for path in paths {
        if path.is_dir() {
            load_folder(&path, entities, made)?;
        } else if path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(TEMPORARY)) {
            // Left behind by a process that was killed while writing; its request was never answered.
            fs::remove_file(&path).map_err(|error| failed(&path).source(error))?;
        } else if path.extension() == Some(OsStr::new("json")) {
            let text = fs::read(&path).map_err(|error| failed(&path).source(error))?;
            entities.push(serde_json::from_slice(&text).map_err(|error| {
                failed(&path)
                    .source(error)
                    .hint("if it was edited by hand, undo that; otherwise start with an empty folder")
            })?);
            made.insert(path);
        }
    }
    Ok(())
}

/// Writes a file; what is there is replaced only if it is `ours`.
fn write<T: Serialize + ?Sized>(path: &Path, entity: &T, ours: bool) -> Result<()> {
    let failed = || SandboxError::new(format!("write {}", path.display()));
    let mut text = serde_json::to_vec_pretty(entity).map_err(|error| failed().source(error))?;
    text.push(b'\n');
    let folder = path.parent().unwrap_or(Path::new("."));
    let open = || tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder);
    let mut file = match open() {
        Err(error) if error.kind() == ErrorKind::NotFound => fs::create_dir_all(folder).and_then(|()| open()),
        opened => opened,
    }
    .map_err(|error| failed().source(error))?;
    file.write_all(&text).map_err(|error| failed().source(error))?;
    let kept = if ours { file.persist(path) } else { file.persist_noclobber(path) };
    match kept {
        Ok(_) => Ok(()),
        Err(error) if !ours && error.error.kind() == ErrorKind::AlreadyExists => {
            Err(failed().because("it is there, and no sandbox made it").hint(foreign::HINT))
        }
        Err(error) => Err(failed().source(error)),
    }
}

/// A file name for any text: percent-encoded, and long ones cut and made unique by a hash.
fn file_name(part: &str) -> String {
    let mut name = utf8_percent_encode(part, ENCODED).to_string();
    if name.starts_with('.') {
        name.replace_range(..1, "%2E");
    }
    if name.len() > NAME_LIMIT {
        name.truncate(NAME_LIMIT - 20);
        let _ = write!(name, "~{:016x}", fnv1a(part.as_bytes()));
    }
    name
}

/// FNV-1a: stable between versions of Rust, which the standard library's hashers are not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn entities_come_back_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "aws").expect("opens");
        store.put(&["roles", "1", "b"], &json!({"n": 1})).expect("writes");
        store.put(&["roles", "1", "b"], &json!({"n": 2})).expect("overwrites");
        store.put(&["roles", "2", "../../etc/x"], &json!({"n": 3})).expect("writes");
        store.put(&["policies", "1", "p"], &json!({"n": 4})).expect("writes");
        store.put(&["policies", "1", "q"], &json!({"n": 5})).expect("writes");
        store.remove(&["policies", "1", "q"]).expect("removes");
        store.remove(&["policies", "1", "never"]).expect("nothing to remove is fine");
        drop(store);

        let store = Store::open(folder.path(), "aws").expect("opens again");
        assert_eq!(store.load::<Value>("roles").expect("loads"), [json!({"n": 2}), json!({"n": 3})]);
        assert_eq!(store.load::<Value>("policies").expect("loads"), [json!({"n": 4})]);
        assert!(store.load::<Value>("users").expect("loads").is_empty());
        assert!(folder.path().join("roles/2/%2E.%2F..%2Fetc%2Fx.json").exists(), "names can't leave the folder");
    }

    #[test]
    fn what_a_folder_was_begun_with_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let begun_otherwise = |account: &str, issuer: &str| {
            let store = Store::open(folder.path(), "aws").expect("opens");
            store.begun_otherwise("aws", &[("account", account), ("issuer", issuer)]).expect("reads")
        };
        assert!(begun_otherwise("1", "").is_empty(), "it is new");
        assert!(begun_otherwise("1", "a").is_empty(), "nothing is known of the issuer");
        assert_eq!(begun_otherwise("2", ""), ["the account 1, and the manifest has 2"]);
        assert!(begun_otherwise("1", "").is_empty(), "what it was begun with stays");
        let store = Store::open(folder.path(), "aws").expect("opens");
        let refused = store.has_one("account", "2").expect_err("it has another one").to_string();
        assert!(refused.contains("begun with the account 1, and the manifest has 2") && refused.contains(BEGIN_ANEW));
        assert!(store.has_one("account", "1").is_ok() && store.has_one("cloud", "x").is_ok());
        drop(store);
        fs::write(folder.path().join(FORMAT_FILE), r#"{"provider":"aws","format_version":1}"#).expect("writes");
        assert!(begun_otherwise("2", "").is_empty(), "an older program noted nothing");
    }

    #[test]
    fn an_unfinished_write_is_not_an_entity() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "aws").expect("opens");
        store.put(&["roles", "a"], &json!(1)).expect("writes");
        let unfinished = folder.path().join("roles/.writing-abc");
        fs::write(&unfinished, "{\"half").expect("writes");
        assert_eq!(store.load::<Value>("roles").expect("loads"), [json!(1)]);
        assert!(!unfinished.exists());
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Store::open(folder.path(), "aws").expect("opens");
        let error = Store::open(folder.path(), "aws").expect_err("the folder is in use").to_string();
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
        assert!(error.contains("another process is using it") && error.contains("hint: "), "{error}");
        drop(first);
        Store::open(folder.path(), "aws").expect("free again");
    }

    #[test]
    fn foreign_folders_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("thesis.txt"), "years of work").expect("writes");
        let error = Store::open(folder.path(), "aws").expect_err("not a sandbox's folder").to_string();
        assert!(error.contains("not a sandbox's folder"), "{error}");

        let folder = tempfile::tempdir().expect("a folder");
        drop(Store::open(folder.path(), "azure").expect("opens"));
        let error = Store::open(folder.path(), "aws").expect_err("another provider").to_string();
        assert!(error.contains("`azure`"), "{error}");
        fs::write(folder.path().join(FORMAT_FILE), r#"{"provider":"aws","format_version":99}"#).expect("writes");
        let error = Store::open(folder.path(), "aws").expect_err("another version").to_string();
        assert!(error.contains("99"), "{error}");
    }

    #[test]
    fn long_names_stay_apart() {
        let (a, b) = ("x".repeat(300) + "a", "x".repeat(300) + "b");
        assert_ne!(file_name(&a), file_name(&b));
        assert!(file_name(&a).len() <= NAME_LIMIT);
        assert!(file_name(&"\u{e9}".repeat(100)).len() <= NAME_LIMIT, "cut within an escape is still a name");
    }

    #[test]
    fn nothing_is_overwritten_that_no_sandbox_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "aws").expect("opens");
        let foreign = folder.path().join("roles/1/a.json");
        fs::create_dir_all(foreign.parent().expect("a folder")).expect("a folder");
        fs::write(&foreign, "years of work").expect("writes");
        let error = store.put(&["roles", "1", "a"], &json!(1)).expect_err("not ours").to_string();
        assert!(error.contains("no sandbox made it") && error.contains("roles/1/a.json"), "{error}");
        store.remove(&["roles", "1", "a"]).expect("nothing of ours to remove");
        assert_eq!(fs::read_to_string(&foreign).expect("still there"), "years of work");
        store.put(&["roles", "1", "b"], &json!(1)).expect("writes");
        store.put(&["roles", "1", "b"], &json!(2)).expect("overwrites its own");
        drop(store);
        // What is called like ours and isn't is refused when it is read.
        let store = Store::open(folder.path(), "aws").expect("opens");
        assert!(store.load::<Value>("roles").is_err());
    }
}
