//! Stacks, for people and for programs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{FoundStack, Stack, Unsearched, quoted};
use serde::Serialize;

use super::FORMAT_VERSION;
use super::plan::unsearched;
use super::{BOLD, GREEN, counted, styled, wrapped};
use crate::args::Global;
use crate::manifest;

/// A stack, and how to take it back.
#[derive(Debug)]
pub(crate) struct Listed<'a> {
    stack: &'a FoundStack,
    /// A line for each of the commands, of which each reaches one place on a platform. None where no run can be at its home.
    pub(crate) take_back: Option<String>,
    commands: Vec<String>,
    /// The variables that lead a run to its home, each with a blank behind it.
    pub(crate) variables: Option<String>,
    /// The variables in these that somebody has to fill in, each with what it takes.
    pub(crate) fill_in: Vec<(String, Cow<'a, str>)>,
}

/// What stands where somebody has to fill something in. No shell takes it for anything, and no key does.
const BLANK: &str = "…";

impl<'a> Listed<'a> {
    pub(crate) fn of(stack: &'a FoundStack, provider: &str, global: &Global) -> Self {
        let named = |key: &str| {
            let key = key.replace('.', "__");
            format!("CLOUDGRANT_{}__{}", provider.to_uppercase(), key.to_uppercase())
        };
        let mut fill_in = Vec::new();
        if stack.settings.is_some() {
            fill_in.extend(stack.fill_in.iter().map(|(key, what)| (named(key), what.as_str().into())));
        }
        let blanks: String = fill_in.iter().map(|(variable, _)| format!("{variable}={BLANK} ")).collect();
        let (mut of_platform, mut ways) = (BTreeSet::new(), Vec::new());
        for (key, values) in &stack.platform_settings {
            let variable = format!("CLOUDGRANT_PLATFORM__{}", key.to_uppercase());
            for (value, places) in values {
                let way = format!("{variable}={} ", quoted(value));
                if places.len() == 1 {
                    ways.push(way);
                    continue;
                }
                ways.extend(places.values().map(|outside| format!("{outside}={BLANK} {way}")));
                let outside = places.values().next().copied().unwrap_or_default();
                let what = format!("one for each command, in this order: {}", listed(places.keys()));
                fill_in.extend(stack.settings.as_ref().map(|_| (outside.to_owned(), what.into())));
            }
            of_platform.insert(variable);
        }
        if ways.is_empty() {
            ways.push(String::new());
        }
        let variables = stack.settings.as_ref().map(|settings| {
            let variable = |(key, value): (&String, &String)| format!("{}={} ", named(key), quoted(value));
            let mut variables: String = settings.iter().map(variable).collect();
            if manifest::is_missing(global) {
                // What no manifest says, variables did.
                let begin = format!("CLOUDGRANT_{}__", provider.to_uppercase());
                let is_said = |name: &str| match name.strip_prefix(&begin) {
                    Some(key) => !settings.contains_key(&key.to_lowercase()),
                    None => name.starts_with("CLOUDGRANT_PLATFORM__") && !of_platform.contains(name),
                };
                let mut said: Vec<_> = std::env::vars().filter(|(name, _)| is_said(name)).collect();
                said.sort();
                variables.extend(said.iter().map(|(name, value)| format!("{name}={} ", quoted(value))));
            }
            variables
        });
        let commands = variables.as_ref().map(|variables| {
            let named = if stack.is_this { String::new() } else { format!(" --stack {}", stack.name) };
            let command = global.repeated(&format!("revoke --all{named}"));
            ways.iter().map(|way| format!("{variables}{way}{blanks}{command}")).collect::<Vec<_>>()
        });
        let take_back = commands.as_ref().map(|commands| commands.join("\n"));
        let variables = variables.map(|variables| variables + &blanks);
        Self { stack, take_back, commands: commands.unwrap_or_default(), variables, fill_in }
    }

    /// How many objects of each kind it owns.
    fn kinds(&self) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for object in &self.stack.objects {
            *kinds.entry(object.kind).or_default() += 1;
        }
        kinds
    }
}

