//! Statements in the policies of other accounts' buckets and keys: there, a policy of the roles alone isn't enough. Source:
//! IAM user guide, "Cross-account policy evaluation logic".

use std::collections::BTreeSet;

use cloudgrant_core::{
    Access, Checked, Desired, Handoff, Intent, Object, ObjectId, Ownership, ResourceKind, Result, TaskAccess,
};
use serde_json::{Value, json};

use crate::Aws;
use crate::actions;
use crate::buckets::{Bucket, Buckets, Owner};
use crate::config::AccountId;
use crate::document;
use crate::grant::principals;
use crate::kinds;
use crate::locator::{Locator, Objects};
use crate::secrets::Key;
use crate::shared::CustomerKey;
use crate::statements::{contexts_of, for_key};

pub(crate) async fn other_accounts(
    aws: &Aws,
    grant: &Checked<TaskAccess>,
    buckets: &Buckets,
    desired: &mut Desired,
) -> Result<()> {
    for reach in grant.reaches.iter().filter(|reach| reach.resource.kind == ResourceKind::ObjectStore) {
        let Ok(Locator::Objects(location)) = Locator::parse(&reach.resource.locator) else { continue };
        let Some(bucket) = buckets.get(&location.bucket) else { continue };
        let own = &aws.config.account;
        let is_foreign = match &bucket.owner {
            Owner::Account(account) => account != own,
            Owner::Elsewhere => true,
            Owner::Unknown => false,
        };
        let key =
            bucket.key().filter(|key| !actions::on_key(reach.access).is_empty() && account_of(key) != own.as_str());
        if !is_foreign && key.is_none() {
            continue;
        }
        let (principals, depends_on) = principals(aws, &grant.carried_by).await?;
        let part = Part { aws, grant, resource: reach.resource.name.as_str(), principals, depends_on };
        if is_foreign {
            desired.objects.extend(part.in_bucket(&location, bucket, reach.access));
        }
        if let Some(key) = key {
            desired.objects.extend(part.in_key(&location, key, reach.access));
        }
    }
    Ok(())
}

/// The account in a key's ARN.
fn account_of(key: &Key) -> &str {
    key.arn.split(':').nth(4).unwrap_or_default()
}

/// What a grant needs in one bucket.
struct Part<'a> {
    aws: &'a Aws,
    grant: &'a Checked<TaskAccess>,
    resource: &'a str,
    principals: Vec<String>,
    depends_on: Vec<ObjectId>,
}

