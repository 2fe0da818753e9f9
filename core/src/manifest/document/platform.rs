//! The section that says what runs where, and what can't be.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::registry::platforms;
use crate::manifest::text::path::Path;
use crate::manifest::text::values::possible;
use crate::manifest::text::values::strict::{self, Part};
use crate::text::redact::redacted;
use crate::vocabulary::names::{Domain, Project, Workload};
use crate::vocabulary::principal::{LONGEST_ACCOUNT, Naming, OF_KUBERNETES};
use crate::vocabulary::scope::{Pair, Scope};
use crate::vocabulary::tenancy::Tenancy;

/// Each pair has a namespace of its own; a Kubernetes cluster has room for some ten thousand of them.
const MOST_PAIRS: usize = 200_000;

/// The keys that a section has of every platform.
const KEYS: [&str; 6] = ["kind", "organization", "projects", "domains", "namespace", "service_account"];

/// Those of a platform whose scopes are workloads: what these are, its own keys say.
const KEYS_WITH_WORKLOADS: [&str; 1] = ["kind"];

/// Where the workloads stand between the two readings of a section: no key of a manifest.
const WORKLOADS: &str = "workloads";

/// Parts a section into the keys of every platform and those of its own one. Which of the linked ones that is, may be unknown: then
/// the keys of each are somebody's. What namespaces and service accounts are called stands there in any case.
pub(super) fn parted(section: &Value, problems: &mut Vec<Diagnostic>) -> (Value, Map<String, Value>) {
    let Value::Object(section) = section else { return (section.clone(), Map::new()) };
    let linked = platforms::platforms().unwrap_or_default();
    let kind = section.get("kind").and_then(Value::as_str);
    let of_kind = linked.iter().filter(|platform| Some(platform.id) == kind);
    let of_kind: Vec<_> = of_kind.flat_map(|platform| (platform.keys)()).collect();
    let own = match linked.iter().any(|platform| Some(platform.id) == kind) {
        true => of_kind,
        false => linked.iter().flat_map(|platform| (platform.keys)()).collect::<BTreeSet<_>>().into_iter().collect(),
    };
    let of_kind = linked.iter().find(|platform| Some(platform.id) == kind);
    let has_workloads = of_kind.is_some_and(|platform| platform.has_workloads);
    let of_every: &[&str] = if has_workloads { &KEYS_WITH_WORKLOADS } else { &KEYS };
    let known: Vec<_> = of_every.iter().chain(&own).copied().collect();
    let (mut rest, mut keys) = (Map::new(), Map::new());
    for (key, value) in section {
        if own.contains(&key.as_str()) {
            keys.insert(key.clone(), value.clone());
        } else if of_every.contains(&key.as_str()) {
            rest.insert(key.clone(), value.clone());
        } else {
            let mut problem = possible::unknown_key(Path::default().key("platform").key(key).to_string(), key, &known);
            let others = linked.iter().filter(|platform| (platform.keys)().contains(&key.as_str()));
            let others: Vec<_> = others.map(|platform| format!("`kind: {}`", platform.id)).collect();
            if let (false, Some(hint)) = (others.is_empty(), &problem.hint) {
                problem.hint = Some(format!("it is a key of {} alone; {hint}", others.join(" and ")));
            }
            problems.push(problem);
        }
    }
    if let Some(platform) = of_kind.filter(|_| has_workloads) {
        let workloads = (platform.workloads)(&Value::Object(keys.clone()));
        rest.insert(WORKLOADS.to_owned(), workloads.iter().map(Workload::as_str).collect());
        rest.extend(["projects", "domains"].map(|key| (key.to_owned(), Value::Array(Vec::new()))));
    }
    let naming = of_kind.map_or_else(Naming::default, |platform| (platform.naming)(&Value::Object(keys.clone())));
    rest.entry("namespace").or_insert_with(|| naming.template().into());
    rest.entry("service_account").or_insert_with(|| naming.account_template().into());
    (Value::Object(rest), keys)
}

