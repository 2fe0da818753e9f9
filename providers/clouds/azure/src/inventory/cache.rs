//! What was read of Azure, and what it is read with.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudgrant_core::Result;
use tokio::sync::Mutex;

use crate::client::arm::Registry;
use crate::client::{Arm, Presence};
use crate::config::Config;
use crate::inventory::looks::Looks;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::tenants::Tenants;
use crate::inventory::written::List;
use crate::names::Names;
use crate::names::resource_id::ResourceId;

/// Who a managed identity is to Microsoft Entra.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) id: String,
    /// Whether the stack made its identity, perhaps only just now, so that not all of Azure may know it yet.
    pub(crate) ours: bool,
}

/// What this run has read of Azure, and what it reads with.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(super) client: Arc<Arm>,
    pub(super) config: Arc<Config>,
    pub(super) names: Arc<Names>,
    /// What the platform calls the identity of task code without one of its own.
    pub(super) task_principal: Vec<String>,
    pub(super) tenants: Tenants,
    looks: Mutex<Looks>,
    /// The principals of identities, as they were seen last.
    pub(super) principals: Mutex<HashMap<ResourceId, Principal>>,
    /// Whether containers and secrets are there, as this run has seen them. What the stack has assigned roles on counts as
    /// there.
    pub(crate) contents: Mutex<HashMap<ResourceId, Presence>>,
    /// The registries of the data plane's subscription, as they were read last.
    pub(super) registries: std::sync::Mutex<Arc<Vec<Registry>>>,
    /// Whether plans ask for what is known all the same.
    looks_again: AtomicBool,
    /// Where new identities go, once it is known.
    pub(super) location: Mutex<Option<String>>,
    /// Identities that this run made: nobody else has given them credentials.
    pub(super) made: Mutex<HashSet<ResourceId>>,
}

impl Inventory {
    /// One that has read nothing. `task_principal` is how the platform calls the identity of task code.
    pub(crate) fn new(client: Arc<Arm>, config: Arc<Config>, names: Arc<Names>, task_principal: Vec<String>) -> Self {
        Self {
            client,
            config,
            names,
            task_principal,
            tenants: Tenants::default(),
            looks: Mutex::default(),
            principals: Mutex::default(),
            contents: Mutex::default(),
            registries: std::sync::Mutex::default(),
            looks_again: AtomicBool::default(),
            location: Mutex::default(),
            made: Mutex::default(),
        }
    }

    /// From now on, plans ask for what is known all the same.
    pub(crate) fn look_again(&self) {
        self.looks_again.store(true, Ordering::Relaxed);
    }

    /// Whether plans ask for what is known all the same.
    pub(crate) fn looks_again(&self) -> bool {
        self.looks_again.load(Ordering::Relaxed)
    }

    /// What the verbs have read, and read into.
    pub(crate) async fn snapshot(&self) -> Arc<Snapshot> {
        let new = || Snapshot::new(self.client.clone(), self.names.group().clone());
        self.looks.lock().await.current(new)
    }

    /// The same, for an observation: never the same twice.
    pub(crate) async fn used_up_snapshot(&self) -> Arc<Snapshot> {
        let snapshot = self.snapshot().await;
        self.looks.lock().await.used_up();
        snapshot
    }

    /// Whoever asks again after a failure may do so much later: what was read until then goes.
    pub(crate) async fn fresh<T>(&self, answer: Result<T>) -> Result<T> {
        if answer.is_err() {
            self.looks.lock().await.forget();
        }
        answer
    }

    /// What is in these lists is written to, with whatever success.
    pub(crate) async fn writes(&self, lists: &[List]) {
        self.looks.lock().await.writes(lists);
    }

    /// Role assignments are written to, with whatever success: those of a principal, or of nobody knows whom.
    pub(crate) async fn writes_roles_of(&self, principal: Option<&str>) {
        let mut looks = self.looks.lock().await;
        match principal {
            Some(principal) => looks.writes_roles_of(principal),
            None => looks.writes(&[List::Assignments]),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::client::loopback::{Loopback, SUBSCRIPTION, json};
    use crate::tests::connected;

    const OURS: &str = "00000000-0000-0000-0000-0000000000f1";
    const OTHERS: &str = "00000000-0000-0000-0000-0000000000f2";

    fn assignment(principal: &str, name: &str) -> serde_json::Value {
        let scope = format!("/subscriptions/{SUBSCRIPTION}");
        let properties = serde_json::json!({ "scope": scope, "roleDefinitionId": "role", "principalId": principal });
        let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        serde_json::json!({ "id": id, "name": name, "properties": properties })
    }

    /// Whose assignments this run wrote to, it reads again; the others stand as they were read a moment ago. A list of one page takes one
    /// request in any case, and where nobody knows whose they are, all are read.
    #[tokio::test]
    async fn after_writing_a_long_list_is_read_for_those_who_were_written_to() {
        for (many, whose, filtered) in [(300, Some(OURS), true), (30, Some(OURS), false), (300, None, false)] {
            let cloud = Loopback::start(move |request, _| {
                let of_one = request.query.contains("principalId");
                let all = (0..many).map(|n| assignment(OTHERS, &format!("o{n}"))).filter(|_| !of_one);
                let wrote = if of_one { "after" } else { "before" };
                let all: Vec<_> = all.chain([assignment(OURS, wrote)]).collect();
                json(200, serde_json::json!({ "value": all }))
            })
            .await;
            let azure = connected("flyte", cloud.config()).await;
            let inventory = &azure.inventory;
            let before = inventory.used_up_snapshot().await.assignments(SUBSCRIPTION).await.expect("a list");
            assert_eq!(before.len(), many + 1);
            inventory.writes_roles_of(whose).await;
            let after = inventory.snapshot().await.assignments(SUBSCRIPTION).await.expect("a list");
            assert_eq!(after.len(), many + 1);
            let ours = after.iter().find(|one| one.principal_id == OURS).expect("ours");
            assert_eq!(ours.name, if filtered { "after" } else { "before" });
            let filters = cloud.seen().iter().filter(|request| request.query.contains("principalId")).count();
            assert_eq!(filters, usize::from(filtered), "{many} {whose:?}");
        }
    }
}