impl Part<'_> {
    /// Listing is allowed on the bucket, the rest on its objects.
    fn in_bucket(&self, location: &Objects, bucket: &Bucket, access: Access) -> Vec<Object> {
        let arn = format!("arn:{}:s3:::{}", self.aws.config.partition(), location.bucket);
        let mut statements = Vec::new();
        if actions::lists(access) {
            let mut statement = self.statement("List", &["s3:ListBucket"], &arn);
            if !location.prefix.is_empty() {
                let prefixes = [location.prefix.clone(), format!("{}*", location.prefix)];
                statement["Condition"] = json!({ "StringLike": { "s3:prefix": prefixes } });
            }
            statements.push(statement);
        }
        let on_objects = actions::on_objects(access);
        if !on_objects.is_empty() {
            statements.push(self.statement("Objects", on_objects, &format!("{arn}/{}*", location.prefix)));
        }
        let account = bucket.account();
        let reachable = account.is_some_and(|account| self.aws.clients.can_reach(account));
        let object = |statement: Value| {
            let statement = document::statement(&statement);
            let mut attributes = json!({ "bucket": arn });
            if let Some(account) = account {
                attributes["account"] = account.as_str().into();
            }
            attributes["statement"] = statement.clone();
            self.object(
                kinds::bucket_statement(&arn, statement["Sid"].as_str().unwrap_or_default()),
                attributes,
                format!("the policy of bucket {}", location.bucket),
                location.bucket.clone(),
                (!reachable).then(|| for_bucket(&location.bucket, account, &statement)),
            )
        };
        statements.into_iter().map(object).collect()
    }

    /// Nothing for a key that isn't known by its id: the statement would have no place.
    fn in_key(&self, location: &Objects, key: &Key, access: Access) -> Option<Object> {
        let contexts: BTreeSet<String> = contexts_of(self.aws.config.partition(), location).into();
        let mut statement = self.statement("Key", actions::on_key(access), "*");
        statement["Condition"] = json!(for_key(key, contexts));
        let statement = document::statement(&statement);
        let known = CustomerKey::parse(&key.arn);
        let reachable = known.as_ref().is_some_and(|key| self.aws.clients.can_reach(&key.account));
        let called = key.alias.as_deref().unwrap_or(&key.arn);
        let name = known.map_or_else(|| called.to_owned(), |key| key.id);
        Some(self.object(
            kinds::key_statement(called, statement["Sid"].as_str().unwrap_or_default()),
            json!({ "key": key.arn, "statement": statement }),
            format!("the policy of key {name}"),
            name,
            (!reachable).then(|| for_key_of_others(key, &statement)),
        ))
    }

    fn statement(&self, verb: &str, actions: &[&str], resource: &str) -> Value {
        json!({
            "Sid": self.aws.names.sid_of_two(verb, self.grant.name.as_str(), self.resource),
            "Effect": "Allow",
            "Principal": { "AWS": self.principals },
            "Action": actions,
            "Resource": resource,
        })
    }

    fn object(&self, id: ObjectId, attributes: Value, of: String, touches: String, handoff: Option<Handoff>) -> Object {
        Object {
            id,
            scope: self.grant.scope.clone(),
            attributes: attributes.into(),
            depends_on: self.depends_on.clone(),
            because: vec![self.grant.id()],
            ownership: Ownership::Fragment { of },
            touches: vec![touches],
            handoff,
        }
    }
}

fn pretty(statement: &Value) -> String {
    let document = document::document(vec![statement.clone()]);
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn for_bucket(bucket: &str, account: Option<&AccountId>, statement: &Value) -> Handoff {
    let (to, known) = match account {
        Some(account) => (format!("whoever administers account {account}"), account.to_string()),
        None => (format!("whoever administers the account of bucket {bucket}"), "not known here".to_owned()),
    };
    Handoff {
        to,
        task: format!("add a statement to the policy of the bucket {bucket}"),
        document: format!(
            "Bucket:  {bucket}\nAccount: {known}\n\n\
             1. See whether it has a policy already:\n\
             \x20  aws s3api get-bucket-policy --bucket {bucket} --query Policy --output text\n\
             2. If it has none, this is the whole policy; if it has one, add the statement to it and keep the others:\n\n\
             {}\n\n\
             3. Put it there:\n\
             \x20  aws s3api put-bucket-policy --bucket {bucket} --policy file://policy.json\n\
             4. If a customer-managed key encrypts the bucket, its key policy has to allow the same roles kms:Decrypt, and \
             kms:GenerateDataKey where they write:\n\
             \x20  aws s3api get-bucket-encryption --bucket {bucket}\n",
            pretty(statement)
        ),
        verifiable: false,
    }
}

fn for_key_of_others(key: &Key, statement: &Value) -> Handoff {
    let (account, region) = (account_of(key), &key.region);
    let id = match &key.alias {
        Some(alias) => alias.as_str(),
        None => &key.arn,
    };
    Handoff {
        to: format!("whoever administers account {account}"),
        task: format!("add a statement to the policy of the KMS key {id}"),
        document: format!(
            "Key:     {id}\nAccount: {account}\nRegion:  {region}\n\n\
             1. Get its policy:\n\
             \x20  aws kms get-key-policy --region {region} --key-id {id} --query Policy --output text\n\
             2. Add the statement to it and keep the others, those of its administrators above all:\n\n\
             {}\n\n\
             3. Put it there (--key-id takes no alias here, but the key's id):\n\
             \x20  aws kms put-key-policy --region {region} --key-id {id} --policy file://policy.json\n",
            pretty(statement)
        ),
        verifiable: false,
    }
}
