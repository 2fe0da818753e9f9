//! The bindings: the manifest's, and those that grants imply.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::link::carried::Bound;
use crate::link::reader::Reader;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{ScopeBinding, TaskAccess};
use crate::vocabulary::scope::{Pair, Scope};

impl Reader<'_> {
    pub(super) fn bound(&self) -> Bound {
        let without = self.part().map(|part| &part.without_scope);
        let is_read = |at: &usize| without.is_none_or(|without| !without.contains(at));
        let grants = self.manifest.grants.iter().enumerate().filter(|(at, _)| is_read(at));
        let named = grants.map(|(_, grant)| &grant.scope);
        let named: Vec<_> = named.chain(self.manifest.bindings.iter().map(|binding| &binding.scope)).collect();
        let Some(workloads) = &self.manifest.platform.workloads else { return Bound::of(named.into_iter()) };
        // No principal is that of all workloads: what all are granted, each one's carries.
        let every: Vec<_> = workloads.iter().map(|workload| Scope::Workload { workload: workload.clone() }).collect();
        let is_global = named.contains(&&Scope::Global);
        Bound::of_workloads(
            named.into_iter().filter(|scope| **scope != Scope::Global).chain(every.iter().filter(|_| is_global)),
        )
    }

    pub(super) fn bindings(
        &mut self,
        bound: &Bound,
        grants: &[Arc<Checked<TaskAccess>>],
    ) -> Vec<Checked<ScopeBinding>> {
        for (at, binding) in self.manifest.bindings.iter().enumerate() {
            let path = self.manifest.path_of("bindings", at);
            self.listed(&binding.scope, &path);
        }
        let mut by_scope: HashMap<&Scope, Vec<_>> = HashMap::new();
        for grant in grants {
            by_scope.entry(&grant.scope).or_default().push(grant.clone());
        }
        let own_principal: HashSet<Pair> = bound
            .scopes
            .iter()
            .filter_map(|scope| match scope {
                Scope::ProjectDomain { project, domain } => {
                    Some(Pair { project: project.clone(), domain: domain.clone() })
                }
                _ => None,
            })
            .collect();
        let mut places = HashMap::new();
        for (at, binding) in self.manifest.bindings.iter().enumerate() {
            places.entry(&binding.scope).or_insert(at);
        }
        let mut bindings = Vec::with_capacity(bound.scopes.len());
        for scope in &bound.scopes {
            let mut wider = vec![Scope::Global];
            wider.extend(scope.domain().map(|domain| Scope::Domain { domain: domain.clone() }));
            wider.push(scope.clone());
            wider.dedup();
            let platform = &self.manifest.platform;
            let subjects = match scope {
                // That it is listed was checked above; to look for it among all pairs would take long for many scopes.
                Scope::ProjectDomain { project, domain } => {
                    let pair = Pair { project: project.clone(), domain: domain.clone() };
                    let subject = platform.naming.subject(&pair);
                    vec![(pair, subject)]
                }
                _ => platform.subjects(scope),
            };
            let elsewhere = |pair: &&Pair| match scope {
                Scope::Global => {
                    own_principal.contains(pair)
                        || bound.scopes.contains(&Scope::Domain { domain: pair.domain.clone() })
                }
                Scope::Domain { .. } => own_principal.contains(pair),
                Scope::ProjectDomain { .. } | Scope::Workload { .. } => false,
            };
            let request = ScopeBinding {
                scope: scope.clone(),
                served_elsewhere: subjects.iter().map(|(pair, _)| pair).filter(elsewhere).cloned().collect(),
                subjects,
                grants: wider.iter().filter_map(|scope| by_scope.get(scope)).flatten().cloned().collect(),
            };
            let written = places.get(scope);
            let path = written.map_or_else(|| "bindings".to_owned(), |at| self.manifest.path_of("bindings", *at));
            let Some(registration) = self.registration else { continue };
            match registration.capabilities.check(registration.id, &path, platform, request) {
                Ok(checked) => bindings.push(checked),
                // A binding that nobody wrote is implied by grants, and these are refused for the same reason.
                Err(_) if written.is_none() => {}
                Err(refusals) => self.refused(scope, refusals),
            }
        }
        bindings
    }
}
