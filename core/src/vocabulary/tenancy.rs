//! Tenancy: which projects and domains share a platform, and under which names their task code runs.

use crate::vocabulary::names::{Domain, Project};
use crate::vocabulary::principal::{Naming, Subject};
use crate::vocabulary::scope::{Pair, Scope};

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
}
