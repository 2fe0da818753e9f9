//! Platforms that write wrongly.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_conformance::platforms::reference::Board;
use cloudgrant_core::{Action, Change, Desired, Error, ErrorKind, Found, ObjectId, Observed, Outcome, Result};
use serde_json::json;

use super::{OURS, breakage};
use crate::breakage::Breakage;

/// Changes the record of a change.
fn edit(board: &Board, change: &Change, edit: impl FnOnce(&mut BTreeMap<String, String>)) {
    board.backstage(|world| edit(world.records.entry(change.id.name.clone()).or_default()));
}

fn value(change: &Change) -> String {
    change.after.as_ref().and_then(|after| after.text("principal")).unwrap_or_default()
}

breakage! {
    /// Writes under a key that nobody reads.
    OtherKey {
        fn made(&self, board: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
            edit(board, change, |record| {
                if change.action == Action::Delete {
                    record.remove("principle");
                } else if let Some(value) = record.remove("principal") {
                    record.insert("principle".to_owned(), value);
                }
            });
            Ok(outcome)
        }
        fn seen(&self, board: &Board, _: &Desired, observed: &mut Observed) {
            for (id, found) in &mut observed.objects {
                let shown = board.backstage(|world| world.records.get(&id.name)?.get("principle").cloned());
                *found = Found { attributes: json!({ "principal": shown }).into(), ..found.clone() };
            }
        }
    }
}

breakage! {
    /// Tells a neighbour as well.
    Everywhere {
        fn made(&self, board: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
            board.backstage(|world| {
                let neighbour = world.records.entry("forecasting/development".to_owned()).or_default();
                match change.action {
                    Action::Delete => drop(neighbour.remove("principal")),
                    _ => drop(neighbour.insert("principal".to_owned(), value(change))),
                }
            });
            Ok(outcome)
        }
    }
}

breakage! {
    /// Leaves its value where the default was.
    Pinning {
        fn made(&self, board: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
            if change.action == Action::Delete {
                edit(board, change, |record| drop(record.insert("principal".to_owned(), "left".to_owned())));
            }
            Ok(outcome)
        }
    }
}

/// Creates what is there already only with an error.
#[derive(Debug, Default)]
pub(crate) struct CreateOnce(Mutex<HashSet<ObjectId>>);

/// Deletes what is gone already only with an error.
#[derive(Debug, Default)]
pub(crate) struct DeleteOnce(Mutex<HashSet<ObjectId>>);

fn once(seen: &Mutex<HashSet<ObjectId>>, change: &Change, outcome: Outcome) -> Result<Outcome> {
    match seen.lock().expect("lock").insert(change.id.clone()) {
        true => Ok(outcome),
        false => Err(Error::new(ErrorKind::Conflict, format!("{} again", change.id))),
    }
}

impl Breakage for CreateOnce {
    fn made(&self, _: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
        if change.action == Action::Create { once(&self.0, change, outcome) } else { Ok(outcome) }
    }
}

impl Breakage for DeleteOnce {
    fn made(&self, _: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
        if change.action == Action::Delete { once(&self.0, change, outcome) } else { Ok(outcome) }
    }
}

breakage! {
    /// Adds a line to its record's history with each write.
    Appending {
        fn made(&self, board: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
            edit(board, change, |record| match change.action {
                Action::Delete => drop(record.remove("history")),
                _ => record.entry("history".to_owned()).or_default().push_str("written;"),
            });
            Ok(outcome)
        }
    }
}

/// Calls a record differently each time.
#[derive(Debug, Default)]
pub(crate) struct FreshName(AtomicU64);

impl Breakage for FreshName {
    fn made(&self, _: &Board, _: &Change, _: Outcome) -> Result<Outcome> {
        Ok(Outcome { identifier: Some(self.0.fetch_add(1, Ordering::Relaxed).to_string()), ..Outcome::default() })
    }
}

breakage! {
    /// Marks its records only once the last one is written: a crash in between leaves values that nobody owns.
    LateMark {
        fn made(&self, board: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
            if change.action == Action::Create {
                board.backstage(|world| {
                    let all: Vec<_> = world.records.values_mut().filter(|record| record.contains_key("principal")).collect();
                    let is_last = all.len() == 2;
                    for record in all {
                        match is_last {
                            true => drop(record.insert(OURS.to_owned(), record["principal"].clone())),
                            false => drop(record.remove(OURS)),
                        }
                    }
                });
            }
            Ok(outcome)
        }
    }
}

