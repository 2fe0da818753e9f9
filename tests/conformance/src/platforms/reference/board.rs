//! The board: what it keeps, and how it answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::fixture::Requests;

/// A board in memory. Clones share it.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<World>>);

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Board")
    }
}

/// Everything on the board.
#[derive(Debug, Default, Serialize)]
pub struct World {
    /// The records, by `PROJECT/DOMAIN`: keys with their values. Others have keys there, too.
    pub records: BTreeMap<String, BTreeMap<String, String>>,
    /// Under what pods of a domain run where their record has no principal.
    pub defaults: BTreeMap<String, String>,
    /// How many requests came.
    #[serde(skip)]
    pub requests: Requests,
    /// How many of the next requests fail, and how.
    #[serde(skip)]
    pub failing: Option<(u32, Code)>,
    /// Whether the caller may not write.
    #[serde(skip)]
    pub read_only: bool,
}

/// Why the board refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Too many requests.
    SlowDown,
    /// The board's own fault.
    Broken,
    /// The caller may not.
    Forbidden,
}

/// A request that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The request.
    pub operation: &'static str,
    /// Why.
    pub code: Code,
}

/// Where `connect` finds the boards that a manifest names.
static BOARDS: LazyLock<Mutex<BTreeMap<String, Board>>> = LazyLock::new(Mutex::default);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// The board of a name; a new one where there is none yet.
    pub fn named(name: &str) -> Self {
        lock(&BOARDS).entry(name.to_owned()).or_default().clone()
    }

    /// Looks or reaches onto the board, past its interface.
    pub fn backstage<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        let mut world = lock(&self.0);
        let result = with(&mut world);
        world.records.retain(|_, record| !record.is_empty());
        result
    }

    fn request<T>(
        &self,
        operation: &'static str,
        writes: bool,
        serve: impl FnOnce(&mut World) -> T,
    ) -> Result<T, Refusal> {
        self.backstage(|world| {
            match writes {
                true => world.requests.writes += 1,
                false => world.requests.reads += 1,
            }
            if let Some((left, code)) = &mut world.failing
                && *left > 0
            {
                *left -= 1;
                return Err(Refusal { operation, code: *code });
            }
            if writes && world.read_only {
                return Err(Refusal { operation, code: Code::Forbidden });
            }
            Ok(serve(world))
        })
    }

    /// All records.
    ///
    /// # Errors
    /// The board refuses.
    pub fn read(&self) -> Result<BTreeMap<String, BTreeMap<String, String>>, Refusal> {
        self.request("ReadRecords", false, |world| world.records.clone())
    }

    /// Changes some keys of a record, and leaves all others as they are: `None` takes a key away.
    ///
    /// # Errors
    /// The board refuses.
    pub fn change(&self, record: &str, keys: &[(&str, Option<&str>)]) -> Result<(), Refusal> {
        self.request("ChangeRecord", true, |world| {
            let record = world.records.entry(record.to_owned()).or_default();
            for (key, value) in keys {
                match value {
                    Some(value) => _ = record.insert((*key).to_owned(), (*value).to_owned()),
                    None => _ = record.remove(*key),
                }
            }
        })
    }
}
