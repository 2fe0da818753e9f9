//! The lists of a manifest, and what stands in them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::manifest::document::entries::ResourceEntry;
use crate::vocabulary::access::Access;
use crate::vocabulary::names::{GrantName, ResourceName};
use crate::vocabulary::scope::Scope;

/// The keys of [`Lists`].
pub(crate) const LISTS: [&str; 3] = ["resources", "grants", "bindings"];

/// What of a manifest can be long. It is shared where a manifest differs from another one in other things.
#[derive(Debug, Clone)]
pub(crate) struct Lists {
    pub(crate) resources: Arc<BTreeMap<ResourceName, ResourceEntry>>,
    pub(crate) grants: Arc<Vec<Grant>>,
    pub(crate) bindings: Arc<Vec<Binding>>,
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its name.
    pub name: GrantName,
    /// For which task code.
    pub scope: Scope,
    /// Which resources, and how much of each.
    #[serde(deserialize_with = "each_once")]
    pub access: BTreeMap<ResourceName, Access>,
    /// Insist on exactly the asked access.
    #[serde(default)]
    pub precise: bool,
}

/// A mapping in which no key stands twice.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<ResourceName, Access>, D::Error> {
    struct Once;
    impl<'de> Visitor<'de> for Once {
        type Value = BTreeMap<ResourceName, Access>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = entries.next_entry::<ResourceName, Access>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("`{key}` stands here twice")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Once)
}

/// A scope that gets a principal of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The scope.
    pub scope: Scope,
}

/// The entries that can be read, and where each stands.
pub(super) fn list<T>(
    map: &Map<String, Value>,
    key: &str,
    problems: &mut Vec<Diagnostic>,
    mut read: impl FnMut(&Value, &str, &mut Vec<Diagnostic>) -> Option<T>,
) -> (Vec<usize>, Vec<T>) {
    match map.get(key) {
        None | Some(Value::Null) => (Vec::new(), Vec::new()),
        Some(Value::Array(items)) => {
            let read = |(at, item)| Some((at, read(item, &format!("{key}[{at}]"), problems)?));
            items.iter().enumerate().filter_map(read).unzip()
        }
        Some(_) => {
            let hint = format!(
                "write each with a dash of its own: `{key}:`, and in the next line `- name: ...`; in TOML, above each, `[[{key}]]`"
            );
            problems
                .push(Diagnostic::new(key, format!("`{key}` must be a list")).of_kind(ProblemKind::NoList).hint(hint));
            (Vec::new(), Vec::new())
        }
    }
}
