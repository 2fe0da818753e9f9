//! A cloud that has the principal already.

use std::sync::Arc;

use async_trait::async_trait;
use cloudgrant_core::{
    Annotation, Approved, Backend, Bound, Checked, Desired, Identifier, Identity, IntentId, Observed, Outcome,
    Permissions, Principal, Provider, RegistryAccess, Result, ScopeBinding, TaskAccess,
};

#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) value: String,
    pub(crate) annotation: &'static str,
    pub(crate) issuers: Vec<String>,
}

#[async_trait]
impl Backend for Cloud {
    async fn observe(&self, _: &Desired) -> Result<Observed> {
        Ok(Observed::default())
    }

    async fn apply(&self, _: Approved<'_>) -> Result<Outcome> {
        Ok(Outcome::default())
    }
}

#[async_trait]
impl Provider for Cloud {
    async fn grant_task_access(&self, _: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        Ok(Permissions::default())
    }

    async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], _: &Permissions) -> Result<Bound> {
        let principal = |binding: &Checked<ScopeBinding>| Principal {
            scope: binding.scope.clone(),
            because: vec![IntentId::Binding(binding.scope.clone())],
            serves: binding.subjects.clone(),
            depends_on: Vec::new(),
            identity: Identity::Known {
                name: "tasks".to_owned(),
                annotation: Annotation {
                    key: self.annotation,
                    value: Identifier::Known(self.value.clone()),
                    pod_label: None,
                },
                issuers: self.issuers.clone(),
            },
        };
        Ok(Bound { principals: bindings.iter().map(principal).collect(), ..Bound::default() })
    }
}
