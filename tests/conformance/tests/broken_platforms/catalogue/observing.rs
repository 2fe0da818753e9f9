//! Platforms that observe wrongly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_conformance::platforms::reference::{Board, RECORD};
use cloudgrant_core::{Desired, Error, ErrorKind, Found, Object, ObjectId, Observed};
use serde_json::{Value, json};

use super::{OURS, breakage};
use crate::breakage::Breakage;

fn wanted(desired: &Desired) -> BTreeMap<&str, &Object> {
    let records = desired.objects.iter().filter(|object| object.id.kind == RECORD);
    records.map(|object| (object.id.name.as_str(), object)).collect()
}

fn id(name: &str) -> ObjectId {
    ObjectId::new(RECORD, name)
}

fn ours(attributes: Value) -> Found {
    Found { attributes: attributes.into(), owned: true, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() }
}

/// The records, past the board's interface: their keys by their names.
fn records(board: &Board) -> BTreeMap<String, BTreeMap<String, String>> {
    board.backstage(|world| world.records.clone())
}

breakage! {
    /// Takes away by itself what it finds unwanted.
    TidyingObserve {
        fn seen(&self, board: &Board, desired: &Desired, observed: &mut Observed) {
            let wanted = wanted(desired);
            for id in observed.objects.keys().filter(|id| !wanted.contains_key(id.name.as_str())) {
                board.backstage(|world| world.records.remove(&id.name));
            }
        }
    }
}

breakage! {
    /// Mends what it finds edited.
    MendingObserve {
        fn seen(&self, board: &Board, desired: &Desired, observed: &mut Observed) {
            for (name, object) in wanted(desired).into_iter().filter(|(name, _)| observed.objects.contains_key(&id(name))) {
                let value = object.attributes.text("principal").unwrap_or_default();
                board.backstage(|world| {
                    world.records.entry(name.to_owned()).or_default().insert("principal".to_owned(), value)
                });
            }
        }
    }
}

breakage! {
    /// Asks whether it may write by writing nothing.
    TouchingObserve {
        fn seen(&self, board: &Board, _: &Desired, _: &mut Observed) {
            board.change("vision/production", &[]).expect("the board answers");
        }
    }
}

fn other_form(observed: &mut Observed) {
    observed.objects.values_mut().for_each(|found| found.attributes.change(|it| it["version"] = 1.into()));
}

breakage! {
    /// Shows records in another form than it asks for them.
    OtherForm {
        fn seen(&self, _: &Board, _: &Desired, observed: &mut Observed) {
            other_form(observed);
        }
    }
}

/// Shows another form until it has looked once.
#[derive(Debug, Default)]
pub(crate) struct Restless(AtomicU64);

impl Breakage for Restless {
    fn seen(&self, _: &Board, _: &Desired, observed: &mut Observed) {
        // The connection that applies looks again; a new one doesn't.
        if self.0.fetch_add(1, Ordering::Relaxed) < 2 {
            other_form(observed);
        }
    }
}

breakage! {
    /// Only looks whether something is there, not what it is like.
    ExistenceOnly {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            for (name, object) in wanted(desired) {
                if let Some(found) = observed.objects.get_mut(&id(name)) {
                    found.attributes = object.attributes.clone();
                }
            }
        }
    }
}

fn differs(desired: &Desired, observed: &Observed) -> bool {
    wanted(desired).into_iter().any(|(name, object)| {
        observed.objects.get(&id(name)).is_some_and(|found| found.attributes != object.attributes)
    })
}

breakage! {
    /// Takes everything for edited when one thing was.
    Touchy {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            if differs(desired, observed) {
                observed.objects.values_mut().for_each(|found| found.attributes.change(|it| it["suspect"] = true.into()));
            }
        }
    }
}

breakage! {
    /// Takes what was edited for gone.
    Hushed {
        fn seen(&self, _: &Board, _: &Desired, observed: &mut Observed) {
            observed.objects.retain(|_, found| found.attributes.value().get("written").is_none());
        }
    }
}

breakage! {
    /// Takes other principals for new ones.
    Renewing {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            for (name, object) in wanted(desired) {
                if observed.objects.get(&id(name)).is_some_and(|found| found.attributes != object.attributes) {
                    observed.objects.remove(&id(name));
                }
            }
        }
    }
}

