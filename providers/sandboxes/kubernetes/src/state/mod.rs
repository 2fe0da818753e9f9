//! What the sandbox remembers: objects, and the number of the last write.
//!
//! Every change goes to its file first and to memory second. So what was answered is on the disk, and a write that fails
//! changes nothing.

pub(crate) mod events;
pub(crate) mod resources;

use std::collections::BTreeMap;
use std::ops::Bound;

use cloudgrant_sandbox_kit::{History, Ids, Result, Store, clock};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::events::{Event, Events};
use self::resources::{NAMESPACES, RESOURCES, Resource};
use crate::fields::decode::tidy;

/// Where an object is: its resource, its namespace or nothing, its name.
type Key = (&'static str, String, String);

#[derive(Serialize, Deserialize)]
struct Revision {
    revision: u64,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct State {
    objects: BTreeMap<Key, Value>,
    revision: u64,
    /// What happened since the start, for those who watch.
    pub(crate) events: Events,
    ids: Ids,
    pub(crate) history: History,
    store: Store,
}

impl State {
    /// Reads the state from a folder that was opened.
    pub(crate) fn load(store: Store) -> Result<Self> {
        let history = History::begin(&store)?;
        let mut objects = BTreeMap::new();
        for resource in &RESOURCES {
            let all: Vec<Value> = store.load(resource.plural)?;
            objects.extend(all.into_iter().map(|object| (key_of(resource, &object), object)));
        }
        let revision = store.load::<Revision>("revision")?.pop().map_or(0, |latest| latest.revision);
        let events = Events::since(revision);
        Ok(Self { objects, revision, events, ids: Ids::new(history.start()), history, store })
    }

    /// The number of the last write.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// A new object's uid.
    pub(crate) fn uid(&mut self) -> String {
        self.ids.guid("uid")
    }

    /// Five letters behind a `generateName`.
    pub(crate) fn suffix(&mut self) -> String {
        const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        let bytes = self.ids.bytes("suffix");
        bytes.iter().take(5).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
    }

    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&(resource.plural, namespace.to_owned(), name.to_owned()))
    }

    /// The objects of a resource in a namespace, or in all, behind a place in their order; each with its place.
    pub(crate) fn list<'a>(
        &'a self,
        resource: &Resource,
        namespace: Option<&'a str>,
        behind: Option<(&str, &str)>,
    ) -> impl Iterator<Item = ((&'a str, &'a str), &'a Value)> + use<'a> {
        let plural = resource.plural;
        let begin = match behind {
            Some((namespace, name)) => Bound::Excluded((plural, namespace.to_owned(), name.to_owned())),
            None => Bound::Included((plural, namespace.unwrap_or_default().to_owned(), String::new())),
        };
        let all = self.objects.range((begin, Bound::Unbounded)).take_while(move |((of, ..), _)| *of == plural);
        let within = all.filter(move |((_, of, _), _)| namespace.is_none_or(|namespace| of == namespace));
        within.map(|((_, namespace, name), object)| ((namespace.as_str(), name.as_str()), object))
    }

    /// Writes an object and gives it back with the number of this write, its `resourceVersion`.
    pub(crate) fn save(&mut self, resource: &'static Resource, object: &Value) -> Result<Value> {
        let revision = self.advance()?;
        let object = with_revision(resource, object, revision);
        let key = key_of(resource, &object);
        self.store.put(&path(&key), &object)?;
        let before = self.objects.insert(key, object.clone());
        self.events.add(Event { revision, resource, before, object: object.clone(), is_gone: false });
        Ok(object)
    }

    /// Removes an object and gives it back with the number of this write.
    pub(crate) fn remove(&mut self, resource: &'static Resource, object: &Value) -> Result<Value> {
        let revision = self.advance()?;
        let key = key_of(resource, object);
        self.store.remove(&path(&key))?;
        let before = self.objects.remove(&key);
        let object = with_revision(resource, object, revision);
        self.events.add(Event { revision, resource, before, object: object.clone(), is_gone: true });
        Ok(object)
    }

    /// Remembers that something was seeded, so that it stays deleted once somebody deletes it.
    pub(crate) fn mark_seeded(&mut self, what: String) -> Result<()> {
        self.history.mark_seeded(&self.store, what)
    }

    fn advance(&mut self) -> Result<u64> {
        let revision = self.revision + 1;
        self.store.put(&["revision", "latest"], &Revision { revision })?;
        self.revision = revision;
        Ok(revision)
    }
}

/// The present time, as objects hold it.
pub(crate) fn now() -> String {
    time(clock::now())
}

/// A time, as objects hold it.
pub(crate) fn time(millis: clock::Millis) -> String {
    clock::date_and_time(millis, 'T') + "Z"
}

fn key_of(resource: &Resource, object: &Value) -> Key {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    let namespace = if resource.namespaced { text("namespace") } else { String::new() };
    (resource.plural, namespace, text("name"))
}

fn path(key: &Key) -> Vec<&str> {
    let (resource, namespace, name) = key;
    let namespace = (*resource != NAMESPACES.plural).then_some(namespace.as_str());
    std::iter::once(*resource).chain(namespace).chain([name.as_str()]).collect()
}

fn with_revision(resource: &Resource, object: &Value, revision: u64) -> Value {
    let mut object = object.clone();
    object["metadata"]["resourceVersion"] = Value::String(revision.to_string());
    tidy(resource.of, &object)
}
