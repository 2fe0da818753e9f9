//! The policies of a plan, packed once for both verbs that ask: the objects take the documents, and what is bound to roles
//! needs little more than names.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudgrant_core::{Checked, IntentId, Result, Scope, TaskAccess};
use foldhash::{HashSet, HashSetExt as _};
use tokio::sync::Mutex;

use crate::Aws;
use crate::inventory::Inventory;
use crate::inventory::snapshot::Snapshot;
use crate::packing::share::{self, Policies};
use crate::policy::statement::Meaning;

/// A policy without its document.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) name: String,
    /// The grants whose statements are in it.
    pub(crate) because: Vec<IntentId>,
    /// What it gives, as far as the stack has policies already that could give it.
    pub(crate) gives: HashSet<Meaning>,
}

/// The policies of each scope, without their documents.
pub(crate) type CarriedBy = BTreeMap<Scope, Vec<Carried>>;

/// What was packed of late.
#[derive(Debug, Default)]
pub(crate) struct Packed(Mutex<Option<Latest>>);

#[derive(Debug)]
struct Latest {
    asked: Asked,
    carried: Arc<CarriedBy>,
    /// Until somebody takes them.
    policies: Option<Policies>,
}

/// The grants of a batch, kept: another batch can't have the same ones then, unless it is the same batch.
#[derive(Debug)]
struct Asked(Vec<Arc<Checked<TaskAccess>>>);

impl Asked {
    fn new<'a>(grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>>) -> Self {
        let mut grants: Vec<_> = grants.into_iter().cloned().collect();
        grants.sort_by_key(Arc::as_ptr);
        grants.dedup_by(|a, b| Arc::ptr_eq(a, b));
        Self(grants)
    }

    fn is(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Packed {
    /// The policies of all scopes that grants name, with their documents.
    pub(crate) async fn policies<'a>(
        &self,
        aws: &Aws,
        grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>>,
        inventory: &Inventory,
        snapshot: &Snapshot,
    ) -> Result<Policies> {
        let asked = Asked::new(grants);
        let mut latest = self.0.lock().await;
        if let Some(latest) = latest.as_mut().filter(|latest| latest.asked.is(&asked))
            && let Some(policies) = latest.policies.take()
        {
            return Ok(policies);
        }
        let policies = share::policies(aws, &asked.0, inventory, snapshot).await?;
        *latest = Some(Latest { asked, carried: Arc::new(carried(aws, &policies, snapshot)), policies: None });
        Ok(policies)
    }

    /// The same without the documents.
    pub(crate) async fn carried<'a>(
        &self,
        aws: &Aws,
        grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>>,
        inventory: &Inventory,
        snapshot: &Snapshot,
    ) -> Result<Arc<CarriedBy>> {
        let asked = Asked::new(grants);
        let mut latest = self.0.lock().await;
        if let Some(latest) = latest.as_ref().filter(|latest| latest.asked.is(&asked)) {
            return Ok(latest.carried.clone());
        }
        let policies = share::policies(aws, &asked.0, inventory, snapshot).await?;
        let carried = Arc::new(carried(aws, &policies, snapshot));
        *latest = Some(Latest { asked, carried: carried.clone(), policies: Some(policies) });
        Ok(carried)
    }
}

fn carried(aws: &Aws, policies: &Policies, snapshot: &Snapshot) -> CarriedBy {
    let any_there = snapshot.policies.keys().any(|arn| aws.names.is_policy_of_ours(arn));
    let without_document = |policy: &crate::packing::pack::Policy| Carried {
        name: policy.name.clone(),
        because: policy.because.clone(),
        gives: if any_there { policy.gives() } else { HashSet::new() },
    };
    let by_scope = policies.by_scope.iter();
    by_scope.map(|(scope, policies)| (scope.clone(), policies.iter().map(without_document).collect())).collect()
}
