//! The section that says what runs where, and what can't be.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::names::{Domain, Project};
use crate::platform::{Platform, PlatformKind};
use crate::principal::Naming;
use crate::scope::Scope;

/// Each pair has a namespace of its own; a Kubernetes cluster has room for some ten thousand of them.
const MOST_PAIRS: usize = 200_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    kind: PlatformKind,
    #[serde(default)]
    organization: String,
    projects: Vec<Project>,
    domains: Vec<Domain>,
    namespace: String,
    service_account: String,
}

/// The defaults always give a platform's section; what nobody wrote is missing nevertheless.
pub(super) fn is_only_defaults(platform: &Value) -> bool {
    platform.as_object().is_some_and(|section| section.keys().all(|key| key == "namespace" || key == "service_account"))
}

/// The platform, if nothing is wrong with it.
pub(super) fn checked(section: Section, problems: &mut Vec<Diagnostic>) -> Option<Platform> {
    let naming = Naming::new(&section.namespace, &section.service_account)
        .map_err(|message| problems.push(Diagnostic::new("platform", message)))
        .ok()?;
    let platform = Platform {
        kind: section.kind,
        organization: section.organization,
        projects: section.projects,
        domains: section.domains,
        naming,
    };
    let before = problems.len();
    twice("platform.projects", platform.projects.iter().map(Project::as_str), problems);
    twice("platform.domains", platform.domains.iter().map(Domain::as_str), problems);
    if let Some(at) = platform.domains.iter().position(|domain| domain.as_str() == "global") {
        let message = "a domain can't be called `global`: that is the name of the widest scope";
        problems.push(Diagnostic::new(format!("platform.domains[{at}]"), message));
    }
    let pairs = platform.projects.len().saturating_mul(platform.domains.len());
    if pairs > MOST_PAIRS {
        let message =
            format!("{pairs} pairs of a project and a domain are more than {MOST_PAIRS}, the most there can be");
        problems.push(Diagnostic::new("platform.projects", message).hint("split the manifest into several stacks"));
    } else {
        shared_namespaces(&platform, problems);
    }
    (problems.len() == before).then_some(platform)
}

fn twice<'a>(path: &str, names: impl Iterator<Item = &'a str>, problems: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for (at, name) in names.enumerate() {
        if !seen.insert(name) {
            problems.push(Diagnostic::new(format!("{path}[{at}]"), format!("`{name}` is listed twice")));
        }
    }
}

/// Two pairs in one namespace would have each other's grants: `a-b` in `c` and `a` in `b-c`.
fn shared_namespaces(platform: &Platform, problems: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    for (pair, subject) in platform.subjects(&Scope::Global) {
        let namespace = subject.namespace();
        if namespace.len() > 63 {
            let message = format!("the namespace `{namespace}` is longer than Kubernetes allows (63 characters)");
            problems.push(Diagnostic::new("platform.projects", message));
        }
        if let Some(first) = seen.insert(namespace.to_owned(), pair.clone()) {
            let message = format!(
                "project `{}` in `{}` and project `{}` in `{}` would share the namespace `{namespace}`, and so each other's grants",
                first.project, first.domain, pair.project, pair.domain
            );
            problems.push(
                Diagnostic::new("platform.projects", message)
                    .hint("set `platform.namespace` to the platform's template"),
            );
        }
    }
}
