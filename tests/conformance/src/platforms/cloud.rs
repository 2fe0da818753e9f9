//! A cloud that has nothing but principals, each with what it chose for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Annotation, Approved, Asked, Backend, Bound, Checked, Desired, Found, Identifier, Identity, IntentId,
    Object, ObjectId, Observed, Outcome, Permissions, Principal, Provider, RegistryAccess, Result, Scope, ScopeBinding,
    TaskAccess,
};
use serde_json::{Value, json};

use super::fixture::Sample;

/// The kind of its principals.
pub(crate) const PRINCIPAL: &str = "conformance-principal";

/// What it calls the value that it chooses.
const OUTPUT: &str = "clientId";

/// The principals that are there, by their names. Clones of the list are shared by all runs of a world.
pub(crate) type Principals = Arc<Mutex<BTreeMap<String, Value>>>;

/// One connection to it.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) stack: String,
    pub(crate) home: String,
    pub(crate) sample: Sample,
    pub(crate) issuers: Vec<String>,
    /// Makes other principals than without.
    pub(crate) variant: &'static str,
    /// Whether the principals of scopes are the vendor's to make.
    pub(crate) is_vendor_asked: bool,
    pub(crate) principals: Principals,
}

/// What a scope's principal is called: by no word of the scope's, so that whoever names a principal hasn't named a pair by that.
pub(crate) fn name(stack: &str, scope: &Scope, variant: &str) -> String {
    format!("{stack}-{:08x}{variant}", hash(&scope.slug()) >> 32)
}

/// Of a text, the same in every run (FNV-1a).
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What the cloud chooses for a principal, and what its ARN is.
pub(crate) fn value(sample: Sample, name: &str) -> String {
    match sample.is_chosen {
        // A GUID, as client IDs are; of the name, so that two runs have the same.
        true => format!("{:08x}-0000-4000-8000-{:012x}", hash(name) >> 32, hash(name) & 0xffff_ffff),
        false => format!("arn:aws:iam::111122223333:role/{name}"),
    }
}

impl Cloud {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.principals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn principal(&self, binding: &Checked<ScopeBinding>) -> Principal {
        let name = name(&self.stack, &binding.scope, self.variant);
        let object = ObjectId::new(PRINCIPAL, format!("{}/{name}", self.home));
        let value = match self.sample.is_chosen {
            true => Identifier::Chosen {
                object: object.clone(),
                output: OUTPUT,
                command: format!("cloud show principal {name} --query {OUTPUT}"),
            },
            false => Identifier::Known(value(self.sample, &name)),
        };
        let known = Identity::Known {
            name,
            annotation: Annotation { key: self.sample.key, value, pod_label: self.sample.pod_label },
            issuers: self.issuers.clone(),
        };
        let asked = Identity::Asked(Asked {
            place: vec![("Account", "one".to_owned())],
            kind: "principal",
            issuers: self.issuers.clone(),
            audience: "api://conformance".to_owned(),
            named_by: "conformance:\n  principals:\n    NAME_OF_IT\n".to_owned(),
            permissions: vec!["may read everything".to_owned()],
            attributes: json!({ "permissions": ["may read everything"] }),
        });
        let is_served = |(pair, _): &&_| !binding.served_elsewhere.contains(pair);
        Principal {
            scope: binding.scope.clone(),
            because: vec![IntentId::Binding(binding.scope.clone())],
            serves: binding.subjects.iter().filter(is_served).cloned().collect(),
            depends_on: if self.is_vendor_asked { Vec::new() } else { vec![object] },
            identity: if self.is_vendor_asked { asked } else { known },
        }
    }
}

#[async_trait]
impl Backend for Cloud {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        let mut observed = Observed::default();
        let there = self.lock();
        let wanted: BTreeSet<_> = desired.objects.iter().map(|object| &object.id).collect();
        for (name, attributes) in
            there.iter().filter(|(name, _)| name.starts_with(&format!("{}/{}-", self.home, self.stack)))
        {
            let id = ObjectId::new(PRINCIPAL, name);
            let chosen = value(self.sample, name.rsplit('/').next().unwrap_or_default());
            if wanted.contains(&id) {
                observed.outputs.entry(id.clone()).or_default().insert(OUTPUT, chosen.clone());
            }
            observed.principals.insert(chosen, id.clone());
            let found = Found {
                attributes: attributes.into(),
                owned: attributes["stack"] == self.stack.as_str(),
                depends_on: Vec::new(),
                if_deleted: None,
                touches: Vec::new(),
            };
            if found.owned {
                observed.objects.insert(id, found);
            }
        }
        Ok(observed)
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        let change = change.change();
        let mut outcome = Outcome::default();
        match (change.action, &change.after) {
            (Action::Delete, _) => _ = self.lock().remove(&change.id.name),
            (_, Some(after)) => {
                self.lock().insert(change.id.name.clone(), after.value());
                let name = change.id.name.rsplit('/').next().unwrap_or_default();
                outcome.outputs.insert(OUTPUT, value(self.sample, name));
            }
            _ => {}
        }
        Ok(outcome)
    }
}

#[async_trait]
impl Provider for Cloud {
    fn home(&self) -> String {
        self.home.clone()
    }

    async fn grant_task_access(&self, _: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        Ok(Permissions::default())
    }

    async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], _: &Permissions) -> Result<Bound> {
        let mut bound = Bound::default();
        for binding in bindings {
            let principal = self.principal(binding);
            bound.desired.objects.extend(principal.depends_on.iter().map(|id| {
                Object::new(
                    id.clone(),
                    principal.scope.clone(),
                    principal.because.clone(),
                    json!({ "stack": self.stack }),
                )
            }));
            bound.principals.push(principal);
        }
        Ok(bound)
    }
}
