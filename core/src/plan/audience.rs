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
    /// How many pairs of a project and a domain it reaches; on a platform whose scopes are workloads, how many of these.
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
            ScopeKind::ProjectDomain | ScopeKind::Workload => 1,
        };
        let (chosen, of) = (scope.kind(), self.all_pairs());
        let pairs = reached(chosen);
        let choice = |kind: &ScopeKind| Choice {
            kind: *kind,
            pairs: reached(*kind),
            newly: reached(*kind).saturating_sub(pairs),
            recommended: *kind == ScopeKind::Global && self.workloads.is_none(),
        };
        Audience {
            pairs,
            of,
            recommended: chosen == ScopeKind::Global && self.workloads.is_none(),
            others: kinds.iter().filter(|kind| **kind != chosen && self.has(**kind)).map(choice).collect(),
            phrase: self.phrase(scope),
        }
    }

    fn all_pairs(&self) -> usize {
        if let Some(workloads) = &self.workloads {
            return workloads.len();
        }
        self.projects.len().saturating_mul(self.domains.len())
    }

    fn phrase(&self, scope: &Scope) -> String {
        let of = self.all_pairs();
        match scope {
            Scope::Global if self.workloads.is_some() => {
                format!("{}, each under its own principal", counted(of, "workload"))
            }
            Scope::Workload { workload } => format!("workload {workload}, and no others (1 of {of})"),
            Scope::Global => {
                let whose = if self.organization.is_empty() { "the platform" } else { self.organization.as_str() };
                let (projects, domains) =
                    (counted(self.projects.len(), "project"), counted(self.domains.len(), "domain"));
                let all = if self.projects.len() == 1 { "" } else { "all " };
                format!("every task of {whose}, in {all}{projects} and {domains}")
            }
            Scope::Domain { domain } => {
                let (pairs, unlisted) = (self.of_domain(domain), self.unlisted(scope));
                format!("the tasks of all projects in domain {domain} {pairs}{unlisted}")
            }
            Scope::ProjectDomain { project, domain } => {
                let unlisted = self.unlisted(scope);
                let others = if unlisted.is_empty() { ", and no others" } else { "" };
                format!("the tasks of project {project} in domain {domain}{others} (1 of {of} pairs){unlisted}")
            }
        }
    }

    /// How many pairs a domain has, of how many, and which.
    fn of_domain(&self, domain: &Domain) -> String {
        let (count, of) = (self.projects.len(), self.all_pairs());
        let pairs = self.projects.iter().map(|project| format!("{project}-{domain}"));
        format!("({count} of {of} pairs): {}", listed(pairs, NAMED))
    }

    /// That the task code of other scopes can have what is granted to a narrow scope, as it runs in the same namespaces (requirement
    /// 21): it may choose any service account there. `None` where the scope's namespaces are its own, which keep others out.
    ///
    /// Source: Union's Helm chart (`low_privilege`) and Flyte 2 run all task code in one namespace; a task may name any service
    /// account of it (`security_context.run_as.k8s_service_account`).
    pub fn isolation(&self, scope: &Scope) -> Option<Note> {
        if self.naming.has_own_namespaces(scope.kind()) {
            return None;
        }
        let message = format!(
            "scopes share namespaces here (`{}`), so that a narrow scope is a convenience and no wall: task code of other scopes in \
             its namespace may name its service account (`security_context.run_as.k8s_service_account`), and has then what is \
             granted to it. What must be kept apart takes namespaces of its own",
            self.naming.template()
        );
        Some(Note::warning("isolation", message))
    }

    /// Who else runs under a narrow scope's service accounts, without being listed.
    fn unlisted(&self, scope: &Scope) -> &'static str {
        let (projects, domains) = (self.naming.tells_projects_apart(), self.naming.tells_domains_apart());
        match scope {
            Scope::Global | Scope::Workload { .. } => "",
            _ if projects && domains => "",
            _ => "; and whatever runs as the same service account without being listed",
        }
    }
}

/// Whom scopes reach: a note each, or few where they are many.
pub(crate) fn task_access(platform: &Tenancy, scopes: &BTreeSet<&Scope>) -> Vec<Note> {
    let note = |message: String| Note::info("task access", message);
    let of = platform.all_pairs();
    let reaches = |scope: &Scope| match scope {
        Scope::Global => format!("global reaches {}", platform.phrase(scope)),
        Scope::Domain { domain } => {
            let (pairs, unlisted) = (platform.of_domain(domain), platform.unlisted(scope));
            format!("{scope} reaches the tasks of all its projects {pairs}{unlisted}")
        }
        Scope::Workload { workload } => format!("workload {workload} alone is reached (1 of {of})"),
        Scope::ProjectDomain { .. } => {
            let unlisted = platform.unlisted(scope);
            let alone = if unlisted.is_empty() { " alone" } else { "" };
            format!("{scope} reaches its own tasks{alone} (1 of {of} pairs){unlisted}")
        }
    };
    let mut notes = Vec::new();
    if scopes.contains(&Scope::Global) {
        let reaches = reaches(&Scope::Global);
        notes.push(note(match platform.workloads {
            Some(_) => reaches,
            None => format!(
                "{reaches}. The platform recommends this scope as the simplest; a narrower one gives less, where that is enough"
            ),
        }));
    }
    let whole = |scope: &&&Scope| scope.kind() == ScopeKind::Domain;
    let domains: Vec<&Domain> = scopes.iter().filter(whole).filter_map(|scope| scope.domain()).collect();
    if domains.len() > SINGLE {
        let (count, pairs) = (domains.len(), domains.len() * platform.projects.len());
        let names = listed(domains.iter(), NAMED);
        notes.push(note(format!(
            "{count} domains reach the tasks of all projects in them ({pairs} of {of} pairs): {names}{}",
            scopes.iter().find(whole).map_or("", |scope| platform.unlisted(scope))
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
            let (pairs, unlisted) = (listed(pairs, NAMED), platform.unlisted(first));
            format!("{count} pairs are reached one by one ({count} of {of}): {pairs}{unlisted}")
        }));
    }
    let workloads: Vec<_> = scopes.iter().filter(|scope| scope.workload().is_some()).collect();
    notes.extend(match workloads[..] {
        [] => None,
        [one] => Some(note(reaches(one))),
        [..] => {
            let (count, names) =
                (workloads.len(), listed(workloads.iter().filter_map(|scope| scope.workload()), NAMED));
            Some(note(format!("{count} workloads are reached one by one ({count} of {of}): {names}")))
        }
    });
    notes.extend(scopes.iter().find_map(|scope| platform.isolation(scope)));
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
