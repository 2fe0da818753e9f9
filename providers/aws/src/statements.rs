//! The statements of one grant.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Access, TaskAccess};
use serde_json::{Value, json};

use crate::actions;
use crate::config::partition_of;
use crate::locator::{Locator, Objects, Repository};
use crate::names::camel;
use crate::secrets::{Key, Resolved, Secrets};

/// The statements that a grant comes to, each with a Sid that names the grant. `partition` is the data plane's.
pub(crate) fn of_grant(grant: &TaskAccess, partition: &str, secrets: &Secrets) -> Vec<Value> {
    let mut builder = Builder { sid: camel(grant.name.as_str()), partition, statements: Vec::new() };
    let (mut objects, mut repositories, mut resolved) = (Vec::new(), Vec::new(), Vec::new());
    for reach in &grant.reaches {
        // A locator that can't be parsed was refused with the manifest.
        match Locator::parse(&reach.resource.locator) {
            Ok(Locator::Objects(location)) => objects.push((location, reach.access)),
            Ok(Locator::Repository(repository)) => repositories.push((repository, reach.access)),
            Ok(Locator::Secret(secret)) => resolved.extend(secrets.get(&secret)),
            Err(_) => {}
        }
    }
    builder.objects(&objects);
    builder.repositories(&repositories);
    builder.secrets(&resolved);
    builder.statements
}

struct Builder<'a> {
    sid: String,
    partition: &'a str,
    statements: Vec<Value>,
}

impl Builder<'_> {
    fn allow(
        &mut self,
        what: &str,
        actions: &[&str],
        resources: impl IntoIterator<Item = String>,
        condition: Option<Value>,
    ) {
        let resources: BTreeSet<String> = resources.into_iter().collect();
        if actions.is_empty() || resources.is_empty() {
            return;
        }
        let mut statement = json!({
            "Sid": format!("{}{what}", self.sid),
            "Effect": "Allow",
            "Action": actions,
            "Resource": resources,
        });
        if let (Some(condition), Some(map)) = (condition, statement.as_object_mut()) {
            map.insert("Condition".to_owned(), condition);
        }
        self.statements.push(statement);
    }

    fn bucket_arn(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", self.partition)
    }

    /// Requirement 28: listing on the bucket, the rest on its objects, and a condition where a prefix is named.
    fn objects(&mut self, objects: &[(Objects, Access)]) {
        let listed = objects.iter().filter(|(_, access)| actions::lists(*access)).map(|(location, _)| location);
        let mut prefixes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for location in listed {
            prefixes.entry(&location.bucket).or_default().insert(&location.prefix);
        }
        let whole =
            prefixes.iter().filter(|(_, prefixes)| prefixes.contains("")).map(|(bucket, _)| self.bucket_arn(bucket));
        let whole: Vec<_> = whole.collect();
        self.allow("List", &["s3:ListBucket"], whole, None);
        for (bucket, prefixes) in &prefixes {
            if prefixes.contains("") {
                continue;
            }
            // One statement a bucket: taken together, each bucket's prefixes would hold for the others as well.
            let patterns: Vec<_> =
                prefixes.iter().flat_map(|prefix| [(*prefix).to_owned(), format!("{prefix}*")]).collect();
            let condition = json!({ "StringLike": { "s3:prefix": patterns } });
            let arn = self.bucket_arn(bucket);
            self.allow("ListPrefix", &["s3:ListBucket"], [arn], Some(condition));
        }
        for (what, level) in [
            ("Read", Access::Read),
            ("Write", Access::Write),
            ("ReadWrite", Access::ReadWrite),
            ("Manage", Access::Manage),
        ] {
            let located = objects.iter().filter(|(_, access)| *access == level);
            let arns: Vec<_> =
                located.map(|(at, _)| format!("{}/{}*", self.bucket_arn(&at.bucket), at.prefix)).collect();
            self.allow(what, actions::on_objects(level), arns, None);
        }
    }

    fn repositories(&mut self, repositories: &[(Repository, Access)]) {
        for (what, level) in [("Pull", Access::Pull), ("Push", Access::Push)] {
            let arns =
                repositories.iter().filter(|(_, access)| *access == level).map(|(repository, _)| repository.arn());
            let arns: Vec<_> = arns.collect();
            self.allow(what, actions::on_repository(level), arns, None);
        }
        if !repositories.is_empty() {
            self.allow("Login", &[actions::LOGIN], ["*".to_owned()], None);
        }
    }

    /// Requirements 37 to 39: the narrowest ARN, and the key where the secret has one of its own.
    fn secrets(&mut self, secrets: &[Resolved]) {
        let arns = secrets.iter().map(|secret| secret.arn.clone());
        self.allow("Secrets", &[actions::READ_SECRET], arns, None);
        let mut by_key: BTreeMap<&Key, BTreeSet<&str>> = BTreeMap::new();
        for secret in secrets {
            if let Some(key) = &secret.key {
                by_key.entry(key).or_default().insert(&secret.arn);
            }
        }
        for (key, arns) in by_key {
            // Only through Secrets Manager, and only for these secrets. Source: AWS Secrets Manager user guide,
            // "Secret encryption and decryption", encryption context.
            let service = format!("secretsmanager.{}.{}", key.region, service_domain(&key.region));
            let mut condition = json!({
                "StringEquals": { "kms:ViaService": service },
                "StringLike": { "kms:EncryptionContext:SecretARN": arns },
            });
            if let (Some(alias), Some(map)) = (&key.alias, condition.as_object_mut()) {
                map.insert("ForAnyValue:StringEquals".to_owned(), json!({ "kms:ResourceAliases": [alias] }));
            }
            self.allow("Decrypt", &[actions::DECRYPT], [key.arn.clone()], Some(condition));
        }
    }
}

fn service_domain(region: &str) -> &'static str {
    if partition_of(region) == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
}
