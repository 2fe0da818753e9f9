//! Whom a scope reaches, said when it is chosen (requirement 5), and task access told from infrastructure access
//! (requirement 1).

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::text::listed::listed;
use crate::vocabulary::intent::RegistryAccess;
use crate::vocabulary::names::Domain;
use crate::vocabulary::note::Note;
use crate::vocabulary::scope::{Pair, Scope, ScopeKind};
use crate::vocabulary::tenancy::Tenancy;

/// So many names are told, and the others counted.
const NAMED: usize = 8;

/// So many domains have a note each; more share one.
const SINGLE: usize = 3;

/// The task code that a scope reaches, of all that the platform lists.
///
/// Displayed, it is what follows "reaches": `the tasks of all projects in domain production (2 of 4 pairs): …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audience {
    /// How many pairs of a project and a domain it reaches.
    pub pairs: usize,
    /// How many there are.
    pub of: usize,
    /// Whether the platform's documentation recommends this scope for most uses.
    ///
    /// Source: Union, "Enabling AWS resources" and "Enabling Azure resources": "Global access is recommended for most use
    /// cases since it is simpler".
    pub recommended: bool,
    /// The other scopes that could be chosen, from wide to narrow, with what each reaches.
    pub others: Vec<Choice>,
    #[serde(skip)]
    phrase: String,
}

/// A scope that could be chosen in place of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its kind.
    pub kind: ScopeKind,
    /// How many pairs such a scope reaches.
    pub pairs: usize,
    /// How many of these the scope that was chosen doesn't reach.
    pub newly: usize,
    /// As [`Audience::recommended`].
    pub recommended: bool,
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.phrase)
    }
}

impl Tenancy {
    /// Whom a scope reaches, and whom the other ones of these kinds would reach.
    pub fn audience(&self, scope: &Scope, kinds: &[ScopeKind]) -> Audience {
        let reached = |kind| match kind {
            ScopeKind::Global => self.all_pairs(),
            ScopeKind::Domain => self.projects.len(),
            ScopeKind::ProjectDomain => 1,
        };
        let (chosen, of) = (scope.kind(), self.all_pairs());
        let pairs = reached(chosen);
        let choice = |kind: &ScopeKind| Choice {
            kind: *kind,
            pairs: reached(*kind),
            newly: reached(*kind).saturating_sub(pairs),
            recommended: *kind == ScopeKind::Global,
        };
        Audience {
            pairs,
            of,
            recommended: chosen == ScopeKind::Global,
            others: kinds.iter().filter(|kind| **kind != chosen).map(choice).collect(),
            phrase: self.phrase(scope),
        }
    }

    fn all_pairs(&self) -> usize {
        self.projects.len().saturating_mul(self.domains.len())
    }

    fn phrase(&self, scope: &Scope) -> String {
        let of = self.all_pairs();
        match scope {
            Scope::Global => {
                let whose = if self.organization.is_empty() { "the platform" } else { self.organization.as_str() };
                let (projects, domains) =
                    (counted(self.projects.len(), "project"), counted(self.domains.len(), "domain"));
                let all = if self.projects.len() == 1 { "" } else { "all " };
                format!("every task of {whose}, in {all}{projects} and {domains}")
            }
            Scope::Domain { domain } => {
                format!("the tasks of all projects in domain {domain} {}", self.of_domain(domain))
            }
            Scope::ProjectDomain { project, domain } => {
                format!("the tasks of project {project} in domain {domain}, and no others (1 of {of} pairs)")
            }
        }
    }

    /// How many pairs a domain has, of how many, and which.
    fn of_domain(&self, domain: &Domain) -> String {
        let (count, of) = (self.projects.len(), self.all_pairs());
        let pairs = self.projects.iter().map(|project| format!("{project}-{domain}"));
        format!("({count} of {of} pairs): {}", listed(pairs, NAMED))
    }

    /// What keeps the task code of one scope from another scope's access (requirement 21). `None` for scopes that don't
    /// divide anything.
    ///
    /// Source: Union's Helm chart (`low_privilege`) and Flyte 2 run all task code in one namespace; there a task may name any
    /// service account (`security_context.run_as.k8s_service_account`).
    pub fn isolation(&self, scope: &Scope) -> Option<String> {
        (*scope != Scope::Global).then(|| {
            format!(
                "narrow scopes rest on namespaces (`{}`): a pod can use only the service accounts of its own namespace. On a \
                 data plane that runs all tasks in one namespace (Union's `low_privilege`, Flyte 2), no task runs in these \
                 namespaces, and none gets what is granted to a narrow scope",
                self.naming.template()
            )
        })
    }
}

/// Whom scopes reach: a note each, or few where they are many.
pub(crate) fn task_access(platform: &Tenancy, scopes: &BTreeSet<&Scope>) -> Vec<Note> {
    let note = |message: String| Note::info("task access", message);
    let of = platform.all_pairs();
    let reaches = |scope: &Scope| match scope {
        Scope::Global => format!("global reaches {}", platform.phrase(scope)),
        Scope::Domain { domain } => {
            format!("{scope} reaches the tasks of all its projects {}", platform.of_domain(domain))
        }
        Scope::ProjectDomain { .. } => format!("{scope} reaches its own tasks alone (1 of {of} pairs)"),
    };
    let mut notes = Vec::new();
    if scopes.contains(&Scope::Global) {
        notes.push(note(format!(
            "{}. The platform recommends this scope as the simplest; a narrower one gives less, where that is enough",
            reaches(&Scope::Global)
        )));
    }
    let whole = |scope: &&&Scope| scope.kind() == ScopeKind::Domain;
    let domains: Vec<&Domain> = scopes.iter().filter(whole).filter_map(|scope| scope.domain()).collect();
    if domains.len() > SINGLE {
        let (count, pairs) = (domains.len(), domains.len() * platform.projects.len());
        let names = listed(domains.iter(), NAMED);
        notes.push(note(format!(
            "{count} domains reach the tasks of all projects in them ({pairs} of {of} pairs): {names}"
        )));
    } else {
        notes.extend(scopes.iter().filter(whole).map(|scope| note(reaches(scope))));
    }
    let mut single = scopes.iter().filter(|scope| scope.kind() == ScopeKind::ProjectDomain).peekable();
    if let Some(first) = single.peek().copied() {
        let (pairs, count) = (single.clone(), single.count());
        notes.push(note(if count == 1 {
            reaches(first)
        } else {
            let pairs = pairs.filter_map(|scope| {
                Some(Pair { project: scope.project()?.clone(), domain: scope.domain()?.clone() }.to_string())
            });
            format!("{count} pairs are reached one by one ({count} of {of}): {}", listed(pairs, NAMED))
        }));
    }
    notes.extend(scopes.iter().find_map(|scope| platform.isolation(scope)).map(note));
    notes
}

/// What registries give, and to whom.
pub(crate) fn infrastructure_access<'a>(registries: impl Iterator<Item = &'a RegistryAccess> + Clone) -> Option<Note> {
    let count = registries.clone().count();
    let names = listed(registries.map(|registry| &registry.name), NAMED);
    let what = if count == 1 { "registry" } else { "registries" };
    let message = format!(
        "the nodes of the data plane may pull from {what} {names}, for whatever task runs there; task code is granted nothing"
    );
    (count > 0).then(|| Note::info("infrastructure access", message))
}

/// One or several.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests;