breakage! {
    /// Takes all marks off before it takes its values: a crash in between leaves values that nobody owns.
    EarlyUnmark {
        fn instead(&self, board: &Board, change: &Change) -> Option<Result<Outcome>> {
            (change.action == Action::Delete).then(|| {
                edit(board, change, |record| drop(record.remove("principal")));
                board.backstage(|world| world.records.values_mut().for_each(|record| drop(record.remove(OURS))));
                Ok(Outcome::default())
            })
        }
    }
}

breakage! {
    /// Takes away what somebody else wrote over its own.
    Forcing {
        fn instead(&self, board: &Board, change: &Change) -> Option<Result<Outcome>> {
            (change.action == Action::Delete).then(|| {
                edit(board, change, |record| record.retain(|key, _| key != "principal" && key != OURS));
                Ok(Outcome::default())
            })
        }
    }
}

breakage! {
    /// Keeps the principal before in the record.
    Accumulating {
        fn made(&self, board: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
            edit(board, change, |record| match change.action {
                Action::Update => drop(record.insert("former".to_owned(), format!("{:?}", change.before))),
                Action::Delete => drop(record.remove("former")),
                _ => {}
            });
            Ok(outcome)
        }
    }
}

breakage! {
    /// Empties its value where it should take it away.
    Blanking {
        fn made(&self, board: &Board, change: &Change, outcome: Outcome) -> Result<Outcome> {
            if change.action == Action::Delete {
                edit(board, change, |record| drop(record.insert("principal".to_owned(), String::new())));
            }
            Ok(outcome)
        }
    }
}

breakage! {
    /// Writes its value as the whole record.
    Overwriting {
        fn instead(&self, board: &Board, change: &Change) -> Option<Result<Outcome>> {
            (change.action != Action::Delete).then(|| {
                let entries = [("principal", value(change)), (OURS, value(change))];
                edit(board, change, |record| *record = entries.map(|(key, value)| (key.to_owned(), value)).into());
                Ok(Outcome::default())
            })
        }
    }
}

breakage! {
    /// Takes the whole record away.
    Clearing {
        fn instead(&self, board: &Board, change: &Change) -> Option<Result<Outcome>> {
            (change.action == Action::Delete).then(|| {
                edit(board, change, BTreeMap::clear);
                Ok(Outcome::default())
            })
        }
    }
}

breakage! {
    /// Where everything goes, it takes along what others have.
    Sweeping {
        fn seen(&self, board: &Board, desired: &Desired, observed: &mut Observed) {
            if desired.thorough {
                for (name, record) in board.backstage(|world| world.records.clone()) {
                    let found = Found {
                        attributes: json!({ "principal": record.get("principal") }).into(),
                        owned: true,
                        depends_on: Vec::new(),
                        if_deleted: None,
                        touches: Vec::new(),
                    };
                    observed.objects.entry(ObjectId::new("board-record", name)).or_insert(found);
                }
            }
        }
        fn instead(&self, board: &Board, change: &Change) -> Option<Result<Outcome>> {
            (change.action == Action::Delete).then(|| {
                edit(board, change, |record| drop(record.remove("principal")));
                Ok(Outcome::default())
            })
        }
    }
}

/// Platforms that say something else of what failed.
macro_rules! failing {
    ($($(#[$doc:meta])* $name:ident |$error:ident| $instead:expr;)*) => {
        $(breakage! {
            $(#[$doc])*
            $name {
                fn failed(&self, $error: Error) -> Error {
                    $instead
                }
            }
        })*
    };
}

failing! {
    /// Doesn't say what it couldn't do.
    VagueRefusal |error| Error::new(error.kind(), "the board refuses").hint("ask for more rights");
    /// Takes a refusal for a surprise.
    OtherRefusal |error| Error::new(ErrorKind::Unexpected, error.message()).hint("look");
    /// Doesn't say what to do.
    Helpless |error| Error::new(error.kind(), error.message());
    /// Takes what passes for what stays.
    Impatient |error| Error::new(ErrorKind::Unexpected, error.message());
}

breakage! {
    /// Takes for done what was refused.
    Believing {
        fn instead(&self, _: &Board, _: &Change) -> Option<Result<Outcome>> {
            Some(Ok(Outcome::default()))
        }
    }
}
