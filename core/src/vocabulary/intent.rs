//! Intents: what the manifest asks for, before any cloud has its say.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use serde::Serialize;

use crate::vocabulary::access::Access;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::names::{GrantName, RegistryName, ResourceName};
use crate::vocabulary::principal::Subject;
use crate::vocabulary::resource::Resource;
use crate::vocabulary::scope::{Pair, Scope};
use crate::vocabulary::tenancy::distinct;

/// Which intent: what an object exists for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentId {
    /// A grant of the manifest.
    Grant(GrantName),
    /// A registry of the manifest.
    Registry(RegistryName),
    /// The binding of a scope to a principal.
    Binding(Scope),
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant(name) => f.write_str("grant ").and_then(|()| f.write_str(name.as_str())),
            Self::Registry(name) => f.write_str("registry ").and_then(|()| f.write_str(name.as_str())),
            Self::Binding(scope) => write!(f, "binding of {scope}"),
        }
    }
}

impl Serialize for IntentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What every intent has.
pub trait Intent {
    /// Which intent it is.
    fn id(&self) -> IntentId;
    /// For which task code.
    fn scope(&self) -> &Scope;
    /// The resources it reaches, each with how much of it.
    fn reaches(&self) -> &[Reach];
    /// Whether exactly the asked access is insisted on.
    fn is_precise(&self) -> bool {
        false
    }
    /// Whether the manifest could insist on that.
    fn can_be_precise(&self) -> bool {
        false
    }
    /// Whether it is for the task code of its scope, so that the scope must be one that the provider binds.
    fn is_of_scope(&self) -> bool {
        true
    }
    /// Who gets the access, in a sentence.
    fn whom(&self) -> &'static str {
        "task code"
    }
    /// The levels at which it may ask for a kind of resource: of those that task code can be granted, and those at which
    /// infrastructure can be given it.
    fn levels(&self, of_task_code: &'static [Access], of_infrastructure: &'static [Access]) -> &'static [Access] {
        let _ = of_infrastructure;
        of_task_code
    }
    /// The key path at which the level on one of its resources stands, below its own path.
    fn access_path(&self, path: &str, resource: &ResourceName) -> String {
        format!("{path}.access.{resource}")
    }
    /// How task code gets more of a kind of resource than this intent may ask for, where it does.
    fn for_more(&self) -> Option<&'static str> {
        None
    }
}

/// One resource and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The resource.
    pub resource: Arc<Resource>,
    /// How much of it.
    pub access: Access,
}

/// A grant: task code of a scope may reach resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskAccess {
    /// The grant's name.
    pub name: GrantName,
    /// For which task code.
    pub scope: Scope,
    /// What it may reach.
    pub reaches: Vec<Reach>,
    /// Insist on exactly the asked access, where the cloud's ready-made roles give more.
    pub precise: bool,
    /// The scopes whose principals carry this grant: its own, and each narrower one that has a principal of
    /// its own (scopes add up).
    pub carried_by: Arc<[Scope]>,
    /// The grants that are taken away while this one stays as it is: what it gives now is kept, even where the manifest
    /// says otherwise by now. Empty where the manifest is to come true.
    pub beside_revoked: Arc<[Arc<Checked<TaskAccess>>]>,
}

/// The platform's infrastructure may pull from a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAccess {
    /// The registry's name.
    pub name: RegistryName,
    /// The repository, and whether to pull or to push: one entry.
    pub reach: [Reach; 1],
}

impl RegistryAccess {
    /// The repository.
    pub fn resource(&self) -> &Resource {
        &self.reach[0].resource
    }

    /// Whether to pull or to push.
    pub fn access(&self) -> Access {
        self.reach[0].access
    }
}