/// Reads the section. What stands in its place and is none is told all keys, those of its own platform among them.
pub(super) fn read(section: &Value, problems: &mut Vec<Diagnostic>) -> Option<Part<Section>> {
    let before = problems.len();
    let mut section = section.clone();
    let workloads = section.as_object_mut().and_then(|section| section.shift_remove(WORKLOADS));
    let mut read: Option<Part<Section>> = strict::read_part(&section, "platform", problems);
    if let (Some(part), Some(workloads)) = (&mut read, workloads) {
        part.read.workloads = strict::read(&workloads, "platform", problems);
    }
    let linked = platforms::platforms().unwrap_or_default();
    for problem in problems[before..].iter_mut().filter(|problem| problem.path == "platform.kind") {
        // Which platforms there are is a matter of the program.
        let kinds: Vec<_> = linked.iter().map(|platform| format!("`kind: {}`", platform.id)).collect();
        if section.get("kind").is_none() && !kinds.is_empty() {
            problem.hint = Some(format!("write {} in `platform`", kinds.join(" or ")));
        }
    }
    if !section.is_object() {
        let is_named = linked.iter().any(|platform| Some(platform.id) == section.as_str());
        let of_kind = linked.iter().filter(|platform| !is_named || Some(platform.id) == section.as_str());
        let own: BTreeSet<_> = of_kind.flat_map(|platform| (platform.keys)()).collect();
        let listed = KEYS.join(", ");
        for hint in problems[before..].iter_mut().filter_map(|problem| problem.hint.as_mut()) {
            let all: Vec<_> = KEYS.into_iter().chain(own.iter().copied()).collect();
            *hint = hint.replace(&listed, &all.join(", "));
        }
    }
    read
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    kind: String,
    #[serde(default)]
    organization: String,
    projects: Vec<Project>,
    domains: Vec<Domain>,
    /// Those of the platform's own keys, where its scopes are workloads.
    #[serde(skip)]
    workloads: Option<Vec<Workload>>,
    namespace: String,
    service_account: String,
}

/// Whether a platform's section has nothing but what may always be left out.
pub(super) fn is_only_names(platform: &Value) -> bool {
    platform.as_object().is_some_and(|section| section.keys().all(|key| key == "namespace" || key == "service_account"))
}

/// As much of a platform as can be read of one with which something is wrong.
pub(super) fn part(section: Option<&Value>) -> Option<Tenancy> {
    fn read<T: serde::de::DeserializeOwned>(section: Option<&Value>, key: &str) -> Option<T> {
        section.and_then(|section| strict::read(section.get(key)?, key, &mut Vec::new()))
    }
    Some(Tenancy {
        workloads: read(section, WORKLOADS),
        kind: read(section, "kind").unwrap_or_default(),
        // Where a name is missing and perhaps shouldn't be, some name: what lacks for that was said of the section.
        organization: read(section, "organization").unwrap_or_else(|| "organization".to_owned()),
        projects: read(section, "projects").unwrap_or_default(),
        domains: read(section, "domains").unwrap_or_default(),
        naming: {
            let usual = Naming::default();
            let template = |key, usual: &str| read(section, key).unwrap_or_else(|| usual.to_owned());
            let namespace = template("namespace", usual.template());
            Naming::new(&namespace, &template("service_account", usual.account_template())).unwrap_or(usual)
        },
    })
}

/// The platform, if nothing is wrong with it. Of what stands in for a key that can't be read, nothing is said.
pub(super) fn checked(section: Part<Section>, problems: &mut Vec<Diagnostic>) -> Option<Tenancy> {
    let mut found = Vec::new();
    // A list isn't empty whose entries are wrong: that was said of each.
    let is_left_out = |key: &str| section.left_out.iter().any(|path| path.keys().next() == Some(key));
    let emptied = [("projects", section.read.projects.is_empty()), ("domains", section.read.domains.is_empty())];
    let emptied = emptied.into_iter().filter(|(key, is_empty)| *is_empty && is_left_out(key));
    let emptied: Vec<_> = emptied.map(|(key, _)| format!("platform.{key}")).collect();
    let platform = looked_over(section.read, &mut found);
    let written = |problem: &Diagnostic| {
        let is_filled = section.filled.iter().any(|key| problem.path.starts_with(&format!("platform.{key}")));
        !is_filled && !emptied.contains(&problem.path)
    };
    found.retain(written);
    problems.extend(found);
    platform.filter(|_| section.filled.is_empty())
}

/// What is wrong with an organization's name: no cloud takes it in the names that are made of it.
fn unfit(organization: &str) -> Option<Diagnostic> {
    // Source: IAM user guide, "Name requirements for IAM", the most permissive of the clouds.
    let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if organization.chars().all(fits) && organization.len() <= 64 {
        return None;
    }
    let label =
        organization.split_once("://").map_or("", |(_, rest)| rest.split(['.', '/', ':']).next().unwrap_or_default());
    let hint = match label {
        "" => "write it as the platform does in its names: letters, digits, and `+=,.@_-`, up to 64".to_owned(),
        label => format!("of an address, write the name alone: `{}`", redacted(label)),
    };
    let message = format!("`{}` can't be a part of the names of roles and identities", redacted(organization));
    Some(Diagnostic::new("platform.organization", message).hint(hint))
}

