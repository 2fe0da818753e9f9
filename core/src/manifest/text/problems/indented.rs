//! A resource whose keys aren't indented: in YAML it has no value then, and they stand for resources of their own.

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::manifest::text::tree::{Content, Node};

/// The key of a resource that is no provider's.
const FORCE: &str = "force";

/// Each such resource, with the keys that are meant to stand below it.
#[derive(Debug, Default)]
pub(in crate::manifest) struct Indented(Vec<(String, Vec<String>)>);

impl Indented {
    /// Looks for them among the resources of a manifest, whose keys are the names of providers.
    pub(in crate::manifest) fn of(tree: &Node, providers: &[&str]) -> Self {
        let Some(Content::Map(entries)) = tree.get("resources").map(|node| &node.content) else {
            return Self::default();
        };
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        let mut is_below = false;
        for entry in entries {
            let is_its_key = providers.contains(&&*entry.key) || &*entry.key == FORCE;
            let is_value = matches!(entry.node.content, Content::Text(_) | Content::Bool(_));
            match found.last_mut() {
                Some((_, keys)) if is_below && is_its_key && is_value => keys.push((*entry.key).to_owned()),
                _ => {
                    is_below = matches!(entry.node.content, Content::Null);
                    if is_below {
                        found.push(((*entry.key).to_owned(), Vec::new()));
                    }
                }
            }
        }
        found.retain(|(_, keys)| !keys.is_empty());
        Self(found)
    }

    /// Says of the resource, which has no value, what to do.
    pub(in crate::manifest) fn hint(&self, problem: &mut Diagnostic) {
        let is_it = |name: &str| problem.path == format!("resources.{name}") && problem.kind == ProblemKind::NoValue;
        if let Some((name, keys)) = self.0.iter().find(|(name, _)| is_it(name)) {
            let keys: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
            problem.hint = Some(format!("indent {} below `{name}`", keys.join(" and ")));
        }
    }

    /// Whether a problem is one of those keys, of which the resource's hint says what to do.
    pub(in crate::manifest) fn tells_of(&self, problem: &Diagnostic) -> bool {
        let key = problem.path.strip_prefix("resources.");
        key.is_some_and(|path| self.0.iter().flat_map(|(_, keys)| keys).any(|key| key == path))
    }
}