/// All of them; quietly, a line for each.
pub(crate) fn text(listed: &[Listed<'_>], places: &[Unsearched], width: Option<usize>, quiet: bool) -> String {
    let mut out = String::new();
    for one in listed {
        let stack = one.stack;
        let mark = if stack.is_this { format!("  {}", styled(GREEN, "(this manifest's)")) } else { String::new() };
        let name = styled(BOLD, stack.name.as_str());
        if quiet {
            let objects = counted(stack.objects.len(), "object", "objects");
            out.push_str(&format!("{name}  {}  {objects}{mark}\n", stack.home));
            continue;
        }
        out.push_str(&format!("{name}{mark}\n"));
        let kinds: Vec<_> = one.kinds().into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let elsewhere: Vec<_> = stack.elsewhere.iter().map(String::as_str).collect();
        line(&mut out, "home", &stack.home, width);
        line(&mut out, "owns", &kinds.join(", "), width);
        line(&mut out, "writes to", &elsewhere.join(", "), width);
        if one.commands.is_empty() {
            line(&mut out, "take back", "no run can be at this home yet: see below", width);
        }
        for (at, command) in one.commands.iter().enumerate() {
            // To be copied: it is never broken.
            line(&mut out, if at == 0 { "take back" } else { "then" }, command, None);
        }
        if one.commands.len() > 1 {
            line(&mut out, "", "each reaches one of the places, so that all but the last end with 1", width);
        }
        for (variable, what) in &one.fill_in {
            line(&mut out, "fill in", &format!("{variable}: {what}"), width);
        }
        out.push('\n');
    }
    out.push_str(&unsearched(places, width));
    if !quiet && !listed.is_empty() {
        let objects = listed.iter().map(|one| one.stack.objects.len()).sum();
        let (stacks, objects) = (counted(listed.len(), "stack", "stacks"), counted(objects, "object", "objects"));
        out.push_str(&format!("{}\n", styled(BOLD, &format!("{stacks}, {objects}."))));
    }
    out
}

fn listed<'a>(places: impl Iterator<Item = &'a String>) -> String {
    Vec::from_iter(places.map(String::as_str)).join(", then ")
}

/// A line with a label, unless there is nothing to say.
fn line(out: &mut String, label: &str, text: &str, width: Option<usize>) {
    const INDENT: usize = 13;
    if !text.is_empty() {
        out.push_str(&format!("  {label:<11}{}\n", wrapped(text, INDENT, INDENT, width)));
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    command: &'static str,
    provider: &'a str,
    stack: &'a Stack,
    stacks: Vec<Written<'a>>,
    unsearched: &'a [Unsearched],
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a Stack,
    home: &'a str,
    this_manifest: bool,
    objects: Vec<Object<'a>>,
    elsewhere: Vec<&'a str>,
    take_back: Option<&'a str>,
    fill_in: Vec<Blank<'a>>,
}

#[derive(Serialize)]
struct Blank<'a> {
    variable: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    kind: &'static str,
    name: &'a str,
}

/// The document that `schema/output.schema.json` describes.
pub(crate) fn document<'a>(
    provider: &'a str,
    stack: &'a Stack,
    listed: &'a [Listed<'_>],
    unsearched: &'a [Unsearched],
) -> impl Serialize + use<'a> {
    let written = |one: &'a Listed<'_>| Written {
        name: &one.stack.name,
        home: &one.stack.home,
        this_manifest: one.stack.is_this,
        objects: one.stack.objects.iter().map(|id| Object { kind: id.kind, name: &id.name }).collect(),
        elsewhere: one.stack.elsewhere.iter().map(String::as_str).collect(),
        take_back: one.take_back.as_deref(),
        fill_in: one.fill_in.iter().map(|(variable, what)| Blank { variable, what }).collect(),
    };
    let stacks = listed.iter().map(written).collect();
    Document { format_version: FORMAT_VERSION, command: "stacks", provider, stack, stacks, unsearched }
}
