//! The conformance suite, with a sandbox as the world.

#[path = "../support/arm.rs"]
mod arm;
mod behind;
mod world;

use std::collections::BTreeSet;

use async_trait::async_trait;
use cloudgrant_azure::Azure;
use cloudgrant_conformance::{Fault, Fixture, Hook, Requests};
use cloudgrant_core::ObjectId;
use serde_json::{Value, json};

use crate::world::World;

cloudgrant_conformance::suite!(World);

#[async_trait]
impl Fixture for World {
    type Provider = Azure;

    /// The manifest names the roles for any other resource, and each role that it names has to be used: no section fits all
    /// of the suite's manifests. Kinds of which some levels take custom roles fit none of its refusals. What is declared is tried in the
    /// provider's own tests.
    const SKIPPED: &'static [(&'static str, &'static str)] = &[(
        "capabilities_are_served",
        "the fixture has no sample of what is declared: storage queue, storage table, Service Bus queue, Key Vault key, other resource; the rest is served",
    )];

    async fn fresh() -> Self {
        Self::start().await
    }

    fn section(&self) -> Value {
        self.section(json!({}))
    }

    fn resources(&self) -> Vec<String> {
        vec![
            "https://acmedata.blob.core.windows.net/inputs/raw/".to_owned(),
            "https://acmedata.blob.core.windows.net/models".to_owned(),
            "https://acmedata.blob.core.windows.net/inputs/more/".to_owned(),
            "https://acme-vault.vault.azure.net/secrets/token".to_owned(),
            "acmeown.azurecr.io/team/own".to_owned(),
        ]
    }

    fn registries(&self) -> Vec<String> {
        vec!["acmeown.azurecr.io".to_owned(), "acmepulled.azurecr.io/team/pulled".to_owned()]
    }

    fn another_home(&self) -> Option<Value> {
        Some(self.other_section())
    }

    /// All of another subscription: the last one is pulled from by the nodes.
    fn elsewhere(&self) -> Vec<String> {
        vec![world::container_elsewhere(), world::secret_elsewhere(), world::registry_elsewhere()]
    }

    /// One that people run by themselves: on Union's, most is for its team.
    fn platform(&self) -> Value {
        json!({ "kind": "flyte", "organization": "acme" })
    }

    fn access(&self, snapshot: &Value) -> Option<BTreeSet<String>> {
        behind::access(snapshot)
    }

    async fn snapshot(&self) -> Value {
        behind::snapshot(self).await
    }

    async fn requests(&self) -> Option<Requests> {
        let only_reads = |action: &str| action.ends_with("/read") || action.starts_with("entra/");
        Some(Requests::of(&self.running.counts().by_action, only_reads))
    }

    async fn plant_foreign(&self) -> Hook {
        behind::plant_foreign(self).await;
        Hook::Done
    }

    async fn occupy(&self, object: &ObjectId) -> Hook {
        behind::occupy(self, object).await
    }

    async fn tamper(&self, object: &ObjectId) -> Hook {
        behind::tamper(self, object).await
    }

    async fn widen(&self, object: &ObjectId) -> Hook {
        behind::widen(self, object).await
    }

    async fn remove(&self, object: &ObjectId) -> Hook {
        behind::remove(self, object).await
    }

    async fn fault(&self, fault: Fault) -> Hook {
        let knobs = match fault {
            Fault::Throttle(count) => format!("throttle-next={count}"),
            Fault::Fail(count) => format!("errors-next={count}"),
            Fault::DenyWrites => world::WRITES.map(|action| format!("deny={action}")).join(","),
            Fault::DelayPrincipals => "replication=300ms".to_owned(),
            Fault::Withhold => {
                self.arm.delete_identity("flyte-tasks").await;
                return Hook::Done;
            }
        };
        self.arm.turn(&knobs).await;
        Hook::Done
    }

    fn protecting(&self, name: &str) -> Option<Value> {
        Some(self.section(json!({ "protected": [name] })))
    }

    /// How every token begins that the sandbox gives out: with the header that says how it is signed.
    fn secret(&self) -> Option<String> {
        Some(self.arm.token().split('.').next().expect("a header").to_owned())
    }
}