/// A scope gets a principal of its own, which carries what the scope and the wider ones grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeBinding {
    /// The scope.
    pub scope: Scope,
    /// The pairs that the scope covers, exactly as the manifest lists them, each with its subject. Never a pattern.
    pub subjects: Vec<(Pair, Subject)>,
    /// Every grant that the principal carries: the scope's own and those of the wider scopes.
    pub grants: Vec<Arc<Checked<TaskAccess>>>,
    /// The pairs of this scope that a narrower binding serves: their task code runs under that one's principal.
    pub served_elsewhere: Vec<Pair>,
}

impl Intent for TaskAccess {
    fn id(&self) -> IntentId {
        IntentId::Grant(self.name.clone())
    }
    fn scope(&self) -> &Scope {
        &self.scope
    }
    fn reaches(&self) -> &[Reach] {
        &self.reaches
    }
    fn can_be_precise(&self) -> bool {
        true
    }
    fn is_precise(&self) -> bool {
        self.precise
    }
}

impl Intent for RegistryAccess {
    fn id(&self) -> IntentId {
        IntentId::Registry(self.name.clone())
    }
    /// Infrastructure has no scope: whatever the kubelet pulls, any task may run.
    fn scope(&self) -> &Scope {
        &Scope::Global
    }
    fn reaches(&self) -> &[Reach] {
        &self.reach
    }
    fn is_of_scope(&self) -> bool {
        false
    }
    fn whom(&self) -> &'static str {
        "infrastructure"
    }
    fn levels(&self, _: &'static [Access], of_infrastructure: &'static [Access]) -> &'static [Access] {
        of_infrastructure
    }
    /// A registry of the manifest is one resource, and has one level.
    fn access_path(&self, path: &str, _: &ResourceName) -> String {
        format!("{path}.access")
    }
    fn for_more(&self) -> Option<&'static str> {
        Some("to give task code more, name the repository under `resources` and grant it")
    }
}

impl ScopeBinding {
    /// Those whose task code runs under the principal of this scope, and not under one of a narrower scope.
    pub fn serves(&self) -> impl Iterator<Item = &(Pair, Subject)> {
        let elsewhere: HashSet<_> = self.served_elsewhere.iter().collect();
        self.subjects.iter().filter(move |(pair, _)| !elsewhere.contains(pair))
    }

    /// The service accounts of the scope, each once: several pairs may run under one.
    pub fn service_accounts(&self) -> Vec<&Subject> {
        distinct(&self.subjects)
    }
}

impl Intent for ScopeBinding {
    fn id(&self) -> IntentId {
        IntentId::Binding(self.scope.clone())
    }
    fn scope(&self) -> &Scope {
        &self.scope
    }
    fn reaches(&self) -> &[Reach] {
        &[]
    }
}

/// Everything that a manifest asks of one provider, checked against what the provider can do.
#[derive(Debug, Clone, Default)]
pub struct Intents {
    /// The grants.
    pub grants: Vec<Arc<Checked<TaskAccess>>>,
    /// The registries.
    pub registries: Vec<Checked<RegistryAccess>>,
    /// The bindings: the manifest's, and those that grants imply.
    pub bindings: Vec<Checked<ScopeBinding>>,
    /// Whether something is asked for besides that isn't here, because something is wrong with it. Nothing is made of
    /// these: they are looked at for what else is wrong.
    pub is_part: bool,
}

impl Intents {
    /// The ids of all.
    pub(crate) fn ids(&self) -> impl Iterator<Item = IntentId> {
        let grants = self.grants.iter().map(|grant| grant.id());
        let registries = self.registries.iter().map(|registry| registry.id());
        grants.chain(registries).chain(self.bindings.iter().map(|binding| binding.id()))
    }