fn looked_over(section: Section, problems: &mut Vec<Diagnostic>) -> Option<Tenancy> {
    let before = problems.len();
    let naming = Naming::new(&section.namespace, &section.service_account).unwrap_or_else(|message| {
        let template = Naming::new(&section.namespace, "default");
        let key = if template.is_err() { "namespace" } else { "service_account" };
        problems.push(
            Diagnostic::new(format!("platform.{key}"), message)
                .hint("a name, or a template with `{project}`, `{domain}` or both"),
        );
        Naming::default()
    });
    problems.extend(unfit(&section.organization));
    let platform = Tenancy {
        workloads: section.workloads,
        kind: section.kind,
        organization: section.organization,
        projects: section.projects,
        domains: section.domains,
        naming,
    };
    if let Some(workloads) = &platform.workloads {
        if workloads.iter().any(|workload| workload.as_str() == GLOBAL) {
            let message = format!("a workload can't be called `{GLOBAL}`: that is the name of the widest scope");
            problems.push(Diagnostic::new("platform", message));
        }
        return (problems.len() == before).then_some(platform);
    }
    let once = problems.len();
    twice("platform.projects", platform.projects.iter().map(Project::as_str), problems);
    twice("platform.domains", platform.domains.iter().map(Domain::as_str), problems);
    let each_once = problems.len() == once;
    for (key, is_empty) in [("projects", platform.projects.is_empty()), ("domains", platform.domains.is_empty())] {
        if is_empty {
            let message = format!("`{key}` is empty, so that no grant reaches anybody");
            let hint = format!("list the platform's {key}, all that there are");
            problems.push(Diagnostic::new(format!("platform.{key}"), message).hint(hint));
        }
    }
    if let Some(at) = platform.domains.iter().position(|domain| domain.as_str() == "global") {
        let message = "a domain can't be called `global`: that is the name of the widest scope";
        problems.push(Diagnostic::new(format!("platform.domains[{at}]"), message));
    }
    let pairs = platform.projects.len().saturating_mul(platform.domains.len());
    if pairs > MOST_PAIRS {
        let message =
            format!("{pairs} pairs of a project and a domain are more than {MOST_PAIRS}, the most there can be");
        problems.push(Diagnostic::new("platform.projects", message).hint("split the manifest into several stacks"));
    } else if each_once {
        names_of_pairs(&platform, problems);
    }
    (problems.len() == before).then_some(platform)
}

/// Says of a scope that is the bare name of a domain, a project or a pair how that is written.
pub(super) fn meant_scopes(manifest: &Map<String, Value>, platform: &Tenancy, problems: &mut [Diagnostic]) {
    for problem in problems.iter_mut().filter(|problem| problem.path.ends_with(".scope")) {
        let at = problem.path.strip_prefix("grants[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
        let written = at.and_then(|at| manifest.get("grants")?.get(at)?.get("scope")?.as_str());
        problem.hint = written.and_then(|written| meant_scope(written, platform)).or(problem.hint.take());
    }
}

fn meant_scope(written: &str, platform: &Tenancy) -> Option<String> {
    if let Some(workloads) = &platform.workloads {
        let names = [GLOBAL].into_iter().chain(workloads.iter().map(Workload::as_str));
        return Some(match nearest(written, names) {
            Some(GLOBAL) => format!("did you mean `{GLOBAL}`?"),
            Some(workload) => format!("write `{{ workload: {workload} }}`"),
            None => format!("write `{GLOBAL}` or `{{ workload: W }}`"),
        });
    }
    as_written(written, platform).or_else(|| {
        let domains = platform.domains.iter().map(|domain| domain.as_str());
        let projects = platform.projects.iter().map(|project| project.as_str());
        match nearest(written, [GLOBAL].into_iter().chain(domains).chain(projects))? {
            GLOBAL => Some(format!("did you mean `{GLOBAL}`?")),
            name => as_written(name, platform),
        }
    })
}

/// The scope that reaches every task.
const GLOBAL: &str = "global";

fn as_written(written: &str, platform: &Tenancy) -> Option<String> {
    if platform.domains.iter().any(|domain| domain.as_str() == written) {
        return Some(format!("did you mean the domain? write `{{ domain: {written} }}`"));
    }
    if platform.projects.iter().any(|project| project.as_str() == written) {
        let domain = platform.domains.first()?;
        return Some(format!(
            "did you mean the project? write `{{ project: {written}, domain: {domain} }}`, or another domain"
        ));
    }
    // As their namespaces are called.
    platform.projects.iter().find_map(|project| {
        let domain = written.strip_prefix(project.as_str())?.strip_prefix(['-', '/', '_', '.'])?;
        let domain = platform.domains.iter().find(|listed| listed.as_str() == domain)?;
        Some(format!("did you mean one project in one domain? write `{{ project: {project}, domain: {domain} }}`"))
    })
}

fn twice<'a>(path: &str, names: impl Iterator<Item = &'a str>, problems: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for (at, name) in names.enumerate() {
        if !seen.insert(name) {
            problems.push(
                Diagnostic::new(format!("{path}[{at}]"), format!("`{name}` is listed twice"))
                    .of_kind(ProblemKind::ListedTwice)
                    .hint("a list takes each name once"),
            );
        }
    }
}

