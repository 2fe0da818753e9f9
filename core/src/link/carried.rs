//! Which scopes have principals, and which of them carry what another one is granted.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::vocabulary::names::Domain;
use crate::vocabulary::scope::Scope;

/// The scopes that get a principal of their own, each with those whose principals carry what it grants.
pub(crate) struct Bound {
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) carriers: HashMap<Scope, Arc<[Scope]>>,
}

impl Bound {
    /// Of the scopes that anything names, many of them very often.
    pub(crate) fn of<'a>(named: impl Iterator<Item = &'a Scope>) -> Self {
        let named: HashSet<_> = named.collect();
        let scopes: BTreeSet<_> = named.into_iter().cloned().collect();
        let mut by_domain: HashMap<&Domain, Vec<Scope>> = HashMap::new();
        for scope in &scopes {
            if let Some(domain) = scope.domain() {
                by_domain.entry(domain).or_default().push(scope.clone());
            }
        }
        let within = |scope: &Scope| match scope {
            Scope::Global => scopes.iter().cloned().collect(),
            Scope::Domain { domain } => by_domain.get(domain).map_or(&[][..], Vec::as_slice).into(),
            Scope::ProjectDomain { .. } | Scope::Workload { .. } => [scope.clone()].into(),
        };
        let carriers = scopes.iter().map(|scope| (scope.clone(), within(scope))).collect();
        Self { scopes, carriers }
    }

    /// The same where scopes are workloads: a grant to all of them is carried by each one's principal, as there is none of all.
    pub(crate) fn of_workloads<'a>(named: impl Iterator<Item = &'a Scope>) -> Self {
        let mut bound = Self::of(named);
        bound.carriers.insert(Scope::Global, bound.scopes.iter().cloned().collect());
        bound
    }

    /// The bound scopes whose principals carry what a scope grants: scopes add up.
    pub(crate) fn within(&self, scope: &Scope) -> Arc<[Scope]> {
        self.carriers.get(scope).cloned().unwrap_or_default()
    }
}
