//! The two ways of reading a manifest: a quick one for those with which nothing is wrong, and one that finds everything that is.

use serde_json::Value;

use crate::contract::error::Result;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::manifest::document::{self, LISTS, Manifest};
use crate::manifest::loaded::{Loaded, without_lists};
use crate::manifest::quick::Quick;
use crate::manifest::source::Source;
use crate::manifest::source::layers;
use crate::manifest::source::places::{entry_name, placed_in};
use crate::manifest::text::format::Format;
use crate::manifest::text::path::Path;
use crate::manifest::text::problems::indented::Indented;
use crate::manifest::text::problems::several::{MOST, follows, one};
use crate::manifest::text::problems::{excerpt, hidden};
use crate::manifest::text::tree::{self, Content};

/// What is said of a file that isn't begun yet.
const BEGIN: &str = concat!(
    "a manifest begins with `version: 1`; a whole one: ",
    env!("CARGO_PKG_REPOSITORY"),
    "/tree/main/examples/quickstart"
);

impl Loaded {
    /// Reads any manifest, quickly where nothing is wrong with it.
    pub(super) fn draft(source: Source) -> Result<Self> {
        match Self::quick(&source) {
            Some((manifest, head, usual)) => Ok(Self { manifest, head, usual, source, problems: Vec::new() }),
            None => Self::draft_thoroughly(source),
        }
    }

    /// Reads any manifest, and finds everything that is wrong with it.
    #[cfg(test)]
    pub(super) fn thorough(source: Source) -> Result<Self> {
        Self::draft_thoroughly(source)?.sound()
    }

    /// Reads a manifest with which nothing is wrong, as most are.
    pub(super) fn quick(source: &Source) -> Option<(Manifest, Value, Option<String>)> {
        if hidden::first(&source.text, &source.name()).is_some() {
            return None;
        }
        let Quick { head, lists } = source.format.quick(&source.text)?;
        let overrides = &source.overrides;
        if !LISTS.iter().all(|key| overrides.leave_alone(&head, key)) {
            return None;
        }
        let profiles = head.get("profiles");
        let selected = overrides.profile.as_deref();
        if selected.is_some_and(|name| profiles.is_none_or(|profiles| profiles.get(name).is_none()))
            || profiles.is_some_and(|profiles| !document::profiles(profiles, selected).is_empty())
        {
            return None;
        }
        let usual = head.get("provider").and_then(Value::as_str).map(str::to_owned);
        let (_, mut head) = layers::stacked(head, overrides).ok()?;
        let mut problems = Vec::new();
        tree::take_out_nulls(&mut head, &Path::default(), &mut problems);
        let manifest = Manifest::read(&head, Some(lists), &mut problems)?;
        problems.is_empty().then_some((manifest, head, usual))
    }

    /// Reads any manifest as far as it can be read, with everything that is wrong with it.
    fn draft_thoroughly(source: Source) -> Result<Self> {
        let name = source.name();
        if source.text.trim().is_empty() {
            return Err(one(Diagnostic::new("", format!("{name} is empty")).hint(BEGIN)));
        }
        if let Some(hidden) = hidden::first(&source.text, &name) {
            return Err(one(hidden));
        }
        let tree =
            source.format.parse(&source.text, &name).map_err(|wrong| one(excerpt::of_syntax(&source.text, wrong)))?;
        if !matches!(tree.content, Content::Map(_)) {
            let only_comments = matches!(tree.content, Content::Null);
            let what = if only_comments { "has nothing in it but comments" } else { "is no mapping of keys to values" };
            let hint = if only_comments { BEGIN.to_owned() } else { format!("it is YAML, TOML or JSON; {BEGIN}") };
            return Err(one(Diagnostic::new("", format!("{name} {what}")).hint(hint)));
        }
        let selected = source.overrides.profile.as_deref();
        let mut problems = tree.duplicates(&name);
        problems.extend(tree.without_value(&name));
        problems.extend(tree.unreplaced(&name));
        if !problems.is_empty() {
            let file = tree.to_value();
            problems.iter_mut().for_each(|problem| problem.entry = entry_name(&problem.path, &file).map(Into::into));
        }
        if let Some(profiles) = tree.get("profiles").filter(|profiles| !matches!(profiles.content, Content::Null)) {
            let wrong = document::profiles(&profiles.to_value(), selected);
            problems.extend(wrong.into_iter().map(|problem| placed_in(&tree, &name, problem)));
            // What isn't a mapping can't be laid over anything.
            if problems.iter().any(|problem| problem.path == "profiles" || problem.kind == ProblemKind::NoMapping) {
                return Err(source.refusal(problems));
            }
        }
        if let Some(unknown) = layers::unknown_profile(&tree, &name, &source.overrides) {
            // Whatever else is wrong or missing, nobody knows before it is known which profile is meant.
            problems.push(unknown);
            return Err(source.refusal(problems));
        }
        let indented = match source.format {
            Format::Yaml => Indented::of(&tree, &document::known_providers()),
            _ => Indented::default(),
        };
        problems.iter_mut().for_each(|problem| indented.hint(problem));
        let is_platform_written = tree.get("platform").is_some_and(|node| matches!(node.content, Content::Map(_)));
        let usual = tree.get("provider").and_then(|node| node.to_value().as_str().map(str::to_owned));
        let (places, mut value) = source.places_in(tree)?;
        let mut found = Vec::new();
        tree::take_out_nulls(&mut value, &Path::default(), &mut found);
        found.retain(|problem| !problems.iter().any(|known| follows(problem, known)));
        problems.extend(places.of_all(found, &value));
        let mut found = Vec::new();
        let manifest = Manifest::read_part(&value, None, &mut found);
        found.retain(|problem| !indented.tells_of(problem));
        if is_platform_written {
            found.iter_mut().for_each(document::nothing_of_platform);
        }
        found.retain(|problem| !problems.iter().take(MOST).any(|known| follows(problem, known)));
        problems.extend(places.of_all(found, &value));
        let Some(mut manifest) = manifest else { return Err(source.refusal(problems)) };
        if problems.is_empty() {
            manifest.part = None;
        }
        problems.iter().for_each(|problem| manifest.doubt(&problem.path));
        Ok(Self { manifest, head: without_lists(value), usual, source, problems })
    }
}
