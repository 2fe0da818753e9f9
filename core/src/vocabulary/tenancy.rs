//! Tenancy: which projects and domains share a platform, and under which names their task code runs.

use std::collections::HashSet;

use crate::vocabulary::names::{Domain, Project, Workload};
use crate::vocabulary::principal::{Naming, Subject};
use crate::vocabulary::scope::{Pair, Scope, ScopeKind};

/// What the manifest says of its platform: which one it is, whose, and what runs where.
#[derive(Debug, Clone)]
pub struct Tenancy {
    /// Which platform, by the name under which its plugin is registered ([`ConnectPlatform::ID`](crate::ConnectPlatform::ID)).
    pub kind: String,
    /// The organization, of which a platform may make names. Empty where nobody said.
    pub organization: String,
    /// Every project.
    pub projects: Vec<Project>,
    /// Every domain.
    pub domains: Vec<Domain>,
    /// Every workload, on a platform whose scopes are these: it has neither projects nor domains. Empty only where they can't be read.
    pub workloads: Option<Vec<Workload>>,
    /// How namespaces and service accounts are called.
    pub naming: Naming,
}

impl Tenancy {
    /// The pairs that a scope covers: exactly those that are listed, never a pattern.
    pub fn pairs(&self, scope: &Scope) -> Vec<Pair> {
        if let Scope::ProjectDomain { project, domain } = scope {
            // Most bindings are of this kind, and there can be very many: no need to go through all pairs.
            let listed = self.projects.contains(project) && self.domains.contains(domain);
            return Vec::from_iter(listed.then(|| Pair { project: project.clone(), domain: domain.clone() }));
        }
        if scope.workload().is_some() {
            return Vec::new();
        }
        let domains = self.domains.iter().filter(|domain| scope.domain().is_none_or(|wanted| wanted == *domain));
        domains
            .flat_map(|domain| {
                self.projects.iter().map(|project| Pair { project: project.clone(), domain: domain.clone() })
            })
            .collect()
    }

    /// The pairs that a scope covers, each with its subject.
    pub fn subjects(&self, scope: &Scope) -> Vec<(Pair, Subject)> {
        self.pairs(scope)
            .into_iter()
            .map(|pair| {
                let subject = self.naming.subject(&pair);
                (pair, subject)
            })
            .collect()
    }

    /// All scopes that name no project: each workload or each domain, and global.
    pub fn scopes_without_projects(&self) -> Vec<Scope> {
        let workloads = self.workloads.iter().flatten().map(|workload| Scope::Workload { workload: workload.clone() });
        let domains = self.domains.iter().map(|domain| Scope::Domain { domain: domain.clone() });
        workloads.chain(domains).chain([Scope::Global]).collect()
    }

    /// Whether the platform has scopes of a kind: either projects and domains, or workloads.
    pub fn has(&self, kind: ScopeKind) -> bool {
        match kind {
            ScopeKind::Global => true,
            ScopeKind::Domain | ScopeKind::ProjectDomain => self.workloads.is_none(),
            ScopeKind::Workload => self.workloads.is_some(),
        }
    }

    /// Whether scopes of a kind can be told apart: whether no service account of one is that of a pair outside of it.
    ///
    /// Pairs whose names only happen to give the same service account are refused where the manifest is read.
    pub fn tells_apart(&self, kind: ScopeKind) -> bool {
        let domains = self.naming.tells_domains_apart() || self.domains.len() <= 1;
        let projects = self.naming.tells_projects_apart() || self.projects.len() <= 1;
        match kind {
            ScopeKind::Global | ScopeKind::Workload => true,
            ScopeKind::Domain => domains,
            ScopeKind::ProjectDomain => domains && projects,
        }
    }

    /// A service account under which task code of a scope runs, and the pairs outside of the scope whose task code runs under it as
    /// well, as many as `most`, and how many there are. `None` where the scope [can be told apart](Self::tells_apart).
    pub(crate) fn shared_with(&self, scope: &Scope, most: usize) -> Option<Shared> {
        if self.tells_apart(scope.kind()) {
            return None;
        }
        let domain = scope.domain().or(self.domains.first())?;
        let project = scope.project().or(self.projects.first())?;
        let first = Pair { project: project.clone(), domain: domain.clone() };
        let of_domain = |domain: &&Domain| !self.naming.tells_domains_apart() || **domain == first.domain;
        // Wherever projects are told apart, this one alone is looked at: there can be very many.
        let one = self.naming.tells_projects_apart().then_some(project);
        let projects = || one.into_iter().chain(self.projects.iter().filter(|_| one.is_none()));
        let pairs = self
            .domains
            .iter()
            .filter(of_domain)
            .flat_map(|domain| projects().map(|project| Pair { project: project.clone(), domain: domain.clone() }));
        let outside = |pair: &Pair| !scope.contains(&Scope::of_pair(pair));
        let domains = if self.naming.tells_domains_apart() { 1 } else { self.domains.len() };
        let all = domains.saturating_mul(if one.is_some() { 1 } else { self.projects.len() });
        let own = match scope {
            Scope::Domain { .. } if one.is_none() => self.projects.len(),
            _ => 1,
        };
        let subject = self.naming.subject(&first);
        Some(Shared { subject, pairs: pairs.filter(outside).take(most).collect(), count: all.saturating_sub(own) })
    }
}

