//! Providers that write wrongly.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_conformance::reference::{Cloud, Kind, Statement};
use cloudgrant_core::{Action, Change, Error, ErrorKind, ObjectId, Outcome, Result};

use super::breakage;
use crate::breakage::Breakage;

/// Creates what is there already only with an error.
#[derive(Debug, Default)]
pub(crate) struct CreateOnce(Mutex<HashSet<ObjectId>>);

/// Deletes what is gone already only with an error.
#[derive(Debug, Default)]
pub(crate) struct DeleteOnce(Mutex<HashSet<ObjectId>>);

fn once(seen: &Mutex<HashSet<ObjectId>>, change: &Change, kind: ErrorKind, outcome: Outcome) -> Result<Outcome> {
    if seen.lock().expect("lock").insert(change.id.clone()) {
        return Ok(outcome);
    }
    Err(Error::new(kind, format!("{} again", change.id)))
}

impl Breakage for CreateOnce {
    fn made(&self, _: &Cloud, change: &Change, outcome: Outcome) -> Result<Outcome> {
        if change.action == Action::Create { once(&self.0, change, ErrorKind::Conflict, outcome) } else { Ok(outcome) }
    }
}

impl Breakage for DeleteOnce {
    fn made(&self, _: &Cloud, change: &Change, outcome: Outcome) -> Result<Outcome> {
        if change.action == Action::Delete { once(&self.0, change, ErrorKind::NotFound, outcome) } else { Ok(outcome) }
    }
}

/// The registry of a statement's object.
fn registry(change: &Change) -> Option<String> {
    let (registry, _) = change.id.name.split_once('#').filter(|_| change.id.kind == "statement")?;
    Some(registry.to_owned())
}

fn ours(change: &Change) -> Option<Statement> {
    let after = change.after.as_ref()?;
    Some(Statement { id: after.text("id")?, may: after.text("may")? })
}

breakage! {
    /// Adds its statement without looking whether it is there.
    Appending {
        fn instead(&self, cloud: &Cloud, change: &Change) -> Option<Result<Outcome>> {
            let (registry, statement) = (registry(change)?, ours(change)?);
            cloud.backstage(|world| world.documents.entry(registry).or_default().push(statement));
            Some(Ok(Outcome::default()))
        }
    }
}

/// Calls an object differently each time.
#[derive(Debug, Default)]
pub(crate) struct FreshName(AtomicU64);

impl Breakage for FreshName {
    fn made(&self, _: &Cloud, _: &Change, _: Outcome) -> Result<Outcome> {
        Ok(Outcome { identifier: Some(self.0.fetch_add(1, Ordering::Relaxed).to_string()), ..Outcome::default() })
    }
}

/// The policy of an attachment, and the stack in its name.
fn attached(change: &Change) -> Option<(String, Option<String>)> {
    let (_, policy) = change.id.name.split_once('/').filter(|_| change.id.kind == "attachment")?;
    Some((policy.to_owned(), policy.split('.').next().map(str::to_owned)))
}

fn edit_policy(cloud: &Cloud, name: &str, owner: Option<String>, draft: bool) {
    cloud.backstage(|world| {
        if let Some(item) = world.items.get_mut(&Kind::Policy).and_then(|items| items.get_mut(name)) {
            item.owner = owner;
            match draft {
                true => item.body["draft"] = true.into(),
                false => drop(item.body.as_object_mut().map(|body| body.remove("draft"))),
            }
        }
    });
}

breakage! {
    /// Finishes and marks a policy only once it is attached: a crash in between leaves one that nobody owns.
    LateMark {
        fn made(&self, cloud: &Cloud, change: &Change, outcome: Outcome) -> Result<Outcome> {
            match (change.id.kind, change.action) {
                ("policy", Action::Create) => edit_policy(cloud, &change.id.name, None, true),
                ("attachment", Action::Create) => {
                    let (policy, owner) = attached(change).expect("attachment");
                    edit_policy(cloud, &policy, owner, false);
                }
                _ => {}
            }
            Ok(outcome)
        }
    }
}

breakage! {
    /// Takes the mark off before it deletes: a crash in between leaves a policy that nobody owns.
    EarlyUnmark {
        fn instead(&self, cloud: &Cloud, change: &Change) -> Option<Result<Outcome>> {
            if change.id.kind != "policy" || change.action != Action::Delete {
                return None;
            }
            cloud.backstage(|world| world.items.get_mut(&Kind::Policy).map(|items| items.remove(&change.id.name)));
            Some(Ok(Outcome::default()))
        }
        fn made(&self, cloud: &Cloud, change: &Change, outcome: Outcome) -> Result<Outcome> {
            if let Some((policy, _)) = attached(change).filter(|_| change.action == Action::Delete) {
                edit_policy(cloud, &policy, None, false);
            }
            Ok(outcome)
        }
    }
}

breakage! {
    /// Writes its statement as the whole document.
    Overwriting {
        fn instead(&self, cloud: &Cloud, change: &Change) -> Option<Result<Outcome>> {
            let (registry, statement) = (registry(change)?, ours(change)?);
            cloud.backstage(|world| world.documents.insert(registry, vec![statement]));
            Some(Ok(Outcome::default()))
        }
    }
}

breakage! {
    /// Deletes the document that it began, whoever has written to it since.
    Clearing {
        fn instead(&self, cloud: &Cloud, change: &Change) -> Option<Result<Outcome>> {
            let registry = registry(change).filter(|_| change.action == Action::Delete)?;
            let began = cloud.backstage(|world| {
                let began = world.documents.get(&registry).is_some_and(|all| all[0].id.starts_with("acme/"));
                if began {
                    world.documents.remove(&registry);
                }
                began
            });
            began.then(|| Ok(Outcome::default()))
        }
    }
}

breakage! {
    /// Keeps what was confirmed with a principal, so that it goes with that.
    TiedConfirmation {
        fn made(&self, cloud: &Cloud, change: &Change, outcome: Outcome) -> Result<Outcome> {
            if change.action == Action::Delete && change.id.kind == "principal" {
                cloud.backstage(|world| {
                    if let Some(policies) = world.items.get_mut(&Kind::Policy) {
                        policies.retain(|name, _| !name.contains(".+confirmed-"));
                    }
                });
            }
            Ok(outcome)
        }
    }
}
