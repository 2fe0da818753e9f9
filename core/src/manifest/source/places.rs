//! Where everything of a manifest stands: a line of its file, or another layer.

use figment::Figment;
use serde_json::Value;

use crate::contract::error::Result;
use crate::contract::error::diagnostic::Diagnostic;
use crate::manifest::document::LISTS;
use crate::manifest::source::layers::{self, Overrides};
use crate::manifest::text::path::Path;
use crate::manifest::text::problems::several::{first, one};
use crate::manifest::text::tree::{Node, place};
use crate::vocabulary::names::GrantName;

/// Where everything stands.
#[derive(Debug)]
pub(in crate::manifest) struct Places {
    file: String,
    tree: Node,
    figment: Figment,
    profile: Option<String>,
    /// The layers of variables that are set to nothing.
    empty: Vec<String>,
}

impl Places {
    /// Of the file of that name, with the layers over it.
    pub(in crate::manifest) fn of(
        file: String,
        tree: Node,
        overrides: &Overrides,
        on_top: &[(Value, String)],
    ) -> Result<(Self, Value)> {
        let Value::Object(mut keys) = tree.to_value() else { return Err(one(Diagnostic::new("", "no mapping"))) };
        // What no other layer touches needs not go through all of them, which takes several copies.
        let untouched = |key: &&&str| {
            let is_on_top = on_top.iter().any(|(value, _)| value.get(**key).is_some());
            !is_on_top && overrides.leave_alone(&keys, key)
        };
        let untouched: Vec<_> = LISTS.iter().filter(untouched).collect();
        let lists: Vec<_> = untouched.into_iter().filter_map(|key| keys.shift_remove_entry(*key)).collect();
        let (mut figment, mut value) = layers::stacked(keys, overrides)?;
        for (layer, name) in on_top {
            (figment, value) = layers::overlaid(&figment, layer, name)?;
        }
        if let Value::Object(map) = &mut value {
            map.extend(lists);
        }
        // As they come out of the layers.
        value.sort_all_objects();
        let (profile, empty) = (overrides.profile.clone(), overrides.empty());
        Ok((Self { file, tree, figment, profile, empty }, value))
    }

    /// Says of each where it stands, and of what is in a list also its name; `value` is all layers together.
    pub(in crate::manifest) fn of_all(&self, problems: Vec<Diagnostic>, value: &Value) -> Vec<Diagnostic> {
        if problems.is_empty() {
            return problems;
        }
        // Once for all problems: figment puts its layers together anew whenever it is asked.
        let merged = self.merged();
        let placed = |mut problem: Diagnostic| {
            problem.entry = entry_name(&problem.path, value).map(Into::into);
            self.of_one(problem, merged.as_ref())
        };
        first(problems).into_iter().map(placed).collect()
    }

    /// Says where the thing at the problem's key path came from.
    fn of_one(&self, mut problem: Diagnostic, merged: Option<&figment::value::Value>) -> Diagnostic {
        if problem.place.is_some() || problem.layer.is_some() || problem.path.is_empty() {
            return problem;
        }
        let path = Path::parse(&problem.path);
        if let Some(layer) = self.layer(&path, merged) {
            let is_empty = self.empty.contains(&layer);
            let blamed = layers::blamed(problem, layer);
            return if is_empty { blamed.hint("the variable is empty: unset it or give it a value") } else { blamed };
        }
        let (mut at, depth) = self.tree.locate(&path);
        if let Some(profile) = &self.profile {
            let (in_profile, deeper) = self.tree.locate(&Path::default().key("profiles").key(profile).join(&path));
            if deeper >= depth + 2 && deeper > 2 {
                at = in_profile;
            }
        }
        problem.place = place(&self.file, at);
        problem
    }

    /// All layers together, as figment has them.
    pub(in crate::manifest) fn merged(&self) -> Option<figment::value::Value> {
        self.figment.find_value("").ok()
    }

    /// Which layer the thing at a key path comes from, if it isn't the file.
    pub(in crate::manifest) fn layer(&self, path: &Path, merged: Option<&figment::value::Value>) -> Option<String> {
        let dotted = path.keys().collect::<Vec<_>>().join(".");
        let tag = merged.and_then(|value| value.find_ref(&dotted)).map(figment::value::Value::tag);
        let from = tag.and_then(|tag| self.figment.get_metadata(tag)).map(|metadata| metadata.name.to_string());
        from.filter(|layer| layer != layers::FILE)
    }
}

/// How the grant or the registry is called that a key path leads into by its number.
pub(in crate::manifest) fn entry_name<'a>(path: &str, value: &'a Value) -> Option<&'a str> {
    let (list, rest) = path.split_once('[')?;
    let at: usize = rest.split_once(']')?.0.parse().ok()?;
    let keys = Path::parse(list);
    let entries = keys.keys().try_fold(value, |value, key| value.get(key))?;
    let name = entries.get(at)?.get("name")?.as_str()?;
    // What is no name isn't repeated.
    (matches!(keys.keys().last(), Some("grants" | "registries")) && GrantName::parse(name).is_ok()).then_some(name)
}

/// The problem with the place of its key path in the file.
pub(in crate::manifest) fn placed_in(tree: &Node, file: &str, mut problem: Diagnostic) -> Diagnostic {
    problem.place = place(file, tree.locate(&Path::parse(&problem.path)).0);
    problem
}