/// A service account of a scope's, and whose it is besides.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    pub(crate) subject: Subject,
    /// The first pairs outside of the scope.
    pub(crate) pairs: Vec<Pair>,
    /// How many pairs outside of the scope there are.
    pub(crate) count: usize,
}

/// Each subject once, in the order in which they come first: several pairs may run under one.
pub(crate) fn distinct<'a>(served: impl IntoIterator<Item = &'a (Pair, Subject)>) -> Vec<&'a Subject> {
    let mut seen = HashSet::new();
    served.into_iter().map(|(_, subject)| subject).filter(|subject| seen.insert(*subject)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenancy(namespace: &str, account: &str, projects: &[&str], domains: &[&str]) -> Tenancy {
        Tenancy {
            workloads: None,
            kind: "union".to_owned(),
            organization: String::new(),
            projects: projects.iter().map(|name| Project::parse(*name).expect("a project")).collect(),
            domains: domains.iter().map(|name| Domain::parse(*name).expect("a domain")).collect(),
            naming: Naming::new(namespace, account).expect("templates"),
        }
    }

    /// The rule, pair by pair: a scope can be told apart exactly if no subject of its pairs is that of a pair outside of it.
    #[test]
    fn requirement_21_a_scope_is_told_apart_exactly_if_it_shares_no_service_account() {
        let parts = ["{project}", "{domain}", "{domain}-x-{project}", "same"];
        let lists: [&[&str]; 3] = [&["a"], &["a", "b"], &["a", "b", "c"]];
        for (namespace, account) in parts.iter().flat_map(|one| parts.map(|other| (*one, other))) {
            for (projects, domains) in lists.iter().flat_map(|one| lists.map(|other| (*one, other))) {
                let tenancy = tenancy(namespace, account, projects, domains);
                let all = tenancy.subjects(&Scope::Global);
                let narrow = all.iter().map(|(pair, _)| Scope::of_pair(pair));
                let wide = tenancy.domains.iter().map(|domain| Scope::Domain { domain: domain.clone() });
                for scope in narrow.chain(wide).chain([Scope::Global]) {
                    let own: HashSet<_> = tenancy.subjects(&scope).into_iter().map(|(_, subject)| subject).collect();
                    let outside = all.iter().filter(|(pair, _)| !scope.contains(&Scope::of_pair(pair)));
                    let outside: Vec<_> = outside.filter(|(_, subject)| own.contains(subject)).collect();
                    let what = format!("{scope} of {projects:?} in {domains:?}, {namespace}:{account}");
                    assert_eq!(tenancy.tells_apart(scope.kind()), outside.is_empty(), "{what}");
                    let shared = tenancy.shared_with(&scope, usize::MAX);
                    let expected = outside.first().map(|(_, subject)| {
                        let of_it = outside.iter().filter(|(_, other)| other == subject);
                        of_it.map(|(pair, _)| pair.clone()).collect::<Vec<_>>()
                    });
                    assert_eq!(shared.as_ref().map(|shared| shared.pairs.clone()), expected, "{what}");
                    assert!(shared.is_none_or(|shared| shared.count == shared.pairs.len()), "{what}");
                }
            }
        }
    }

    #[test]
    fn a_service_account_of_many_pairs_is_one() {
        let tenancy = tenancy("{domain}", "default", &["a", "b", "c"], &["development", "production"]);
        let all = tenancy.subjects(&Scope::Global);
        let distinct: Vec<_> = distinct(&all).into_iter().map(ToString::to_string).collect();
        assert_eq!(distinct, ["system:serviceaccount:development:default", "system:serviceaccount:production:default"]);
        let shared = tenancy.shared_with(&Scope::of_pair(&all[1].0), 1).expect("shared");
        assert_eq!((shared.pairs.len(), shared.count), (1, 2));
    }
}
