//! What each grant comes to.

use std::collections::HashSet;

use cloudgrant_core::{Handoff, Object, ObjectId, Ownership, Reach, Scope};
use serde_json::{Value, json};

use super::attributes::{self, Lists};
use super::explained::Explained;
use super::{BOLD, CYAN, DIM, FORMAT_VERSION, code, halves, indented, json, notes, styled, wrapped};

/// For people.
pub(crate) fn text(explained: &Explained<'_>, width: Option<usize>) -> String {
    let mut out = String::new();
    let mut shown = HashSet::new();
    let execute = explained.execute();
    if let Some(aside) = explained.here.aside().filter(|_| explained.says_commands(execute.as_ref())) {
        out.push_str(&format!("{}\n\n", styled(DIM, &wrapped(&aside, 0, 0, width))));
    }
    for grant in explained.grants() {
        title("grant", grant.name.as_str(), "task access", &mut out);
        out.push_str(&format!("  scope: {}\n", grant.scope));
        out.push_str(&halves::reached(explained.tenancy(), &grant.scope, &explained.scope_kinds(), width));
        reaches(explained, &grant.reaches, &mut out);
        out.push_str("  for the task code of:\n");
        let code = explained.task_code(&grant.scope);
        let widest = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| text.len()).max().unwrap_or_default();
        let first = widest(&mut code.iter().map(|(pair, ..)| pair.to_string()));
        let second = widest(&mut code.iter().map(|(_, subject, _)| subject.to_string()));
        for (pair, subject, scope) in code {
            let under = scope.map(|scope| format!("principal of {scope}")).unwrap_or_default();
            let (pair, subject) = (pair.to_string(), subject.to_string());
            let line = format!("    {pair:first$}  {subject:second$}  {}", styled(DIM, &under));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        objects(explained, &explained.objects(grant), "the cloud's half", &mut shown, &mut out);
        let pairs = explained.tenancy().audience(&grant.scope, &[]).pairs;
        out.extend(execute.iter().map(|execute| halves::platforms_half(execute, pairs)));
    }
    for registry in explained.registries() {
        title("registry", registry.name.as_str(), "infrastructure access", &mut out);
        reaches(explained, &registry.reach, &mut out);
        out.push_str("  for the platform's infrastructure, and so for whatever runs on it\n");
        objects(explained, &explained.objects_of_registry(registry), "comes to", &mut shown, &mut out);
    }
    out.extend(execute.iter().map(|execute| halves::execute(execute, width)));
    let advice = explained.advice();
    out.push_str(&notes::all(explained.notes().iter().chain(&advice), width));
    format!("{}\n", out.trim_end())
}

/// Requirement 1: which of the two kinds of access it is.
fn title(what: &str, name: &str, kind: &str, out: &mut String) {
    out.push_str(&format!("{} {}   {}\n", styled(CYAN, what), styled(BOLD, name), styled(DIM, &format!("({kind})"))));
}

fn reaches(explained: &Explained<'_>, reaches: &[Reach], out: &mut String) {
    out.push_str("  access:\n");
    for reach in reaches {
        let resource = &reach.resource;
        out.push_str(&format!(
            "    {}: {}  {}\n",
            resource.name,
            reach.access,
            styled(DIM, &format!("({}, {})", resource.kind, resource.locator))
        ));
        for (called, name) in explained.session.provider().in_task_code(resource) {
            out.push_str(&format!("      {} {called} = {name:?}\n", styled(DIM, "in task code:")));
        }
    }
}

