//! The managers of an object, as they stand in `metadata.managedFields`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::path::Set;

/// More entries of updates than this are put together.
const MOST_UPDATERS: usize = 10;

/// Whose entry those are that were put together.
const ANCIENT: &str = "ancient-changes";

/// How fields came to be a manager's. Entries of applies come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// What tells managers apart: one program may apply and update, and do so at subresources, too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Manager {
    pub(crate) operation: Operation,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) subresource: String,
}

impl Manager {
    /// As conflicts name it.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            text += &format!(" with subresource {:?}", self.subresource);
        }
        if self.operation == Operation::Update {
            text += &format!(" using {}", self.version);
        }
        text
    }
}

/// Managers with their fields and the time of their last write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Managers {
    pub(crate) fields: BTreeMap<Manager, Set>,
    pub(crate) times: BTreeMap<Manager, String>,
}

impl Managers {
    /// Reads an object's managers; nothing where an entry isn't one.
    pub(crate) fn read(object: &Value) -> Option<Self> {
        let mut managers = Self::default();
        for entry in object["metadata"]["managedFields"].as_array().into_iter().flatten() {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let operation = match text("operation").as_str() {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return None,
            };
            let fields = entry.get("fieldsV1").filter(|_| text("fieldsType") == "FieldsV1")?;
            let manager = Manager {
                operation,
                name: text("manager"),
                version: text("apiVersion"),
                subresource: text("subresource"),
            };
            if let Some(time) = entry.get("time").and_then(Value::as_str) {
                managers.times.insert(manager.clone(), time.to_owned());
            }
            managers.fields.insert(manager, Set::read(fields));
        }
        Some(managers)
    }

    /// Puts them into an object's metadata.
    pub(crate) fn write(&self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        metadata.remove("managedFields");
        if self.fields.is_empty() {
            return;
        }
        let mut entries: Vec<(&Manager, &Set)> = self.fields.iter().collect();
        // By time within an operation; one without a time stands first.
        entries.sort_by_key(|(manager, _)| (manager.operation, self.times.get(*manager), *manager));
        let written: Vec<Value> = entries.into_iter().map(|(manager, set)| self.entry(manager, set)).collect();
        metadata.insert("managedFields".to_owned(), json!(written));
    }

    fn entry(&self, manager: &Manager, set: &Set) -> Value {
        let mut entry = Map::new();
        entry.insert("manager".to_owned(), json!(manager.name));
        entry.insert("operation".to_owned(), json!(format!("{:?}", manager.operation)));
        entry.insert("apiVersion".to_owned(), json!(manager.version));
        if let Some(time) = self.times.get(manager) {
            entry.insert("time".to_owned(), json!(time));
        }
        entry.insert("fieldsType".to_owned(), json!("FieldsV1"));
        entry.insert("fieldsV1".to_owned(), set.written());
        if !manager.subresource.is_empty() {
            entry.insert("subresource".to_owned(), json!(manager.subresource));
        }
        Value::Object(entry)
    }

    /// Puts the oldest updates together where there are too many.
    pub(crate) fn cap(&mut self) {
        let mut updaters: Vec<Manager> =
            self.fields.keys().filter(|manager| manager.operation == Operation::Update).cloned().collect();
        updaters.sort_by_key(|manager| (self.times.get(manager).cloned(), manager.clone()));
        let mut left = updaters.len();
        let mut first = None;
        for manager in updaters {
            if left <= MOST_UPDATERS {
                break;
            }
            let Some(first) = first.clone() else {
                first = Some(manager);
                continue;
            };
            let bucket = Manager { name: ANCIENT.to_owned(), subresource: String::new(), ..manager.clone() };
            let begun = self.fields.remove(&bucket).or_else(|| self.fields.remove(&first)).unwrap_or_default();
            let more = self.fields.remove(&manager).unwrap_or_default();
            if let Some(time) = self.times.get(&manager).cloned() {
                self.times.insert(bucket.clone(), time);
            }
            self.fields.insert(bucket, begun.union(&more));
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::Element;
    use super::*;

    fn updater(name: &str) -> Manager {
        Manager {
            operation: Operation::Update,
            name: name.to_owned(),
            version: "v1".to_owned(),
            subresource: String::new(),
        }
    }

    #[test]
    fn entries_are_sorted_by_operation_time_and_name() {
        let mut managers = Managers::default();
        let set: Set = [vec![Element::Field("secrets".to_owned())]].into_iter().collect();
        let apply = Manager { operation: Operation::Apply, ..updater("z") };
        for (manager, time) in [
            (updater("a"), Some("2026-11-27T20:16:14Z")),
            (updater("b"), Some("2026-11-27T20:16:13Z")),
            (updater("c"), None),
            (apply, Some("2026-11-27T20:16:15Z")),
        ] {
            managers.fields.insert(manager.clone(), set.clone());
            managers.times.extend(time.map(|time| (manager, time.to_owned())));
        }
        let mut object = json!({"metadata": {}});
        managers.write(&mut object);
        let entries = object["metadata"]["managedFields"].as_array().expect("a list").iter();
        assert_eq!(
            entries.map(|entry| entry["manager"].as_str().expect("a name")).collect::<Vec<_>>(),
            ["z", "c", "b", "a"]
        );
        assert_eq!(Managers::read(&object), Some(managers));
    }

    #[test]
    fn many_updates_are_put_together() {
        let mut managers = Managers::default();
        for number in 0..13 {
            let manager = updater(&format!("m{number:02}"));
            managers.fields.insert(manager.clone(), [vec![Element::Field(format!("f{number}"))]].into_iter().collect());
            managers.times.insert(manager, format!("2026-11-27T20:16:{number:02}Z"));
        }
        managers.cap();
        assert_eq!(managers.fields.len(), MOST_UPDATERS);
        assert_eq!(managers.fields[&updater(ANCIENT)].paths().count(), 4);
        assert_eq!(managers.times[&updater(ANCIENT)], "2026-11-27T20:16:03Z");
    }
}
