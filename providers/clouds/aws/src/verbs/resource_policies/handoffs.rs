//! What whoever administers another account is asked for: a statement in a policy, with the commands for that.

use cloudgrant_core::{Handoff, quoted};
use serde_json::Value;

use crate::config::AccountId;
use crate::policy::document;
use crate::resources::kinds::arn_kind::{Item, ResourcePolicy};
use crate::resources::kms_key::Key;

fn pretty(statement: &Value) -> String {
    let document = document::document(vec![statement.clone()]);
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// For the policy of a bucket. `of_key` is what the policy of its key has to say, where nobody knows whether there is one.
pub(super) fn for_bucket(
    bucket: &str,
    account: Option<&AccountId>,
    statement: &Value,
    of_key: Option<&Value>,
) -> Handoff {
    let (to, known) = match account {
        Some(account) => (format!("whoever administers account {account}"), account.to_string()),
        None => (format!("whoever administers the account of bucket {bucket}"), "not known here".to_owned()),
    };
    let word = quoted(bucket);
    Handoff::unseen(
        to,
        format!("add a statement to the policy of the bucket {bucket}"),
        format!(
            "Bucket:  {bucket}\nAccount: {known}\n\n\
             1. See whether it has a policy already:\n\
             \x20  aws s3api get-bucket-policy --bucket {word} --query Policy --output text\n\
             2. If it has none, this is the whole policy, unless other steps of the plan are for it too: then theirs belong into \
             the same one. If it has one, add the statement to it and keep the others:\n\n\
             {}\n\n\
             3. Put it there:\n\
             \x20  aws s3api put-bucket-policy --bucket {word} --policy file://policy.json\n\
             {}",
            pretty(statement),
            of_key.map(|statement| for_its_key(&word, statement)).unwrap_or_default()
        ),
    )
}

fn for_its_key(bucket: &str, statement: &Value) -> String {
    format!(
        "4. See what encrypts it:\n\
         \x20  aws s3api get-bucket-encryption --bucket {bucket}\n\
         5. If that is a customer-managed key, add this statement to the key's policy as well (`aws kms get-key-policy`, \
         `aws kms put-key-policy`), and keep the others:\n\n\
         {}\n\n\
         6. Then tell whoever runs cloudgrant the key's ARN: the same roles need the same actions on it in a policy of their own \
         account. cloudgrant writes both by itself once it has credentials for this account (`aws.accounts`) that may read the \
         bucket's encryption.\n",
        pretty(statement)
    )
}

/// For the policy of a resource that is granted by its ARN.
pub(super) fn for_resource(item: &Item, policy: &ResourcePolicy, statement: &Value) -> Handoff {
    let Item { kind, region, account, .. } = item;
    let (noun, arn) = (kind.kind().to_string(), item.arn());
    let [read, write, _] = (policy.commands)(item, "policy.json");
    let besides = if policy.besides.is_empty() { String::new() } else { format!("\nBesides: {}.\n", policy.besides) };
    Handoff::unseen(
        format!("whoever administers account {account}"),
        format!("add a statement to the policy of the {noun} {}", item.name()),
        format!(
            "ARN:     {arn}\nAccount: {account}\nRegion:  {region}\n\n\
             1. See whether it has a policy already:\n\
             \x20  {read}\n\
             2. If it has none, this is the whole policy, unless other steps of the plan are for it too: then theirs belong into \
             the same one. If it has one, add the statement to it and keep the others:\n\n\
             {}\n\n\
             3. Put it there:\n\
             \x20  {write}\n{besides}",
            pretty(statement)
        ),
    )
}

/// For the policy of a key.
pub(super) fn for_key_of_others(key: &Key, statement: &Value) -> Handoff {
    let Key { account, region, .. } = key;
    let id = match &key.alias {
        Some(alias) => alias.as_str(),
        None => &key.arn,
    };
    let at = format!("--region {} --key-id {}", quoted(region), quoted(id));
    Handoff::unseen(
        format!("whoever administers account {account}"),
        format!("add a statement to the policy of the KMS key {id}"),
        format!(
            "Key:     {id}\nAccount: {account}\nRegion:  {region}\n\n\
             1. Get its policy:\n\
             \x20  aws kms get-key-policy {at} --query Policy --output text\n\
             2. Add the statement to it and keep the others, those of its administrators above all:\n\n\
             {}\n\n\
             3. Put it there (--key-id takes no alias here, but the key's id):\n\
             \x20  aws kms put-key-policy {at} --policy file://policy.json\n",
            pretty(statement)
        ),
    )
}
