//! The conformance suite, with a sandbox as the world.

mod behind;
#[path = "../support/clients.rs"]
mod clients;
mod world;

use std::collections::BTreeSet;

use async_trait::async_trait;
use cloudgrant_aws::Aws;
use cloudgrant_conformance::{Fault, Fixture, Hook, Requests};
use cloudgrant_core::{Access, ObjectId};
use serde_json::{Value, json};

use crate::world::{ACCOUNT, OTHER, SECRET, THEIRS, UNREACHABLE, World};

cloudgrant_conformance::suite!(World);

#[async_trait]
impl Fixture for World {
    type Provider = Aws;

    const SKIPPED: &'static [(&'static str, &'static str)] =
        &[("inexact_levels_are_told", "the provider declares every level as exact")];

    async fn fresh() -> Self {
        Self::start().await
    }

    fn section(&self) -> Value {
        self.section(json!({}))
    }

    /// Of a stream, a level is an existing policy, and the others are actions that the manifest lists.
    fn section_of(&self, mut section: Value, granted: &[(String, String, Access)]) -> Value {
        for (name, _, level) in granted.iter().filter(|(_, locator, _)| *locator == world::stream()) {
            let level = level.to_string();
            match level.as_str() {
                "read" => section["policies"][name][&level] = world::existing_policy().into(),
                "list" => section["actions"][name][&level] = json!(["kinesis:ListShards"]),
                "write" => section["actions"][name][&level] = json!(["kinesis:PutRecord"]),
                _ => section["actions"][name][&level] = json!(["kinesis:GetRecords", "kinesis:PutRecord"]),
            }
        }
        section
    }

    fn resources(&self) -> Vec<String> {
        vec![
            "s3://acme-data/inputs/".to_owned(),
            "s3://acme-models".to_owned(),
            format!("s3://{THEIRS}/in/"),
            format!("arn:aws:secretsmanager:us-west-2:{ACCOUNT}:secret:token-AbCdEf"),
            format!("{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/team/own"),
            format!("{OTHER}.dkr.ecr.us-west-2.amazonaws.com/team/other"),
            format!("arn:aws:dynamodb:us-west-2:{ACCOUNT}:table/labels"),
            format!("arn:aws:sqs:us-west-2:{ACCOUNT}:jobs"),
            format!("arn:aws:ssm:us-west-2:{ACCOUNT}:parameter/team/threshold"),
            format!("arn:aws:kms:us-west-2:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            world::stream(),
        ]
    }

    fn registries(&self) -> Vec<String> {
        vec![
            format!("{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/team/own"),
            format!("{OTHER}.dkr.ecr.us-west-2.amazonaws.com/team/pulled"),
            format!("{UNREACHABLE}.dkr.ecr.us-west-2.amazonaws.com/team/unreachable"),
        ]
    }

    /// Another cluster of the account.
    fn another_home(&self) -> Option<Value> {
        Some(self.section(json!({ "cluster": { "oidc_provider": world::OTHER_ISSUER } })))
    }

    /// Of another account, and another region than the data plane's; the bucket has a key of that account.
    fn elsewhere(&self) -> Vec<String> {
        vec![format!("{OTHER}.dkr.ecr.eu-west-1.amazonaws.com/team/far"), format!("s3://{THEIRS}/in/")]
    }

    fn access(&self, snapshot: &Value) -> Option<BTreeSet<String>> {
        behind::access(snapshot)
    }

    async fn snapshot(&self) -> Value {
        behind::snapshot(self).await
    }

    async fn requests(&self) -> Option<Requests> {
        let only_reads = |action: &str| {
            let verb = action.split_once(':').map_or(action, |(_, verb)| verb);
            // Assuming a role makes a session, not a change.
            ["Get", "List", "Describe", "AssumeRole"].iter().any(|prefix| verb.starts_with(prefix))
        };
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
                behind::withhold(self).await;
                return Hook::Done;
            }
        };
        self.turn(&knobs).await;
        Hook::Done
    }

    fn protecting(&self, name: &str) -> Option<Value> {
        Some(self.section(json!({ "protected": [name] })))
    }

    fn secret(&self) -> Option<String> {
        Some(SECRET.to_owned())
    }
}