    /// What is asked for here and not there, by itself.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let known: HashSet<_> = other.ids().collect();
        let is_new = |intent: &dyn Intent| !known.contains(&intent.id());
        let bindings = self.bindings.iter().filter_map(|binding| {
            let grants: Vec<_> = binding.grants.iter().filter(|grant| is_new(&****grant)).cloned().collect();
            (!grants.is_empty()).then(|| binding.with(ScopeBinding { grants, ..ScopeBinding::clone(binding) }))
        });
        Self {
            grants: self.grants.iter().filter(|grant| is_new(&****grant)).cloned().collect(),
            registries: self.registries.iter().filter(|registry| is_new(&***registry)).cloned().collect(),
            bindings: bindings.collect(),
            is_part: self.is_part,
        }
    }

    /// The same, with the baseline's bindings of some scopes: their principals stay although none of their grants does.
    pub(crate) fn also_bound(&self, baseline: &Self, scopes: &BTreeSet<Scope>) -> Self {
        let own: BTreeSet<&Scope> = self.bindings.iter().map(|binding| &binding.scope).chain(scopes).collect();
        let grants: HashMap<_, _> = baseline.grants.iter().map(|grant| (&grant.name, grant)).collect();
        let carried = |grant: &Arc<Checked<TaskAccess>>| {
            let all = grants.get(&grant.name).map_or(&grant.carried_by, |grant| &grant.carried_by);
            let carried_by = all.iter().filter(|scope| own.contains(scope) || grant.carried_by.contains(scope));
            let request = TaskAccess { carried_by: carried_by.cloned().collect(), ..TaskAccess::clone(grant) };
            Arc::new(grant.with(request))
        };
        let all: Vec<_> = self.grants.iter().map(carried).collect();
        let by_name: HashMap<_, _> = all.iter().map(|grant| (&grant.name, grant)).collect();
        let bound: Vec<_> = baseline.bindings.iter().filter(|binding| own.contains(&binding.scope)).collect();
        let bindings = bound.iter().map(|binding| {
            let grants =
                binding.grants.iter().filter_map(|grant| by_name.get(&grant.name)).map(|grant| (*grant).clone());
            let is_served = |pair: &&Pair| {
                let is_narrower = |other: &&&Checked<ScopeBinding>| {
                    other.scope != binding.scope
                        && binding.scope.contains(&other.scope)
                        && other.subjects.iter().any(|(known, _)| known == *pair)
                };
                bound.iter().any(|other| is_narrower(&other))
            };
            let served_elsewhere = binding.served_elsewhere.iter().filter(is_served).cloned().collect();
            let grants = grants.collect();
            binding.with(ScopeBinding { grants, served_elsewhere, ..ScopeBinding::clone(binding) })
        });
        let bindings = bindings.collect();
        Self { grants: all, registries: self.registries.clone(), bindings, is_part: self.is_part }
    }

    /// The same, where each grant knows which of the baseline's are taken away ([`TaskAccess::beside_revoked`]).
    pub(crate) fn beside_revoked_of(&self, baseline: &Self) -> Self {
        let kept: HashSet<_> = self.grants.iter().map(|grant| &grant.name).collect();
        let revoked: Arc<[_]> = baseline.grants.iter().filter(|grant| !kept.contains(&grant.name)).cloned().collect();
        // Bindings hold the very same grants.
        let marked: HashMap<_, _> = self
            .grants
            .iter()
            .map(|grant| {
                let request = TaskAccess { beside_revoked: revoked.clone(), ..TaskAccess::clone(grant) };
                (&grant.name, Arc::new(grant.with(request)))
            })
            .collect();
        let marked_one = |grant: &Arc<Checked<TaskAccess>>| marked.get(&grant.name).unwrap_or(grant).clone();
        let bindings = self.bindings.iter().map(|binding| {
            let grants = binding.grants.iter().map(marked_one).collect();
            binding.with(ScopeBinding { grants, ..ScopeBinding::clone(binding) })
        });
        Self {
            grants: self.grants.iter().map(marked_one).collect(),
            registries: self.registries.clone(),
            bindings: bindings.collect(),
            is_part: self.is_part,
        }
    }
}

#[cfg(test)]
mod tests;
