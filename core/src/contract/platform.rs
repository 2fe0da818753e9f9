//! The platform whose task code is granted access.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vocabulary::names::{Domain, Project};
use crate::vocabulary::principal::{Naming, Subject};
use crate::vocabulary::scope::{Pair, Scope};

/// Which platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformKind {
    /// Union: a managed control plane, a data plane with names by convention.
    Union,
    /// Flyte, run by oneself.
    Flyte,
}

impl fmt::Display for PlatformKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Union => "union",
            Self::Flyte => "flyte",
        })
    }
}

/// The platform: its kind, and what runs where.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Which platform.
    pub kind: PlatformKind,
    /// The organization, of which Union makes names. Empty where nobody said.
    pub organization: String,
    /// Every project.
    pub projects: Vec<Project>,
    /// Every domain.
    pub domains: Vec<Domain>,
    /// How namespaces and service accounts are called.
    pub naming: Naming,
}

impl Platform {
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