/// What no pair can be called, and what two are by accident: `a-b` in `c` and `a` in `b-c` would have each other's grants.
///
/// Where no template names the project, or none the domain, pairs share a service account because the platform has them share it:
/// then it is for their scopes to be refused.
fn names_of_pairs(platform: &Tenancy, problems: &mut Vec<Diagnostic>) {
    let naming = &platform.naming;
    // What a template names, it is to tell apart.
    let namespaces_differ = ["{project}", "{domain}"].iter().all(|part| naming.template().contains(part));
    let accounts_differ = naming.tells_projects_apart() && naming.tells_domains_apart();
    let (mut namespaces, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    for (pair, subject) in platform.subjects(&Scope::Global) {
        let namespace = subject.namespace();
        let first = namespaces.get(namespace).cloned();
        if first.is_none() && namespace.starts_with(OF_KUBERNETES) {
            let problem = of_kubernetes(platform, &pair, namespace);
            // Once for each name that brings it about.
            if problems.iter().all(|other| other.path != problem.path) {
                problems.push(problem);
            }
        }
        if first.is_none() && namespace.len() > 63 {
            let message = format!("the namespace `{namespace}` is longer than Kubernetes allows (63 characters)");
            problems.push(Diagnostic::new("platform.projects", message));
        }
        let account = subject.service_account();
        if account.len() > LONGEST_ACCOUNT {
            let message = format!(
                "the service account `{account}` is longer than Kubernetes allows ({LONGEST_ACCOUNT} characters)"
            );
            problems.push(Diagnostic::new("platform.projects", message));
        }
        if let Some(first) = first.filter(|_| namespaces_differ) {
            problems.push(alike(&first, &pair, &format!("namespace `{namespace}`"), "namespace"));
        } else if accounts_differ
            && !namespaces_differ
            && let Some(first) = accounts.insert(subject.clone(), pair.clone())
        {
            let shared = format!("service account `{account}` of the namespace `{namespace}`");
            problems.push(alike(&first, &pair, &shared, "service_account"));
        }
        namespaces.insert(namespace.to_owned(), pair);
    }
}

/// A namespace of the cluster's own programs, at the key by which it comes to it: the network plugin, DNS and controllers run under its
/// service accounts, and would lose what they have.
fn of_kubernetes(platform: &Tenancy, pair: &Pair, namespace: &str) -> Diagnostic {
    let template = platform.naming.template();
    let project = platform.projects.iter().position(|project| *project == pair.project);
    let domain = platform.domains.iter().position(|domain| *domain == pair.domain);
    let path = match (project, domain) {
        (Some(at), _) if template.starts_with("{project}") => format!("platform.projects[{at}]"),
        (_, Some(at)) if template.starts_with("{domain}") => format!("platform.domains[{at}]"),
        _ => "platform.namespace".to_owned(),
    };
    let message = format!(
        "task code can't have the namespace `{namespace}`: those that begin with `{OF_KUBERNETES}` are Kubernetes' own, and programs of \
         the cluster run there"
    );
    Diagnostic::new(path, message).hint(
        "name the namespaces in which the platform starts tasks: `{project}-{domain}`, where it isn't set up otherwise; a project or \
         domain called `kube`, or whose name begins with `kube-`, needs a template that makes no such namespace of it",
    )
}

fn alike(first: &Pair, second: &Pair, shared: &str, key: &str) -> Diagnostic {
    let message = format!(
        "project `{}` in `{}` and project `{}` in `{}` would share the {shared}, and so each other's grants",
        first.project, first.domain, second.project, second.domain
    );
    Diagnostic::new("platform.projects", message).hint(format!("set `platform.{key}` to the platform's template"))
}