breakage! {
    /// Where one record is, it takes the others for granted.
    Assuming {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            if observed.objects.values().any(|found| !found.attributes.value()["principal"].is_null()) {
                for (name, object) in wanted(desired) {
                    observed.objects.insert(id(name), ours(object.attributes.value()));
                }
            }
        }
    }
}

fn only_wanted(desired: &Desired, observed: &mut Observed) {
    let wanted = wanted(desired);
    observed.objects.retain(|id, _| wanted.contains_key(id.name.as_str()));
}

breakage! {
    /// Only looks for what is wanted.
    Forgetful {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            only_wanted(desired, observed);
        }
    }
}

breakage! {
    /// Cleans up only when nothing is wanted any more.
    Hoarding {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            if !desired.objects.is_empty() {
                only_wanted(desired, observed);
            }
        }
    }
}

breakage! {
    /// Looks where something is wanted, and everywhere only where everything goes.
    WantedPlaces {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            if !desired.thorough {
                only_wanted(desired, observed);
            }
        }
    }
}

breakage! {
    /// Where everything goes, it looks where the manifest names something.
    NamedPlaces {
        fn seen(&self, _: &Board, desired: &Desired, observed: &mut Observed) {
            if desired.thorough {
                let named = desired.baseline.bindings.iter().flat_map(|binding| &binding.subjects);
                let named: BTreeSet<_> = named.map(|(pair, _)| format!("{}/{}", pair.project, pair.domain)).collect();
                observed.objects.retain(|id, _| named.contains(&id.name));
            }
        }
    }
}

breakage! {
    /// Takes everything for its own.
    Greedy {
        fn seen(&self, _: &Board, _: &Desired, observed: &mut Observed) {
            observed.conflicts.clear();
            for (id, attributes) in std::mem::take(&mut observed.instead) {
                observed.objects.insert(id, ours(attributes.value()));
            }
        }
    }
}

breakage! {
    /// Doesn't look at what isn't its own.
    Blind {
        fn seen(&self, _: &Board, _: &Desired, observed: &mut Observed) {
            observed.conflicts.clear();
        }
    }
}

breakage! {
    /// Takes what somebody else wrote for something that is missing.
    Mistaken {
        fn seen(&self, _: &Board, _: &Desired, observed: &mut Observed) {
            for error in observed.conflicts.values_mut() {
                *error = Error::new(ErrorKind::NotFound, "the record isn't there");
            }
        }
    }
}

/// Adds what has a mark that begins so.
fn with_marks(board: &Board, beginning: &str, observed: &mut Observed) {
    for (name, record) in records(board) {
        let its = record.iter().find(|(key, _)| key.starts_with(beginning) && *key != OURS);
        if let Some((_, value)) = its {
            observed.objects.entry(id(&name)).or_insert_with(|| ours(json!({ "principal": value })));
        }
    }
}

breakage! {
    /// Takes marks for its own that only begin like its own.
    PrefixMark {
        fn seen(&self, board: &Board, _: &Desired, observed: &mut Observed) {
            with_marks(board, "pinned-by.acme", observed);
        }
    }
}

breakage! {
    /// Takes what carries its stack's name for its own, whatever the home.
    Homeless {
        fn seen(&self, board: &Board, _: &Desired, observed: &mut Observed) {
            with_marks(board, "pinned-by.acme.", observed);
        }
    }
}

breakage! {
    /// Takes what was edited for something that went wrong.
    VagueConflict {
        fn seen(&self, _: &Board, _: &Desired, observed: &mut Observed) {
            let all = std::mem::take(&mut observed.objects);
            let is_edited = |found: &Found| found.attributes.value().get("written").is_some();
            let (edited, rest): (BTreeMap<_, _>, _) = all.into_iter().partition(|(_, found)| is_edited(found));
            observed.objects = rest;
            for (id, found) in edited {
                observed.conflicts.insert(id.clone(), Error::new(ErrorKind::Unexpected, "something is wrong"));
                observed.instead.insert(id, found.attributes);
            }
        }
    }
}