fn objects<'a>(
    explained: &Explained<'_>,
    objects: &[&'a Object],
    heading: &str,
    shown: &mut HashSet<&'a ObjectId>,
    out: &mut String,
) {
    if objects.is_empty() {
        out.push_str("  no changes required\n\n");
        return;
    }
    out.push_str(&format!("  {heading}:\n"));
    for (at, object) in objects.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(&format!("    {} {}", object.id.kind, styled(BOLD, &object.id.name)));
        if !shown.insert(&object.id) {
            out.push_str(&format!("   {}\n", styled(DIM, "(shown above)")));
            continue;
        }
        out.push('\n');
        if let Ownership::Fragment { of } = &object.ownership {
            out.push_str(&format!("      {}\n", styled(DIM, &format!("part of {of}"))));
        }
        out.push_str(&attributes::text(&object.attributes.value(), Lists::Inline, 6));
        if let Some(handoff) = &object.handoff {
            out.push_str(&format!(
                "      {} {}: {}\n",
                styled(DIM, "to be done by"),
                handoff.to,
                explained.task(handoff)
            ));
        }
        let commands = explained.session.equivalent(object);
        if !commands.is_empty() {
            out.push_str(&format!("      {}\n", styled(DIM, "by hand:")));
            out.push_str(&indented(&commands.join("\n"), 8));
        }
    }
    out.push('\n');
}

/// For programs.
pub(crate) fn document(explained: &Explained<'_>, with_code: bool) -> Value {
    let session = explained.session;
    let advice = explained.advice();
    let grants = explained.grants().map(|grant| {
        let code = explained.task_code(&grant.scope).into_iter().map(|(pair, subject, scope)| {
            json!({ "project": pair.project, "domain": pair.domain, "subject": subject, "principal_of": scope })
        });
        let mut value = json!({
            "name": grant.name,
            "scope": grant.scope,
            "access": access(explained, &grant.reaches),
            "reaches": reached(explained, &grant.scope),
            "task_code": code.collect::<Vec<_>>(),
            "carried_by": &*grant.carried_by,
            "objects": described(explained, &explained.objects(grant)),
        });
        if with_code {
            value["code"] = code::document(explained, grant);
        }
        value
    });
    let registries = explained.registries().map(|registry| {
        json!({
            "name": registry.name,
            "access": access(explained, &registry.reach),
            "objects": described(explained, &explained.objects_of_registry(registry)),
        })
    });
    json!({
        "format_version": FORMAT_VERSION,
        "command": "explain",
        "provider": session.registration().id,
        "stack": session.loaded().manifest.stack,
        "grants": grants.collect::<Vec<_>>(),
        "registries": registries.collect::<Vec<_>>(),
        "execute": explained.execute(),
        "notes": json::notes(explained.notes().iter().chain(&advice)),
    })
}

fn reached(explained: &Explained<'_>, scope: &Scope) -> Value {
    let mut value = json!(explained.tenancy().audience(scope, &explained.scope_kinds()));
    value["isolation"] = json!(explained.tenancy().isolation(scope).map(|note| note.message));
    value
}

fn access(explained: &Explained<'_>, reaches: &[Reach]) -> Value {
    let reach = |reach: &Reach| {
        let resource = &reach.resource;
        let mut value = json!({
            "resource": resource.name,
            "kind": resource.kind,
            "locator": resource.locator,
            "access": reach.access,
        });
        let names = explained.session.provider().in_task_code(resource);
        if !names.is_empty() {
            value["in_task_code"] = names.into_iter().map(|(called, name)| (called.to_owned(), json!(name))).collect();
        }
        value
    };
    reaches.iter().map(reach).collect()
}

fn described(explained: &Explained<'_>, objects: &[&Object]) -> Value {
    let object = |object: &&Object| {
        let mut value = json!({
            "kind": object.id.kind,
            "name": object.id.name,
            "because": object.because,
            "attributes": object.attributes,
            "commands": explained.session.equivalent(object),
        });
        if let Ownership::Fragment { of } = &object.ownership {
            value["part_of"] = json!(of);
        }
        if let Some(handoff) = &object.handoff {
            value["handoff"] = json!(Handoff { task: explained.task(handoff), ..handoff.clone() });
        }
        value
    };
    objects.iter().map(object).collect()
}
