//! What the readers of grants, registries and bindings share: the manifest, the provider, and what is wrong.

use foldhash::HashSet;

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::registry::clouds::Registration;
use crate::manifest::document::{Manifest, Part};
use crate::manifest::text::values::possible::expected;
use crate::vocabulary::names::{Domain, Project, Workload};
use crate::vocabulary::scope::Scope;

/// What becomes of a grant with which something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no intent.
    LeftOut,
    /// What is right about it is one: for looking at the rest, and for nothing else.
    InPart,
}

/// So many problems are explained at length; no more are shown.
pub(super) const EXPLAINED: usize = 100;

/// Reads a manifest, and collects every problem with it.
pub(super) struct Reader<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) registration: Option<&'a Registration>,
    pub(super) refused: Refused,
    /// There can be as many projects as grants.
    projects: HashSet<&'a Project>,
    domains: HashSet<&'a Domain>,
    workloads: Option<HashSet<&'a Workload>>,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn of(manifest: &'a Manifest, registration: Option<&'a Registration>, refused: Refused) -> Self {
        let projects = manifest.platform.projects.iter().collect();
        let domains = manifest.platform.domains.iter().collect();
        let workloads = manifest.platform.workloads.as_ref().map(|workloads| workloads.iter().collect());
        Self { manifest, registration, refused, projects, domains, workloads, problems: Vec::new() }
    }

    pub(super) fn part(&self) -> Option<&Part> {
        self.manifest.part.as_deref()
    }

    pub(super) fn problem(&mut self, path: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Diagnostic::new(path, message).hint(hint));
    }

    /// The hint for a name that isn't there, for the first problems: to compare each with all takes long.
    pub(super) fn meant(&self, name: &str, known: impl Iterator<Item = &'a str>) -> String {
        if self.problems.len() >= EXPLAINED {
            return "see the first of these problems for the names that there are".to_owned();
        }
        expected(name, &known.collect::<Vec<_>>())
    }

    /// Whether a scope names only what the platform lists. "Domain" means exactly the listed projects, so one
    /// that isn't listed can't be meant.
    pub(super) fn is_listed(&self, scope: &Scope) -> bool {
        if let Some(workloads) = &self.workloads {
            return scope.workload().map_or(*scope == Scope::Global, |workload| workloads.contains(workload));
        }
        scope.workload().is_none()
            && scope.domain().is_none_or(|domain| self.domains.contains(domain))
            && scope.project().is_none_or(|project| self.projects.contains(project))
            && (*scope == Scope::Global || !self.projects.is_empty())
    }

    /// The same, saying what isn't listed.
    pub(super) fn listed(&mut self, scope: &Scope, path: &str) {
        if self.is_listed(scope) {
            return;
        }
        let platform = &self.manifest.platform;
        // What kinds of scope the platform has, the check of what can be bound says.
        if !platform.has(scope.kind()) {
            return;
        }
        if let (Some(workload), Some(workloads)) = (scope.workload(), &platform.workloads) {
            // Where none could be read, that was said.
            if workloads.is_empty() {
                return;
            }
            let hint = self.meant(workload.as_str(), workloads.iter().map(Workload::as_str));
            return self.problem(
                format!("{path}.scope.workload"),
                format!("the platform has no workload `{workload}`"),
                hint,
            );
        }
        let mut missing = Vec::new();
        let [projects_unknown, domains_unknown] =
            self.part().map_or([false; 2], |part| [part.unknown_projects, part.unknown_domains]);
        if let Some(domain) = scope.domain()
            && !self.domains.contains(domain)
        {
            let hint = self.meant(domain.as_str(), platform.domains.iter().map(Domain::as_str));
            missing.push(("domain", domain.to_string(), hint));
        }
        if let Some(project) = scope.project()
            && !self.projects.contains(project)
        {
            let hint = self.meant(project.as_str(), platform.projects.iter().map(Project::as_str));
            missing.push(("project", project.to_string(), hint));
        }
        if missing.is_empty() && !projects_unknown {
            self.problem(
                format!("{path}.scope"),
                "the scope reaches no task code: platform.projects is empty",
                "list the projects; a domain is exactly those that are listed",
            );
        }
        for (what, name, hint) in missing {
            // Where the list itself is wrong, it may well be meant to have the name.
            let unknown = if what == "domain" { domains_unknown } else { projects_unknown };
            if unknown {
                continue;
            }
            let message = format!("the {what} `{name}` isn't listed under platform.{what}s");
            self.problem(format!("{path}.scope.{what}"), message, hint);
        }
    }

    /// A thing without a locator for the selected provider, unless its locator is what is wrong.
    pub(super) fn no_locator(&mut self, path: &str, what: &str, name: &str) {
        let Some(id) = self.registration.map(|selected| selected.id) else { return };
        let at = format!("{path}.{id}");
        let mut known = self.problems.iter().take(EXPLAINED * EXPLAINED);
        if known.any(|problem| problem.path == at || problem.path == path) {
            return;
        }
        let message = format!("{what} has no locator for {id}");
        self.problem(at, message, format!("say where {id} has it: `{id}: …` under `{name}`"));
    }

    /// Adds refusals; where a wider scope would do, with what that newly reaches.
    pub(super) fn refused(&mut self, scope: &Scope, refusals: Vec<Diagnostic>) {
        for mut refusal in refusals {
            if self.problems.len() < EXPLAINED
                && refusal.kind == ProblemKind::UnboundScope
                && let Some(registration) = self.registration
            {
                registration.capabilities.tell_newly_reached(&mut refusal, scope, &self.manifest.platform);
            }
            self.problems.push(refusal);
        }
    }
}
