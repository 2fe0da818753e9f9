//! What a server does around the engine: who counts as a manager, which fields nobody manages, when times change.

use serde_json::{Map, Value, json};

use super::apply;
use super::check::check;
use super::decode::{decode, tidy};
use super::managers::{Manager, Managers, Operation};
use super::path::{Element, Set, shown};
use super::schema::Type;
use crate::protocol::errors::{Answer, ApiError};

/// Whose fields those are that were there before an object was applied for the first time.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// What nobody manages: what identifies an object, and what servers write.
const NOBODYS: [&str; 8] =
    ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"];

/// A write: by whom, where, when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Write<'a> {
    pub(crate) of: &'static Type,
    /// The API version in which the object was written.
    pub(crate) version: &'a str,
    pub(crate) manager: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) now: &'a str,
}

impl Write<'_> {
    fn manager(&self, operation: Operation, name: &str) -> Manager {
        Manager {
            operation,
            name: name.to_owned(),
            version: self.version.to_owned(),
            subresource: self.subresource.to_owned(),
        }
    }

    /// An object of this kind in which nothing is set.
    pub(crate) fn empty(&self) -> Value {
        tidy(self.of, &json!({}))
    }

    /// Enters the manager of a create, a replace or a patch that is no apply. `live` is nothing on create.
    pub(crate) fn update(&self, live: Option<&Value>, new: &mut Value) {
        let mut managers = match live {
            Some(live) => wanted(live, new),
            None => Managers::read(new).unwrap_or_default(),
        };
        // An object without managers isn't tracked before its first apply; a new one always is.
        if live.is_none() || !managers.fields.is_empty() {
            let before = bare(live.unwrap_or(&self.empty()));
            self.note(&mut managers, &before, &bare(new), self.manager);
            managers.cap();
        }
        managers.write(new);
    }

    /// Applies a configuration. Gives the object with its managers.
    pub(crate) fn apply(&self, live: Option<&Value>, applied: &Value, force: bool) -> Answer<Value> {
        let metadata = &applied["metadata"];
        if !metadata["managedFields"].is_null() {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        let failed = |what: &str, why: &str| {
            let text = |name: &str| metadata[name].as_str().unwrap_or_default();
            let kind = applied["kind"].as_str().unwrap_or_default();
            let (group, version) = self.version.split_once('/').unwrap_or(("", self.version));
            let (namespace, name) = (text("namespace"), text("name"));
            ApiError::unexpected(format!(
                "failed to {what} ({namespace}/{name}; {group}/{version}, Kind={kind}): {why}"
            ))
        };
        if let Some(why) = check(self.of, applied) {
            return Err(failed("create typed patch object", &why));
        }
        let mut managers = live.and_then(Managers::read).unwrap_or_default();
        let empty = self.empty();
        let before = bare(live.unwrap_or(&empty));
        if managers.fields.is_empty() {
            self.note(&mut managers, &bare(&empty), &before, BEFORE_FIRST_APPLY);
        }
        let manager = self.manager(Operation::Apply, self.manager);
        let made = apply::apply(self.of, &before, &bare(applied), &mut managers.fields, &manager, force);
        let made = made.map_err(|conflicts| {
            let conflicts = conflicts.iter().map(|(manager, path)| (manager.shown(), shown(path)));
            ApiError::field_conflict(&conflicts.collect::<Vec<_>>())
        })?;
        disown(&mut managers, &manager);
        // A time says when an apply last changed something, so one that only shares fields has none.
        if made.is_some() {
            managers.times.insert(manager, self.now.to_owned());
        }
        // A schema takes any text for a time, and any number for an integer; an object doesn't.
        let decoded = decode(self.of, &made.unwrap_or(before));
        let mut object = decoded.map_err(|why| failed("convert new typed object", &why))?.object;
        managers.write(&mut object);
        Ok(object)
    }

    fn note(&self, managers: &mut Managers, before: &Value, after: &Value, name: &str) {
        // What this write alone changed decides about the time, so it is noted beside what the manager has.
        let own = self.manager(Operation::Update, name);
        let this = Manager { subresource: "\u{0}this write".to_owned(), ..own.clone() };
        apply::update(self.of, before, after, &mut managers.fields, &this);
        disown(managers, &this);
        if let Some(set) = managers.fields.remove(&this) {
            let had = managers.fields.remove(&own).unwrap_or_default();
            managers.fields.insert(own.clone(), had.union(&set));
            managers.times.insert(own, self.now.to_owned());
        }
    }
}

/// The managers that a replace or a patch means: those that it sends, or those that were there; none where it resets them.
fn wanted(live: &Value, new: &Value) -> Managers {
    let sent = new["metadata"]["managedFields"].as_array();
    if sent.is_some_and(|entries| matches!(entries.as_slice(), [only] if only.as_object().is_some_and(Map::is_empty))) {
        return Managers::default();
    }
    let sent = Managers::read(new).filter(|managers| !managers.fields.is_empty());
    sent.or_else(|| Managers::read(live)).unwrap_or_default()
}

/// An object without its managers.
fn bare(object: &Value) -> Value {
    let mut bare = object.clone();
    if let Some(metadata) = bare.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    bare
}

/// Takes what nobody manages from a manager's fields.
fn disown(managers: &mut Managers, manager: &Manager) {
    let path = |names: &[&str]| names.iter().map(|name| Element::Field((*name).to_owned())).collect();
    let mut nobodys: Set = [path(&["apiVersion"]), path(&["kind"]), path(&["metadata"])].into_iter().collect();
    for name in NOBODYS {
        nobodys.insert(path(&["metadata", name]));
    }
    if let Some(set) = managers.fields.remove(manager) {
        let left = set.difference(&nobodys);
        if !left.is_empty() {
            managers.fields.insert(manager.clone(), left);
        }
    }
}
